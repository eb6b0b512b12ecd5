import Foundation
import KernelArguments

/// A network laid out for one input shape, ready to run again and again without taking memory.
///
/// The activations of the last forward pass stay here until the next one, for the way back. Views of the tensors are
/// valid until another execution is planned in the same arena.
public final class Execution {
  /// The network whose parameters are used.
  public let network: Network
  /// How it runs.
  public let mode: ExecutionMode
  private let processor: Processor
  private let arena: Arena
  private let plan: ExecutionPlan
  private var dropoutKey: UInt64 = 0
  /// Transformed weights that serve every forward pass; nil while training, where weights change each time.
  private let readyFilters: AlignedMemory?
  private var filterVersion = -1

  /// Plans `network` for inputs of `shape`.
  ///
  /// - Parameters:
  ///   - network: what is run
  ///   - shape: (N, input channels, H, W)
  ///   - mode: how it is run
  ///   - processor: what it runs on
  ///   - arena: where its tensors lie
  /// - Throws: `FileError` where the network cannot take such images or there is no memory
  public init(
    _ network: Network, shape: Shape, mode: ExecutionMode, processor: Processor, arena: Arena = Arena()
  ) throws {
    precondition(shape.c == network.inputChannels, "an image has as many channels as the network reads")
    precondition(mode.groups > 0 && shape.n % mode.groups == 0, "groups are of equal size")
    precondition(mode.inputGradientImages ?? 1 > 0, "a gradient by the input is one by some images")
    precondition(
      !(mode.usesRunningStatistics && mode.keepsActivations), "the way back is that of the batch's own statistics")
    self.network = network
    self.mode = mode
    self.processor = processor
    self.arena = arena
    plan = try processor.plans.plan(network.topology, shape, mode, processor.rule, for: arena)
    try arena.require(plan.floats)
    readyFilters = plan.filterFloats > 0 ? try AlignedMemory(count: plan.filterFloats, for: .transformedWeights) : nil
    if mode.needsParameterGradients { _ = try network.parameters.gradients() }
  }

  /// Where the input is written before `forward`: (N, input channels, H, W).
  public var input: TensorView { plan.input.view(in: arena.base) }
  /// Where the output lies after `forward`: (N, output channels, h, w).
  public var output: TensorView { plan.output.view(in: arena.base) }
  /// Where the gradient of the loss by the output is written before `backward`.
  public var outputGradient: TensorView {
    guard let gradient = plan.outputGradient else { preconditionFailure("this execution has no way back") }
    return gradient.view(in: arena.base)
  }
  /// Where the gradient of the loss by the input lies after `backward`.
  public var inputGradient: TensorView {
    guard let gradient = plan.inputGradient else { preconditionFailure("this execution has no input gradient") }
    return gradient.view(in: arena.base)
  }
  /// Bytes of activations, gradients, scratch and transformed weights.
  public var plannedBytes: Int { (plan.floats + plan.filterFloats) * MemoryLayout<Float>.stride }

  // MARK: - Forward

  /// Runs the network on `input`.
  ///
  /// - Parameter dropoutKey: what dropout masks are drawn from; another key for every pass
  public func forward(dropoutKey: UInt64 = 0) {
    self.dropoutKey = dropoutKey
    prepareFilters()
    for index in plan.blocks.indices { forward(index) }
  }

  /// Transforms the weights for inference, if they may have changed since the last time.
  private func prepareFilters() {
    guard let readyFilters, filterVersion != network.parameters.version else { return }
    for block in plan.blocks {
      guard case .transformed(let product) = block.forward, let place = block.readyFilters else { continue }
      product.prepare(weights: parameter(block.block.weight), filters: readyFilters.base + place, processor)
    }
    filterVersion = network.parameters.version
  }

  private func forward(_ index: Int) {
    let block = plan.blocks[index]
    let base = arena.base
    let weights = parameter(block.block.weight)
    let bias = block.block.bias.map(parameter)
    if block.statistics == .running { setRunningAffine(block) }
    let kernels = processor.kernels
    let partials = base + block.partials
    let channels = block.channels
    let pieces = block.pixelPieces.count
    let ready = readyFilters.flatMap { memory in block.readyFilters.map { UnsafePointer(memory.base + $0) } }
    block.thinInput?.fill(base, processor.pool)
    block.forward.run(arena: base, weights: weights, ready: ready, bias: bias, processor) { piece, pixels, range in
      if block.statistics == .data {
        let sums = partials + piece * channels + range.lowerBound
        kernels.moments(
          view(block.raw, pixels.lowerBound, range), pixels.count, range.count, sums, sums + pieces * channels)
      } else {
        activate(block, index, into: block.first, pixels.lowerBound, pixels.count, range, group: 0)
      }
    }
    guard block.statistics == .data else { return }
    combineMoments(block)
    activateAll(index, into: block.first)
  }

  /// Normalises the whole raw output of a block.
  private func activateAll(_ index: Int, into first: PlannedTensor) {
    let block = plan.blocks[index]
    processor.pool.run(block.groups * block.piecesPerGroup) { piece, _ in
      let (group, pixels) = block.pixels(ofPiece: piece)
      activate(block, index, into: first, pixels.lowerBound, pixels.count, 0..<block.channels, group: group)
    }
  }

  /// Normalises, drops, adds and rectifies a piece.
  private func activate(
    _ block: BlockPlan, _ index: Int, into first: PlannedTensor, _ firstPixel: Int, _ pixels: Int,
    _ range: Range<Int>, group: Int
  ) {
    let first = view(first, firstPixel, range)
    var pass = ActivationPass(
      input: view(block.raw, firstPixel, range), first: RectifiedView(first, slope: slope(block.block.first)))
    pass.pixels = pixels
    pass.channels = range.count
    if block.statistics != .none { pass.affine = affine(block, group, range) }
    if mode.drops, block.block.hasDropout { pass.dropout = dropout(index, firstPixel, range) }
    if let residual = block.residual { pass.residual = view(residual, firstPixel, range) }
    if let output = block.block.second, let second = block.second {
      pass.second = RectifiedView(view(second, firstPixel, range), slope: slope(output))
    }
    let isIdentity =
      pass.affine == nil && pass.dropout == nil && pass.residual == nil && pass.second == nil && pass.first.slope == 1
    if !isIdentity { processor.kernels.activate(pass) }
    if block.block.first.activation == .tanh { processor.kernels.tanh(first, pixels, range.count) }
  }

  // MARK: - Statistics

  /// Combines the moments of all pieces in their order (Chan, Golub and LeVeque, 1983), per group and channel.
  private func combineMoments(_ block: BlockPlan) {
    let channels = block.channels
    let table = block.pixelPieces
    let perGroup = table.count / block.groups
    let means = arena.base + block.partials
    let squares = means + table.count * channels
    let place = affineMemory(block)
    let count = Double(block.pixelsPerGroup)
    for group in 0..<block.groups {
      for channel in 0..<channels {
        var seen = 0.0
        var mean = 0.0
        var square = 0.0
        for piece in group * perGroup..<(group + 1) * perGroup {
          let pixels = Double(table[piece].count)
          let distance = Double(means[piece * channels + channel]) - mean
          let total = seen + pixels
          mean += distance * pixels / total
          square += Double(squares[piece * channels + channel]) + distance * distance * seen * pixels / total
          seen = total
        }
        setAffine(block, place, group * channels + channel, channel, mean: mean, variance: square / count)
        updateRunning(block, channel, mean: mean, variance: square / max(1, count - 1))
      }
      if mode.updatesRunningStatistics, let running = block.block.normalization?.running {
        network.parameters.runningStatistics[running].batches += 1
      }
    }
  }

  private func setRunningAffine(_ block: BlockPlan) {
    guard let running = block.block.normalization?.running else { return }
    let statistics = network.parameters.runningStatistics[running]
    let place = affineMemory(block)
    for channel in 0..<block.channels {
      setAffine(
        block, place, channel, channel, mean: Double(statistics.mean[channel]),
        variance: Double(statistics.variance[channel]))
    }
  }

  private func setAffine(
    _ block: BlockPlan, _ place: AffineMemory, _ index: Int, _ channel: Int, mean: Double, variance: Double
  ) {
    let deviation = 1 / (variance + Self.epsilon).squareRoot()
    let normalization = block.block.normalization
    let scale = normalization?.scale.map { Double(parameter($0)[channel]) } ?? 1
    place.mean[index] = Float(mean)
    place.scale[index] = Float(scale * deviation)
    place.shift[index] = normalization?.shift.map { parameter($0)[channel] } ?? 0
    place.inverseDeviation[index] = Float(deviation)
  }

  /// Momentum 0.1, unbiased variance.
  private func updateRunning(_ block: BlockPlan, _ channel: Int, mean: Double, variance: Double) {
    guard mode.updatesRunningStatistics, let running = block.block.normalization?.running else { return }
    let store = network.parameters
    let oldMean = Double(store.runningStatistics[running].mean[channel])
    let oldVariance = Double(store.runningStatistics[running].variance[channel])
    store.runningStatistics[running].mean[channel] = Float(0.9 * oldMean + 0.1 * mean)
    store.runningStatistics[running].variance[channel] = Float(0.9 * oldVariance + 0.1 * variance)
  }

  private static let epsilon = 1e-5

  // MARK: - Backward

  /// Runs the way back from `outputGradient`, once for each `forward`: it uses up what that has left.
  ///
  /// Gradients of the parameters are written to, or with `accumulates` added to, the network's gradients.
  public func backward(accumulates: Bool = false) { backward(accumulates: accumulates, update: nil) }

  /// Runs the way back from `outputGradient` and lets `optimizer`, which is the network's, update all parameters: the
  /// same as `backward` and then `Adam.step`, bit for bit, but each gradient is used while it is in the cache.
  ///
  /// - Parameters:
  ///   - accumulates: whether the gradients of earlier passes count too; otherwise none of the weights' is stored
  ///   - optimizer: over this network's parameters
  ///   - learningRate: of this update
  public func backward(accumulates: Bool = false, updating optimizer: Adam, learningRate: Double) {
    precondition(optimizer.parameters === network.parameters, "the optimiser belongs to this network")
    precondition(mode.needsParameterGradients, "this execution computes gradients of the parameters")
    let update = optimizer.begin(learningRate: learningRate)
    backward(accumulates: accumulates, update: update)
    guard let gradients = network.parameters.gradientBase else { return }
    for parameter in network.parameters.parameters where parameter.layout == .vector {
      update.apply(
        parameter.offset, parameter.storage, gradients: gradients + parameter.offset, processor.kernels)
    }
  }

  private func backward(accumulates: Bool, update: AdamUpdate?) {
    for index in plan.blocks.indices.reversed() {
      guard let backward = plan.blocks[index].backward else { continue }
      activationGradients(index, backward, accumulates: accumulates)
      backward.thinGradient?.fill(arena.base, processor.pool)
      // The data gradient needs the weights as they were.
      inputGradients(plan.blocks[index], backward)
      if let input = backward.recomputedInput { activateAll(input.block, into: input.target) }
      weightGradients(plan.blocks[index], backward, accumulates: accumulates, update)
    }
  }

  private func activationGradients(_ index: Int, _ backward: BlockPlan.Backward, accumulates: Bool) {
    let block = plan.blocks[index]
    let kernels = processor.kernels
    let channels = block.channels
    let pieces = block.groups * block.piecesPerGroup
    let sums = arena.base + block.partials
    let products = sums + pieces * channels
    if block.block.first.activation == .tanh { multiplyByTanhDerivative(block, backward) }
    if block.statistics == .data {
      processor.pool.run(pieces) { piece, _ in
        let pass = gradientPass(index, backward, piece)
        kernels.gradientSums(pass, sums + piece * channels, products + piece * channels)
      }
      combineGradientSums(block, backward, accumulates: accumulates)
    }
    let hasBiasGradient = block.block.bias != nil && mode.needsParameterGradients && block.statistics == .none
    processor.pool.run(pieces) { piece, _ in
      let pass = gradientPass(index, backward, piece)
      kernels.activationGradient(pass, hasBiasGradient ? sums + piece * channels : nil)
    }
    guard mode.needsParameterGradients, let bias = block.block.bias else { return }
    // Before a normalisation by the data a bias has no effect: its gradient is 0 exactly.
    for channel in 0..<channels {
      var sum = 0.0
      if hasBiasGradient { for piece in 0..<pieces { sum += Double(sums[piece * channels + channel]) } }
      addGradient(bias, channel, sum, accumulates)
    }
  }

  private func gradientPass(_ index: Int, _ backward: BlockPlan.Backward, _ piece: Int) -> ActivationGradientPass {
    let block = plan.blocks[index]
    let (group, pixels) = block.pixels(ofPiece: piece)
    let channels = 0..<block.channels
    let start = pixels.lowerBound
    var pass = ActivationGradientPass(
      input: view(block.statistics == .data ? block.raw : block.first, start, channels),
      first: RectifiedView(view(backward.firstGradient, start, channels), slope: slope(block.block.first)),
      output: view(backward.raw, start, channels))
    pass.pixels = pixels.count
    pass.channels = block.channels
    if let output = block.block.second, let gradient = backward.secondGradient {
      pass.second = RectifiedView(view(gradient, start, channels), slope: slope(output))
    }
    if mode.drops, block.block.hasDropout { pass.dropout = dropout(index, start, channels) }
    if block.statistics == .data {
      let place = affineMemory(block)
      let means = UnsafePointer(arena.base + backward.means + group * block.channels)
      pass.affine = affine(block, group, channels)
      pass.inverseDeviation = UnsafePointer(place.inverseDeviation + group * block.channels)
      pass.meanGradient = means
      pass.meanGradientTimesNormalized = means + block.groups * block.channels
    }
    return pass
  }

  private func combineGradientSums(_ block: BlockPlan, _ backward: BlockPlan.Backward, accumulates: Bool) {
    let channels = block.channels
    let pieces = block.groups * block.piecesPerGroup
    let sums = arena.base + block.partials
    let products = sums + pieces * channels
    let means = arena.base + backward.means
    let productMeans = means + block.groups * channels
    let count = Double(block.pixelsPerGroup)
    for channel in 0..<channels {
      var shift = 0.0
      var scale = 0.0
      for group in 0..<block.groups {
        var sum = 0.0
        var product = 0.0
        for piece in group * block.piecesPerGroup..<(group + 1) * block.piecesPerGroup {
          sum += Double(sums[piece * channels + channel])
          product += Double(products[piece * channels + channel])
        }
        means[group * channels + channel] = Float(sum / count)
        productMeans[group * channels + channel] = Float(product / count)
        shift += sum
        scale += product
      }
      guard mode.needsParameterGradients, let normalization = block.block.normalization else { continue }
      if let parameter = normalization.scale { addGradient(parameter, channel, scale, accumulates) }
      if let parameter = normalization.shift { addGradient(parameter, channel, shift, accumulates) }
    }
  }

  private func multiplyByTanhDerivative(_ block: BlockPlan, _ backward: BlockPlan.Backward) {
    processor.pool.run(block.groups * block.piecesPerGroup) { piece, _ in
      let (_, pixels) = block.pixels(ofPiece: piece)
      let output = view(block.first, pixels.lowerBound, 0..<block.channels)
      let gradient = view(backward.firstGradient, pixels.lowerBound, 0..<block.channels)
      for pixel in 0..<pixels.count {
        for channel in 0..<block.channels {
          let value = output.base[pixel * output.stride + channel]
          gradient.base[pixel * gradient.stride + channel] *= 1 - value * value
        }
      }
    }
  }

  private func weightGradients(
    _ block: BlockPlan, _ backward: BlockPlan.Backward, accumulates: Bool, _ update: AdamUpdate?
  ) {
    guard let weights = backward.weights, let memory = network.parameters.gradientBase else { return }
    let offset = network.parameters.parameters[block.block.weight].offset
    weights.run(
      arena: arena.base,
      to: GradientTarget(
        gradients: memory + offset, accumulates: accumulates, update: update, firstParameter: offset), processor)
  }

  private func inputGradients(_ block: BlockPlan, _ backward: BlockPlan.Backward) {
    guard let input = backward.input else { return }
    let weights = parameter(block.block.weight)
    let base = arena.base
    input.product.run(arena: base, weights: weights, bias: nil, processor) { _, _, _ in }
    guard let fold = input.fold else { return }
    let pixels = input.target.shape.pixels
    let perPiece = max(16, 32_768 / input.target.shape.c)
    processor.pool.run((pixels + perPiece - 1) / perPiece) { piece, _ in
      let first = piece * perPiece
      processor.kernels.gatherSums(
        base, fold.starts.base + first, fold.sources.base, view(input.target, first, 0..<input.target.shape.c),
        min(perPiece, pixels - first), input.target.shape.c, input.accumulates)
    }
  }

  // MARK: - Views

  private struct AffineMemory {
    var mean: UnsafeMutablePointer<Float>
    var scale: UnsafeMutablePointer<Float>
    var shift: UnsafeMutablePointer<Float>
    var inverseDeviation: UnsafeMutablePointer<Float>
  }

  private func affineMemory(_ block: BlockPlan) -> AffineMemory {
    let count = block.groups * block.channels
    let base = arena.base + block.affine
    return AffineMemory(
      mean: base, scale: base + count, shift: base + 2 * count, inverseDeviation: base + 3 * count)
  }

  private func affine(_ block: BlockPlan, _ group: Int, _ range: Range<Int>) -> ChannelAffine {
    let place = affineMemory(block)
    let first = group * block.channels + range.lowerBound
    return ChannelAffine(mean: place.mean + first, scale: place.scale + first, shift: place.shift + first)
  }

  private func view(_ tensor: PlannedTensor, _ firstPixel: Int, _ range: Range<Int>) -> PixelView {
    PixelView(arena.base + tensor.offset + firstPixel * tensor.stride + range.lowerBound, stride: tensor.stride)
  }

  private func slope(_ output: Block.Output) -> Float {
    if case .rectifier(let slope) = output.activation { return slope }
    return 1
  }

  private func dropout(_ index: Int, _ firstPixel: Int, _ range: Range<Int>) -> DropoutMask {
    DropoutMask(
      key: RandomGenerator.mix(dropoutKey &+ UInt64(index) &* 0x632B_E59B_D9B4_E019), firstPixel: firstPixel,
      firstChannel: range.lowerBound, channels: plan.blocks[index].channels)
  }

  private func parameter(_ index: Int) -> UnsafePointer<Float> {
    network.parameters.readOnlyBase + network.parameters.parameters[index].offset
  }

  private func addGradient(_ index: Int, _ channel: Int, _ value: Double, _ accumulates: Bool) {
    guard let memory = network.parameters.gradientBase else { return }
    let place = memory + network.parameters.parameters[index].offset + channel
    place.pointee = accumulates ? place.pointee + Float(value) : Float(value)
  }
}
