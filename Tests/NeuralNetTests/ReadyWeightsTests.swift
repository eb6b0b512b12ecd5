import Testing
import UNet
@testable import NeuralNet

/// Executions for several sizes of images share what was transformed of the weights.
@Suite struct ReadyWeightsTests {
  private func network() throws -> Network {
    var configuration = UNetConfiguration(levels: 5)
    configuration.filters = 32
    let network = try configuration.network()
    var random = RandomGenerator(seed: 5)
    network.initialize(.normal, gain: 0.1, random: &random)
    return network
  }

  private func output(_ execution: Execution) -> [Float] {
    let input = execution.input
    var random = RandomGenerator(seed: 9)
    for place in 0..<input.shape.count { input.base[place] = Float(random.uniform()) }
    execution.forward()
    return (0..<execution.output.shape.count).map { execution.output.base[$0] }
  }

  @Test func sizesThatTransformAlikeShare() throws {
    let processor = try Processor(threads: 1, algorithms: .tiles(2))
    let (shared, arena) = (try network(), Arena())
    let shapes = [Shape(1, 3, 64, 64), Shape(1, 3, 64, 96), Shape(1, 3, 128, 96)]
    let executions = try shapes.map {
      try Execution(shared, shape: $0, mode: ExecutionMode(), processor: processor, arena: arena)
    }
    let blocks = executions.map { $0.readyWeights.map(ObjectIdentifier.init) }
    #expect(!blocks[0].isEmpty, "this network has weights to transform")
    #expect(!Set(blocks[0]).isDisjoint(with: blocks[1]), "nothing is shared")
    for (execution, shape) in zip(executions, shapes) {
      let alone = try Execution(network(), shape: shape, mode: ExecutionMode(), processor: processor)
      #expect(output(execution) == output(alone), "\(shape)")
    }
  }

  @Test func changedWeightsAreTransformedAgain() throws {
    let processor = try Processor(threads: 1, algorithms: .tiles(2))
    let network = try network()
    let shape = Shape(1, 3, 64, 64)
    let first = try Execution(network, shape: shape, mode: ExecutionMode(), processor: processor)
    let second = try Execution(network, shape: Shape(1, 3, 64, 96), mode: ExecutionMode(), processor: processor)
    let before = output(first)
    _ = output(second)
    var random = RandomGenerator(seed: 6)
    network.initialize(.normal, gain: 0.1, random: &random)
    _ = output(second)
    let after = output(first)
    #expect(after != before)
    let alone = try Execution(network, shape: shape, mode: ExecutionMode(), processor: processor)
    #expect(after == output(alone))
  }

  @Test func theyGoWithTheLastExecution() throws {
    let processor = try Processor(threads: 1, algorithms: .tiles(2))
    let network = try network()
    weak var block: ReadyWeights.Block?
    do {
      let execution = try Execution(network, shape: Shape(1, 3, 64, 64), mode: ExecutionMode(), processor: processor)
      block = execution.readyWeights.first
      #expect(block != nil)
      _ = output(execution)
    }
    #expect(block == nil)
  }
}
