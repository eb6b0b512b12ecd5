import KernelArguments
import KernelsPortable

#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX2VNNI
  import KernelsAVX512
  import KernelsAVX512Dots
  import KernelsAVX512VNNI
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
  /// The forms that this processor multiplies fastest.
  private(set) var forms: Forms
  private(set) var multiplyIntegers: @Sendable (LowPrecisionProduct) -> Void
  private(set) var multiplyWideIntegers: @Sendable (LowPrecisionProduct) -> Void
  private(set) var multiplyScaledIntegers: @Sendable (LowPrecisionProduct) -> Void
  private(set) var multiplyBFloats: @Sendable (LowPrecisionProduct) -> Void
  /// A tile of a weight gradient whose sides are rounded on the way, and scratch for them.
  private(set) var multiplyOuterBFloats: @Sendable (OuterProduct, UnsafeMutablePointer<Float>) -> Void
  let range: @Sendable (PixelView, Int, Int) -> (least: Float, greatest: Float)
  let roundToIntegers: @Sendable (NumberRounding) -> Void
  let roundToWideIntegers: @Sendable (NumberRounding) -> Void
  let roundToScaledIntegers: @Sendable (NumberRounding) -> Void
  let roundToBFloats: @Sendable (NumberRounding) -> Void
  let roundWeightsToIntegers: @Sendable (WeightRounding) -> Void
  let roundWeightsToWideIntegers: @Sendable (WeightRounding) -> Void
  let roundWeightsToScaledIntegers: @Sendable (WeightRounding) -> Void
  let roundWeightsToBFloats: @Sendable (WeightRounding) -> Void

  /// In which form a processor multiplies the numbers of each precision when it translates.
  struct Forms: Sendable, Equatable {
    /// That of bfloat16 numbers; training knows no other than themselves.
    let bfloat16: NumberForm
    /// That of integers of eight bits.
    let int8: NumberForm

    /// For processors with dot products of bytes and of bfloat16 numbers, and for builds that take whatever it takes.
    static let asTheyAre = Forms(bfloat16: .bfloats, int8: .integers)
    /// With dot products of integers alone.
    static let integers = Forms(bfloat16: .scaledIntegers, int8: .integers)
    /// With none: pairs of integers of sixteen bits are the fastest that it multiplies.
    static let pairs = Forms(bfloat16: .scaledIntegers, int8: .wideIntegers)
  }

  /// Numbers whose products the processor has instructions of their own for, which are faster than those of floats.
  private(set) var dotProducts: Set<NumberForm> = []

  /// A product of numbers of this form.
  func multiply(_ product: LowPrecisionProduct, _ form: NumberForm) {
    switch form {
    case .floats: preconditionFailure("floats have kernels of their own")
    case .bfloats: multiplyBFloats(product)
    case .scaledIntegers: multiplyScaledIntegers(product)
    case .integers: multiplyIntegers(product)
    case .wideIntegers: multiplyWideIntegers(product)
    }
  }

  /// Rounds numbers to this form.
  func round(_ rounding: NumberRounding, _ form: NumberForm) {
    switch form {
    case .floats: preconditionFailure("floats are not rounded")
    case .bfloats: roundToBFloats(rounding)
    case .scaledIntegers: roundToScaledIntegers(rounding)
    case .integers: roundToIntegers(rounding)
    case .wideIntegers: roundToWideIntegers(rounding)
    }
  }

  /// Rounds weights to this form.
  func roundWeights(_ rounding: WeightRounding, _ form: NumberForm) {
    switch form {
    case .floats: preconditionFailure("floats are not rounded")
    case .bfloats: roundWeightsToBFloats(rounding)
    case .scaledIntegers: roundWeightsToScaledIntegers(rounding)
    case .integers: roundWeightsToIntegers(rounding)
    case .wideIntegers: roundWeightsToWideIntegers(rounding)
    }
  }

  static let portable = LowPrecisionKernels(
    forms: .asTheyAre,
    multiplyIntegers: { KernelsPortable.Kernels.multiplyIntegers($0) },
    multiplyWideIntegers: { KernelsPortable.Kernels.multiplyWideIntegers($0) },
    multiplyScaledIntegers: { KernelsPortable.Kernels.multiplyScaledIntegers($0) },
    multiplyBFloats: { KernelsPortable.Kernels.multiplyBFloats($0) },
    multiplyOuterBFloats: { KernelsPortable.Kernels.multiplyOuterBFloats($0, scratch: $1) },
    range: { KernelsPortable.Kernels.range($0, pixels: $1, channels: $2) },
    roundToIntegers: { KernelsPortable.Kernels.roundToIntegers($0) },
    roundToWideIntegers: { KernelsPortable.Kernels.roundToWideIntegers($0) },
    roundToScaledIntegers: { KernelsPortable.Kernels.roundToScaledIntegers($0) },
    roundToBFloats: { KernelsPortable.Kernels.roundToBFloats($0) },
    roundWeightsToIntegers: { KernelsPortable.Kernels.roundWeightsToIntegers($0) },
    roundWeightsToWideIntegers: { KernelsPortable.Kernels.roundWeightsToWideIntegers($0) },
    roundWeightsToScaledIntegers: { KernelsPortable.Kernels.roundWeightsToScaledIntegers($0) },
    roundWeightsToBFloats: { KernelsPortable.Kernels.roundWeightsToBFloats($0) })

  #if arch(x86_64)
    static let avx2 = LowPrecisionKernels(
      forms: .pairs,
      multiplyIntegers: { KernelsAVX2.Kernels.multiplyIntegers($0) },
      multiplyWideIntegers: { KernelsAVX2.Kernels.multiplyWideIntegers($0) },
      multiplyScaledIntegers: { KernelsAVX2.Kernels.multiplyScaledIntegers($0) },
      multiplyBFloats: { KernelsAVX2.Kernels.multiplyBFloats($0) },
      multiplyOuterBFloats: { KernelsAVX2.Kernels.multiplyOuterBFloats($0, scratch: $1) },
      range: { KernelsAVX2.Kernels.range($0, pixels: $1, channels: $2) },
      roundToIntegers: { KernelsAVX2.Kernels.roundToIntegers($0) },
      roundToWideIntegers: { KernelsAVX2.Kernels.roundToWideIntegers($0) },
      roundToScaledIntegers: { KernelsAVX2.Kernels.roundToScaledIntegers($0) },
      roundToBFloats: { KernelsAVX2.Kernels.roundToBFloats($0) },
      roundWeightsToIntegers: { KernelsAVX2.Kernels.roundWeightsToIntegers($0) },
      roundWeightsToWideIntegers: { KernelsAVX2.Kernels.roundWeightsToWideIntegers($0) },
      roundWeightsToScaledIntegers: { KernelsAVX2.Kernels.roundWeightsToScaledIntegers($0) },
      roundWeightsToBFloats: { KernelsAVX2.Kernels.roundWeightsToBFloats($0) })

    static let avx512 = LowPrecisionKernels(
      forms: .pairs,
      multiplyIntegers: { KernelsAVX512.Kernels.multiplyIntegers($0) },
      multiplyWideIntegers: { KernelsAVX512.Kernels.multiplyWideIntegers($0) },
      multiplyScaledIntegers: { KernelsAVX512.Kernels.multiplyScaledIntegers($0) },
      multiplyBFloats: { KernelsAVX512.Kernels.multiplyBFloats($0) },
      multiplyOuterBFloats: { KernelsAVX512.Kernels.multiplyOuterBFloats($0, scratch: $1) },
      range: { KernelsAVX512.Kernels.range($0, pixels: $1, channels: $2) },
      roundToIntegers: { KernelsAVX512.Kernels.roundToIntegers($0) },
      roundToWideIntegers: { KernelsAVX512.Kernels.roundToWideIntegers($0) },
      roundToScaledIntegers: { KernelsAVX512.Kernels.roundToScaledIntegers($0) },
      roundToBFloats: { KernelsAVX512.Kernels.roundToBFloats($0) },
      roundWeightsToIntegers: { KernelsAVX512.Kernels.roundWeightsToIntegers($0) },
      roundWeightsToWideIntegers: { KernelsAVX512.Kernels.roundWeightsToWideIntegers($0) },
      roundWeightsToScaledIntegers: { KernelsAVX512.Kernels.roundWeightsToScaledIntegers($0) },
      roundWeightsToBFloats: { KernelsAVX512.Kernels.roundWeightsToBFloats($0) })

    static let avx2VNNI: LowPrecisionKernels = {
      var kernels = avx2
      kernels.forms = .integers
      kernels.dotProducts = [.integers]
      kernels.multiplyIntegers = { KernelsAVX2VNNI.Kernels.multiplyIntegers($0) }
      kernels.multiplyWideIntegers = { KernelsAVX2VNNI.Kernels.multiplyWideIntegers($0) }
      kernels.multiplyScaledIntegers = { KernelsAVX2VNNI.Kernels.multiplyScaledIntegers($0) }
      return kernels
    }()

    static let avx512VNNI: LowPrecisionKernels = {
      var kernels = avx512
      kernels.forms = .integers
      kernels.dotProducts = [.integers]
      kernels.multiplyIntegers = { KernelsAVX512VNNI.Kernels.multiplyIntegers($0) }
      kernels.multiplyWideIntegers = { KernelsAVX512VNNI.Kernels.multiplyWideIntegers($0) }
      kernels.multiplyScaledIntegers = { KernelsAVX512VNNI.Kernels.multiplyScaledIntegers($0) }
      return kernels
    }()

    static let avx512Dots: LowPrecisionKernels = {
      var kernels = avx512VNNI
      kernels.forms = .asTheyAre
      kernels.dotProducts = [.bfloats, .integers]
      kernels.multiplyBFloats = { KernelsAVX512Dots.Kernels.multiplyBFloats($0) }
      kernels.multiplyOuterBFloats = { KernelsAVX512Dots.Kernels.multiplyOuterBFloats($0, scratch: $1) }
      return kernels
    }()
  #endif
}
