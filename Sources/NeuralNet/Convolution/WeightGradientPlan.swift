import KernelArguments

/// The gradient of a convolution's weights, laid out for one input shape: for each tap the list of pixels that belong
/// together, padding left out.
struct WeightGradientPlan {
  private let packing: PackedWeights
  /// `[tap + 1]`: where each tap's pairs begin.
  private let starts: [Int]
  private let rowOffsets: IndexTable
  private let columnOffsets: IndexTable
  private let rowsPerPiece: Int
  private let rowPieces: Int

  /// Pairs that are summed before the next rows: 256 pixels of one panel are 64 KB.
  private static let pairsPerBlock = 256

  /// Lays out the product of `input` and `gradient`, the gradient of the convolution's output.
  init(
    _ geometry: ConvolutionGeometry, _ packing: PackedWeights, input: PlannedTensor, gradient: PlannedTensor,
    sources: LargeGrid
  ) {
    self.packing = packing
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
    rowsPerPiece = min(packing.rowCount, 22 * rowTile)
    rowPieces = (packing.rowCount + rowsPerPiece - 1) / rowsPerPiece
  }

  /// Independent pieces.
  var pieces: Int { packing.panels * packing.taps * rowPieces }

  /// Computes one piece of the gradient.
  ///
  /// - Parameters:
  ///   - arena: what all offsets count from
  ///   - gradients: packed like the weights
  ///   - accumulates: whether it is added to what `gradients` holds
  func run(
    _ piece: Int, arena: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>, accumulates: Bool,
    kernels: KernelTable
  ) {
    let tap = piece % packing.taps
    let panel = piece / packing.taps % packing.panels
    let firstRow = piece / (packing.taps * packing.panels) * rowsPerPiece
    let pairs = starts[tap + 1] - starts[tap]
    var product = OuterProduct(
      left: arena + firstRow, leftOffsets: rowOffsets.base + starts[tap], right: arena + panel * panelWidth,
      rightOffsets: columnOffsets.base + starts[tap],
      output: gradients + panel * packing.panelStride + tap * packing.tapStride + firstRow * panelWidth)
    product.rows = min(rowsPerPiece, packing.rowCount - firstRow)
    product.columns = min(panelWidth, packing.columnCount - panel * panelWidth)
    product.accumulates = accumulates
    var done = 0
    repeat {
      product.pairs = min(Self.pairsPerBlock, pairs - done)
      kernels.multiplyOuter(product)
      done += product.pairs
      product.leftOffsets += product.pairs
      product.rightOffsets += product.pairs
      product.accumulates = true
    } while done < pairs
  }
}
