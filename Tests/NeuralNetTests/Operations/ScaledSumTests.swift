import Testing
@testable import NeuralNet

@Suite struct ScaledSumTests {
  @Test(arguments: [(1, Float(0.2)), (17, 0.2), (64, 1)]) func centralDifferences(channels: Int, scale: Float) throws {
    // The residual is read by another operation too, so that its gradient is shared in one case and added to in others.
    try OperationCheck.centralDifferences(Shape(2, channels, 4, 5)) { builder, input in
      let inner = builder.value(channels: channels)
      builder.convolution("inner", .convolution(kernel: 1), from: input, hasBias: true, to: (inner, .leakyRelu))
      return builder.sum(inner, scaledBy: scale, and: input)
    }
  }

  /// Both terms have several readers.
  @Test func centralDifferencesWhereGradientsAddUp() throws {
    try OperationCheck.centralDifferences(Shape(1, 5, 3, 4)) { builder, input in
      let inner = builder.value(channels: 5)
      builder.convolution("inner", .convolution(kernel: 1), from: input, hasBias: true, to: (inner, .leakyRelu))
      let once = builder.sum(inner, scaledBy: 0.3, and: input)
      return builder.sum(inner, scaledBy: -2, and: builder.sum(once, scaledBy: 0.5, and: inner))
    }
  }

  /// A convolution scales its own result, bias included, and adds slices of what it reads: as in a dense block.
  @Test(arguments: [5, 16]) func centralDifferencesOfAConvolution(channels: Int) throws {
    try OperationCheck.centralDifferences(Shape(2, channels, 4, 5)) { builder, input in
      let geometry = ConvolutionGeometry.convolution(kernel: 3, padding: 1)
      let dense = builder.concatenation([channels, 16, 16])
      builder.convolution("dense_first", geometry, from: input, hasBias: true, to: (dense.parts[0], .identity))
      builder.convolution("dense_a", geometry, from: dense.parts[0], hasBias: true, to: (dense.parts[1], .leakyRelu))
      builder.convolution(
        "dense_b", geometry, from: dense.whole.prefix(channels + 16), hasBias: true, to: (dense.parts[2], .leakyRelu))
      let output = builder.value(channels: channels)
      builder.convolution(
        "dense_c", geometry, from: dense.whole, hasBias: true, scale: 0.2, residual: dense.parts[0],
        to: (output, .identity))
      return output
    }
  }

  @Test func refuses() throws {
    var builder = NetworkBuilder(inputs: [2, 3])
    let output = builder.sum(builder.inputs[0], and: builder.inputs[1])
    let channels = #expect(throws: GraphError.self) { try builder.build(output: output) }
    #expect(channels?.problem == "has 2 and 3 channels for 3")
    builder = NetworkBuilder(inputChannels: 2)
    let scaled = builder.value(channels: 2)
    builder.convolution(
      "a", .convolution(kernel: 1), from: builder.input, hasBias: true, scale: 0.2, to: (scaled, .relu))
    let activation = #expect(throws: GraphError.self) { try builder.build(output: scaled) }
    #expect(activation?.problem.hasPrefix("is scaled or adds a residual before an activation") == true)
  }
}

extension ScaledSum: PlainOperation {
  func run(
    _ inputs: [ReferenceNetwork.Tensor], parameters: [[Double]], _ distanceToKink: inout Double
  ) -> [ReferenceNetwork.Tensor] {
    let (b, a) = (inputs[0], inputs[1])
    return [.make(a.shape) { n, c, h, w in Double(scale) * a[n, c, h, w] + b[n, c, h, w] }]
  }
}
