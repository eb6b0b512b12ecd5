import Parallel

/// A forward product or a data gradient, by whichever algorithm suits its shape.
enum ConvolutionProduct: Sendable {
  /// Tap by tap.
  case direct(ProductPlan)
  /// By Winograd's transforms.
  case transformed(TransformedProduct)
  /// Tap by tap, in fewer bits.
  case lowPrecision(LowPrecisionPlan)

  /// Consecutive pixels that are finished together, in order.
  var pixelPieces: [Range<Int>] {
    switch self {
    case .direct(let plan): plan.table.pieces.map { $0.firstPixel..<$0.firstPixel + $0.pixels }
    case .transformed(let product): product.pixelPieces
    case .lowPrecision(let plan): plan.pixelPieces
    }
  }

  /// Computes the whole product.
  ///
  /// - Parameters:
  ///   - ready: weights that were transformed before; nil: there are none
  ///   - finished: called by a worker for each piece of pixels and range of channels when these are written
  func run(
    arena: UnsafeMutablePointer<Float>, weights: UnsafePointer<Float>, ready: UnsafePointer<Float>? = nil,
    bias: UnsafePointer<Float>?, _ processor: Processor,
    finished: @Sendable (_ piece: Int, _ pixels: Range<Int>, _ channels: Range<Int>) -> Void
  ) {
    switch self {
    case .direct(let plan):
      let pieces = plan.table.pieces.count
      let shared = Shared((arena: arena, weights: plan.prepare(arena: arena, weights: weights), bias: bias))
      processor.pool.run(plan.pieces) { piece, worker in
        let (arena, weights, bias) = shared.value
        let (pixels, channels) = plan.run(
          piece, arena: arena, weights: weights, bias: bias, scratch: processor.scratch(of: worker),
          kernels: processor.kernels)
        finished(piece % pieces, pixels.firstPixel..<pixels.firstPixel + pixels.pixels, channels)
      }
    case .transformed(let product):
      product.run(arena: arena, weights: weights, ready: ready, bias: bias, processor, finished: finished)
    case .lowPrecision(let plan):
      plan.run(arena: arena, weights: weights, ready: ready, bias: bias, processor, finished: finished)
    }
  }

  /// Makes what `run` takes as `ready` of the weights; nothing where there is no such thing.
  func prepare(weights: UnsafePointer<Float>, ready: UnsafeMutablePointer<Float>, _ processor: Processor) {
    switch self {
    case .direct: return
    case .transformed(let product): product.prepare(weights: weights, transformedWeights: ready, processor)
    case .lowPrecision(let plan): plan.weights?.round(weights, into: ready, processor)
    }
  }
}

/// The gradient of a convolution's weights, by whichever algorithm suits its shape.
enum ConvolutionWeightGradient: Sendable {
  /// Tap by tap.
  case direct(WeightGradientPlan)
  /// By Winograd's transforms.
  case transformed(TransformedWeightGradient)

  /// Computes the whole gradient and hands it to `target`.
  func run(arena: UnsafeMutablePointer<Float>, to target: GradientTarget, _ processor: Processor) {
    switch self {
    case .direct(let plan):
      let shared = Shared(arena)
      processor.pool.run(plan.pieces) { piece, worker in
        plan.run(
          piece, arena: shared.value, to: target, scratch: processor.scratch(of: worker), kernels: processor.kernels)
      }
    case .transformed(let gradient): gradient.run(arena: arena, to: target, processor)
    }
  }
}
