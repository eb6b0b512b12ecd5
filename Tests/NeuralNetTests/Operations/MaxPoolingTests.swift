import Testing
@testable import Files
@testable import NeuralNet

@Suite struct MaxPoolingTests {
  @Test(arguments: ["max_pool_2", "max_pool_2_odd"]) func golden(name: String) throws {
    try OperationCheck.golden(name) { $0.maxPooling($0.input) }
  }

  @Test(arguments: [(1, 2, 2), (5, 6, 4), (17, 5, 7)]) func centralDifferences(channels: Int, h: Int, w: Int) throws {
    try OperationCheck.centralDifferences(Shape(2, channels, h, w)) { $0.maxPooling($1) }
  }

  /// Of equal numbers the first one has the gradient, as in PyTorch.
  @Test func ties() throws {
    var builder = NetworkBuilder(inputChannels: 1)
    let output = builder.maxPooling(builder.input)
    let execution = try Execution(
      builder.build(output: output), shape: Shape(1, 1, 2, 2), mode: .training(inputGradient: true),
      processor: Processor(threads: 1))
    execution.input.setNCHW([1, 3, 3, 3])
    execution.forward()
    execution.outputGradient.fill(2)
    execution.backward()
    #expect(execution.inputGradient.nchw() == [0, 2, 0, 0])
  }

  @Test func refusesSinglePixels() throws {
    var builder = NetworkBuilder(inputChannels: 1)
    let output = builder.maxPooling(builder.input)
    let network = try builder.build(output: output)
    let error = #expect(throws: FileError.self) {
      try Execution(network, shape: Shape(1, 1, 1, 4), mode: ExecutionMode(), processor: Processor(threads: 1))
    }
    #expect(error?.problem.contains("too small for this network (at 2×2 max pooling)") == true)
  }
}

extension MaxPooling: PlainOperation {
  func run(
    _ inputs: [ReferenceNetwork.Tensor], parameters: [[Double]], _ distanceToKink: inout Double
  ) -> [ReferenceNetwork.Tensor] {
    let x = inputs[0]
    var distance = distanceToKink
    defer { distanceToKink = distance }
    return [
      .make(Shape(x.shape.n, x.shape.c, x.shape.h / 2, x.shape.w / 2)) { n, c, h, w in
        let four =
          [x[n, c, 2 * h, 2 * w], x[n, c, 2 * h, 2 * w + 1], x[n, c, 2 * h + 1, 2 * w]]
          + [x[n, c, 2 * h + 1, 2 * w + 1]]
        let sorted = four.sorted()
        distance = min(distance, sorted[3] - sorted[2])
        return sorted[3]
      }
    ]
  }
}
