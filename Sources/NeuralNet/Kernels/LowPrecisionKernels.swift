import KernelArguments
import KernelsPortable

#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX512
  import KernelsAVX512Dots
#endif

extension KernelTable {
  /// A tile of a weight gradient.
  ///
  /// - Parameters:
  ///   - isRounded: whether both sides are rounded to bfloat16
  ///   - scratch: `roundedOuterScratch` floats for that
  func multiplyOuter(_ product: OuterProduct, isRounded: Bool, scratch: UnsafeMutablePointer<Float>) {
    if isRounded { lowPrecision.multiplyOuterBFloats(product, scratch) } else { multiplyOuter(product) }
  }
}

/// The kernels for numbers of fewer bits.
struct LowPrecisionKernels: Sendable {
  /// Whether the processor multiplies such numbers faster than floats: it has dot products of bytes and of bfloat16 numbers.
  var hasDotProducts = false
  var multiplyIntegers: @Sendable (LowPrecisionProduct) -> Void
  var multiplyBFloats: @Sendable (LowPrecisionProduct) -> Void
  /// A tile of a weight gradient whose sides are rounded on the way, and scratch for them.
  var multiplyOuterBFloats: @Sendable (OuterProduct, UnsafeMutablePointer<Float>) -> Void
  let range: @Sendable (PixelView, Int, Int) -> (least: Float, greatest: Float)
  let roundToIntegers: @Sendable (NumberRounding) -> Void
  let roundToBFloats: @Sendable (NumberRounding) -> Void
  let roundWeightsToIntegers: @Sendable (WeightRounding) -> Void
  let roundWeightsToBFloats: @Sendable (WeightRounding) -> Void

  static let portable = LowPrecisionKernels(
    multiplyIntegers: { KernelsPortable.Kernels.multiplyIntegers($0) },
    multiplyBFloats: { KernelsPortable.Kernels.multiplyBFloats($0) },
    multiplyOuterBFloats: { KernelsPortable.Kernels.multiplyOuterBFloats($0, scratch: $1) },
    range: { KernelsPortable.Kernels.range($0, pixels: $1, channels: $2) },
    roundToIntegers: { KernelsPortable.Kernels.roundToIntegers($0) },
    roundToBFloats: { KernelsPortable.Kernels.roundToBFloats($0) },
    roundWeightsToIntegers: { KernelsPortable.Kernels.roundWeightsToIntegers($0) },
    roundWeightsToBFloats: { KernelsPortable.Kernels.roundWeightsToBFloats($0) })

  #if arch(x86_64)
    static let avx2 = LowPrecisionKernels(
      multiplyIntegers: { KernelsAVX2.Kernels.multiplyIntegers($0) },
      multiplyBFloats: { KernelsAVX2.Kernels.multiplyBFloats($0) },
      multiplyOuterBFloats: { KernelsAVX2.Kernels.multiplyOuterBFloats($0, scratch: $1) },
      range: { KernelsAVX2.Kernels.range($0, pixels: $1, channels: $2) },
      roundToIntegers: { KernelsAVX2.Kernels.roundToIntegers($0) },
      roundToBFloats: { KernelsAVX2.Kernels.roundToBFloats($0) },
      roundWeightsToIntegers: { KernelsAVX2.Kernels.roundWeightsToIntegers($0) },
      roundWeightsToBFloats: { KernelsAVX2.Kernels.roundWeightsToBFloats($0) })

    static let avx512 = LowPrecisionKernels(
      multiplyIntegers: { KernelsAVX512.Kernels.multiplyIntegers($0) },
      multiplyBFloats: { KernelsAVX512.Kernels.multiplyBFloats($0) },
      multiplyOuterBFloats: { KernelsAVX512.Kernels.multiplyOuterBFloats($0, scratch: $1) },
      range: { KernelsAVX512.Kernels.range($0, pixels: $1, channels: $2) },
      roundToIntegers: { KernelsAVX512.Kernels.roundToIntegers($0) },
      roundToBFloats: { KernelsAVX512.Kernels.roundToBFloats($0) },
      roundWeightsToIntegers: { KernelsAVX512.Kernels.roundWeightsToIntegers($0) },
      roundWeightsToBFloats: { KernelsAVX512.Kernels.roundWeightsToBFloats($0) })

    static let avx512Dots: LowPrecisionKernels = {
      var kernels = avx512
      kernels.hasDotProducts = true
      kernels.multiplyIntegers = { KernelsAVX512Dots.Kernels.multiplyIntegers($0) }
      kernels.multiplyBFloats = { KernelsAVX512Dots.Kernels.multiplyBFloats($0) }
      kernels.multiplyOuterBFloats = { KernelsAVX512Dots.Kernels.multiplyOuterBFloats($0, scratch: $1) }
      return kernels
    }()
  #endif
}
