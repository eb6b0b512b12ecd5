/// What a forward product over some rows of a single image takes, so that a large image can be computed band by band:
/// pieces, tiles and the order of sums are those of the whole.
extension ConvolutionLayout {
  /// Rows of the output that the forward product finishes together, in order.
  func pieceRows(_ transform: TransformChoice?) -> [Range<Int>] {
    if let transform { return transform.grid.tileRows.map(transform.grid.rows.span(ofTile:)) }
    let form = thin == .input ? ProductPlan.Form.gathered : ProductPlan.Form(packing, writing: .output, output)
    let phases = thin != .input && geometry.isTransposed ? geometry.stride : 1
    return GatherTable.bands(output, 1, form.pixelsPerPiece, phasesPerAxis: phases)
  }

  /// The rows of the input that the pieces `pieces` of the output read.
  func inputRows(_ transform: TransformChoice?, _ rows: [Range<Int>], pieces: Range<Int>) -> Range<Int> {
    // Between the first and the last piece nothing is read that lies beyond both.
    let ends = [pieces.lowerBound, pieces.upperBound - 1].map { piece in
      transform.map { Self.inputRows(of: $0.grid, tile: piece) } ?? inputRows(for: rows[piece])
    }
    return min(ends[0].lowerBound, ends[1].lowerBound)..<max(ends[0].upperBound, ends[1].upperBound)
  }

  private static func inputRows(of grid: TransformGrid, tile: Int) -> Range<Int> {
    span(grid.rows.inputs.flatMap { $0.places[tile] }.filter { $0 >= 0 })
  }

  private func inputRows(for outputs: Range<Int>) -> Range<Int> {
    if geometry.isTransposed {
      // Output row y reads the input rows x with 0 ≤ y + padding − stride · x < kernel.
      let first = outputs.lowerBound + geometry.padding - geometry.kernel + geometry.stride
      let last = (outputs.upperBound - 1 + geometry.padding) / geometry.stride
      return Self.span([min(max(0, first) / geometry.stride, input.h - 1), min(last, input.h - 1)])
    }
    let first = outputs.lowerBound * geometry.stride - geometry.zeroPadding
    let last = (outputs.upperBound - 1) * geometry.stride - geometry.zeroPadding + geometry.kernel - 1
    return Self.span((first...last).filter(grid.rows.indices.contains).map { grid.rows[$0] })
  }

  private static func span(_ rows: [Int]) -> Range<Int> {
    guard let first = rows.min(), let last = rows.max() else { return 0..<1 }
    return first..<last + 1
  }

  /// Bytes of the tables that the forward product over the whole output takes, about.
  func tableBytes(_ transform: TransformChoice?) -> Int {
    let entries: Int
    if let grid = transform?.grid {
      entries = grid.tiles * (grid.inputPoints + grid.outputPoints)
    } else {
      let phases = geometry.isTransposed ? geometry.stride * geometry.stride : 1
      entries = output.pixels * (1 + (thin == .input ? geometry.kernel : geometry.taps) / phases)
    }
    return entries * MemoryLayout<Int32>.stride
  }
}
