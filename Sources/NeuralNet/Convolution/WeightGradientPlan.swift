import KernelArguments

/// The gradient of a convolution's weights, laid out for one input shape: for each tap, or row of taps of a thin side, the
/// list of pixels that belong together, padding left out.
struct WeightGradientPlan: Sendable {
  private let packing: PackedWeights
  /// Taps whose rows are computed together: 1, or a row of them.
  private let tapsPerPiece: Int
  /// Whether the rows of such taps come in reverse.
  private let isReversed: Bool
  /// `[tap + 1]`: where the pairs of each tap or row of taps start.
  private let starts: [Int]
  /// Whether all rows of taps pair with the same pixels of the wide side.
  private var sharesColumnPairs: Bool { tapsPerPiece > 1 }
  private let rowOffsets: IndexTable
  private let columnOffsets: IndexTable
  private let rowsPerPiece: Int
  /// Whether both sides are rounded to bfloat16.
  private let isRounded: Bool
  private let rowPieces: Int

  /// Pairs that are summed before the next rows: 256 pixels of one panel are 64 KB.
  private static let pairsPerBlock = roundedOuterLimits.pairs

  /// Lays out the product of `input` and `gradient`, the gradient of the convolution's output.
  ///
  /// - Parameters:
  ///   - sources: where a pixel of the large grid is read from
  ///   - isRounded: whether both are rounded to bfloat16
  init(
    _ geometry: ConvolutionGeometry, _ packing: PackedWeights, input: PlannedTensor, gradient: PlannedTensor,
    sources: LargeGrid, isRounded: Bool
  ) {
    self.packing = packing
    self.isRounded = isRounded
    tapsPerPiece = 1
    isReversed = false
    let small = geometry.isTransposed ? input : gradient
    let large = geometry.isTransposed ? gradient : input
    let padding = geometry.isTransposed ? geometry.padding : geometry.zeroPadding
    var starts = [0]
    var smallOffsets: [Int32] = []
    var largeOffsets: [Int32] = []
    for tap in 0..<geometry.taps {
      for image in 0..<small.shape.n {
        for row in 0..<small.shape.h {
          let largeRow = row * geometry.stride - padding + tap / geometry.kernel
          guard sources.rows.indices.contains(largeRow) else { continue }
          for column in 0..<small.shape.w {
            let largeColumn = column * geometry.stride - padding + tap % geometry.kernel
            guard sources.columns.indices.contains(largeColumn) else { continue }
            smallOffsets.append(small.offset(image, row, column))
            largeOffsets.append(large.offset(image, sources.rows[largeRow], sources.columns[largeColumn]))
          }
        }
      }
      starts.append(smallOffsets.count)
    }
    self.starts = starts
    let smallIsRows = (packing.columns == .output) == geometry.isTransposed
    rowOffsets = IndexTable(smallIsRows ? smallOffsets : largeOffsets)
    columnOffsets = IndexTable(smallIsRows ? largeOffsets : smallOffsets)
    rowsPerPiece = min(packing.rowCount, Self.rows(isRounded: isRounded))
    rowPieces = (packing.rowCount + rowsPerPiece - 1) / rowsPerPiece
  }

  /// Lays out the product of a copied thin side with `wide`, the other one.
  ///
  /// - Parameter sources: where a pixel of the large grid is read from
  init(_ thin: ThinSide, _ packing: PackedWeights, wide: PlannedTensor, sources: LargeGrid) {
    self.packing = packing
    isRounded = false
    tapsPerPiece = thin.kernel
    isReversed = thin.isReversed
    // With the taps in reverse, the wide side is the large grid.
    let rows = thin.isReversed ? sources.rows : Array(0..<wide.shape.h)
    let columns = thin.isReversed ? sources.columns : Array(0..<wide.shape.w)
    var thinOffsets: [Int32] = []
    var wideOffsets: [Int32] = []
    for tapRow in 0..<thin.kernel {
      for image in 0..<wide.shape.n {
        for (row, wideRow) in rows.enumerated() {
          for (column, wideColumn) in columns.enumerated() {
            thinOffsets.append(thin.target.offset(image, row * thin.stride + tapRow, column * thin.stride))
            if tapRow == 0 { wideOffsets.append(wide.offset(image, wideRow, wideColumn)) }
          }
        }
      }
    }
    let pairs = wideOffsets.count
    starts = (0...thin.kernel).map { $0 * pairs }
    rowOffsets = IndexTable(thinOffsets)
    columnOffsets = IndexTable(wideOffsets)
    rowsPerPiece = thin.kernel * packing.rowCount
    rowPieces = 1
  }

  /// Independent pieces.
  var pieces: Int { packing.panels * packing.taps / tapsPerPiece * rowPieces }

  /// Rows of a piece; its gradients are 33 KB.
  static let maximumRows = 22 * rowTile
  /// Rows of a piece where taps are computed one by one.
  static func rows(isRounded: Bool) -> Int { isRounded ? roundedOuterLimits.rows : maximumRows }
  /// Floats of scratch for each worker: a piece's gradients, and what a rounded product puts together.
  static let scratchCount = maximumRows * panelWidth + roundedOuterScratch

  /// Computes one piece of the gradient and, where `target` says so, applies it.
  func run(
    _ piece: Int, arena: UnsafeMutablePointer<Float>, to target: GradientTarget, scratch: UnsafeMutablePointer<Float>,
    kernels: KernelTable
  ) {
    let place = place(piece)
    let usesScratch = target.usesScratch || isReversed
    let output = usesScratch ? scratch : target.gradients + place.offset
    // Columns beyond the last are not computed: their gradient is 0.
    if usesScratch, place.columns < panelWidth { output.update(repeating: 0, count: place.rows * panelWidth) }
    multiply(
      place, arena, output, target.accumulates && !isReversed, scratch: scratch + Self.maximumRows * panelWidth, kernels
    )
    guard isReversed else {
      return target.finish(output, offset: place.offset, count: place.rows * panelWidth, kernels)
    }
    for tap in 0..<tapsPerPiece {
      let part = output + (tapsPerPiece - 1 - tap) * packing.tapStride
      let offset = place.offset + tap * packing.tapStride
      target.store(part, offset: offset, count: packing.tapStride)
      target.finish(
        target.usesScratch ? part : target.gradients + offset, offset: offset, count: packing.tapStride, kernels)
    }
  }

  private struct Place {
    /// The pairs that are summed over.
    var pairs: Range<Int>
    var firstColumnPair: Int
    var firstRow: Int
    var rows: Int
    var firstColumn: Int
    var columns: Int
    /// Floats from the weights' start.
    var offset: Int
  }

  private func place(_ piece: Int) -> Place {
    let tapPieces = packing.taps / tapsPerPiece
    let tap = piece % tapPieces
    let panel = piece / tapPieces % packing.panels
    let firstRow = piece / (tapPieces * packing.panels) * rowsPerPiece
    let firstTap = (isReversed ? tapPieces - 1 - tap : tap) * tapsPerPiece
    return Place(
      pairs: starts[tap]..<starts[tap + 1], firstColumnPair: sharesColumnPairs ? 0 : starts[tap], firstRow: firstRow,
      rows: min(rowsPerPiece, packing.rowCount * tapsPerPiece - firstRow), firstColumn: panel * panelWidth,
      columns: min(panelWidth, packing.columnCount - panel * panelWidth),
      offset: panel * packing.panelStride + firstTap * packing.tapStride + firstRow * panelWidth)
  }

  private func multiply(
    _ place: Place, _ arena: UnsafeMutablePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ accumulates: Bool,
    scratch: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    let pairs = place.pairs.count
    var product = OuterProduct(
      pairs: min(Self.pairsPerBlock, pairs), rows: place.rows, columns: place.columns,
      left: arena + place.firstRow, leftOffsets: rowOffsets.base + place.pairs.lowerBound,
      right: arena + place.firstColumn, rightOffsets: columnOffsets.base + place.firstColumnPair, output: output,
      accumulates: accumulates)
    var done = 0
    repeat {
      product.pairs = min(Self.pairsPerBlock, pairs - done)
      kernels.multiplyOuter(product, isRounded: isRounded, scratch: scratch)
      done += product.pairs
      product.leftOffsets += product.pairs
      product.rightOffsets += product.pairs
      product.accumulates = true
    } while done < pairs
  }
}
