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
    rowsPerPiece = min(packing.rowCount, Self.maximumRows)
    rowPieces = (packing.rowCount + rowsPerPiece - 1) / rowsPerPiece
  }

  /// Independent pieces.
  var pieces: Int { packing.panels * packing.taps * rowPieces }

  /// Rows of a piece; its gradients are 33 KB.
  private static let maximumRows = 22 * rowTile
  /// Floats of scratch for each worker.
  static let scratchCount = maximumRows * panelWidth

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
    let place = place(piece)
    multiply(place, arena, gradients + place.offset, accumulates, kernels)
  }

  /// Computes one piece of the gradient and, where `target` says so, applies it.
  func run(
    _ piece: Int, arena: UnsafeMutablePointer<Float>, to target: GradientTarget, scratch: UnsafeMutablePointer<Float>,
    kernels: KernelTable
  ) {
    let place = place(piece)
    let output = target.usesScratch ? scratch : target.gradients + place.offset
    // Columns beyond the last are not computed: their gradient is 0.
    if target.usesScratch, place.columns < panelWidth { output.update(repeating: 0, count: place.rows * panelWidth) }
    multiply(place, arena, output, target.accumulates, kernels)
    target.finish(output, offset: place.offset, count: place.rows * panelWidth, kernels)
  }

  private struct Place {
    var tap: Int
    var firstRow: Int
    var rows: Int
    var firstColumn: Int
    var columns: Int
    /// Floats from the weights' begin.
    var offset: Int
  }

  private func place(_ piece: Int) -> Place {
    let tap = piece % packing.taps
    let panel = piece / packing.taps % packing.panels
    let firstRow = piece / (packing.taps * packing.panels) * rowsPerPiece
    return Place(
      tap: tap, firstRow: firstRow, rows: min(rowsPerPiece, packing.rowCount - firstRow),
      firstColumn: panel * panelWidth, columns: min(panelWidth, packing.columnCount - panel * panelWidth),
      offset: panel * packing.panelStride + tap * packing.tapStride + firstRow * panelWidth)
  }

  private func multiply(
    _ place: Place, _ arena: UnsafeMutablePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ accumulates: Bool,
    _ kernels: KernelTable
  ) {
    let pairs = starts[place.tap + 1] - starts[place.tap]
    var product = OuterProduct(
      left: arena + place.firstRow, leftOffsets: rowOffsets.base + starts[place.tap],
      right: arena + place.firstColumn, rightOffsets: columnOffsets.base + starts[place.tap], output: output)
    product.rows = place.rows
    product.columns = place.columns
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
