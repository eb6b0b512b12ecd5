import Testing
@testable import NeuralNet

@Suite struct PReLUTests {
  @Test func golden() throws {
    try OperationCheck.golden("prelu", parameters: ["slope"]) { $0.prelu("act", $0.input) }
  }

  @Test(arguments: [1, 5, 17, 65]) func centralDifferences(channels: Int) throws {
    try OperationCheck.centralDifferences(Shape(2, channels, 5, 4)) { $0.prelu("act", $1) }
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
