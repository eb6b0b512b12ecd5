/// A convolution with all that follows it before the next:
/// convolution → bias → normalisation → dropout → · scale → + residual → one or two activations, or a learned rectifier.
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

  /// A rectifier whose slope below 0 is learned for each channel, as `PReLU`.
  struct LearnedRectifier: Sendable, Equatable {
    /// Its name in the state_dict.
    var name: String
    /// a, [channels]
    var slope: Int
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
  /// What follows bias and product, instead of all else.
  var rectifier: LearnedRectifier?

  var reads: [Value] { (residual.map { [$0] } ?? []) + [input] }
  var makes: [Value] { [first.value] + (second.map { [$0.value] } ?? []) }
  package var parameters: [Int] {
    [weight, bias, normalization?.scale, normalization?.shift, rectifier?.slope].compactMap(\.self)
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

  // MARK: - What it needs

  var passesGradientThrough: (from: Value, to: Value)? { residual.map { ($0, first.value) } }

  func remakesOutput(_ mode: ExecutionMode) -> Bool {
    residual == nil && second == nil && statistics(mode) == .data
  }

  var obstacleToTangents: String? {
    if normalization != nil { return "comes before a normalisation (not so without normalisation)" }
    guard residual == nil, second == nil, rectifier == nil, !hasDropout, scale == 1,
      case .rectifier = first.activation
    else {
      return "is followed by more than a rectifier"
    }
    return nil
  }

  /// Where its normalisation takes statistics from; nil: it has none.
  func statistics(_ mode: ExecutionMode) -> PlannedNormalization.Statistics? {
    guard let normalization else { return nil }
    return mode.usesRunningStatistics && normalization.kind == .batch ? .running : .data
  }

  /// Images that share statistics. At inference each image has its own, whatever its batch.
  func imagesPerGroup(_ mode: ExecutionMode, images: Int) -> Int {
    // No piece of what is dropped reaches from one group into the next: either has places of its own in the whole batch.
    guard statistics(mode) == .data else { return hasDropout && mode.drops ? images / mode.groups : images }
    return normalization?.kind == .instance || !mode.keepsActivations ? 1 : images / mode.groups
  }

  func plan(_ planner: OperationPlanner) -> @Sendable (Places) -> any PlannedOperation {
    let needs = Needs(self, planner)
    let (mode, index) = (planner.mode, planner.index)
    return { places in PlannedConvolution(self, needs, places, mode, index: index) }
  }
}
