import Parallel
import Synchronization

/// A network laid out for one input shape. It knows no weights, so that networks of one graph share it.
final class ExecutionPlan: Sendable {
  /// One operation, laid out.
  struct Step: Sendable {
    let operation: any PlannedOperation
    let runsBackward: Bool
    /// Gradients that are set to 0 before it runs backward.
    let cleared: [PlannedTensor]
  }

  /// An input or output with all that is planned of it.
  struct Planes: Sendable {
    let value: PlannedTensor
    let gradient: PlannedTensor?
    let tangent: PlannedTensor?
  }

  let steps: [Step]
  let inputs: [Planes]
  let outputs: [Planes]
  /// Zeros at the arena's start, which padding is read from.
  let zeroFloats: Int
  /// Bytes of the arena.
  let bytes: Int
  /// Parameters that are transformed for inference.
  let readyWeights: [ReadyWeights.Need]

  init(
    steps: [Step], inputs: [Planes], outputs: [Planes], zeroFloats: Int, bytes: Int,
    readyWeights: [ReadyWeights.Need]
  ) {
    self.steps = steps
    self.inputs = inputs
    self.outputs = outputs
    self.zeroFloats = zeroFloats
    self.bytes = bytes
    self.readyWeights = readyWeights
  }
}

/// The plans in use: the tables of a large image take tens of megabytes, and CycleGAN runs two networks of one graph.
enum ExecutionPlans {
  private struct Key: Equatable {
    let graph: Graph
    let inputs: [Shape]
    let mode: ExecutionMode
    let rule: AlgorithmRule
  }

  private struct Entry {
    let key: Key
    weak var plan: ExecutionPlan?
  }

  private static let entries = Mutex<[Entry]>([])

  /// The plan for `graph`, which is made where no execution has one like it.
  ///
  /// - Throws: `FileError` where the network cannot take images of this size, or `arena` could not hold the tensors
  static func plan(
    _ graph: Graph, inputs: [Shape], mode: ExecutionMode, rule: AlgorithmRule, for arena: Arena,
    on pool: WorkerPool
  ) throws -> ExecutionPlan {
    let key = Key(graph: graph, inputs: inputs, mode: mode, rule: rule)
    let known = entries.withLock { entries in
      entries.removeAll { $0.plan == nil }
      return entries.first { $0.key == key }?.plan
    }
    if let known { return known }
    let plan = try Planner(graph, inputs: inputs, mode: mode, rule: rule).plan(for: arena, on: pool)
    entries.withLock { $0.append(Entry(key: key, plan: plan)) }
    return plan
  }
}
