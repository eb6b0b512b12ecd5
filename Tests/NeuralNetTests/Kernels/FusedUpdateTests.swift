import TestSupport
import Testing
@testable import NeuralNet

/// Adam applied in the backward pass against Adam afterwards: the same numbers, bit for bit.
@Suite struct FusedUpdateTests {
  @Test(arguments: [AlgorithmChoice.direct, .tiles(2), .tiles(3)], [false, true])
  func sameAsStep(_ choice: AlgorithmChoice, accumulates: Bool) throws {
    let processor = try Processor(threads: 2, algorithms: choice)
    let runs = try (0..<2).map { _ in try Run(processor) }
    for step in 0..<3 {
      for run in runs { run.forwardAndBackward(step) }
      let (separate, fused) = (runs[0], runs[1])
      if accumulates {
        // A first pass whose gradients are kept, then a second that adds to them.
        separate.execution.backward()
        fused.execution.backward()
        for run in runs { run.forwardAndBackward(step + 10) }
      }
      separate.execution.backward(accumulates: accumulates)
      separate.optimizer.step(learningRate: 1e-2, processor: processor)
      fused.execution.backward(accumulates: accumulates, updating: fused.optimizer, learningRate: 1e-2)
      #expect(separate.optimizer.steps == fused.optimizer.steps)
      #expect(separate.execution.inputGradient.nchw() == fused.execution.inputGradient.nchw())
    }
    for parameter in runs[0].network.parameters.parameters {
      let values = runs.map { $0.network.parameters.fileOrder(parameter) }
      #expect(values[0] == values[1], "\(parameter.name)")
      let moments = runs.map { $0.network.parameters.fileOrder(parameter, from: $0.optimizer.secondMoment) }
      #expect(moments[0] == moments[1], "\(parameter.name)")
      #expect(moments[0].contains { $0 > 0 }, "\(parameter.name) has learned something")
    }
    // Places beyond the last column must stay 0, or products would read them.
    let (one, other) = (runs[0].network.parameters, runs[1].network.parameters)
    #expect((0..<one.storage).allSatisfy { one.base[$0] == other.base[$0] })
  }

  private final class Run {
    let network: Network
    let execution: Execution
    let optimizer: Adam

    init(_ processor: Processor) throws {
      var builder = NetworkBuilder(inputChannels: 16)
      let wide = builder.value(channels: 80)
      let narrow = builder.value(channels: 32)
      let output = builder.value(channels: 3)
      builder.convolution(
        "down", .convolution(kernel: 4, stride: 2, padding: 1), from: builder.input, hasBias: true,
        to: (wide, .leakyRelu))
      builder.convolution(
        "same", .convolution(kernel: 3, padding: 1), from: wide, hasBias: false, normalization: (.batch, "norm"),
        to: (narrow, .relu))
      builder.convolution(
        "up", .transposed(kernel: 4, stride: 2, padding: 1), from: narrow, hasBias: true, to: (output, .tanh))
      network = try builder.build(output: output)
      var random = RandomGenerator(seed: 5)
      network.initialize(.normal, gain: 0.1, random: &random)
      execution = try Execution(
        network, shape: Shape(2, 16, 12, 10), mode: .training(inputGradient: true), processor: processor)
      optimizer = try Adam(network.parameters)
    }

    func forwardAndBackward(_ seed: Int) {
      var random = RandomGenerator(seed: UInt64(seed))
      execution.input.setNCHW((0..<execution.input.shape.count).map { _ in Float(random.uniform() * 2 - 1) })
      execution.forward()
      setOutputGradient(seed)
    }

    func setOutputGradient(_ seed: Int) {
      var random = RandomGenerator(seed: UInt64(seed + 100))
      execution.outputGradient.setNCHW(
        (0..<execution.outputGradient.shape.count).map { _ in Float(random.uniform() * 2 - 1) })
    }
  }

  /// Weights that change between two passes must be seen by an execution that transforms them in advance.
  @Test func inferenceSeesNewWeights() throws {
    var builder = NetworkBuilder(inputChannels: 16)
    let output = builder.value(channels: 16)
    builder.convolution(
      "layer", .convolution(kernel: 3, padding: 1), from: builder.input, hasBias: false, to: (output, .identity))
    let network = try builder.build(output: output)
    let execution = try Execution(
      network, shape: Shape(1, 16, 8, 8), mode: ExecutionMode(),
      processor: Processor(threads: 1, algorithms: .tiles(4)))
    var random = RandomGenerator(seed: 1)
    network.initialize(.normal, gain: 1, random: &random)
    execution.input.fill(1)
    execution.forward()
    let before = execution.output.nchw()
    execution.input.fill(1)
    execution.forward()
    #expect(execution.output.nchw() == before)
    let parameter = network.parameters.parameters[0]
    network.parameters.setFileOrder(parameter, network.parameters.fileOrder(parameter).map { 2 * $0 })
    execution.input.fill(1)
    execution.forward()
    expect(Closeness("twice the weights", execution.output.nchw(), before.map { 2 * $0 }, 1e-6))
  }
}
