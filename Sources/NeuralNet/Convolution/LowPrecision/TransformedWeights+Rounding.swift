import KernelArguments

extension TransformedWeights {
  /// Transforms some rows of the weights and rounds them to bfloat16, two rows to a group.
  ///
  /// - Parameters:
  ///   - panel: of the weights
  ///   - place: of the panel within its group
  func round(
    panel: Int, place: Int, _ rows: Range<Int>, _ weights: UnsafePointer<Float>,
    _ transformedWeights: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    precondition(layout.grid.units.count == 1, "transforms of one phase are rounded")
    let unit = layout.grid.units[0]
    let points = layout.grid.outputs[0].points
    let taps = isStraight ? tapPlaces[0] : scratchPlaces[0]
    if !isStraight { transposeTaps(ofUnit: 0, panel: panel, rows, weights, scratch, kernels) }
    let source =
      isStraight ? weights + panel * packing.panelStride + rows.lowerBound * panelWidth : UnsafePointer(scratch)
    let floats = scratch + Self.transformScratch + (isStraight ? 0 : taps.count * panelWidth * panelWidth)
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.roundedRows) {
      let count = min(Self.roundedRows, rows.upperBound - first)
      kernels.transform(
        TileTransform(
          tiles: count, channels: panelWidth, left: layout.matrices(ofUnit: unit).left.kernel.sparse,
          right: layout.matrices(ofUnit: unit).right.kernel.sparse,
          input: source + (first - rows.lowerBound) * panelWidth,
          inputPlaces: TilePlaces(tileStride: panelWidth, table: taps.base, tableStride: 0), output: floats,
          outputPlaces: TilePlaces(tileStride: panelWidth, table: roundedPlaces.base, tableStride: 0), bias: nil,
          accumulates: false, scratch: scratch))
      kernels.lowPrecision.roundWeightsToBFloats(
        WeightRounding(
          taps: points, rows: count, weights: UnsafePointer(floats), weightStride: Self.roundedRows * panelWidth,
          output: (transformedWeights + place * unitStride + first / 2 * panelWidth).groups,
          outputStride: panelsPerGroup * unitStride, steps: scratch))
    }
  }

  /// Rows that are transformed before they are rounded: those of 36 points are 72 KB.
  static let roundedRows = 8
}
