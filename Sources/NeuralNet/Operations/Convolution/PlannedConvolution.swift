/// A convolution laid out for one input shape.
struct PlannedConvolution: PlannedOperation {
  let operation: Convolution
  let index: Int
  let drops: Bool
  let normalization: PlannedNormalization?
  /// The convolution's output; the first output itself where nothing needs it afterwards.
  let raw: PlannedTensor
  let first: PlannedTensor
  let second: PlannedTensor?
  let residual: PlannedTensor?
  /// The copy of a thin input, made before the forward product.
  let thinInput: ThinSide?
  /// The copy of the input in fewer bits, made before the forward product.
  let roundedInput: RoundedInput?
  let product: ConvolutionProduct
  let readyWeights: Int?
  let gradients: Gradients?
  let tangents: Tangents?

  struct Gradients: Sendable {
    var first: PlannedTensor
    var second: PlannedTensor?
    /// Of the convolution's output; in place of the first gradient where nobody else needs that.
    var raw: PlannedTensor
    /// Of the residual, where that is not the first gradient itself.
    var residual: (tensor: PlannedTensor, adds: Bool)?
    var sums: Int
    /// The copy of the raw gradient in fewer bits, made before the data gradient.
    var rounded: RoundedInput?
    /// The copy of a thin output's gradient, made before the products.
    var thinGradient: ThinSide?
    /// The input where it has not been kept.
    var remadeInput: Remade?
    var weights: ConvolutionWeightGradient?
    var input: DataGradient?
  }

  struct Tangents: Sendable {
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
    roundedInput = needs.rounded.map { rounded in
      RoundedInput(
        input, rounded.form, imagesPerBlock: mode.hasReadyWeights ? 1 : input.shape.n,
        at: places.offset(rounded.copy), ranges: rounded.ranges.map { places.offset($0) } ?? 0)
    }
    let (rounded, thin) = (roundedInput, thinInput)
    let transform = Self.placed(needs.transform, needs.transformed, places)
    func makeProduct() -> ConvolutionProduct {
      layout.forward(
        from: input, to: output, imagesPerGroup: imagesPerGroup, transform: transform, rounded: rounded,
        hasReadyWeights: mode.hasReadyWeights, thin: thin)
    }
    let key = SharedProducts.Key(
      geometry: operation.geometry, packing: operation.packing, input: input, output: output,
      imagesPerGroup: imagesPerGroup, transform: transform?.start, rounded: rounded)
    let product = thin == nil ? places.products(key, make: makeProduct) : makeProduct()
    self.product = product
    readyWeights = needs.readyWeights
    normalization = operation.statistics(mode).flatMap { statistics in
      guard let parameters = operation.normalization, let affine = needs.affine else { return nil }
      return PlannedNormalization(
        parameters: parameters, statistics: statistics,
        isOfBatch: parameters.kind == .batch && statistics == .data && mode.keepsActivations, raw: output,
        imagesPerGroup: imagesPerGroup,
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
    if let copy = needs.roundedGradient {
      let gradient = raw.images(needs.gradientImages)
      gradients.rounded = RoundedInput(
        gradient, .bfloats, imagesPerBlock: gradient.shape.n, at: places.offset(copy))
    }
    if layout.thin == .output, let thin = needs.thin {
      gradients.thinGradient = layout.thinSide(of: raw, at: places.offset(thin), reversedWeights: reversed)
    }
    if needs.needsWeightGradient {
      gradients.remadeInput = places.remade(operation.input)
      gradients.weights = layout.weightGradient(
        input: gradients.remadeInput?.place ?? input, gradient: raw,
        transform: placed(needs.weightTransform, needs.gradientTransformed, places),
        isRounded: needs.formInTraining != .floats, thin: thinInput ?? gradients.thinGradient)
    }
    if let wanted = places.wantedGradient(ofRead: operation.reads.count - 1) {
      gradients.input = layout.dataGradient(
        from: raw, to: wanted.tensor, images: needs.gradientImages, large: needs.large.map { places.offset($0) },
        adds: wanted.adds, transform: placed(needs.dataTransform, needs.gradientTransformed, places),
        rounded: gradients.rounded, thin: gradients.thinGradient)
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
      weights: layout.weightGradient(
        input: input, gradient: gradient, transform: transform, isRounded: false, thin: nil), output: output)
  }

  // MARK: - Pieces

  /// Pieces of the passes that follow the products: 128 KB of one tensor, none across a group's border.
  var pieces: PassPieces {
    let groups = normalization?.groups ?? 1
    return PassPieces(groups: groups, pixelsPerGroup: first.shape.pixels / groups, channels: first.shape.c)
  }
}
