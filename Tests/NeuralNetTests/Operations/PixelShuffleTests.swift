import Testing
@testable import NeuralNet

@Suite struct PixelShuffleTests {
  @Test(arguments: [2, 3]) func golden(factor: Int) throws {
    try OperationCheck.golden("pixel_shuffle_\(factor)") { $0.pixelShuffle($0.input, factor: factor) }
  }

  @Test(arguments: [2, 4]) func goldenInverse(factor: Int) throws {
    try OperationCheck.golden("pixel_unshuffle_\(factor)") { $0.pixelUnshuffle($0.input, factor: factor) }
  }

  @Test(arguments: [2, 3]) func centralDifferencesOfTheInverse(factor: Int) throws {
    try OperationCheck.centralDifferences(Shape(2, 5, 2 * factor, 3 * factor)) {
      $0.pixelUnshuffle($1, factor: factor)
    }
  }

  @Test(arguments: [2, 3]) func centralDifferences(factor: Int) throws {
    try OperationCheck.centralDifferences(Shape(2, 5 * factor * factor, 3, 4)) { $0.pixelShuffle($1, factor: factor) }
  }

  @Test func refusesChannels() {
    var builder = NetworkBuilder(inputChannels: 6)
    let output = builder.pixelShuffle(builder.input, factor: 2)
    let error = #expect(throws: GraphError.self) { try builder.build(output: output) }
    #expect(error?.problem.contains("multiple of 2² channels, not 6") == true)
  }
}

extension PixelShuffle: PlainOperation {
  func run(
    _ inputs: [ReferenceNetwork.Tensor], parameters: [[Double]], _ distanceToKink: inout Double
  ) -> [ReferenceNetwork.Tensor] {
    let x = inputs[0]
    if isInverse {
      let shape = Shape(x.shape.n, x.shape.c * factor * factor, x.shape.h / factor, x.shape.w / factor)
      return [
        .make(shape) { n, c, h, w in
          let phase = c % (factor * factor)
          return x[n, c / factor / factor, h * factor + phase / factor, w * factor + phase % factor]
        }
      ]
    }
    let shape = Shape(x.shape.n, x.shape.c / factor / factor, x.shape.h * factor, x.shape.w * factor)
    return [
      .make(shape) { n, c, h, w in
        x[n, c * factor * factor + h % factor * factor + w % factor, h / factor, w / factor]
      }
    ]
  }
}
