import KernelArguments
import Parallel

/// The side of a convolution that has few channels, copied with its border, so that the pixels under a row of taps lie
/// side by side: `kernel` taps with `kernel · channels` numbers each take the place of kernel² taps with a few.
///
/// Where the thin side is the large grid, small pixel s reads `kernel` pixels from `s · stride` on, in the order of the
/// taps. Where it is the small grid, with stride 1, large pixel l reads the `kernel` pixels up to l, so that the taps
/// come in reverse.
struct ThinSide: Sendable {
  /// What is copied.
  let source: PlannedTensor
  /// The copy.
  let target: PlannedTensor
  let kernel: Int
  let stride: Int
  /// Whether rows and columns of taps come in reverse.
  let isReversed: Bool
  /// Where weights lie whose taps have been put in reverse; nil: they serve as they are.
  let reversedWeights: Int?
  /// Where each row and column of the copy comes from; −1: zeros.
  private let rows: [Int]
  private let columns: [Int]
  /// The rows of the copy that are filled, counted over all images.
  private let lines: Range<Int>

  /// Channels up to which this pays.
  private static let maximumChannels = 8
  /// Numbers of a row of taps that a piece of a weight gradient has room for.
  private static let maximumRun = WeightGradientPlan.maximumRows

  /// Whether the rows of the packed weights are a thin side: the products that read it then run along the columns.
  static func suits(_ geometry: ConvolutionGeometry, _ packing: PackedWeights) -> Bool {
    let isLarge = geometry.isTransposed == (packing.columns == .input)
    return geometry.kernel > 1 && packing.rowCount <= maximumChannels
      && geometry.kernel * packing.rowCount <= maximumRun
      && (isLarge || geometry.stride == 1 && geometry.padding < geometry.kernel)
  }

  /// Floats of the copy of a tensor of `shape`.
  package static func count(_ geometry: ConvolutionGeometry, isLarge: Bool, _ shape: Shape, _ sources: LargeGrid) -> Int
  {
    let extent = extent(geometry, isLarge: isLarge, shape, sources)
    return shape.n * extent.height * extent.width * shape.c
  }

  /// Rows and columns of the copy of an image of `shape`.
  static func extent(
    _ geometry: ConvolutionGeometry, isLarge: Bool, _ shape: Shape, _ sources: LargeGrid
  ) -> (height: Int, width: Int) {
    let axes = axes(geometry, isLarge: isLarge, shape, sources)
    return (axes.rows.count, axes.columns.count)
  }

  /// - Parameters:
  ///   - source: the thin tensor
  ///   - isLarge: whether it is the geometry's large grid
  ///   - sources: where a pixel of the large grid is read from
  ///   - offset: where the copy lies
  ///   - reversedWeights: room for the weights if the thin side is the small grid
  ///   - readingRows: the rows of a single image's other side that read the copy, which begins with what they need; nil: all
  init(
    _ geometry: ConvolutionGeometry, of source: PlannedTensor, isLarge: Bool, sources: LargeGrid, at offset: Int,
    reversedWeights: Int?, readingRows: Range<Int>? = nil
  ) {
    precondition(isLarge || reversedWeights != nil, "reversed taps need room for their weights")
    (rows, columns) = Self.axes(geometry, isLarge: isLarge, source.shape, sources)
    self.source = source
    kernel = geometry.kernel
    stride = isLarge ? geometry.stride : 1
    isReversed = !isLarge
    self.reversedWeights = isLarge ? nil : reversedWeights
    let shape = Shape(source.shape.n, source.shape.c, rows.count, columns.count)
    let whole = PlannedTensor(shape: shape, offset: offset, stride: source.shape.c)
    let stride = self.stride
    lines = readingRows.map { Self.lines(geometry, stride, readBy: $0) } ?? 0..<shape.n * shape.h
    target = whole.beginning(atRow: lines.lowerBound)
  }

  /// Rows of the copy that `rows` of the other side read.
  static func lines(_ geometry: ConvolutionGeometry, _ stride: Int, readBy rows: Range<Int>) -> Range<Int> {
    rows.lowerBound * stride..<(rows.upperBound - 1) * stride + geometry.kernel
  }

  private static func axes(
    _ geometry: ConvolutionGeometry, isLarge: Bool, _ shape: Shape, _ sources: LargeGrid
  ) -> (rows: [Int], columns: [Int]) {
    let padding = geometry.isTransposed ? geometry.padding : geometry.zeroPadding
    func axis(_ extent: Int, _ large: [Int]) -> [Int] {
      guard isLarge else {
        let border = [Int](repeating: -1, count: geometry.kernel - 1 - padding)
        return border + Array(0..<extent) + border
      }
      let border = [Int](repeating: -1, count: padding)
      return border + (geometry.isTransposed ? Array(0..<extent) : large) + border
    }
    return (axis(shape.h, sources.rows), axis(shape.w, sources.columns))
  }

  /// Copies the source as it is now.
  func fill(_ arena: UnsafeMutablePointer<Float>, _ pool: WorkerPool) {
    let channels = target.shape.c
    let height = rows.count
    let perPiece = Self.rowsPerPiece
    let shared = Shared(arena)
    pool.run((lines.count + perPiece - 1) / perPiece) { piece, _ in
      let arena = shared.value
      let first = lines.lowerBound + piece * perPiece
      for line in first..<min(lines.upperBound, first + perPiece) {
        var place = arena + target.offset + line * columns.count * channels
        let row = rows[line % height]
        guard row >= 0 else {
          place.update(repeating: 0, count: columns.count * channels)
          continue
        }
        let start = arena + Int(source.offset(line / height, row, 0))
        for column in columns {
          let pixel = start + column * source.stride
          for channel in 0..<channels { place[channel] = column >= 0 ? pixel[channel] : 0 }
          place += channels
        }
      }
    }
  }

  private static let rowsPerPiece = 32
}
