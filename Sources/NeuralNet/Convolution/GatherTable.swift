import KernelArguments

/// For every pixel that a product computes, the pixels that it reads: laid out once, so that kernels need to know nothing
/// of strides, borders, reflection or phases.
///
/// Writing the large grid falls into stride² phases, each with taps of its own; reading it is a single one. A piece is a
/// band of rows with all its phases, so that what follows the product finds consecutive pixels in the cache.
final class GatherTable {
  /// Tiles of one phase within a piece.
  struct Segment {
    /// Tap numbers, a range of `taps`.
    var taps: Range<Int>
    /// Tiles, a range of `outputOffsets / tile`.
    var tiles: Range<Int>
    /// Where the tiles' `[tile][tap][pixel]` begins in `inputOffsets`.
    var firstInput: Int
  }

  /// A band of rows.
  struct Piece {
    var segments: Range<Int>
    var firstPixel: Int
    var pixels: Int
  }

  /// Which side of the geometry the product writes.
  enum Direction {
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
  ///   - sources: where a pixel of the large grid is read from, row and column; nil: the large grid is the input itself
  ///   - zeroRow: offset of zeros, read in place of padding
  ///   - imagesPerGroup: images that share statistics; no piece crosses a group's border
  ///   - pixelsPerPiece: about how many pixels a piece has
  ///   - mergesRows: whether the first tap of each row of taps stands for all of them
  init(
    _ geometry: ConvolutionGeometry, _ direction: Direction, from input: PlannedTensor, to output: PlannedTensor,
    sources: LargeGrid, zeroRow: Int, imagesPerGroup: Int, pixelsPerPiece: Int, tile: Int,
    mergesRows: Bool = false
  ) {
    self.tile = tile
    let kernel = geometry.kernel
    let phases = direction == .toLarge ? geometry.stride : 1
    let rows = AxisTable(geometry, direction, output: output.shape.h, input: input.shape.h, sources.rows)
    let columns = AxisTable(geometry, direction, output: output.shape.w, input: input.shape.w, sources.columns)

    var taps: [Int] = []
    var phaseTaps: [Range<Int>] = []
    for phase in 0..<phases * phases {
      let first = taps.count
      for tap in 0..<geometry.taps
      where rows.phase(ofTap: tap / kernel) == phase / phases && columns.phase(ofTap: tap % kernel) == phase % phases
        && !(mergesRows && tap % kernel > 0)
      {
        taps.append(tap)
      }
      phaseTaps.append(first..<taps.count)
    }

    var segments: [Segment] = []
    var pieces: [Piece] = []
    var inputs: [Int32] = []
    var outputs: [Int32] = []
    inputs.reserveCapacity(output.shape.pixels * (mergesRows ? kernel : geometry.taps) / (phases * phases))
    outputs.reserveCapacity(output.shape.pixels)

    func append(_ pixels: [(image: Int, row: Int, column: Int)], taps range: Range<Int>) {
      let firstTile = outputs.count / tile
      let firstInput = inputs.count
      for start in stride(from: 0, to: pixels.count, by: tile) {
        // A last tile that is not full computes its last pixel several times.
        for place in start..<start + tile {
          let pixel = pixels[min(place, pixels.count - 1)]
          outputs.append(output.offset(pixel.image, pixel.row, pixel.column))
        }
        for tap in taps[range] {
          let firstEntry = inputs.count
          var seesInput = false
          for place in start..<start + tile {
            let pixel = pixels[min(place, pixels.count - 1)]
            let row = rows.source(pixel.row, tap / kernel), column = columns.source(pixel.column, tap % kernel)
            if row >= 0, column >= 0 {
              seesInput = true
              inputs.append(input.offset(pixel.image, row, column))
            } else {
              inputs.append(Int32(zeroRow))
            }
          }
          if !seesInput { inputs[firstEntry] = -1 }
        }
      }
      segments.append(
        Segment(taps: range, tiles: firstTile..<outputs.count / tile, firstInput: firstInput))
    }

    let rowsPerGroup = imagesPerGroup * output.shape.h
    let wanted = max(phases, (pixelsPerPiece + output.shape.w / 2) / output.shape.w)
    let rowsPerPiece = (wanted + phases - 1) / phases * phases
    for group in stride(from: 0, to: output.shape.n * output.shape.h, by: max(1, rowsPerGroup)) {
      for first in stride(from: group, to: group + rowsPerGroup, by: rowsPerPiece) {
        let band = first..<min(first + rowsPerPiece, group + rowsPerGroup)
        let firstSegment = segments.count
        for phase in 0..<phases * phases {
          var pixels: [(image: Int, row: Int, column: Int)] = []
          for line in band where rows.phase(ofOutput: line % output.shape.h) == phase / phases {
            for column in 0..<output.shape.w where columns.phase(ofOutput: column) == phase % phases {
              pixels.append((line / output.shape.h, line % output.shape.h, column))
            }
          }
          if !pixels.isEmpty { append(pixels, taps: phaseTaps[phase]) }
        }
        pieces.append(
          Piece(
            segments: firstSegment..<segments.count, firstPixel: band.lowerBound * output.shape.w,
            pixels: band.count * output.shape.w))
      }
    }
    self.taps = taps
    self.segments = segments
    self.pieces = pieces
    inputOffsets = IndexTable(inputs)
    outputOffsets = IndexTable(outputs)
  }
}

/// Where the pixels of a large grid are read from, along each axis.
struct LargeGrid {
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
