import KernelArguments

/// For every pixel that a product computes, the pixels that it reads: laid out once, so that kernels need to know nothing
/// of strides, borders, reflection or phases. Padding is read from the row of zeros at the arena's start.
///
/// Writing the large grid falls into stride² phases, each with taps of its own; reading it is a single one. A piece is a
/// band of rows with all its phases, so that what follows the product finds consecutive pixels in the cache.
final class GatherTable: Sendable {
  /// Tiles of one phase within a piece.
  struct Segment: Sendable, Equatable {
    /// Tap numbers, a range of `taps`.
    var taps: Range<Int>
    /// Tiles, a range of `outputOffsets / tile`.
    var tiles: Range<Int>
    /// Where the tiles' `[tile][tap][pixel]` starts in `inputOffsets`.
    var firstInput: Int
  }

  /// A band of rows.
  struct Piece: Sendable, Equatable {
    var segments: Range<Int>
    /// Counted from the first row that is computed.
    var firstPixel: Int
    var pixels: Int
  }

  /// Which side of the geometry the product writes.
  enum Direction: Sendable {
    case toSmall
    case toLarge
  }

  /// Pixels of a tile.
  let tile: Int
  let taps: [Int]
  let segments: [Segment]
  let pieces: [Piece]
  let inputOffsets: IndexTable
  let outputOffsets: IndexTable

  /// Lays out a product.
  ///
  /// - Parameters:
  ///   - output: what is written
  ///   - input: what is read
  ///   - sources: where a pixel of the large grid is read from, row and column
  ///   - imagesPerGroup: images that share statistics; no piece crosses a group's border
  ///   - pixelsPerPiece: about how many pixels a piece has
  ///   - mergesRows: whether the first tap of each row of taps stands for all of them
  ///   - outputRows: the rows of a single image that are computed, whole pieces of it; nil: all
  init(
    _ geometry: ConvolutionGeometry, _ direction: Direction, from input: PlannedTensor, to output: PlannedTensor,
    sources: LargeGrid, imagesPerGroup: Int, pixelsPerPiece: Int, tile: Int, mergesRows: Bool = false,
    outputRows: Range<Int>? = nil
  ) {
    let phases = Phases(geometry, direction, input.shape, output.shape, sources, mergesRows: mergesRows)
    let outputRows = outputRows ?? 0..<output.shape.n * output.shape.h
    let bands = Self.bands(output.shape, imagesPerGroup, pixelsPerPiece, phasesPerAxis: phases.perAxis)
      .filter { outputRows.contains($0.lowerBound) }
    var entries = Entries(phases: phases, input: input, output: output, tile: tile, bands: bands)
    var pieces: [Piece] = []
    for band in bands {
      let firstSegment = entries.segments.count
      for phase in phases.taps.indices { entries.append(phase, ofBand: band) }
      pieces.append(
        Piece(
          segments: firstSegment..<entries.segments.count,
          firstPixel: (band.lowerBound - outputRows.lowerBound) * output.shape.w,
          pixels: band.count * output.shape.w))
    }
    precondition(tile == gatherTile || tile == dotTile, "tiles are those of the kernels")
    self.tile = tile
    self.pieces = pieces
    taps = phases.allTaps
    segments = entries.segments
    (inputOffsets, outputOffsets) = entries.tables()
  }

  /// Rows, counted over all images, in bands of whole phases that cross no group's border.
  static func bands(
    _ output: Shape, _ imagesPerGroup: Int, _ pixelsPerPiece: Int, phasesPerAxis phases: Int
  ) -> [Range<Int>] {
    let rowsPerGroup = imagesPerGroup * output.h
    let wanted = max(phases, (pixelsPerPiece + output.w / 2) / output.w)
    let rowsPerPiece = (wanted + phases - 1) / phases * phases
    return stride(from: 0, to: output.n * output.h, by: max(1, rowsPerGroup)).flatMap { group in
      stride(from: group, to: group + rowsPerGroup, by: rowsPerPiece).map { first in
        first..<min(first + rowsPerPiece, group + rowsPerGroup)
      }
    }
  }
}

/// The phases of both axes and their taps.
private struct Phases {
  let kernel: Int
  let perAxis: Int
  let rows: AxisTable
  let columns: AxisTable
  /// The taps of all phases, one phase after the other.
  private(set) var allTaps: [Int] = []
  /// The range of each phase in `allTaps`.
  private(set) var taps: [Range<Int>] = []

  init(
    _ geometry: ConvolutionGeometry, _ direction: GatherTable.Direction, _ input: Shape, _ output: Shape,
    _ sources: LargeGrid, mergesRows: Bool
  ) {
    kernel = geometry.kernel
    perAxis = direction == .toLarge ? geometry.stride : 1
    rows = AxisTable(geometry, direction, output: output.h, input: input.h, sources.rows)
    columns = AxisTable(geometry, direction, output: output.w, input: input.w, sources.columns)
    for phase in 0..<perAxis * perAxis {
      let first = allTaps.count
      allTaps += (0..<geometry.taps).filter { tap in
        rows.phase(ofTap: tap / kernel) == phase / perAxis && columns.phase(ofTap: tap % kernel) == phase % perAxis
          && !(mergesRows && tap % kernel > 0)
      }
      taps.append(first..<allTaps.count)
    }
  }
}

/// The growing lists of a table.
private struct Entries: ~Copyable {
  let phases: Phases
  let input: PlannedTensor
  let output: PlannedTensor
  let tile: Int
  private(set) var segments: [GatherTable.Segment] = []
  private var inputs: IndexList
  private var outputs: IndexList

  /// For each phase along the columns, `[tap column][place among its columns]`: floats from the first pixel of an input row,
  /// −1 where the tap sees padding.
  private let columnOffsets: [[Int32]]
  /// For each phase along the columns, its output columns.
  private let phaseColumns: [[Int]]

  init(phases: Phases, input: PlannedTensor, output: PlannedTensor, tile: Int, bands: [Range<Int>]) {
    self.phases = phases
    self.input = input
    self.output = output
    self.tile = tile
    let phaseColumns = (0..<phases.perAxis).map { phase in
      (0..<output.shape.w).filter { phases.columns.phase(ofOutput: $0) == phase }
    }
    self.phaseColumns = phaseColumns
    columnOffsets = phaseColumns.map { columns in
      (0..<phases.kernel).flatMap { tap in
        columns.map { column in
          let source = phases.columns.source(column, tap)
          return source < 0 ? -1 : Int32(source * input.stride)
        }
      }
    }
    // Whole tiles of each phase of each band.
    var places = (inputs: 0, outputs: 0)
    for band in bands {
      let lines = (0..<phases.perAxis).map { phase in
        band.count { phases.rows.phase(ofOutput: $0 % output.shape.h) == phase }
      }
      for (phase, taps) in phases.taps.enumerated() {
        let count = lines[phase / phases.perAxis] * phaseColumns[phase % phases.perAxis].count
        let pixels = (count + tile - 1) / tile * tile
        places.inputs += pixels * taps.count
        places.outputs += pixels
      }
    }
    inputs = IndexList(capacity: places.inputs)
    outputs = IndexList(capacity: places.outputs)
  }

  /// The lists as tables.
  consuming func tables() -> (inputs: IndexTable, outputs: IndexTable) { (IndexTable(inputs), IndexTable(outputs)) }

  /// Appends the pixels of one phase in a band of rows.
  mutating func append(_ phase: Int, ofBand band: Range<Int>) {
    let columns = phaseColumns[phase % phases.perAxis]
    let lines = band.filter { phases.rows.phase(ofOutput: $0 % output.shape.h) == phase / phases.perAxis }
    guard !columns.isEmpty, !lines.isEmpty else { return }
    let count = lines.count * columns.count
    let taps = phases.taps[phase]
    let tiles = (count + tile - 1) / tile
    let (firstTile, firstInput) = (outputs.count / tile, inputs.count)
    // A last tile that is not full computes its last pixel several times.
    let pixels = (0..<tiles * tile).map { place in
      let (line, column) = min(place, count - 1).quotientAndRemainder(dividingBy: columns.count)
      return Pixel(line: line, column: column)
    }
    for pixel in pixels {
      let (image, row) = lines[pixel.line].quotientAndRemainder(dividingBy: output.shape.h)
      outputs.append(output.offset(image, row, columns[pixel.column]))
    }
    appendInputs(pixels, lines, taps: Array(phases.allTaps[taps]), phase: phase % phases.perAxis)
    segments.append(
      GatherTable.Segment(taps: taps, tiles: firstTile..<firstTile + tiles, firstInput: firstInput))
  }

  /// A pixel by its place among the lines and the phase's columns at hand.
  private struct Pixel {
    let line: Int
    let column: Int
  }

  /// `[tile][tap][pixel]`: most of what planning takes is spent here, so that it goes by pointers and adds a row's and a
  /// column's offset without asking which of them there are.
  private mutating func appendInputs(_ pixels: [Pixel], _ lines: [Int], taps: [Int], phase: Int) {
    let kernel = phases.kernel
    // `[line][tap row]`: floats from the arena's start to the input row, −1 where the tap sees padding.
    let lineOffsets = lines.flatMap { line in
      (0..<kernel).map { tap in
        let (image, row) = line.quotientAndRemainder(dividingBy: output.shape.h)
        let source = phases.rows.source(row, tap)
        return source < 0 ? -1 : input.offset(image, source, 0)
      }
    }
    let tapPlaces = taps.map { (row: $0 / kernel, column: $0 % kernel) }
    let inputs = inputs.extend(by: pixels.count * taps.count)
    var next = 0
    let columnCount = phaseColumns[phase].count
    lineOffsets.withUnsafeBufferPointer { lineOffsets in
      columnOffsets[phase].withUnsafeBufferPointer { columnOffsets in
        pixels.withUnsafeBufferPointer { pixels in
          /// The entries of all tiles, which have `tile` pixels each: a constant where this is inlined.
          @inline(__always) func fill(_ tile: Int) {
            for start in stride(from: 0, to: pixels.count, by: tile) {
              let (first, last) = (pixels[start], pixels[start + tile - 1])
              let isRun = first.line == last.line && last.column == first.column + tile - 1
              for tap in tapPlaces {
                // −1, whose bits are all ones, as long as nothing but padding was seen.
                var padding: Int32 = -1
                @inline(__always) func set(_ place: Int, _ line: Int, _ column: Int) {
                  let row = lineOffsets[line &* kernel &+ tap.row]
                  let column = columnOffsets[tap.column &* columnCount &+ column]
                  let isPadding = (row | column) >> 31
                  padding &= isPadding
                  inputs[next &+ place] = (row &+ column) & ~isPadding
                }
                if isRun {
                  for place in 0..<tile { set(place, first.line, first.column &+ place) }
                } else {
                  for place in 0..<tile { set(place, pixels[start + place].line, pixels[start + place].column) }
                }
                // A tap that sees nothing but padding is left out.
                inputs[next] |= padding
                next += tile
              }
            }
          }
          if tile == gatherTile { fill(gatherTile) } else { fill(dotTile) }
        }
      }
    }
  }
}

/// Where the pixels of a large grid are read from, along each axis.
struct LargeGrid: Sendable {
  /// `[large row]` → input row
  var rows: [Int]
  /// `[large column]` → input column
  var columns: [Int]

  /// The grid of a convolution that reads `input`, reflected and upsampled as `geometry` says.
  init(_ geometry: ConvolutionGeometry, input: Shape) {
    func axis(_ extent: Int) -> [Int] {
      (0..<geometry.largeExtent(input: extent)).map {
        geometry.isTransposed ? $0 : geometry.source(of: $0, input: extent)
      }
    }
    rows = axis(input.h)
    columns = axis(input.w)
  }

  /// A grid that is read as it is.
  init(height: Int, width: Int) {
    rows = Array(0..<height)
    columns = Array(0..<width)
  }
}

/// One axis of a gather: which coordinate each tap reads for each output coordinate.
private struct AxisTable {
  private let kernel: Int
  private let phases: Int
  private let zeroPadding: Int
  /// `[output][tap]`, −1 where the tap sees padding
  private var entries: [Int]

  init(
    _ geometry: ConvolutionGeometry, _ direction: GatherTable.Direction, output: Int, input: Int, _ sources: [Int]
  ) {
    kernel = geometry.kernel
    phases = direction == .toLarge ? geometry.stride : 1
    // A transposed convolution's padding cuts its output; a reflected one is part of the large grid.
    zeroPadding = geometry.isTransposed ? geometry.padding : geometry.zeroPadding
    entries = [Int](repeating: -1, count: output * kernel)
    for position in 0..<output {
      for tap in 0..<kernel {
        switch direction {
        case .toSmall:
          let large = position * geometry.stride - zeroPadding + tap
          if sources.indices.contains(large) { entries[position * kernel + tap] = sources[large] }
        case .toLarge:
          let distance = position + zeroPadding - tap
          if distance >= 0, distance % geometry.stride == 0, distance / geometry.stride < input {
            entries[position * kernel + tap] = distance / geometry.stride
          }
        }
      }
    }
  }

  func source(_ position: Int, _ tap: Int) -> Int { entries[position * kernel + tap] }

  func phase(ofOutput position: Int) -> Int { phases == 1 ? 0 : (position + zeroPadding) % phases }

  func phase(ofTap tap: Int) -> Int { phases == 1 ? 0 : tap % phases }
}
