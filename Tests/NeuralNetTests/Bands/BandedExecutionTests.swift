import ResNet
import TestSupport
import Testing
import UNet
@testable import Files
@testable import NeuralNet

/// An image in bands, with a scratch file, against the same image in memory: the same bytes, whatever a band holds.
@Suite struct BandedExecutionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var shape: Shape
    var mode = ExecutionMode()
    var make: @Sendable () throws -> Network
  }

  private static func unet(
    _ levels: Int, _ filters: Int, _ kind: NormalizationKind, _ upsampling: UpsamplingKind = .transposed
  ) throws -> Network {
    var configuration = UNetConfiguration(levels: levels)
    configuration.filters = filters
    configuration.normalization = kind
    configuration.upsampling = upsampling
    return try configuration.network()
  }

  private static func resnet(
    _ filters: Int, _ kind: NormalizationKind, _ upsampling: UpsamplingKind = .transposed, channels: Int = 3,
    dropout: Bool = false
  ) throws -> Network {
    var configuration = ResNetConfiguration(blocks: 6)
    configuration.filters = filters
    configuration.normalization = kind
    configuration.upsampling = upsampling
    configuration.inputChannels = channels
    configuration.dropout = dropout
    return try configuration.network()
  }

  private static func running(drops: Bool = false) -> ExecutionMode {
    var mode = ExecutionMode()
    mode.usesRunningStatistics = !drops
    mode.drops = drops
    return mode
  }

  static let cases = [
    Case(testDescription: "U-Net", shape: Shape(1, 3, 192, 128)) { try unet(5, 16, .batch) },
    Case(testDescription: "U-Net, instance norm", shape: Shape(1, 3, 160, 96)) { try unet(5, 8, .instance) },
    Case(testDescription: "U-Net, running statistics", shape: Shape(1, 3, 96, 64), mode: running()) {
      try unet(5, 16, .batch)
    },
    Case(testDescription: "U-Net, resized", shape: Shape(1, 3, 128, 64)) {
      try unet(5, 16, .batch, .resizeConvolution)
    },
    Case(testDescription: "U-Net, dropout", shape: Shape(1, 3, 128, 128), mode: running(drops: true)) {
      try unet(6, 4, .batch)
    },
    Case(testDescription: "ResNet", shape: Shape(1, 3, 132, 52)) { try resnet(16, .instance) },
    Case(testDescription: "ResNet, wide", shape: Shape(1, 3, 44, 900)) { try resnet(12, .instance) },
    Case(testDescription: "ResNet, grey, resized", shape: Shape(1, 1, 100, 60)) {
      try resnet(16, .batch, .resizeConvolution, channels: 1)
    },
    Case(testDescription: "ResNet, no norm, dropout", shape: Shape(1, 3, 72, 40), mode: running(drops: true)) {
      try resnet(16, .none, dropout: true)
    },
    Case(testDescription: "ResNet, whole vectors", shape: Shape(1, 3, 200, 160)) { try resnet(32, .instance) },
  ]

  private static func network(_ test: Case) throws -> Network {
    let network = try test.make()
    var random = RandomGenerator(seed: 3)
    network.initialize(.normal, gain: 0.2, random: &random)
    for index in network.parameters.runningStatistics.indices {
      for channel in network.parameters.runningStatistics[index].mean.indices {
        network.parameters.runningStatistics[index].mean[channel] = Float(random.uniform() - 0.5)
        network.parameters.runningStatistics[index].variance[channel] = Float(0.5 + random.uniform())
      }
    }
    return network
  }

  /// The output in bands, (H, W, C), and how many bands there were.
  private func banded(
    _ network: Network, _ test: Case, _ image: [Float], room: (BandedPlan) -> Int, processor: Processor
  ) throws -> (output: [Float], bands: Int) {
    let plan = try #require(try BandedPlan(network, shape: test.shape, mode: test.mode, processor: processor))
    let execution = try BandedExecution(
      network, plan, processor: processor, room: room(plan), scratch: ScratchFile.standardFolder)
    let row = test.shape.w * test.shape.c
    var output: [Float] = []
    var bands = 0
    try execution.forward(
      dropoutKey: 77,
      input: { rows, tensor in
        #expect(tensor.shape == Shape(1, test.shape.c, rows.count, test.shape.w))
        for place in 0..<rows.count * row { tensor.base[place] = image[rows.lowerBound * row + place] }
      },
      output: { rows, tensor in
        #expect(rows.lowerBound * tensor.shape.w * tensor.shape.c == output.count)
        output += (0..<rows.count * tensor.shape.w * tensor.shape.c).map { tensor.base[$0] }
      }, beforeBand: { _ in bands += 1 })
    return (output, bands)
  }

  @Test(arguments: cases) func bandsAreTheWhole(_ test: Case) throws {
    let network = try Self.network(test)
    let processor = try Processor(threads: 2)
    var random = RandomGenerator(seed: 5)
    let image = (0..<test.shape.count).map { _ in Float(random.uniform() * 2 - 1) }
    let whole = try whole(network, test, image, processor)
    let tolerance = try tolerance(network, test, image, whole, processor)
    let least = try banded(network, test, image, room: { $0.leastBytes }, processor: processor)
    expectEqual(least.output, whole, tolerance)
    let some = try banded(network, test, image, room: { $0.leastBytes * 3 / 2 }, processor: processor)
    expectEqual(some.output, whole, tolerance)
    let most = try banded(network, test, image, room: { _ in 1 << 30 }, processor: Processor(threads: 1))
    expectEqual(most.output, whole, tolerance)
    #expect(
      most.bands <= some.bands && some.bands <= least.bands && most.bands < least.bands,
      "\(most.bands) \(some.bands) \(least.bands)")
  }

  /// The output of the image in memory, (H, W, C).
  private func whole(_ network: Network, _ test: Case, _ image: [Float], _ processor: Processor) throws -> [Float] {
    let execution = try Execution(network, shape: test.shape, mode: test.mode, processor: processor)
    let input = execution.input
    for place in image.indices { input.base[place] = image[place] }
    execution.forward(dropoutKey: 77)
    let view = execution.output
    return (0..<view.shape.pixels).flatMap { pixel in
      (0..<view.shape.c).map { view.base[pixel * view.stride + $0] }
    }
  }

  /// None with kernels of our own: bytes are equal. The portable ones leave transformed products to OpenBLAS, whose sums
  /// depend in the last bits on how many tiles it is given at once; with direct products bytes are equal there, too. What the
  /// norms of a network make of such errors differs from network to network: bands may be four times as far off as its
  /// output by transforms is from that by direct products.
  private func tolerance(
    _ network: Network, _ test: Case, _ image: [Float], _ whole: [Float], _ processor: Processor
  ) throws -> Float {
    guard processor.kernels.usesMatrixProducts else { return 0 }
    let processor = try Processor(threads: 2, algorithms: .direct)
    let direct = try self.whole(network, test, image, processor)
    #expect(try banded(network, test, image, room: { $0.leastBytes }, processor: processor).output == direct)
    return 4 * farthest(direct, whole)
  }

  private func farthest(_ first: [Float], _ second: [Float]) -> Float {
    zip(first, second).map { abs($0 - $1) }.max() ?? .infinity
  }

  private func expectEqual(
    _ actual: [Float], _ expected: [Float], _ tolerance: Float, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let distance = farthest(actual, expected)
    #expect(
      actual.count == expected.count && distance <= tolerance, "\(distance), tolerance \(tolerance)",
      sourceLocation: sourceLocation)
  }

  /// Bands of a large image are few rows: memory follows the width, the file the area.
  @Test func memoryDoesNotFollowTheHeight() throws {
    let network = try Self.network(Self.cases[9])
    let processor = try Processor(threads: 1)
    let plans = try [2_000, 20_000].map { height in
      try #require(
        try BandedPlan(network, shape: Shape(1, 3, height, 1_000), mode: ExecutionMode(), processor: processor))
    }
    // Sums of the pieces, two numbers for each row and channel, are all that grows.
    #expect(plans[1].leastBytes - plans[0].leastBytes < 18_000 * 32 * 2 * 4 * 11 / 10)
    #expect(plans[1].scratchBytes > plans[0].scratchBytes * 9)
    // 640 million numbers of the first convolution, each of 4 bytes, are not all: but no plan keeps more than two layers.
    #expect(plans[1].scratchBytes < 20_000 * 1_000 * 32 * 4 * 2)
    #expect(plans[1].leastBytes < 60 << 20)
  }

  /// More numbers than 32 bits count, which an execution in memory refuses.
  @Test func largerThanOffsetsOf32Bits() throws {
    let network = try GoldenNetworkTests.resnet(9, 64, .instance)
    let processor = try Processor(threads: 2)
    let shape = Shape(1, 3, 10_000, 10_000)
    #expect(throws: FileError.self) {
      _ = try Execution.footprint(network, shape: shape, mode: ExecutionMode(), processor: processor)
    }
    let plan = try #require(try BandedPlan(network, shape: shape, mode: ExecutionMode(), processor: processor))
    #expect(plan.leastBytes < 1 << 30)
    for (convolution, bands) in zip(plan.convolutions, plan.bands(within: 1 << 30)) {
      // Tables of the last band hold offsets within its memory alone.
      let band = try #require(bands.bands.last)
      #expect(band.rows.upperBound == convolution.layout.output.h && band.rows.count < 200)
      guard case .direct(let product) = convolution.product(band, bands.memory) else { continue }
      let offsets = UnsafeBufferPointer(start: product.table.inputOffsets.base, count: product.table.inputOffsets.count)
      #expect(offsets.allSatisfy { $0 < bands.memory.end })
    }
  }

  @Test func sidesThatNoBandHolds() throws {
    let network = try GoldenNetworkTests.resnet(6, 4, .batch)
    let error = #expect(throws: FileError.self) {
      _ = try BandedPlan(
        network, shape: Shape(1, 3, 8, Int.max / 8 * 8), mode: ExecutionMode(), processor: Processor(threads: 1))
    }
    #expect(error?.problem.contains("is too large even for a scratch file") == true)
    let plan = try #require(
      try BandedPlan(network, shape: Shape(1, 3, 64, 64), mode: ExecutionMode(), processor: Processor(threads: 1)))
    let refusal = #expect(throws: FileError.self) {
      _ = try BandedExecution(network, plan, processor: Processor(threads: 1), room: 1000, scratch: "/nowhere")
    }
    #expect(refusal?.problem.contains("even with a scratch file, but may take only 1 kB") == true)
  }
}
