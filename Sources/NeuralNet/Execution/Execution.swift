/// A network laid out for one input shape, ready to run again and again without taking memory.
///
/// A step writes `input`, runs `forward`, reads `output`; to train, it writes `outputGradient`, runs `backward` once and
/// reads `inputGradient`. What it needs for that stays in its arena until another execution uses the arena; asking for
/// something that is not there traps.
package final class Execution {
  /// The network whose parameters are used.
  package let network: Network
  /// How it runs.
  package let mode: ExecutionMode
  private let processor: Processor
  private let arena: Arena
  private let plan: ExecutionPlan
  /// Transformed weights that serve every forward pass, as the plan lists them; none while training, where weights change
  /// each time.
  let readyWeights: [ReadyWeights.Block]
  private var dropoutKey: UInt64 = 0
  /// What has been done, and where in the arena's history.
  private var stage = Stage.planned
  private var occupancy = -1

  private enum Stage: Int, Comparable {
    case planned
    case forward
    case backward

    static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
  }

  /// Plans `network`, which has one input, for inputs of `shape`.
  ///
  /// - Parameters:
  ///   - network: what is run
  ///   - shape: (N, input channels, H, W)
  ///   - mode: how it is run
  ///   - processor: what it runs on
  ///   - arena: where its tensors lie
  /// - Throws: `FileError` where the network cannot take such images or there is no memory
  package convenience init(
    _ network: Network, shape: Shape, mode: ExecutionMode, processor: Processor, arena: Arena = Arena()
  ) throws {
    try self.init(network, inputs: [shape], mode: mode, processor: processor, arena: arena)
  }

  /// Plans `network` for inputs of `shapes`.
  ///
  /// - Parameters:
  ///   - network: what is run
  ///   - shapes: (N, channels, H, W) of each input, all with the same N
  ///   - mode: how it is run
  ///   - processor: what it runs on
  ///   - arena: where its tensors lie
  /// - Throws: `FileError` where the network cannot take such images or there is no memory
  package init(
    _ network: Network, inputs shapes: [Shape], mode: ExecutionMode, processor: Processor, arena: Arena = Arena()
  ) throws {
    precondition(shapes.map(\.c) == network.inputChannels, "inputs have as many channels as the network reads")
    precondition(Set(shapes.map(\.n)).count == 1, "all inputs have as many images")
    precondition(mode.groups > 0 && shapes[0].n % mode.groups == 0, "groups are of equal size")
    precondition(mode.inputGradientImages ?? 1 > 0, "a gradient by the input is one by some images")
    precondition(
      !(mode.usesRunningStatistics && mode.keepsActivations),
      "the backward pass is that of the batch's own statistics")
    precondition(
      mode.precision != .int8 || mode.hasReadyWeights, "integers are for weights that stay as they are")
    precondition(!(mode.keepsGradients && mode.precision != .float32), "tangents are single precision")
    self.network = network
    self.mode = mode
    self.processor = processor
    self.arena = arena
    plan = try ExecutionPlans.plan(
      network.graph, inputs: shapes, mode: mode, rule: AlgorithmRule(processor, mode.precision), for: arena,
      on: processor.pool)
    try arena.require(plan.bytes)
    readyWeights = try network.readyWeights.blocks(for: plan.readyWeights)
    if mode.needsParameterGradients || mode.keepsGradients { _ = try network.parameters.gradients() }
  }

  /// Bytes that an execution would take beside the parameters: tensors, tables and transformed weights.
  ///
  /// - Throws: `FileError` where the network cannot take such images, or kernels could not reach all of it
  package static func footprint(
    _ network: Network, shape: Shape, mode: ExecutionMode, processor: Processor
  ) throws -> Int {
    let rule = AlgorithmRule(processor, mode.precision)
    let (arena, readyWeights) = try Planner(network.graph, inputs: [shape], mode: mode, rule: rule).measure()
    try Arena.requireAddressable(arena)
    let shapes = try network.graph.bufferShapes([shape])
    let tables = network.graph.operations.compactMap { $0 as? Convolution }.reduce(0) { bytes, operation in
      var (input, output) = (shapes[operation.input.buffer], shapes[operation.first.value.buffer])
      (input.c, output.c) = (operation.input.channels, operation.first.value.channels)
      let layout = ConvolutionLayout(operation.geometry, operation.packing, rule, input: input, output: output)
      let transform = layout.transform(
        .forward, images: shape.n, hasReadyWeights: mode.hasReadyWeights)
      return bytes + layout.tableBytes(transform)
    }
    return arena + readyWeights + tables
  }

  // MARK: - Tensors

  /// Where the first input is written before `forward`: (N, input channels, H, W). Whoever asks takes over the arena.
  package var input: MutableTensorView<Float> { input(0) }

  /// Where an input is written before `forward`. Whoever asks takes over the arena.
  package func input(_ index: Int) -> MutableTensorView<Float> {
    if occupancy != arena.occupancy {
      occupancy = arena.occupy()
      stage = .planned
    }
    return plan.inputs[index].value.view(in: arena.base)
  }

  /// The first output after `forward`: (N, output channels, h, w).
  package var output: TensorView<Float> { output(0) }

  /// An output after `forward`.
  package func output(_ index: Int) -> TensorView<Float> {
    require(.forward, "an output")
    return plan.outputs[index].value.view(in: arena.base).readOnly
  }

  /// Where the gradient of the loss by the first output is written between `forward` and `backward`.
  package var outputGradient: MutableTensorView<Float> { outputGradient(0) }

  /// Where the gradient of the loss by an output is written between `forward` and `backward`; none may be left out.
  package func outputGradient(_ index: Int) -> MutableTensorView<Float> {
    require(.forward, "an output gradient")
    precondition(stage == .forward, "an output gradient belongs between forward and backward")
    guard let gradient = plan.outputs[index].gradient else {
      preconditionFailure("this execution has no backward pass")
    }
    return gradient.view(in: arena.base)
  }

  /// The gradient of the loss by the first input after `backward`.
  package var inputGradient: TensorView<Float> { inputGradient(0) }

  /// The gradient of the loss by an input after `backward`.
  package func inputGradient(_ index: Int) -> TensorView<Float> {
    require(.backward, "an input gradient")
    guard let gradient = plan.inputs[index].gradient else {
      preconditionFailure("this execution has no input gradient")
    }
    return gradient.view(in: arena.base).readOnly
  }

  /// Where a direction in the first input is written between `backward` and `tangent`, in place of its gradient.
  var inputTangent: MutableTensorView<Float> {
    require(.backward, "a tangent")
    guard let tangent = plan.inputs[0].tangent else { preconditionFailure("this execution has no tangents") }
    return tangent.view(in: arena.base)
  }

  private func require(_ least: Stage, _ what: String) {
    precondition(
      occupancy == arena.occupancy,
      "another execution has used the arena: what this one has left there, \(what) too, is lost")
    precondition(stage >= least, "\(what) is there only after \(least)")
  }

  // MARK: - Passes

  private func pass() -> Pass {
    Pass(
      plan: plan, arena: arena.base, parameters: network.parameters, ready: readyWeights, processor: processor,
      mode: mode, dropoutKey: dropoutKey)
  }

  /// Runs the network on what has been written to its inputs.
  ///
  /// - Parameter dropoutKey: what dropout masks are drawn from; another key for every pass
  package func forward(dropoutKey: UInt64 = 0) { forward(dropoutKey: dropoutKey) { _ in } }

  /// Runs the network on what has been written to its inputs, and tells how far it is.
  ///
  /// - Parameters:
  ///   - dropoutKey: what dropout masks are drawn from; another key for every pass
  ///   - shape: of the first input, (N, C, H, W)
  ///   - atPart: called before each operation with the part that is done, from 0 to 1; what it throws ends the pass, which
  ///     leaves no output then
  package func forward(
    dropoutKey: UInt64, of shape: Shape, atPart: (Double) throws -> Void
  ) rethrows {
    let parts = network.progress(shape, at: network.graph.operations)
    try forward(dropoutKey: dropoutKey) { try atPart($0 < parts.count ? parts[$0] : 1) }
  }

  private func forward(dropoutKey: UInt64, beforeStep: (Int) throws -> Void) rethrows {
    precondition(occupancy == arena.occupancy, "the input is written before forward, after any other use of the arena")
    self.dropoutKey = dropoutKey
    let pass = pass()
    pass.arena.update(repeating: 0, count: plan.zeroFloats)
    for (need, block) in zip(plan.readyWeights, readyWeights) where block.version != network.parameters.version {
      plan.steps[need.operation].operation.prepareParameters(pass)
      block.version = network.parameters.version
    }
    for index in plan.steps.indices {
      try beforeStep(index)
      plan.steps[index].operation.forward(pass)
    }
    stage = .forward
  }

  /// Runs back from `outputGradient`, once for each `forward`: it uses up what that has left.
  ///
  /// Gradients of the parameters are written to, or with `accumulates` added to, the network's gradients.
  package func backward(accumulates: Bool = false) { backward(accumulates: accumulates, update: nil) }

  /// Runs back from `outputGradient` and lets `optimizer`, which is the network's, update all parameters: the same as
  /// `backward` and then `Adam.step`, bit for bit, but each gradient is used while it is in the cache.
  ///
  /// - Parameters:
  ///   - accumulates: whether the gradients of earlier passes count too; otherwise none of the weights' is stored
  ///   - optimizer: over this network's parameters
  ///   - learningRate: of this update
  package func backward(accumulates: Bool = false, updating optimizer: Adam, learningRate: Double) {
    precondition(optimizer.parameters === network.parameters, "the optimiser belongs to this network")
    precondition(mode.needsParameterGradients, "this execution computes gradients of the parameters")
    if let shared = optimizer.shared, shared.waits { return backward(accumulates: accumulates) }
    let update = optimizer.nextUpdate(learningRate: learningRate)
    if let shared = optimizer.shared {
      // Others have a part in every gradient: those of a layer go their way while the layers before it are at work.
      shared.begin(update, processor.kernels)
      let operations = network.graph.operations
      backward(accumulates: accumulates, update: nil) { shared.isFinal(operations[$0].parameters) }
      return shared.finish()
    }
    backward(accumulates: accumulates, update: update)
    guard let gradients = network.parameters.gradientBase else { return }
    for parameter in network.parameters.parameters where parameter.layout == .vector {
      update.apply(
        parameter.offset, parameter.storage, gradients: gradients + parameter.offset, processor.kernels)
    }
  }

  /// - Parameter whenDone: is told each operation that is through
  private func backward(accumulates: Bool, update: AdamUpdate?, whenDone: (Int) -> Void = { _ in }) {
    require(.forward, "what backward needs")
    precondition(mode.keepsActivations, "an execution for inference has no backward pass")
    precondition(stage == .forward, "backward runs once for each forward, whose activations it uses up")
    stage = .backward
    let backward = BackwardPass(pass: pass(), accumulates: accumulates, update: update)
    for (index, step) in plan.steps.enumerated().reversed() where step.runsBackward {
      for gradient in step.cleared { gradient.view(in: arena.base).fill(0) }
      step.operation.backward(backward)
      whenDone(index)
    }
  }

  /// Differentiates u · ∇ₓ by the parameters, where u has been written to `inputTangent` and ∇ₓ is what `backward` has left
  /// in its place; the derivative is written to, or with `accumulates` added to, the network's gradients.
  func tangent(accumulates: Bool) {
    require(.backward, "what tangents need")
    precondition(mode.keepsGradients, "this execution keeps no gradients")
    let pass = BackwardPass(pass: pass(), accumulates: accumulates, update: nil)
    for step in plan.steps { step.operation.tangent(pass) }
  }
}
