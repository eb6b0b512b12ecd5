import KernelArguments

/// What every operation of one pass may use: memory, parameters, threads.
///
/// Unchecked: the pieces of a job write to parts of the arena that the plan gives to them alone, parameters change only
/// between jobs, and all of it outlives the pass.
struct Pass: @unchecked Sendable {
  let plan: ExecutionPlan
  /// What all offsets count from.
  let arena: UnsafeMutablePointer<Float>
  package let parameters: ParameterStore
  /// Parameters that `prepareParameters` has transformed, in the order of the plan; none while training, where they change
  /// each time.
  let ready: [ReadyWeights.Block]
  let processor: Processor
  let mode: ExecutionMode
  /// What dropout masks are drawn from.
  let dropoutKey: UInt64

  var kernels: KernelTable { processor.kernels }

  /// Shares out the pieces of a job among the threads.
  func run(_ pieces: Int, _ body: @Sendable (_ piece: Int, _ worker: Int) -> Void) {
    processor.pool.run(pieces, body)
  }

  /// Calls `body` with ranges of `pixels` that are about 128 KB of `channels` floats each.
  func forEachPiece(ofPixels pixels: Int, channels: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let perPiece = PassPieces.pixelsPerPiece(channels: channels)
    run((pixels + perPiece - 1) / perPiece) { piece, _ in
      body(piece * perPiece..<min(pixels, (piece + 1) * perPiece))
    }
  }

  /// The values of a parameter, as packed.
  func parameter(_ index: Int) -> UnsafePointer<Float> { parameters.base + parameters.parameters[index].offset }

  /// Channels of a tensor from a pixel on.
  func pixels(_ tensor: PlannedTensor, _ firstPixel: Int, _ channels: Range<Int>) -> PixelView {
    PixelView(arena + tensor.offset + firstPixel * tensor.stride + channels.lowerBound, stride: tensor.stride)
  }

  /// All channels of a tensor from a pixel on.
  func pixels(_ tensor: PlannedTensor, _ firstPixel: Int) -> PixelView {
    pixels(tensor, firstPixel, 0..<tensor.shape.c)
  }
}

/// A pass back from the gradients of the outputs, or along tangents: both end in gradients of the parameters.
struct BackwardPass: Sendable {
  let pass: Pass
  /// Whether gradients of the parameters are added to what is there.
  let accumulates: Bool
  /// What is done with the gradients of weights at once; nil: they are stored.
  let update: AdamUpdate?

  var needsParameterGradients: Bool { pass.mode.needsParameterGradients || pass.mode.keepsGradients }

  /// Makes a value once more.
  func remake(_ remade: Remade) { pass.plan.steps[remade.producer].operation.remake(pass, at: remade.place) }

  /// Where the gradient of packed weights goes.
  func target(_ parameter: Int) -> GradientTarget? {
    guard let gradients = pass.parameters.gradientBase else { return nil }
    let offset = pass.parameters.parameters[parameter].offset
    return GradientTarget(
      gradients: gradients + offset, accumulates: accumulates, update: update, firstParameter: offset)
  }

  /// Stores or adds the gradient of one number of a vector.
  func addGradient(_ parameter: Int, _ index: Int, _ value: Double) {
    guard let gradients = pass.parameters.gradientBase else { return }
    let place = gradients + pass.parameters.parameters[parameter].offset + index
    place.pointee = accumulates ? place.pointee + Float(value) : Float(value)
  }
}
