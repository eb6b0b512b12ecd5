import KernelArguments
import Parallel

/// A convolution with all that follows it before the next:
/// convolution → bias → normalisation → dropout → · scale → + residual → one or two activations.
///
/// One operation rather than five, since each of the parts would be a pass over memory: what follows the products is
/// applied to a piece of pixels while it is in the cache.
struct Convolution: Operation {
  struct Normalization: Sendable, Equatable {
    /// Its name in the state_dict.
    var name: String
    var kind: NormalizationKind
    /// Parameters γ and β; nil for instance normalisation.
    var scale: Int?
    var shift: Int?
    /// Index of the running statistics; nil for instance normalisation.
    var running: Int?
  }

  struct Output: Sendable, Equatable {
    var value: Value
    var activation: Activation
  }

  var name: String
  var geometry: ConvolutionGeometry
  var packing: PackedWeights
  var weight: Int
  var bias: Int?
  var normalization: Normalization?
  var hasDropout = false
  /// What the result is multiplied by before the residual is added.
  var scale: Float = 1
  var input: Value
  /// Added to the normalised values; only where no activation follows.
  var residual: Value?
  var first: Output
  var second: Output?

  var reads: [Value] { (residual.map { [$0] } ?? []) + [input] }
  var makes: [Value] { [first.value] + (second.map { [$0.value] } ?? []) }
  package var parameters: [Int] {
    [weight, bias, normalization?.scale, normalization?.shift].compactMap(\.self)
  }

  // MARK: - Shape rule

  func shapes(of inputs: [Shape]) -> [Shape]? {
    guard let input = inputs.last, let h = geometry.outputExtent(input.h), let w = geometry.outputExtent(input.w) else {
      return nil
    }
    // A residual must have the shape of what it is added to.
    if residual != nil, (inputs[0].h, inputs[0].w) != (h, w) { return nil }
    return makes.map { Shape(input.n, $0.channels, h, w) }
  }

  // MARK: - Description

  func describe(_ description: inout NetworkDescription) {
    let names = description.parameterNames
    var last = description.add(
      .convolution(geometry, weight: names[weight], bias: bias.map { names[$0] }), called: name,
      of: [description.source(of: input)])
    if let normalization, let layer = normalization.layer(description, channels: first.value.channels) {
      last = description.add(layer, called: normalization.name, of: [last])
    }
    let path = normalization?.name ?? name
    if scale != 1 { last = description.add(.scaling(scale), called: path + ".scaling", of: [last]) }
    if let residual {
      last = description.add(.sum, called: path + ".sum", of: [description.source(of: residual), last])
    }
    let activated = description.add(first.activation, to: last, path)
    description.set(first.value, to: activated)
    if let second {
      description.set(
        second.value,
        to: second.activation == first.activation ? activated : description.add(second.activation, to: last, path))
    }
  }

  // MARK: - What it needs

  var passesGradientThrough: (from: Value, to: Value)? { residual.map { ($0, first.value) } }

  func remakesOutput(_ mode: ExecutionMode) -> Bool {
    residual == nil && second == nil && statistics(mode) == .data
  }

  var obstacleToTangents: String? {
    if normalization != nil { return "comes before a normalisation (not so without normalisation)" }
    guard residual == nil, second == nil, !hasDropout, scale == 1, case .rectifier = first.activation else {
      return "is followed by more than a rectifier"
    }
    return nil
  }

  fileprivate func statistics(_ mode: ExecutionMode) -> PlannedNormalization.Statistics? {
    guard let normalization else { return nil }
    return mode.usesRunningStatistics && normalization.kind == .batch ? .running : .data
  }

  /// Images that share statistics. At inference each image has its own, whatever its batch.
  fileprivate func imagesPerGroup(_ mode: ExecutionMode, images: Int) -> Int {
    guard statistics(mode) == .data else { return images }
    return normalization?.kind == .instance || !mode.keepsActivations ? 1 : images / mode.groups
  }

  func plan(_ planner: OperationPlanner) -> @Sendable (Places) -> any PlannedOperation {
    let needs = Needs(self, planner)
    let (mode, index) = (planner.mode, planner.index)
    return { places in PlannedConvolution(self, needs, places, mode, index: index) }
  }

  /// What it reserves beside its values.
  fileprivate struct Needs: Sendable {
    let layout: ConvolutionLayout
    let gradientImages: Int
    let runsBackward: Bool
    let needsWeightGradient: Bool
    let needsDataGradient: Bool

    // Forward
    var raw: Reservation?
    var affine: Reservation?
    var moments: Reservation?
    var transform: TransformChoice?
    var transformed: Reservation?
    /// Where the weights lie that were transformed for inference; nil: there are none.
    var readyWeights: Int?
    /// The copy of a thin input or of a thin output's gradient, and room for weights in reverse.
    var thin: Reservation?
    var reversedWeights: Reservation?

    // Backward
    var rawGradient: Reservation?
    var sums: Reservation?
    var means: Reservation?
    /// The gradient of a reflected or upsampled grid.
    var large: Reservation?
    var dataTransform: TransformChoice?
    var weightTransform: TransformChoice?
    /// Data and weight gradient, one after the other.
    var gradientTransformed: Reservation?

    // Tangents
    var tangentTransformed: Reservation?

    init(_ operation: Convolution, _ planner: OperationPlanner) {
      let mode = planner.mode
      let input = planner.shape(operation.input)
      let output = planner.shape(operation.first.value)
      layout = ConvolutionLayout(operation.geometry, operation.packing, planner.rule, input: input, output: output)
      gradientImages = planner.gradientImages(operation.input)
      runsBackward = planner.runsBackward
      needsWeightGradient = runsBackward && mode.needsParameterGradients
      needsDataGradient = planner.needsGradient(operation.input)
      planner.requireZeros(max(input.c, output.c))
      reserveForward(operation, planner, output)
      if runsBackward { reserveBackward(operation, planner, input, output) }
      if mode.keepsGradients { reserveTangents(operation, planner) }
      reserveThinSide(planner)
    }

    private mutating func reserveForward(_ operation: Convolution, _ planner: OperationPlanner, _ output: Shape) {
      let mode = planner.mode
      let statistics = operation.statistics(mode)
      if statistics != nil {
        affine = planner.reserve(4 * output.n * output.c, from: .forward, through: runsBackward ? .backward : .forward)
      }
      if statistics == .data {
        moments = planner.reserve(PlannedNormalization.partialCount(output), in: .forward)
        // The backward pass of a normalisation needs what was normalised.
        if runsBackward { raw = planner.reserve(output.count, from: .forward, through: .backward) }
      }
      transform = layout.transform(
        isDataGradient: false, images: planner.images, hasReadyWeights: mode.hasReadyWeights)
      guard let transform else { return }
      transformed = planner.reserve(mode.hasReadyWeights ? transform.tiles : transform.count, in: .forward)
      if mode.hasReadyWeights { readyWeights = planner.reserveReady(transform.transformedWeights) }
    }

    private mutating func reserveBackward(
      _ operation: Convolution, _ planner: OperationPlanner, _ input: Shape, _ output: Shape
    ) {
      if operation.statistics(planner.mode) == .data {
        means = planner.reserve(2 * output.n * output.c, in: .backward)
      } else {
        // Without statistics, signs are taken from the output.
        planner.keep(.values, of: operation.first.value, until: .backward)
      }
      sums = planner.reserve(PlannedNormalization.partialCount(output), in: .backward)
      // The gradient of the sum is the residual's as well.
      if operation.residual != nil { rawGradient = planner.reserve(output.count, in: .backward) }
      if needsDataGradient {
        if !operation.geometry.isTransposed, !operation.geometry.readsInputDirectly {
          large = planner.reserve(
            gradientImages * layout.grid.rows.count * layout.grid.columns.count * input.c, in: .backward)
        }
        dataTransform = layout.transform(isDataGradient: true, images: gradientImages, hasReadyWeights: false)
      }
      if needsWeightGradient {
        weightTransform = layout.transform(isDataGradient: false, images: planner.images, hasReadyWeights: false)
        if layout.thin != .input { planner.keepOrRemake(operation.input) }
      }
      let count = max(dataTransform?.count ?? 0, weightTransform?.count ?? 0)
      if count > 0 { gradientTransformed = planner.reserve(count, in: .backward) }
    }

    /// Slopes are taken from the output, and the gradient in front of them is kept.
    private mutating func reserveTangents(_ operation: Convolution, _ planner: OperationPlanner) {
      planner.keep(.values, of: operation.first.value, until: .tangent)
      planner.keep(.gradients, of: operation.first.value, until: .tangent)
      if let transform { tangentTransformed = planner.reserve(transform.count, in: .tangent) }
    }

    private mutating func reserveThinSide(_ planner: OperationPlanner) {
      let counts = layout.thinCounts
      var use = Phase.forward
      switch layout.thin {
      case nil: return
      case .input:
        thin = planner.reserve(counts.copy, from: .forward, through: needsWeightGradient ? .backward : .forward)
      case .output:
        guard runsBackward else { return }
        use = .backward
        thin = planner.reserve(counts.copy, in: .backward)
      }
      if counts.weights > 0 { reversedWeights = planner.reserve(counts.weights, in: use) }
    }
  }
}

/// A convolution laid out for one input shape.
private struct PlannedConvolution: PlannedOperation {
  private let operation: Convolution
  private let index: Int
  private let drops: Bool
  private let normalization: PlannedNormalization?
  /// The convolution's output; the first output itself where nothing needs it afterwards.
  private let raw: PlannedTensor
  private let first: PlannedTensor
  private let second: PlannedTensor?
  private let residual: PlannedTensor?
  /// The copy of a thin input, made before the forward product.
  private let thinInput: ThinSide?
  private let product: ConvolutionProduct
  private let readyWeights: Int?
  private let gradients: Gradients?
  private let tangents: Tangents?

  private struct Gradients: Sendable {
    var first: PlannedTensor
    var second: PlannedTensor?
    /// Of the convolution's output; in place of the first gradient where nobody else needs that.
    var raw: PlannedTensor
    /// Of the residual, where that is not the first gradient itself.
    var residual: (tensor: PlannedTensor, adds: Bool)?
    var sums: Int
    /// The copy of a thin output's gradient, made before the products.
    var thinGradient: ThinSide?
    /// The input where it has not been kept.
    var remadeInput: Remade?
    var weights: ConvolutionWeightGradient?
    var input: DataGradient?
  }

  private struct Tangents: Sendable {
    var product: ConvolutionProduct
    var weights: ConvolutionWeightGradient
    /// nil: nobody reads the output's tangent
    var output: PlannedTensor?
  }

  init(_ operation: Convolution, _ needs: Convolution.Needs, _ places: Places, _ mode: ExecutionMode, index: Int) {
    self.operation = operation
    self.index = index
    drops = mode.drops && operation.hasDropout
    let layout = needs.layout
    let input = places.value(operation.input)
    let imagesPerGroup = operation.imagesPerGroup(mode, images: input.shape.n)
    first = places.value(operation.first.value)
    second = operation.second.map { places.value($0.value) }
    residual = operation.residual.map { places.value($0) }
    var raw = first
    if let reservation = needs.raw {
      raw.offset = places.offset(reservation)
      raw.stride = raw.shape.c
    }
    let output = raw
    self.raw = output
    let reversed = needs.reversedWeights.map { places.offset($0) }
    thinInput =
      layout.thin == .input
      ? needs.thin.map { layout.thinSide(of: input, at: places.offset($0), reversedWeights: reversed) } : nil
    let product = layout.forward(
      from: input, to: raw, imagesPerGroup: imagesPerGroup,
      transform: Self.placed(needs.transform, needs.transformed, places), thin: thinInput)
    self.product = product
    readyWeights = needs.readyWeights
    normalization = operation.statistics(mode).flatMap { statistics in
      guard let parameters = operation.normalization, let affine = needs.affine else { return nil }
      return PlannedNormalization(
        parameters: parameters, statistics: statistics, raw: output, imagesPerGroup: imagesPerGroup,
        pixelPieces: statistics == .data ? product.pixelPieces : [], affinePlace: places.offset(affine),
        momentsPlace: needs.moments.map { places.offset($0) } ?? 0,
        meansPlace: needs.means.map { places.offset($0) })
    }
    gradients = needs.runsBackward ? Self.gradients(operation, needs, places, input, thinInput, reversed) : nil
    tangents = mode.keepsGradients ? Self.tangents(operation, needs, places) : nil
  }

  private static func placed(
    _ choice: TransformChoice?, _ reservation: Reservation?, _ places: Places
  ) -> ConvolutionLayout.PlacedTransform? {
    guard let choice, let reservation else { return nil }
    return (choice, places.offset(reservation))
  }

  private static func gradients(
    _ operation: Convolution, _ needs: Convolution.Needs, _ places: Places, _ input: PlannedTensor,
    _ thinInput: ThinSide?, _ reversed: Int?
  ) -> Gradients? {
    guard let first = places.tensor(.gradients, operation.first.value), let sums = needs.sums else { return nil }
    let layout = needs.layout
    var raw = first
    if let reservation = needs.rawGradient {
      raw.offset = places.offset(reservation)
      raw.stride = raw.shape.c
    }
    var gradients = Gradients(first: first, raw: raw, sums: places.offset(sums))
    gradients.second = operation.second.flatMap { places.tensor(.gradients, $0.value) }
    if operation.residual != nil { gradients.residual = places.wantedGradient(ofRead: 0) }
    if layout.thin == .output, let thin = needs.thin {
      gradients.thinGradient = layout.thinSide(of: raw, at: places.offset(thin), reversedWeights: reversed)
    }
    if needs.needsWeightGradient {
      gradients.remadeInput = places.remade(operation.input)
      gradients.weights = layout.weightGradient(
        input: gradients.remadeInput?.place ?? input, gradient: raw,
        transform: placed(needs.weightTransform, needs.gradientTransformed, places),
        thin: thinInput ?? gradients.thinGradient)
    }
    if let wanted = places.wantedGradient(ofRead: operation.reads.count - 1) {
      gradients.input = layout.dataGradient(
        from: raw, to: wanted.tensor, images: needs.gradientImages, large: needs.large.map { places.offset($0) },
        adds: wanted.adds, transform: placed(needs.dataTransform, needs.gradientTransformed, places),
        thin: gradients.thinGradient)
    }
    return gradients
  }

  private static func tangents(
    _ operation: Convolution, _ needs: Convolution.Needs, _ places: Places
  ) -> Tangents? {
    guard let input = places.tensor(.tangents, operation.input),
      let gradient = places.tensor(.gradients, operation.first.value)
    else { return nil }
    let layout = needs.layout
    let output = places.tensor(.tangents, operation.first.value)
    let transform = placed(needs.transform, needs.tangentTransformed, places)
    return Tangents(
      product: layout.forward(
        from: input, to: output ?? gradient, imagesPerGroup: input.shape.n, transform: transform, thin: nil),
      weights: layout.weightGradient(input: input, gradient: gradient, transform: transform, thin: nil), output: output)
  }

  // MARK: - Forward

  func prepareParameters(_ pass: Pass) {
    guard case .transformed(let product) = product, let readyWeights, let ready = pass.ready else { return }
    product.prepare(weights: pass.parameter(operation.weight), transformedWeights: ready + readyWeights, pass.processor)
  }

  func forward(_ pass: Pass) {
    if normalization?.statistics == .running { normalization?.useRunningStatistics(pass) }
    thinInput?.fill(pass.arena, pass.processor.pool)
    let gathers = normalization?.statistics == .data
    product.run(
      arena: pass.arena, weights: pass.parameter(operation.weight),
      ready: readyWeights.flatMap { place in pass.ready.map { UnsafePointer($0 + place) } },
      bias: operation.bias.map { pass.parameter($0) }, pass.processor
    ) { piece, pixels, channels in
      if gathers {
        normalization?.gatherMoments(pass, piece: piece, pixels: pixels, channels: channels)
      } else {
        activate(pass, into: first, pixels, channels, group: 0)
      }
    }
    guard gathers else { return }
    normalization?.combineMoments(pass)
    remake(pass, at: first)
  }

  /// Normalises the whole raw output.
  func remake(_ pass: Pass, at place: PlannedTensor) {
    let pieces = pieces
    pass.run(pieces.count) { piece, _ in
      let (group, pixels) = pieces[piece]
      activate(pass, into: place, pixels, 0..<first.shape.c, group: group)
    }
  }

  /// Normalises, drops, adds and rectifies a piece.
  private func activate(_ pass: Pass, into first: PlannedTensor, _ pixels: Range<Int>, _ range: Range<Int>, group: Int)
  {
    let start = pixels.lowerBound
    let place = pass.pixels(first, start, range)
    let activation = ActivationPass(
      pixels: pixels.count, channels: range.count, input: pass.pixels(raw, start, range),
      affine: normalization?.affine(pass, group, range), dropout: dropout(pass, start, range), scale: operation.scale,
      residual: residual.map { pass.pixels($0, start, range) },
      first: RectifiedView(place, slope: operation.first.activation.slope),
      second: operation.second.flatMap { output in
        second.map { RectifiedView(pass.pixels($0, start, range), slope: output.activation.slope) }
      })
    if !activation.isIdentity { pass.kernels.activate(activation) }
    if operation.first.activation == .tanh { pass.kernels.tanh(place, pixels.count, range.count) }
  }

  private func dropout(_ pass: Pass, _ firstPixel: Int, _ range: Range<Int>) -> DropoutMask? {
    guard drops else { return nil }
    return DropoutMask(
      key: RandomGenerator.mix(pass.dropoutKey &+ UInt64(index) &* 0x632B_E59B_D9B4_E019), firstPixel: firstPixel,
      firstChannel: range.lowerBound, channels: first.shape.c)
  }

  // MARK: - Backward

  func backward(_ pass: BackwardPass) {
    guard let gradients else { return }
    if let residual = gradients.residual { passGradient(pass.pass, from: gradients.first, to: residual) }
    activationGradients(pass, gradients)
    gradients.thinGradient?.fill(pass.pass.arena, pass.pass.processor.pool)
    // The data gradient needs the weights as they were.
    gradients.input?.run(
      arena: pass.pass.arena, weights: pass.pass.parameter(operation.weight), pass.pass.processor)
    guard let weights = gradients.weights, let target = pass.target(operation.weight) else { return }
    if let remade = gradients.remadeInput { pass.remake(remade) }
    weights.run(arena: pass.pass.arena, to: target, pass.pass.processor)
  }

  private func activationGradients(_ pass: BackwardPass, _ gradients: Gradients) {
    let channels = first.shape.c
    let pieces = pieces
    let sums = Shared(pass.pass.arena + gradients.sums)
    if operation.first.activation == .tanh { multiplyByTanhDerivative(pass.pass, gradients) }
    let normalizes = normalization?.statistics == .data
    if normalizes {
      pass.pass.run(pieces.count) { piece, _ in
        let place = sums.value + piece * channels
        pass.pass.kernels.gradientSums(
          gradientPass(pass.pass, gradients, pieces[piece]), place, place + pieces.count * channels)
      }
      normalization?.combineGradientSums(pass, sums.value, piecesPerGroup: pieces.perGroup)
    }
    let hasBiasGradient = operation.bias != nil && pass.pass.mode.needsParameterGradients && !normalizes
    pass.pass.run(pieces.count) { piece, _ in
      pass.pass.kernels.activationGradient(
        gradientPass(pass.pass, gradients, pieces[piece]), hasBiasGradient ? sums.value + piece * channels : nil)
    }
    guard pass.pass.mode.needsParameterGradients, let bias = operation.bias else { return }
    // Before a normalisation by the data a bias has no effect: its gradient is 0 exactly.
    for channel in 0..<channels {
      var sum = 0.0
      if hasBiasGradient { for piece in 0..<pieces.count { sum += Double(sums.value[piece * channels + channel]) } }
      pass.addGradient(bias, channel, sum)
    }
  }

  private func gradientPass(
    _ pass: Pass, _ gradients: Gradients, _ piece: (group: Int, pixels: Range<Int>)
  ) -> ActivationGradientPass {
    let start = piece.pixels.lowerBound
    let normalizes = normalization?.statistics == .data
    var gradient = ActivationGradientPass(
      pixels: piece.pixels.count, channels: first.shape.c, input: pass.pixels(normalizes ? raw : first, start),
      dropout: dropout(pass, start, 0..<first.shape.c), scale: operation.scale,
      first: RectifiedView(pass.pixels(gradients.first, start), slope: operation.first.activation.slope),
      second: operation.second.flatMap { output in
        gradients.second.map { RectifiedView(pass.pixels($0, start), slope: output.activation.slope) }
      }, output: pass.pixels(gradients.raw, start))
    if normalizes { normalization?.complete(&gradient, pass, group: piece.group) }
    return gradient
  }

  private func multiplyByTanhDerivative(_ pass: Pass, _ gradients: Gradients) {
    let channels = first.shape.c
    pass.forEachPiece(ofPixels: first.shape.pixels, channels: channels) { pixels in
      let output = pass.pixels(first, pixels.lowerBound)
      let gradient = pass.pixels(gradients.first, pixels.lowerBound)
      for pixel in 0..<pixels.count {
        for channel in 0..<channels {
          let value = output.base[pixel * output.stride + channel]
          gradient.base[pixel * gradient.stride + channel] *= 1 - value * value
        }
      }
    }
  }

  /// Hands the gradient of the sum to a residual that has a place of its own.
  private func passGradient(_ pass: Pass, from sum: PlannedTensor, to residual: (tensor: PlannedTensor, adds: Bool)) {
    let channels = sum.shape.c
    pass.forEachPiece(ofPixels: sum.shape.pixels, channels: channels) { pixels in
      let source = pass.pixels(sum, pixels.lowerBound)
      let target = pass.pixels(residual.tensor, pixels.lowerBound)
      for pixel in 0..<pixels.count {
        let (from, to) = (source.base + pixel * source.stride, target.base + pixel * target.stride)
        if residual.adds {
          for channel in 0..<channels { to[channel] += from[channel] }
        } else {
          to.update(from: from, count: channels)
        }
      }
    }
  }

  // MARK: - Tangents

  /// y = s ∘ (W x + b) with slopes s that do not change around x. Its gradient by x is g = Wᵀ r with r = s ∘ (the gradient
  /// of y), linear in W. So the derivative of u · g by W is that of a forward pass with u as its input, the same slopes
  /// and no bias: the weight gradient of the product of that pass's input with r. Biases move g nowhere that a
  /// derivative could see.
  func tangent(_ pass: BackwardPass) {
    guard let tangents else { return }
    let shared = pass.pass
    if let target = pass.target(operation.weight) {
      tangents.weights.run(arena: shared.arena, to: target, shared.processor)
    }
    if !pass.accumulates, let bias = operation.bias {
      for channel in 0..<first.shape.c { pass.addGradient(bias, channel, 0) }
    }
    guard let output = tangents.output else { return }
    let slope = operation.first.activation.slope
    tangents.product.run(
      arena: shared.arena, weights: shared.parameter(operation.weight), bias: nil, shared.processor
    ) { _, pixels, range in
      guard slope != 1 else { return }
      let place = shared.pixels(output, pixels.lowerBound, range)
      shared.kernels.activationGradient(
        ActivationGradientPass(
          pixels: pixels.count, channels: range.count, input: shared.pixels(first, pixels.lowerBound, range),
          first: RectifiedView(place, slope: slope), output: place), nil)
    }
  }

  // MARK: - Pieces

  /// Pieces of the passes that follow the products: 128 KB of one tensor, none across a group's border.
  private var pieces: PassPieces {
    let groups = normalization?.groups ?? 1
    return PassPieces(groups: groups, pixelsPerGroup: first.shape.pixels / groups, channels: first.shape.c)
  }
}

/// Pixels in groups, cut into pieces.
private struct PassPieces: Sendable {
  private let pixelsPerGroup: Int
  private let pixelsPerPiece: Int
  let perGroup: Int
  package let count: Int

  init(groups: Int, pixelsPerGroup: Int, channels: Int) {
    self.pixelsPerGroup = pixelsPerGroup
    pixelsPerPiece = min(pixelsPerGroup, Pass.pixelsPerPiece(channels: channels))
    perGroup = (pixelsPerGroup + pixelsPerPiece - 1) / pixelsPerPiece
    count = groups * perGroup
  }

  /// A piece's group and its pixels.
  subscript(piece: Int) -> (group: Int, pixels: Range<Int>) {
    let group = piece / perGroup
    let first = group * pixelsPerGroup + piece % perGroup * pixelsPerPiece
    return (group, first..<min(first + pixelsPerPiece, (group + 1) * pixelsPerGroup))
  }
}

extension NetworkBuilder {
  /// Appends convolution → normalisation → dropout → + residual → activations.
  ///
  /// - Parameters:
  ///   - name: the convolution's name in PyTorch's state_dict; `.weight` and `.bias` are appended
  ///   - input: what the convolution reads
  ///   - hasBias: whether it adds a bias
  ///   - normalization: the kind, and its name in the state_dict
  ///   - hasDropout: whether half of the normalised values are dropped while training
  ///   - scale: what the result is multiplied by before a residual is added; no activation may follow then
  ///   - residual: added to the normalised values; no activation may follow then
  ///   - first: where the result goes, and the activation in between
  ///   - second: another copy with another activation
  package mutating func convolution(
    _ name: String, _ geometry: ConvolutionGeometry, from input: Value, hasBias: Bool,
    normalization: (kind: NormalizationKind, name: String)? = nil, hasDropout: Bool = false, scale: Float = 1,
    residual: Value? = nil,
    to first: (value: Value, activation: Activation), and second: (value: Value, activation: Activation)? = nil
  ) {
    let outputs = first.value.channels
    require(
      residual == nil && scale == 1 || first.activation == .identity && second == nil, name,
      "is scaled or adds a residual before an activation: let the activation be an operation of its own")
    require(
      (residual?.channels ?? outputs) == outputs && (second?.value.channels ?? outputs) == outputs, name,
      "has \(outputs) output channels, but a residual or second output of another number")
    require(second?.activation != .tanh, name, "has a tanh as its second activation")
    let packing = PackedWeights(
      inputChannels: input.channels, outputChannels: outputs, taps: geometry.taps,
      isTransposed: geometry.isTransposed)
    let outer = geometry.isTransposed ? input.channels : outputs
    let inner = geometry.isTransposed ? outputs : input.channels
    let weight = parameter(
      name + ".weight", [outer, inner, geometry.kernel, geometry.kernel], .convolutionWeight, .packed(packing))
    let bias = hasBias ? parameter(name + ".bias", [outputs], .constant(0), .vector) : nil
    append(
      Convolution(
        name: name, geometry: geometry, packing: packing, weight: weight, bias: bias,
        normalization: slot(normalization, outputs), hasDropout: hasDropout, scale: scale, input: input,
        residual: residual,
        first: Convolution.Output(value: first.value, activation: first.activation),
        second: second.map { Convolution.Output(value: $0.value, activation: $0.activation) }))
  }

  private mutating func slot(
    _ normalization: (kind: NormalizationKind, name: String)?, _ channels: Int
  ) -> Convolution.Normalization? {
    guard let normalization, normalization.kind != .none else { return nil }
    var slot = Convolution.Normalization(name: normalization.name, kind: normalization.kind)
    if normalization.kind == .batch {
      slot.scale = parameter(normalization.name + ".weight", [channels], .normalizationScale, .vector)
      slot.shift = parameter(normalization.name + ".bias", [channels], .constant(0), .vector)
      slot.running = runningStatistics(normalization.name, channels: channels)
    }
    return slot
  }
}

extension Convolution.Normalization {
  fileprivate func layer(_ description: NetworkDescription, channels: Int) -> NetworkDescription.Layer? {
    let epsilon = Float(PlannedNormalization.epsilon)
    if kind == .instance { return .instanceNormalization(channels: channels, epsilon: epsilon) }
    guard let scale, let shift, let running else { return nil }
    let names = description.parameterNames
    let statistics = description.statisticsNames[running]
    return .batchNormalization(
      scale: names[scale], shift: names[shift], mean: RunningStatistics.meanName(statistics),
      variance: RunningStatistics.varianceName(statistics), epsilon: epsilon)
  }
}

extension NetworkDescription {
  /// Appends what `activation` does to `source`; nothing where it does nothing.
  fileprivate mutating func add(_ activation: Activation, to source: Source, _ path: String) -> Source {
    switch activation {
    case .identity: source
    case .relu: add(.rectifier(slope: 0), called: path + ".relu", of: [source])
    case .rectifier(let slope): add(.rectifier(slope: slope), called: path + ".leaky_relu", of: [source])
    case .tanh: add(.tanh, called: path + ".tanh", of: [source])
    }
  }
}
