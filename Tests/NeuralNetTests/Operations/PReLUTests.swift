import TestSupport
import Testing
@testable import NeuralNet

@Suite struct PReLUTests {
  @Test func golden() throws {
    try OperationCheck.golden("prelu", parameters: ["slope"]) { $0.prelu("act", $0.input) }
  }

  @Test(arguments: [1, 5, 17, 65]) func centralDifferences(channels: Int) throws {
    try OperationCheck.centralDifferences(Shape(2, channels, 5, 4)) { $0.prelu("act", $1) }
  }

  /// In the pass of the convolution before it.
  @Test(arguments: [1, 5, 17, 65]) func behindConvolution(channels: Int) throws {
    try OperationCheck.centralDifferences(Shape(2, channels, 5, 4)) { builder, input in
      let output = builder.value(channels: channels)
      builder.convolution(
        "conv", .convolution(kernel: 3, padding: 1), from: input, hasBias: true, to: (output, .identity),
        learnedRectifier: "act")
      return output
    }
  }

  /// The same numbers, names and layers as an operation of its own has, and slopes of either sign.
  @Test func sameAsOperation() throws {
    func network(isOne: Bool) throws -> Network {
      var builder = NetworkBuilder(inputChannels: 16)
      let made = builder.value(channels: 80)
      builder.convolution(
        "conv", .convolution(kernel: 3, padding: 1), from: builder.input, hasBias: true, to: (made, .identity),
        learnedRectifier: isOne ? "act" : nil)
      let output = isOne ? made : builder.prelu("act", made)
      let network = try builder.build(output: output)
      var random = RandomGenerator(seed: 5)
      for parameter in network.parameters.parameters {
        let count = network.parameters.fileOrder(parameter).count
        network.parameters.setFileOrder(parameter, (0..<count).map { _ in Float(random.uniform() * 2 - 1) })
      }
      return network
    }
    let networks = [try network(isOne: true), try network(isOne: false)]
    #expect(networks[0].graph.operations.count == 1 && networks[1].graph.operations.count == 2)
    let names = networks.map { $0.parameters.parameters.map(\.name) }
    #expect(names[0] == names[1])
    let shape = Shape(2, 16, 45, 50)
    var random = RandomGenerator(seed: 6)
    let x = (0..<shape.count).map { _ in Float(random.uniform() * 2 - 1) }
    let dy = (0..<shape.count / 16 * 80).map { _ in Float(random.uniform() * 2 - 1) }
    for mode in [ExecutionMode(), .training(inputGradient: true)] {
      let runs = try networks.map { try Execution($0, shape: shape, mode: mode, processor: Processor(threads: 2)) }
      for run in runs {
        run.input.setNCHW(x)
        run.forward()
      }
      #expect(runs[0].output.nchw() == runs[1].output.nchw())
      guard mode.keepsActivations else { continue }
      for run in runs {
        run.outputGradient.setNCHW(dy)
        run.backward()
      }
      #expect(runs[0].inputGradient.nchw() == runs[1].inputGradient.nchw())
      for (one, other) in zip(networks[0].parameters.parameters, networks[1].parameters.parameters) {
        let gradients = try [one, other].enumerated().map {
          networks[$0].parameters.fileOrder($1, from: try networks[$0].parameters.gradients())
        }
        expect(Closeness(one.name, gradients[0], gradients[1], 1e-6))
      }
    }
  }

  @Test func firstSlope() throws {
    var builder = NetworkBuilder(inputChannels: 2)
    let output = builder.prelu("act", builder.input)
    let network = try builder.build(output: output)
    var random = RandomGenerator(seed: 1)
    network.initialize(.normal, gain: 0.02, random: &random)
    #expect(network.parameters.parameters.map(\.name) == ["act.weight"])
    #expect(network.parameters.fileOrder(network.parameters.parameters[0]) == [0.25, 0.25])
  }
}

extension PReLU: PlainOperation {
  func run(
    _ inputs: [ReferenceNetwork.Tensor], parameters: [[Double]], _ distanceToKink: inout Double
  ) -> [ReferenceNetwork.Tensor] {
    let x = inputs[0]
    distanceToKink = x.values.reduce(distanceToKink) { min($0, abs($1)) }
    return [.make(x.shape) { n, c, h, w in x[n, c, h, w] * (x[n, c, h, w] > 0 ? 1 : parameters[0][c]) }]
  }
}
