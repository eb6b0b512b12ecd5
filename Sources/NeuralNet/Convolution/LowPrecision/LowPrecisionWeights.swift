import KernelArguments
import Parallel

/// The weights of a convolution in fewer bits: `[panel][tap][group][64]`, and for integers the sums of each tap's columns in
/// front of its groups and, behind all panels, what a step of each column is worth.
struct LowPrecisionWeights: Sendable {
  let packing: PackedWeights
  let precision: Precision

  init(_ packing: PackedWeights, _ precision: Precision) {
    precondition(packing.columns == .output, "columns are the outputs of what is rounded")
    (self.packing, self.precision) = (packing, precision)
  }

  /// Groups of a tap's rows.
  var groups: Int { packing.rowCount / precision.numbersPerGroup }
  /// Groups from one tap to the next.
  var tapStride: Int { (groups + (precision == .int8 ? 1 : 0)) * panelWidth }
  var panelStride: Int { packing.taps * tapStride }
  /// Floats, or groups, of all.
  var count: Int { packing.panels * (panelStride + panelWidth) }
  /// Where the steps of a panel's columns lie.
  func steps(_ panel: Int) -> Int { packing.panels * panelStride + panel * panelWidth }

  /// Rounds all weights.
  ///
  /// - Parameters:
  ///   - weights: packed, single precision
  ///   - memory: `count` groups
  func round(_ weights: UnsafePointer<Float>, into memory: UnsafeMutablePointer<Float>, _ processor: Processor) {
    let shared = Shared((weights: weights, memory: memory))
    // The steps of a column are of all its taps; bfloat16 numbers know nothing of each other.
    let parts = precision == .int8 ? 1 : packing.taps
    processor.pool.run(packing.panels * parts) { piece, _ in
      let (panel, part) = piece.quotientAndRemainder(dividingBy: parts)
      let rounding = WeightRounding(
        taps: packing.taps / parts, rows: packing.rowCount,
        weights: shared.value.weights + panel * packing.panelStride + part * packing.tapStride,
        weightStride: packing.tapStride,
        output: (shared.value.memory + panel * panelStride + part * tapStride).groups, outputStride: tapStride,
        steps: shared.value.memory + steps(panel))
      if precision == .int8 {
        processor.kernels.lowPrecision.roundWeightsToIntegers(rounding)
      } else {
        processor.kernels.lowPrecision.roundWeightsToBFloats(rounding)
      }
    }
  }
}
