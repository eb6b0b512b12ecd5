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
  ///   - rectifier: the name in the state_dict of a rectifier that follows, whose slope is learned for each channel, 0.25 at
  ///     first; `.weight` is appended, and nothing else may follow; nil: there is none
  package mutating func convolution(
    _ name: String, _ geometry: ConvolutionGeometry, from input: Value, hasBias: Bool,
    normalization: (kind: NormalizationKind, name: String)? = nil, hasDropout: Bool = false, scale: Float = 1,
    residual: Value? = nil,
    to first: (value: Value, activation: Activation), and second: (value: Value, activation: Activation)? = nil,
    learnedRectifier rectifier: String? = nil
  ) {
    let outputs = first.value.channels
    require(
      residual == nil && scale == 1 || first.activation == .identity && second == nil, name,
      "is scaled or adds a residual before an activation: let the activation be an operation of its own")
    require(
      (residual?.channels ?? outputs) == outputs && (second?.value.channels ?? outputs) == outputs, name,
      "has \(outputs) output channels, but a residual or second output of another number")
    require(second?.activation != .tanh, name, "has a tanh as its second activation")
    require(
      rectifier == nil
        || normalization == nil && !hasDropout && scale == 1 && residual == nil && second == nil
          && first.activation == .identity,
      name, "is followed by more than its learned rectifier")
    let packing = PackedWeights(
      inputChannels: input.channels, outputChannels: outputs, taps: geometry.taps,
      isTransposed: geometry.isTransposed)
    let outer = geometry.isTransposed ? input.channels : outputs
    let inner = geometry.isTransposed ? outputs : input.channels
    let weight = parameter(
      name + ".weight", [outer, inner, geometry.kernel, geometry.kernel], .convolutionWeight, .packed(packing))
    let bias = hasBias ? parameter(name + ".bias", [outputs], .constant(0), .vector) : nil
    let normalization = slot(normalization, outputs)
    let slope = rectifier.map {
      Convolution.LearnedRectifier(
        name: $0, slope: parameter($0 + ".weight", [outputs], .constant(PReLU.firstSlope), .vector))
    }
    append(
      Convolution(
        name: name, geometry: geometry, packing: packing, weight: weight, bias: bias,
        normalization: normalization, hasDropout: hasDropout, scale: scale, input: input,
        residual: residual,
        first: Convolution.Output(value: first.value, activation: first.activation),
        second: second.map { Convolution.Output(value: $0.value, activation: $0.activation) }, rectifier: slope))
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
