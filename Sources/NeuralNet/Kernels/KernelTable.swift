import CProcessor
import Foundation
import KernelArguments
import KernelsPortable

#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX512
#endif

/// The kernels that suit this processor, chosen once when the program starts.
///
/// `TRANSLATE_KERNELS` asks by name for narrower ones than the processor offers, to test or to compare.
struct KernelTable: Sendable {
  /// `avx512`, `avx2` or `portable`; behind the first two `vnni`, if integers of fewer bits have dot products, or `dots`, if
  /// bfloat16 numbers have too
  private(set) var name: String
  /// Whether OpenBLAS multiplies dense matrices faster: on x86 without FMA, where it has kernels written by hand.
  let usesMatrixProducts: Bool
  /// What a number on its way to the outer caches and back costs, in multiply-adds, as a share of what it costs beside the
  /// products of AVX-512: the memory is no faster where the products are slower. Not lowered where transformed products are
  /// OpenBLAS's, whose sums depend on how many tiles it is given.
  let memoryCost: Double
  let multiplyGathered: @Sendable (GatheredProduct) -> Void
  let multiplyDot: @Sendable (DotProduct) -> Void
  let multiplyOuter: @Sendable (OuterProduct) -> Void
  let transposeBlock:
    @Sendable (UnsafePointer<Float>, Int, Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  let moments: @Sendable (PixelView, Int, Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  let activate: @Sendable (ActivationPass) -> Void
  let tanh: @Sendable (PixelView, Int, Int) -> Void
  let gradientSums: @Sendable (ActivationGradientPass, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  let activationGradient: @Sendable (ActivationGradientPass, UnsafeMutablePointer<Float>?) -> Void
  let slopeGradients: @Sendable (ActivationGradientPass, UnsafeMutablePointer<Float>) -> Void
  let transform: @Sendable (TileTransform) -> Void
  let adam: @Sendable (AdamPass) -> Void
  let gatherSums: @Sendable (PixelSums) -> Void
  private(set) var lowPrecision: LowPrecisionKernels

  /// All that this processor can run, the best first.
  static let available: [KernelTable] = {
    var tables = [portable]
    #if arch(x86_64)
      if processor_has_avx2_fma() { tables.insert(avx2, at: 0) }
      if processor_has_avx2_vnni() { tables.insert(avx2.with(.avx2VNNI, "avx2vnni"), at: 0) }
      if processor_has_avx512() { tables.insert(avx512, at: 0) }
      if processor_has_avx512_vnni() { tables.insert(avx512.with(.avx512VNNI, "avx512vnni"), at: 0) }
      if processor_has_avx512_dot_products() { tables.insert(avx512.with(.avx512Dots, "avx512dots"), at: 0) }
    #endif
    return tables
  }()

  /// The table of this process.
  static let current: KernelTable = {
    let wish = ProcessInfo.processInfo.environment["TRANSLATE_KERNELS"]
    return available.first { $0.name == wish } ?? available.first ?? portable
  }()

  #if arch(x86_64)
    private static let avx512 = KernelTable(
      name: "avx512", usesMatrixProducts: false, memoryCost: 1,
      multiplyGathered: { KernelsAVX512.Kernels.multiply($0) },
      multiplyDot: { KernelsAVX512.Kernels.multiply($0) },
      multiplyOuter: { KernelsAVX512.Kernels.multiply($0) },
      transposeBlock: { KernelsAVX512.Kernels.transposeBlock($0, rows: $1, columns: $2, $3, scratch: $4) },
      moments: { KernelsAVX512.Kernels.moments($0, pixels: $1, channels: $2, mean: $3, squares: $4) },
      activate: { KernelsAVX512.Kernels.activate($0) },
      tanh: { KernelsAVX512.Kernels.tanh($0, pixels: $1, channels: $2) },
      gradientSums: { KernelsAVX512.Kernels.gradientSums($0, sums: $1, products: $2) },
      activationGradient: { KernelsAVX512.Kernels.activationGradient($0, sums: $1) },
      slopeGradients: { KernelsAVX512.Kernels.slopeGradients($0, $1) },
      transform: { KernelsAVX512.Kernels.transform($0) },
      adam: { KernelsAVX512.Kernels.adam($0) },
      gatherSums: { KernelsAVX512.Kernels.gatherSums($0) }, lowPrecision: .avx512)

    /// The same with other products of fewer bits.
    private func with(_ lowPrecision: LowPrecisionKernels, _ name: String) -> KernelTable {
      var table = self
      (table.name, table.lowPrecision) = (name, lowPrecision)
      return table
    }

    private static let avx2 = KernelTable(
      name: "avx2", usesMatrixProducts: false, memoryCost: 0.4,
      multiplyGathered: { KernelsAVX2.Kernels.multiply($0) },
      multiplyDot: { KernelsAVX2.Kernels.multiply($0) },
      multiplyOuter: { KernelsAVX2.Kernels.multiply($0) },
      transposeBlock: { KernelsAVX2.Kernels.transposeBlock($0, rows: $1, columns: $2, $3, scratch: $4) },
      moments: { KernelsAVX2.Kernels.moments($0, pixels: $1, channels: $2, mean: $3, squares: $4) },
      activate: { KernelsAVX2.Kernels.activate($0) },
      tanh: { KernelsAVX2.Kernels.tanh($0, pixels: $1, channels: $2) },
      gradientSums: { KernelsAVX2.Kernels.gradientSums($0, sums: $1, products: $2) },
      activationGradient: { KernelsAVX2.Kernels.activationGradient($0, sums: $1) },
      slopeGradients: { KernelsAVX2.Kernels.slopeGradients($0, $1) },
      transform: { KernelsAVX2.Kernels.transform($0) },
      adam: { KernelsAVX2.Kernels.adam($0) },
      gatherSums: { KernelsAVX2.Kernels.gatherSums($0) }, lowPrecision: .avx2)
  #endif

  #if arch(x86_64)
    private static let isX86 = true
  #else
    private static let isX86 = false
  #endif

  private static let portable = KernelTable(
    name: "portable", usesMatrixProducts: isX86, memoryCost: isX86 ? 1 : 0.4,
    multiplyGathered: { KernelsPortable.Kernels.multiply($0) },
    multiplyDot: { KernelsPortable.Kernels.multiply($0) },
    multiplyOuter: { KernelsPortable.Kernels.multiply($0) },
    transposeBlock: { KernelsPortable.Kernels.transposeBlock($0, rows: $1, columns: $2, $3, scratch: $4) },
    moments: { KernelsPortable.Kernels.moments($0, pixels: $1, channels: $2, mean: $3, squares: $4) },
    activate: { KernelsPortable.Kernels.activate($0) },
    tanh: { KernelsPortable.Kernels.tanh($0, pixels: $1, channels: $2) },
    gradientSums: { KernelsPortable.Kernels.gradientSums($0, sums: $1, products: $2) },
    activationGradient: { KernelsPortable.Kernels.activationGradient($0, sums: $1) },
    slopeGradients: { KernelsPortable.Kernels.slopeGradients($0, $1) },
    transform: { KernelsPortable.Kernels.transform($0) },
    adam: { KernelsPortable.Kernels.adam($0) },
    gatherSums: { KernelsPortable.Kernels.gatherSums($0) }, lowPrecision: .portable)
}
