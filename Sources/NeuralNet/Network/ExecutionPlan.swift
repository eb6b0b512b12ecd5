/// A network laid out for one input shape. It knows no weights, so that networks of one topology share it.
final class ExecutionPlan {
  let topology: Topology
  let shape: Shape
  let mode: ExecutionMode
  let rule: AlgorithmRule
  let blocks: [BlockPlan]
  let input: PlannedTensor
  let output: PlannedTensor
  let inputGradient: PlannedTensor?
  let outputGradient: PlannedTensor?
  /// Floats of the arena.
  let floats: Int
  /// Floats of weights that are transformed for inference.
  let filterFloats: Int

  init(
    _ topology: Topology, _ shape: Shape, _ mode: ExecutionMode, _ rule: AlgorithmRule, blocks: [BlockPlan],
    input: PlannedTensor, output: PlannedTensor, inputGradient: PlannedTensor?, outputGradient: PlannedTensor?,
    floats: Int, filterFloats: Int
  ) {
    self.topology = topology
    self.shape = shape
    self.mode = mode
    self.rule = rule
    self.blocks = blocks
    self.input = input
    self.output = output
    self.inputGradient = inputGradient
    self.outputGradient = outputGradient
    self.floats = floats
    self.filterFloats = filterFloats
  }
}

/// The plans in use: the tables of a large image take tens of megabytes, and CycleGAN runs two networks of one topology.
final class ExecutionPlans {
  private struct Entry {
    weak var plan: ExecutionPlan?
  }

  private var entries: [Entry] = []

  /// The plan for `topology`, which is made where no execution has one like it.
  ///
  /// - Throws: `FileError` where the network cannot take images of this size, or `arena` could not hold the tensors
  func plan(
    _ topology: Topology, _ shape: Shape, _ mode: ExecutionMode, _ rule: AlgorithmRule, for arena: Arena
  ) throws -> ExecutionPlan {
    entries.removeAll { $0.plan == nil }
    for case let plan? in entries.map(\.plan)
    where plan.shape == shape && plan.mode == mode && plan.rule == rule && plan.topology == topology {
      return plan
    }
    let plan = try ExecutionPlanner(topology: topology, shape: shape, mode: mode, rule: rule, destination: arena).plan()
    entries.append(Entry(plan: plan))
    return plan
  }
}
