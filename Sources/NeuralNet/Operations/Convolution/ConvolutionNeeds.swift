extension Convolution {
  /// What it reserves beside its values.
  struct Needs: Sendable {
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
    /// The place among the weights that were made ready for inference; nil: there are none.
    var readyWeights: Int?
    /// The copy of the input in fewer bits, and what is known of the range of integers.
    var rounded: (form: NumberForm, copy: Reservation, ranges: Reservation?)?
    /// The copy of a thin input or of a thin output's gradient, and room for weights in reverse.
    var thin: Reservation?
    var reversedWeights: Reservation?

    // Backward
    var rawGradient: Reservation?
    var sums: Reservation?
    var means: Reservation?
    /// The gradient of a reflected or upsampled grid.
    var large: Reservation?
    /// What weight gradients are computed with tap by tap.
    var formInTraining = NumberForm.floats
    /// The copy of the output's gradient in fewer bits.
    var roundedGradient: Reservation?
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
      // That of a learned rectifier what was rectified: its slope may be 0, or below.
      if operation.rectifier != nil, runsBackward {
        raw = planner.reserve(output.count, from: .forward, through: .backward)
      }
      transform = layout.transform(
        .forward, images: planner.images, hasReadyWeights: mode.hasReadyWeights)
      guard let transform else { return reserveRounded(planner) }
      transformed = planner.reserve(mode.hasReadyWeights ? transform.tiles : transform.count, in: .forward)
      if mode.hasReadyWeights {
        readyWeights =
          planner.reserveReady(transform.transformedWeights, .transformed(transform.form))
      }
    }

    private mutating func reserveRounded(_ planner: OperationPlanner) {
      let hasReadyWeights = planner.mode.hasReadyWeights
      let form = layout.form(images: planner.images, hasReadyWeights: hasReadyWeights)
      guard form != .floats else { return }
      let counts = RoundedInput.counts(layout.input, form)
      rounded = (
        form, planner.reserve(counts.copy, in: .forward),
        counts.ranges > 0 ? planner.reserve(counts.ranges, in: .forward) : nil
      )
      guard hasReadyWeights else { return }
      readyWeights = planner.reserveReady(
        LowPrecisionWeights(layout.packing, form).count, .rounded(form))
    }

    private mutating func reserveBackward(
      _ operation: Convolution, _ planner: OperationPlanner, _ input: Shape, _ output: Shape
    ) {
      if operation.statistics(planner.mode) == .data {
        means = planner.reserve(2 * output.n * output.c, in: .backward)
      } else if operation.rectifier == nil {
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
        dataTransform = layout.transform(.dataGradient, images: gradientImages, hasReadyWeights: false)
        if dataTransform == nil, layout.form(images: gradientImages, hasReadyWeights: false) != .floats {
          var shape = output
          shape.n = gradientImages
          roundedGradient = planner.reserve(RoundedInput.counts(shape, .bfloats).copy, in: .backward)
        }
      }
      if needsWeightGradient {
        weightTransform = layout.transform(.weightGradient, images: planner.images, hasReadyWeights: false)
        formInTraining = layout.form(images: planner.images, hasReadyWeights: false)
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
