/// One step of a network: what it reads, what it makes, how large that is, and how it runs there and back.
///
/// An operation says nothing of other operations: who else reads a value, how long it lives, where it lies and whether
/// gradients add up there is the planner's business. docs/design.md has a recipe for writing one.
protocol Operation: Sendable, Equatable {
  /// What errors call it: the name of its parameters in PyTorch's state_dict, or of what it does.
  var name: String { get }
  /// The values it reads, in the order in which `backward` writes their gradients.
  var reads: [Value] { get }
  /// The values it makes.
  var makes: [Value] { get }
  /// Its parameters, by their index in the store; no other operation has them.
  var parameters: [Int] { get }

  /// The shapes (N, C, H, W) of what it makes from those of what it reads; nil: these are too small for it.
  ///
  /// The channels are those of the values and need not be looked at.
  func shapes(of inputs: [Shape]) -> [Shape]?

  /// What it computes, in elementary layers.
  func describe(_ description: inout NetworkDescription)

  /// Reserves what it needs beside its values and, once all places are known, lays itself out.
  func plan(_ planner: OperationPlanner) -> @Sendable (Places) -> any PlannedOperation

  /// The value that it reads and whose gradient is that of what it makes, untouched: a residual. Sharing one buffer, the
  /// two need no copy.
  var passesGradientThrough: (from: Value, to: Value)? { get }

  /// Whether what it makes can be made once more in the backward pass from what it keeps anyway, which spares memory.
  func remakesOutput(_ mode: ExecutionMode) -> Bool

  /// What keeps its gradient from being differentiated once more; nil: it is linear wherever it has a derivative, and
  /// has a `tangent`.
  var obstacleToTangents: String? { get }
}

extension Operation {
  var passesGradientThrough: (from: Value, to: Value)? { nil }
  func remakesOutput(_ mode: ExecutionMode) -> Bool { false }
  var obstacleToTangents: String? { "has no second derivatives here" }

  func isEqual(_ other: any Operation) -> Bool { (other as? Self) == self }
}

/// An operation laid out for one input shape. It takes no memory and knows no weights: both come with the pass.
protocol PlannedOperation: Sendable {
  /// Computes what it makes.
  func forward(_ pass: Pass)

  /// Writes, or where others have written before adds, the gradients of what it reads, and those of its parameters.
  func backward(_ pass: BackwardPass)

  /// Transforms parameters that stay as they are for many runs.
  func prepareParameters(_ pass: Pass)

  /// Makes its output once more, at `place`.
  func remake(_ pass: Pass, at place: PlannedTensor)

  /// With u, a direction in the input, and g, the gradient that `backward` has computed: computes the derivative of what
  /// it makes along u, and the derivative of u · g by its parameters.
  func tangent(_ pass: BackwardPass)
}

extension PlannedOperation {
  func prepareParameters(_ pass: Pass) {}
  func remake(_ pass: Pass, at place: PlannedTensor) {
    preconditionFailure("the planner remakes only what an operation says it can")
  }
  func tangent(_ pass: BackwardPass) {
    preconditionFailure("the planner refuses tangents of operations that have none")
  }
}
