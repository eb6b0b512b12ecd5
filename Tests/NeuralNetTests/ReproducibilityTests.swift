import TestSupport
import Testing
import NeuralNet
import ResNet
import UNet

/// The same numbers at any number of threads, in any batch.
@Suite struct ReproducibilityTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var extent: Int
    var make: @Sendable (NormalizationKind) throws -> Network
  }

  static let cases = [
    Case(testDescription: "U-Net, 16 filters", extent: 32) { kind in
      var configuration = UNetConfiguration(levels: 5)
      configuration.filters = 16
      configuration.normalization = kind
      return try configuration.network()
    },
    Case(testDescription: "U-Net, 4 filters", extent: 64) { kind in
      var configuration = UNetConfiguration(levels: 6)
      configuration.filters = 4
      configuration.normalization = kind
      return try configuration.network()
    },
    Case(testDescription: "PatchGAN", extent: 48) { kind in
      try GoldenNetworkTests.patch(.patch(layers: 3), 16, kind, input: 3)
    },
    Case(testDescription: "ResNet", extent: 36) { kind in
      var configuration = ResNetConfiguration(blocks: 2)
      configuration.filters = 12
      configuration.dropout = true
      configuration.normalization = kind
      return try configuration.network()
    },
  ]

  private static func network(_ test: Case, _ kind: NormalizationKind) throws -> Network {
    let network = try test.make(kind)
    var random = RandomGenerator(seed: 2)
    network.initialize(.normal, gain: 0.1, random: &random)
    return network
  }

  private static func images(_ shape: Shape, seed: UInt64) -> [Float] {
    var random = RandomGenerator(seed: seed)
    return (0..<shape.count).map { _ in Float(random.uniform() * 2 - 1) }
  }

  /// All that three training steps leave behind, as bits.
  private static func train(_ test: Case, _ kind: NormalizationKind, threads: Int) throws -> [[UInt32]] {
    let network = try network(test, kind)
    let processor = try Processor(threads: threads)
    let shape = Shape(2, 3, test.extent, test.extent)
    let execution = try Execution(
      network, shape: shape, mode: .training(inputGradient: true), processor: processor)
    let adam = try Adam(network.parameters)
    for step in 0..<3 {
      execution.input.setNCHW(images(shape, seed: UInt64(step)))
      execution.forward(dropoutKey: UInt64(step))
      execution.outputGradient.copy(from: execution.output)
      execution.backward()
      adam.step(learningRate: 1e-3, processor: processor)
    }
    let parameters = network.parameters.parameters.map { network.parameters.fileOrder($0) }
    let statistics = network.parameters.runningStatistics.flatMap { [$0.mean, $0.variance] }
    let all = [execution.output.nchw(), execution.inputGradient.nchw()] + parameters + statistics
    #expect(all.allSatisfy { $0.allSatisfy(\.isFinite) })
    return all.map { $0.map(\.bitPattern) }
  }

  @Test(arguments: cases, [NormalizationKind.batch, .instance]) func threads(
    test: Case, normalization: NormalizationKind
  ) throws {
    let expected = try Self.train(test, normalization, threads: 1)
    for threads in [2, 3, 5] {
      let actual = try Self.train(test, normalization, threads: threads)
      #expect(actual == expected, "\(threads) threads")
    }
  }

  /// Wide enough for transforms, whose choice must not depend on the number of images.
  static let wide = Case(testDescription: "U-Net, 64 filters", extent: 64) { kind in
    var configuration = UNetConfiguration(levels: 5)
    configuration.normalization = kind
    return try configuration.network()
  }

  /// The gradient of the first images alone is what it is among those of all.
  @Test(arguments: cases) func inputGradientImages(test: Case) throws {
    let network = try Self.network(test, .instance)
    let processor = try Processor(threads: 2)
    let shape = Shape(3, 3, test.extent, test.extent)
    let gradients = try [nil, 2].map { (images: Int?) in
      let execution = try Execution(
        network, shape: shape, mode: .training(inputGradient: true, inputGradientImages: images),
        processor: processor)
      execution.input.setNCHW(Self.images(shape, seed: 1))
      execution.forward(dropoutKey: 1)
      execution.outputGradient.setNCHW(Self.images(execution.output.shape, seed: 2))
      execution.backward()
      return execution.inputGradient.images(0..<2).nchw()
    }
    #expect(gradients[0].contains { $0 != 0 })
    #expect(gradients[0] == gradients[1])
  }

  /// With statistics of each image, or running ones, an image's result does not depend on its batch.
  @Test(arguments: cases + [wide], [false, true]) func batches(test: Case, usesRunningStatistics: Bool) throws {
    let network = try Self.network(test, .batch)
    let processor = try Processor(threads: 2)
    var mode = ExecutionMode()
    mode.usesRunningStatistics = usesRunningStatistics
    let shape = Shape(3, 3, test.extent, test.extent)
    let single = Shape(1, 3, test.extent, test.extent)
    let images = Self.images(shape, seed: 1)
    let batch = try Execution(network, shape: shape, mode: mode, processor: processor)
    batch.input.setNCHW(images)
    batch.forward()
    let alone = try Execution(network, shape: single, mode: mode, processor: processor)
    for image in 0..<3 {
      alone.input.setNCHW(Array(images[image * single.count..<(image + 1) * single.count]))
      alone.forward()
      let together = batch.output.images(image..<image + 1).nchw()
      #expect(alone.output.nchw().map(\.bitPattern) == together.map(\.bitPattern), "image \(image)")
    }
  }

  /// Two groups of one batch are two passes one after the other: outputs, running statistics, and the sum of gradients.
  @Test(arguments: cases, [NormalizationKind.batch, .instance]) func groups(
    test: Case, normalization: NormalizationKind
  ) throws {
    let processor = try Processor(threads: 2)
    let shape = Shape(2, 3, test.extent, test.extent)
    let single = Shape(1, 3, test.extent, test.extent)
    let images = Self.images(shape, seed: 1)
    var mode = ExecutionMode.training(groups: 2, inputGradient: true)
    mode.drops = false
    let together = try Self.network(test, normalization)
    let batch = try Execution(together, shape: shape, mode: mode, processor: processor)
    batch.input.setNCHW(images)
    batch.forward()
    let upstream = Self.images(batch.output.shape, seed: 2)
    batch.outputGradient.setNCHW(upstream)
    batch.backward()

    mode.groups = 1
    let apart = try Self.network(test, normalization)
    let alone = try Execution(apart, shape: single, mode: mode, processor: processor)
    for image in 0..<2 {
      alone.input.setNCHW(Array(images[image * single.count..<(image + 1) * single.count]))
      alone.forward()
      #expect(alone.output.nchw() == batch.output.images(image..<image + 1).nchw(), "image \(image)")
      let count = upstream.count / 2
      alone.outputGradient.setNCHW(Array(upstream[image * count..<(image + 1) * count]))
      alone.backward(accumulates: image > 0)
      expect(
        Closeness(
          "input gradient \(image)", batch.inputGradient.images(image..<image + 1).nchw(),
          alone.inputGradient.nchw(), 1e-6))
    }
    let (left, right) = (try together.parameters.gradients(), try apart.parameters.gradients())
    for parameter in together.parameters.parameters {
      expect(
        Closeness(
          "gradient of " + parameter.name, together.parameters.fileOrder(parameter, from: left),
          apart.parameters.fileOrder(parameter, from: right), 1e-5))
    }
    #expect(together.parameters.runningStatistics == apart.parameters.runningStatistics)
  }
}
