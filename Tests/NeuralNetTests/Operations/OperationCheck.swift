import TestSupport
import Testing
@testable import NeuralNet

/// Checks of an operation that stands alone in a network: what its own test needs.
enum OperationCheck {
  static let tolerance = 2e-6

  /// Compares forward and backward with PyTorch's numbers: `NAME/x`, `/y`, `/dy`, `/dx` in operations.safetensors, and of
  /// each parameter of `parameters` the value `NAME/KEY` and the gradient `NAME/dKEY`.
  static func golden(
    _ name: String, parameters: [String] = [], sourceLocation: SourceLocation = #_sourceLocation,
    _ add: (inout NetworkBuilder) -> Value
  ) throws {
    let golden = try Golden("operations")
    var builder = NetworkBuilder(inputChannels: try golden.shape(name + "/x").c)
    let output = add(&builder)
    let network = try builder.build(output: output)
    let store = network.parameters
    for (parameter, key) in zip(store.parameters, parameters) {
      store.setFileOrder(parameter, try golden.floats("\(name)/\(key)"))
    }
    let execution = try Execution(
      network, shape: golden.shape(name + "/x"), mode: .training(inputGradient: true), processor: Processor(threads: 2))
    execution.input.setNCHW(try golden.floats(name + "/x"))
    execution.forward()
    func compare(_ what: String, _ actual: [Float]) throws {
      let closeness = Closeness("\(name)/\(what)", actual, try golden.floats("\(name)/\(what)"), tolerance)
      #expect(closeness.holds, "\(closeness)", sourceLocation: sourceLocation)
    }
    try compare("y", execution.output.nchw())
    execution.outputGradient.setNCHW(try golden.floats(name + "/dy"))
    execution.backward()
    try compare("dx", execution.inputGradient.nchw())
    for (parameter, key) in zip(store.parameters, parameters) {
      try compare("d" + key, store.fileOrder(parameter, from: try store.gradients()))
    }
  }

  /// Compares with central differences in Double, once alone and once between convolutions, where the value that it reads
  /// has a second reader and its gradient is added to.
  static func centralDifferences(
    _ shape: Shape, sourceLocation: SourceLocation = #_sourceLocation, _ add: (inout NetworkBuilder, Value) -> Value
  ) throws {
    let processor = try Processor(threads: 2)
    var alone = NetworkBuilder(inputChannels: shape.c)
    let single = add(&alone, alone.input)
    var check = GradientCheck(try alone.build(output: single), shape, seed: 3)
    try check.run("alone", processor: processor, sourceLocation: sourceLocation)

    var builder = NetworkBuilder(inputChannels: 3)
    let first = builder.value(channels: shape.c)
    builder.convolution("first", .convolution(kernel: 1), from: builder.input, hasBias: true, to: (first, .identity))
    let made = add(&builder, first)
    let joined = builder.concatenation(4, 4)
    builder.convolution("a", .convolution(kernel: 1), from: made, hasBias: true, to: (joined.first, .identity))
    builder.convolution("b", .convolution(kernel: 1), from: made, hasBias: true, to: (joined.second, .leakyRelu))
    check = GradientCheck(
      try builder.build(output: joined.whole), Shape(shape.n, 3, shape.h, shape.w), seed: 4)
    try check.run("between convolutions", processor: processor, sourceLocation: sourceLocation)
  }
}
