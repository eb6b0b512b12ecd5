import TestSupport
import Testing
import Files
import NeuralNet

/// Shapes that an execution refuses, in words instead of a trap.
@Suite struct ExecutionLimitTests {
  private static func refusal(_ network: Network, _ shape: Shape) -> FileError? {
    #expect(throws: FileError.self) {
      try Execution(network, shape: shape, mode: ExecutionMode(), processor: Processor(threads: 1))
    }
  }

  @Test func tooLarge() throws {
    let network = try GoldenNetworkTests.patch(.pixel, 64, .batch, input: 3)
    for extent in [8192, 1 << 20] {
      let error = Self.refusal(network, Shape(1, 3, extent, extent))
      #expect(error?.problem.contains("GiB of activations, more than 8") == true)
    }
    let penalized = try GoldenNetworkTests.patch(.pixel, 64, .none, input: 3)
    #expect(throws: FileError.self) {
      try GradientPenalty(penalized, shape: Shape(1, 3, 8192, 8192), processor: Processor(threads: 1))
    }
  }

  /// Products of such extents overflow.
  @Test func shapesThatNoNumberCounts() throws {
    let networks = try [
      GoldenNetworkTests.patch(.patch(layers: 3), 4, .batch, input: 3), GoldenNetworkTests.unet(5, 4, .batch),
      GoldenNetworkTests.resnet(6, 4, .batch), GoldenNetworkTests.patch(.pixel, 64, .none, input: 3),
    ]
    let most = Int.max / 64 * 64
    for network in networks {
      for shape in [
        Shape(1, 3, most, most), Shape(most, 3, 64, 64), Shape(1, 3, 64, most), Shape(1, 3, most, 64),
        Shape(1, 3, Int(Int32.max), 1 << 31), Shape(1 << 31, 3, 1 << 31, 64),
      ] {
        #expect(Self.refusal(network, shape)?.problem.contains("GiB of activations, more than 8") == true, "\(shape)")
      }
      for shape in [
        Shape(0, 3, 64, 64), Shape(-1, 3, 64, 64), Shape(1, 3, 0, 64), Shape(1, 3, -64, -64), Shape(1, 3, 64, .min),
      ] {
        #expect(Self.refusal(network, shape)?.problem.contains("have no pixels") == true, "\(shape)")
      }
    }
    for shape in [Shape(1, 3, most, most), Shape(most, 3, most, 1), Shape(0, 3, 8, 8), Shape(1, 3, -1, 8)] {
      #expect(throws: FileError.self, "\(shape)") {
        try GradientPenalty(networks[3], shape: shape, processor: Processor(threads: 1))
      }
    }
  }

  @Test func tooSmall() throws {
    let patch = try GoldenNetworkTests.patch(.patch(layers: 3), 4, .batch, input: 3)
    #expect(Self.refusal(patch, Shape(1, 3, 23, 64))?.problem.contains("too small") == true)
    let residual = try GoldenNetworkTests.resnet(6, 4, .batch)
    #expect(Self.refusal(residual, Shape(1, 3, 3, 64))?.problem.contains("too small") == true)
  }

  @Test func noMultipleOfTheCoarsestLevel() throws {
    let network = try GoldenNetworkTests.unet(5, 4, .batch)
    #expect(Self.refusal(network, Shape(1, 3, 64, 48))?.problem.contains("does not fit") == true)
  }
}
