import TestSupport
import Testing
@testable import Files
@testable import NeuralNet

/// The gradient penalty of WGAN-GP against PyTorch and against central differences.
@Suite struct GradientPenaltyTests {
  private static let prefix = "gradient_penalty/"

  private static func discriminator(
    layers: Int, filters: Int, channels: Int, _ normalization: NormalizationKind = .none
  ) throws -> Network {
    try GoldenNetworkTests.patch(.patch(layers: layers), filters, normalization, input: channels)
  }

  /// λ = 10, as the file's metadata says.
  @Test func golden() throws {
    let golden = try Golden("losses")
    let network = try Self.discriminator(layers: 2, filters: 4, channels: 3)
    for parameter in network.parameters.parameters {
      network.parameters.setFileOrder(parameter, try golden.floats(Self.prefix + "D." + parameter.name))
    }
    let x = Self.prefix + "x"
    let penalty = try GradientPenalty(network, shape: golden.shape(x), processor: Processor(threads: 2))
    let gradients = try network.parameters.gradients()
    gradients.update(repeating: 7, count: network.parameters.storage)
    penalty.input.setNCHW(try golden.floats(x))
    let loss = penalty.evaluate(weight: 10, accumulates: false)
    expect(Closeness("loss", [Float(loss)], try golden.floats(Self.prefix + "loss"), 2e-6))
    for parameter in network.parameters.parameters {
      let actual = network.parameters.fileOrder(parameter, from: gradients)
      let name = Self.prefix + "grad." + parameter.name
      let expected = golden.contains(name) ? try golden.floats(name) : actual.map { _ in 0 }
      expect(Closeness(name, actual, expected, 5e-6))
    }
  }

  /// Several images, odd extents; the penalty itself is evaluated at weights shifted along their gradient, where the
  /// difference is largest against the rounding of single precision.
  @Test func centralDifferences() throws {
    var random = RandomGenerator(seed: 5)
    let network = try Self.discriminator(layers: 1, filters: 20, channels: 3)
    network.initialize(.normal, gain: 0.1, random: &random)
    let shape = Shape(3, 3, 11, 13)
    let penalty = try GradientPenalty(network, shape: shape, processor: Processor(threads: 2))
    let image = (0..<shape.count).map { _ in Float(random.uniform() * 2 - 1) }
    func evaluate() -> Double {
      penalty.input.setNCHW(image)
      return penalty.evaluate(weight: 10, accumulates: false)
    }
    let gradients = try network.parameters.gradients()
    _ = evaluate()
    let analytic = network.parameters.parameters.map { network.parameters.fileOrder($0, from: gradients) }
    for (parameter, gradient) in zip(network.parameters.parameters, analytic) where parameter.shape.count == 4 {
      let values = network.parameters.fileOrder(parameter)
      let square = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }
      let step = 1e-4 / square.squareRoot()
      func shifted(_ sign: Double) -> Double {
        network.parameters.setFileOrder(
          parameter, zip(values, gradient).map { Float(Double($0) + sign * step * Double($1)) })
        defer { network.parameters.setFileOrder(parameter, values) }
        return evaluate()
      }
      let derivative = (shifted(1) - shifted(-1)) / (2 * step)
      let error = abs(derivative - square) / square
      #expect(error < 2e-3, "\(parameter.name): relative error \(error)")
    }
  }

  /// What the trainers rely on: added to the gradients that are there, alike at any number of threads.
  @Test func accumulatesAndRepeats() throws {
    var random = RandomGenerator(seed: 6)
    let network = try Self.discriminator(layers: 3, filters: 8, channels: 6)
    network.initialize(.normal, gain: 0.2, random: &random)
    let shape = Shape(2, 6, 40, 32)
    let image = (0..<shape.count).map { _ in Float(random.uniform() * 2 - 1) }
    let gradients = try network.parameters.gradients()
    func evaluate(threads: Int, accumulates: Bool) throws -> (Double, [[Float]]) {
      let penalty = try GradientPenalty(network, shape: shape, processor: Processor(threads: threads))
      penalty.input.setNCHW(image)
      let loss = penalty.evaluate(weight: 10, accumulates: accumulates)
      return (loss, network.parameters.parameters.map { network.parameters.fileOrder($0, from: gradients) })
    }
    let (loss, once) = try evaluate(threads: 1, accumulates: false)
    for threads in [2, 3, 5] {
      let (other, again) = try evaluate(threads: threads, accumulates: false)
      #expect(other == loss)
      #expect(again == once)
    }
    let (_, twice) = try evaluate(threads: 2, accumulates: true)
    for (index, parameter) in network.parameters.parameters.enumerated() {
      expect(Closeness("twice " + parameter.name, twice[index], once[index].map { 2 * $0 }, 1e-6))
    }
  }

  @Test func refusesNormalization() throws {
    for normalization in [NormalizationKind.batch, .instance] {
      let network = try Self.discriminator(layers: 2, filters: 4, channels: 3, normalization)
      let error = #expect(throws: FileError.self) {
        try GradientPenalty(network, shape: Shape(1, 3, 32, 32), processor: Processor(threads: 1))
      }
      #expect(error?.problem.contains("without normalisation") == true)
    }
    let network = try Self.discriminator(layers: 3, filters: 4, channels: 3)
    #expect(throws: FileError.self) {
      try GradientPenalty(network, shape: Shape(1, 3, 8, 8), processor: Processor(threads: 1))
    }
  }
}
