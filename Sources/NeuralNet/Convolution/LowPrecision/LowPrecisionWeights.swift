import KernelArguments
import Parallel

/// The weights of a convolution in fewer bits: `[panel][tap]` and what `NumberForm` says; for integers of eight bits, behind all
/// panels, what a step of each column is worth.
struct LowPrecisionWeights: Sendable {
  let packing: PackedWeights
  let form: NumberForm

  init(_ packing: PackedWeights, _ form: NumberForm) {
    precondition(packing.columns == .output, "columns are the outputs of what is rounded")
    (self.packing, self.form) = (packing, form)
  }

  /// Groups from one tap to the next.
  var tapStride: Int { form.weightGroups(rows: packing.rowCount) }
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
    // The steps of a column of eight bits are of all its taps; others know nothing of each other.
    let parts = form.hasRanges ? 1 : packing.taps
    processor.pool.run(packing.panels * parts) { piece, _ in
      let (panel, part) = piece.quotientAndRemainder(dividingBy: parts)
      let rounding = WeightRounding(
        taps: packing.taps / parts, rows: packing.rowCount,
        weights: shared.value.weights + panel * packing.panelStride + part * packing.tapStride,
        weightStride: packing.tapStride,
        output: (shared.value.memory + panel * panelStride + part * tapStride).groups, outputStride: tapStride,
        steps: shared.value.memory + steps(panel))
      processor.kernels.lowPrecision.roundWeights(rounding, form)
    }
  }
}
