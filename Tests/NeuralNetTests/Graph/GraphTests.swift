import TestSupport
import Testing
@testable import NeuralNet

/// What a network may be, and what the planner makes of it.
@Suite struct GraphTests {
  private static let pointwise = ConvolutionGeometry.convolution(kernel: 1)
  private static let shape = Shape(2, 3, 5, 4)

  private static func refusal(
    _ output: KeyPath<Value, Value>? = nil, _ build: (inout NetworkBuilder) -> [Value]
  ) -> GraphError? {
    var builder = NetworkBuilder(inputChannels: 3)
    let outputs = build(&builder)
    return #expect(throws: GraphError.self) { try builder.build(outputs: outputs) }
  }

  // MARK: - Values with several readers

  /// Two convolutions read one value: its gradient is the sum of both, wherever either stands.
  @Test func twoReaders() throws {
    for normalization in [NormalizationKind.none, .instance] {
      var builder = NetworkBuilder(inputChannels: 3)
      let shared = builder.value(channels: 5)
      let joined = builder.concatenation(4, 2)
      builder.convolution(
        "shared", .convolution(kernel: 3, padding: 1), from: builder.input, hasBias: true,
        normalization: (normalization, "n"), to: (shared, .leakyRelu))
      builder.convolution("a", Self.pointwise, from: shared, hasBias: true, to: (joined.first, .identity))
      builder.convolution(
        "b", .convolution(kernel: 3, padding: 1, paddingMode: .reflection), from: shared, hasBias: true,
        to: (joined.second, .tanh))
      var check = GradientCheck(try builder.build(output: joined.whole), Self.shape, seed: 1)
      try check.run("two readers, \(normalization)", processor: Processor(threads: 2))
    }
  }

  /// Gradients add up where the number of pixels is no multiple of a kernel's tile.
  @Test func oddPixels() throws {
    for channels in [1, 5, 20, 70] {
      var builder = NetworkBuilder(inputChannels: 2)
      let shared = builder.value(channels: channels)
      let joined = builder.concatenation(3, 70)
      builder.convolution("shared", Self.pointwise, from: builder.input, hasBias: true, to: (shared, .leakyRelu))
      builder.convolution("a", Self.pointwise, from: shared, hasBias: true, to: (joined.first, .identity))
      builder.convolution("b", Self.pointwise, from: shared, hasBias: true, to: (joined.second, .identity))
      for shape in [Shape(1, 2, 1, 1), Shape(1, 2, 1, 3), Shape(1, 2, 5, 7)] {
        var check = GradientCheck(try builder.build(output: joined.whole), shape, seed: 5)
        try check.run("\(channels) channels, \(shape)", processor: Processor(threads: 2))
      }
    }
  }

  /// One convolution reads all of a concatenation, another one of its halves.
  @Test func overlappingReaders() throws {
    for wholeFirst in [false, true] {
      var builder = NetworkBuilder(inputChannels: 3)
      let joined = builder.concatenation(4, 3)
      let result = builder.concatenation(2, 5)
      builder.convolution("left", Self.pointwise, from: builder.input, hasBias: true, to: (joined.first, .leakyRelu))
      builder.convolution("right", Self.pointwise, from: builder.input, hasBias: true, to: (joined.second, .identity))
      let readers = [("whole", joined.whole, result.first), ("half", joined.second, result.second)]
      for (name, value, output) in wholeFirst ? readers : readers.reversed() {
        builder.convolution(name, Self.pointwise, from: value, hasBias: true, to: (output, .identity))
      }
      var check = GradientCheck(try builder.build(output: result.whole), Self.shape, seed: 2)
      try check.run("whole first: \(wholeFirst)", processor: Processor(threads: 2))
    }
  }

  /// A residual is read once more, before or after the sum, and may be what the convolution itself reads.
  @Test func residualReadElsewhere() throws {
    for order in 0..<3 {
      var builder = NetworkBuilder(inputChannels: 3)
      let first = builder.value(channels: 4)
      let joined = builder.concatenation(4, 2)
      let sum = order == 2 ? builder.value(channels: 4) : joined.first
      builder.convolution("first", Self.pointwise, from: builder.input, hasBias: true, to: (first, .leakyRelu))
      func addSum(_ builder: inout NetworkBuilder) {
        builder.convolution(
          "sum", .convolution(kernel: 3, padding: 1), from: first, hasBias: false, normalization: (.instance, "n"),
          residual: first, to: (sum, .identity))
      }
      func addOther(_ builder: inout NetworkBuilder) {
        builder.convolution("other", Self.pointwise, from: first, hasBias: true, to: (joined.second, .identity))
      }
      if order == 0 { addOther(&builder) }
      addSum(&builder)
      if order != 0 { addOther(&builder) }
      if order == 2 {
        builder.convolution("last", Self.pointwise, from: sum, hasBias: true, to: (joined.first, .identity))
      }
      var check = GradientCheck(try builder.build(output: joined.whole), Self.shape, seed: 3)
      try check.run("order \(order)", processor: Processor(threads: 2))
    }
  }

  /// Several inputs and outputs: what one execution computes is what the parts would.
  @Test func inputsAndOutputs() throws {
    var builder = NetworkBuilder(inputs: [3, 2])
    let features = builder.value(channels: 4)
    let result = builder.value(channels: 2)
    builder.convolution("features", Self.pointwise, from: builder.inputs[0], hasBias: true, to: (features, .leakyRelu))
    builder.convolution(
      "result", Self.pointwise, from: features, hasBias: true, residual: builder.inputs[1], to: (result, .identity))
    let network = try builder.build(outputs: [features, result])
    var random = RandomGenerator(seed: 4)
    network.initialize(.normal, gain: 1, random: &random)
    let execution = try Execution(
      network, inputs: [Self.shape, Shape(2, 2, 5, 4)], mode: .training(inputGradient: true),
      processor: Processor(threads: 2))
    let picture = (0..<Self.shape.count).map { _ in Float(random.uniform()) }
    let other = (0..<80).map { _ in Float(random.uniform()) }
    execution.input(0).setNCHW(picture)
    execution.input(1).setNCHW(other)
    execution.forward()
    let features0 = execution.output(0).nchw()
    let weights = network.parameters.fileOrder(network.parameters.parameters[2])
    let bias = network.parameters.fileOrder(network.parameters.parameters[3])
    let expected = (0..<80).map { index in
      let (n, c, p) = (index / 40, index / 20 % 2, index % 20)
      return (0..<4).reduce(other[index] + bias[c]) { $0 + weights[c * 4 + $1] * features0[(n * 4 + $1) * 20 + p] }
    }
    expect(Closeness("result", execution.output(1).nchw(), expected, 1e-6))
    // The gradient that the caller gives for the features is added to that of their reader.
    func inputGradient(_ upstream: Float) -> [Float] {
      execution.input(0).setNCHW(picture)
      execution.input(1).setNCHW(other)
      execution.forward()
      execution.outputGradient(0).fill(upstream)
      execution.outputGradient(1).fill(1)
      execution.backward()
      #expect(execution.inputGradient(1).nchw() == [Float](repeating: 1, count: 80))
      return execution.inputGradient(0).nchw()
    }
    let (none, one, two) = (inputGradient(0), inputGradient(1), inputGradient(2))
    let sums = zip(one, none).map { 2 * $0 - $1 }
    expect(Closeness("features' gradient", two, sums, 1e-5))
    #expect(none != one)
  }

  // MARK: - Refusals

  @Test func unwrittenValue() {
    let error = Self.refusal { builder in
      let nowhere = builder.value(channels: 3)
      let output = builder.value(channels: 2)
      builder.convolution("layer", Self.pointwise, from: nowhere, hasBias: true, to: (output, .identity))
      return [output]
    }
    #expect(error == GraphError(operation: "layer", problem: "reads a value before all of it is written"))
    let half = Self.refusal { builder in
      let joined = builder.concatenation(2, 2)
      builder.convolution("layer", Self.pointwise, from: builder.input, hasBias: true, to: (joined.first, .identity))
      return [joined.whole]
    }
    #expect(half?.problem == "has an output that is not written")
  }

  @Test func writtenTwiceOrNeverRead() {
    let twice = Self.refusal { builder in
      let output = builder.value(channels: 2)
      for name in ["a", "b"] {
        builder.convolution(name, Self.pointwise, from: builder.input, hasBias: true, to: (output, .identity))
      }
      return [output]
    }
    #expect(twice == GraphError(operation: "b", problem: "writes a value that is written already"))
    let unread = Self.refusal { builder in
      let (output, idle) = (builder.value(channels: 2), builder.value(channels: 2))
      builder.convolution(
        "layer", Self.pointwise, from: builder.input, hasBias: true, to: (output, .identity), and: (idle, .relu))
      return [output]
    }
    #expect(unread == GraphError(operation: "layer", problem: "makes a value that nobody reads"))
  }

  @Test func otherRefusals() {
    let names = Self.refusal { builder in
      let (middle, output) = (builder.value(channels: 3), builder.value(channels: 3))
      builder.convolution("layer", Self.pointwise, from: builder.input, hasBias: false, to: (middle, .identity))
      builder.convolution("layer", Self.pointwise, from: middle, hasBias: false, to: (output, .identity))
      return [output]
    }
    #expect(names?.problem == "has two parameters called layer.weight")
    let residual = Self.refusal { builder in
      let output = builder.value(channels: 3)
      builder.convolution(
        "layer", Self.pointwise, from: builder.input, hasBias: false, residual: builder.input, to: (output, .relu))
      return [output]
    }
    #expect(residual?.problem.contains("adds a residual before an activation") == true)
    let foreign = Self.refusal { _ in [Value(buffer: 7, firstChannel: 0, channels: 1)] }
    #expect(foreign?.problem.contains("a value of another network") == true)
    #expect(Self.refusal { _ in [] }?.problem == "has no output")
  }

  // MARK: - The row of zeros

  /// A padded 3×3 over more channels than any fixed row of zeros would have: every number counts once.
  @Test func wideZeros() throws {
    let channels = 17_600
    var builder = NetworkBuilder(inputChannels: channels)
    let output = builder.value(channels: 1)
    builder.convolution(
      "layer", .convolution(kernel: 3, padding: 1), from: builder.input, hasBias: false, to: (output, .identity))
    let network = try builder.build(output: output)
    let weight = network.parameters.parameters[0]
    network.parameters.setFileOrder(weight, [Float](repeating: 1, count: weight.count))
    let execution = try Execution(
      network, shape: Shape(1, channels, 2, 2), mode: ExecutionMode(), processor: Processor(threads: 2))
    execution.input.fill(1)
    execution.forward()
    #expect(execution.output.nchw() == [Float](repeating: 4 * Float(channels), count: 4))
  }

  /// Executions of different widths share an arena: each finds its zeros as they should be.
  @Test func sharedZeros() throws {
    let arena = Arena()
    let processor = try Processor(threads: 1)
    let executions = try [3, 40, 200].map { channels in
      var builder = NetworkBuilder(inputChannels: channels)
      let output = builder.value(channels: 2)
      builder.convolution(
        "layer", .convolution(kernel: 3, padding: 1), from: builder.input, hasBias: false, to: (output, .identity))
      let network = try builder.build(output: output)
      let weight = network.parameters.parameters[0]
      network.parameters.setFileOrder(weight, [Float](repeating: 1, count: weight.count))
      return try Execution(
        network, shape: Shape(1, channels, 1, 1), mode: ExecutionMode(), processor: processor, arena: arena)
    }
    for index in [0, 1, 2, 1, 0, 2] {
      executions[index].input.fill(1)
      executions[index].forward()
      #expect(executions[index].output.nchw() == [Float](repeating: Float([3, 40, 200][index]), count: 2))
    }
  }
}
