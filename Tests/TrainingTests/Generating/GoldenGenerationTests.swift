import TestSupport
import Testing
@testable import NeuralNet
@testable import Training

/// Whole steps of DCGAN against PyTorch: losses of every step and the weights at the end.
@Suite struct GoldenGenerationTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var file: String
    var labels = 0
    var change: @Sendable (inout TrainingConfiguration) -> Void = { _ in }
    var testDescription: String { file }
  }

  static let cases = [
    Case(file: "steps_dcgan"),
    Case(file: "steps_dcgan_labels", labels: 3) { $0.labelSmoothing = 0.1 },
    Case(file: "steps_dcgan_minimax") { $0.ganMode = .minimax },
    Case(file: "steps_dcgan_hinge", labels: 2) {
      ($0.ganMode, $0.discriminatorNorm) = (.hinge, NormalizationKind.none)
    },
    Case(file: "steps_dcgan_wgan") { ($0.ganMode, $0.criticSteps) = (.wgan, 3) },
  ]

  @Test(arguments: cases) func steps(_ walked: Case) throws {
    let golden = try Golden(walked.file)
    var configuration = TrainingConfiguration(.generating)
    (configuration.cropSize, configuration.loadSize, configuration.latentSize) = (32, 32, 12)
    (configuration.ngf, configuration.ndf) = (8, 8)
    configuration.labelNames = (0..<walked.labels).map { "label \($0)" }
    walked.change(&configuration)
    try configuration.validate()
    var random = RandomGenerator(seed: 0)
    let model = try LatentGAN(configuration, processor: Processor(threads: 2), random: &random)
    for trained in model.networks {
      let store = trained.network.parameters
      for parameter in store.parameters {
        store.setFileOrder(parameter, try golden.floats("start/\(trained.name).\(parameter.name)"))
      }
    }

    let names = try #require(golden.metadata["losses"]).split(separator: ",").map(String.init)
    #expect(names == configuration.algorithm.losses.map(\.name))
    let steps = try #require(Int(golden.metadata["steps"] ?? ""))
    let (exact, single) = (try golden.floats("losses_float64"), try golden.floats("losses_float32"))
    // As in GoldenTrajectoryTests: how far rounding alone has carried PyTorch's own two precisions apart by now.
    var drift = 0.0
    for step in 0..<steps {
      let latents = try golden.floats("latent.\(step)")
      let losses = try model.step(
        real(golden, step % 3, labels: walked.labels), epoch: 1, learningRate: configuration.learningRate,
        random: &random
      ) { $0.setNCHW(latents) }
      for (index, name) in names.enumerated() {
        let place = step * names.count + index
        let reference = Double(exact[place])
        drift = max(drift, abs(Double(single[place]) / reference - 1))
        let tolerance = max(step == 0 ? 1e-5 : 1e-4, 4 * drift) * abs(reference)
        let error = abs(losses[index] - reference)
        #expect(
          error <= tolerance,
          "step \(step + 1), \(name): \(losses[index]), not \(reference), error \(error / abs(reference))")
      }
    }
    for trained in model.networks {
      let store = trained.network.parameters
      for parameter in store.parameters {
        let name = "end/\(trained.name).\(parameter.name)"
        let (found, reference) = (store.fileOrder(parameter), try golden.floats(name))
        if parameter.initialization == .convolutionWeight {
          // Adam's first moves have full length whatever the gradient: where it is near 0, rounding decides on the sign.
          expect(Closeness(name, found, reference, 1e-3))
        } else {
          let squares = zip(found, reference).map { Double($0 - $1) * Double($0 - $1) }
          let error = (squares.reduce(0, +) / Double(squares.count)).squareRoot()
          #expect(error < configuration.learningRate, "\(name): root mean square error \(error)")
        }
      }
      for statistics in trained.network.parameters.runningStatistics {
        let name = "end/\(trained.name).\(statistics.name)"
        expect(Closeness(name, statistics.variance, try golden.floats(name + ".running_var"), 1e-3))
      }
    }
  }

  /// Every label occurs in a batch, in another order in the next.
  private func real(_ golden: Golden, _ number: Int, labels: Int) throws -> ImageBatch {
    let (shape, planes) = (try golden.shape("real.\(number)"), try golden.floats("real.\(number)"))
    let plane = shape.h * shape.w
    let values = (0..<shape.count).map { index in
      let pixel = index / shape.c
      return planes[(pixel / plane * shape.c + index % shape.c) * plane + pixel % plane]
    }
    return ImageBatch(
      count: shape.n, height: shape.h, width: shape.w, channels: shape.c, values: values,
      labels: labels == 0 ? [] : (0..<shape.n).map { ($0 * (number + 1) + number) % labels })
  }

  private func expect(_ closeness: Closeness) { #expect(closeness.holds, "\(closeness)") }
}
