import Images
import NeuralNet

/// How a picture is enlarged in parts: each is seen with so much around it that nothing beyond could have changed it, so the
/// parts fit together without fading into each other.
struct EnlargedTiles {
  /// A part of the picture with what is seen around it, in pixels of the input.
  typealias Window = Tiling.Square

  /// The windows along an axis: all of one length, so that one plan serves all.
  struct Axis: Equatable {
    var length: Int
    var starts: [Int]
    /// Where the part that is taken from each window begins, and where the last one ends.
    var borders: [Int]

    /// Windows over `extent` pixels: up to `tile` pixels are taken from each, `overlap` are seen on each side where there
    /// are so many. All begin at multiples of `multiple`, as `extent` ends at one.
    init(_ extent: Int, tile: Int, overlap: Int, multiple: Int) {
      func aligned(_ count: Int) -> Int { (count + multiple - 1) / multiple * multiple }
      let (tile, overlap) = (aligned(tile), aligned(overlap))
      length = tile + 2 * overlap
      starts = [0]
      borders = [0, extent]
      guard extent > length else {
        length = extent
        return
      }
      let gaps = (extent - length + tile - 1) / tile
      starts = (0...gaps).map { $0 * (extent - length) / gaps / multiple * multiple }
      borders = [0] + starts.dropFirst().map { $0 + overlap } + [extent]
    }
  }

  private let width: Int
  private let height: Int
  private let scale: Int
  let columns: Axis
  let rows: Axis

  /// Pixels around a part that are seen at most. Where a network reaches further (an RRDBNet of 23 blocks 349 pixels), what
  /// it makes of a pixel hardly depends on those beyond: less than can be told from rounding.
  static let longestOverlap = 64
  /// Pixels that a network makes of one window, where nobody has asked for tiles of a size: what it keeps of them meanwhile
  /// is 1 to 2 GB at 64 channels. Not a matter of the memory at hand, which would change bytes from machine to machine.
  static let preferredPixels = 1 << 21
  /// The smallest tile that is chosen unasked.
  static let leastTile = 64

  /// - Parameters:
  ///   - width: of the picture, a multiple of what the network takes; so is `height`
  ///   - tile: pixels that are taken from each window, along both axes; nil: as memory suits
  init(width: Int, height: Int, _ enlarger: some EnlargerConfiguration, tile: Int?) {
    (self.width, self.height, scale) = (width, height, enlarger.scale)
    let overlap = min(enlarger.reach, Self.longestOverlap)
    var tile = tile
    if tile == nil, width * height * scale * scale > Self.preferredPixels {
      let window = Int((Double(Self.preferredPixels) / Double(scale * scale)).squareRoot())
      tile = max(Self.leastTile, window - 2 * overlap)
    }
    let multiple = enlarger.sizeMultiple
    columns = Axis(width, tile: tile ?? width, overlap: overlap, multiple: multiple)
    rows = Axis(height, tile: tile ?? height, overlap: overlap, multiple: multiple)
  }

  /// Whether the picture is enlarged as a whole.
  var isWhole: Bool { columns.starts.count == 1 && rows.starts.count == 1 }

  /// How many windows there are.
  var count: Int { columns.starts.count * rows.starts.count }

  /// Bytes of the enlarged picture.
  func bytes(channels: Int, bitDepth: Int) -> Int { width * height * scale * scale * channels * bitDepth / 8 }

  /// The enlarged picture from its enlarged windows, row by row from the top left.
  ///
  /// - Parameter bitDepth: bits of a sample of the enlarged windows
  func assemble(channels: Int, bitDepth: Int, _ enlarge: (Window) throws -> Picture) rethrows -> Picture {
    let (width, height) = (width * scale, height * scale)
    if bitDepth == 16 {
      let pixels = try samples(channels, enlarge) { part -> [UInt16]? in
        if case .words(let samples) = part.content { samples.pixels } else { nil }
      }
      return Picture(width: width, height: height, channels: channels, pixels16: pixels)
    }
    return try Picture(
      width: width, height: height, channels: channels, pixels: samples(channels, enlarge) { $0.pixels })
  }

  private func window(_ column: Int, _ row: Int) -> Window {
    Window(x: columns.starts[column], y: rows.starts[row], width: columns.length, height: rows.length)
  }

  private func samples<Sample: PixelSample>(
    _ channels: Int, _ enlarge: (Window) throws -> Picture, _ pixels: (Picture) -> [Sample]?
  ) rethrows -> [Sample] {
    let line = width * scale * channels
    var whole = [Sample](repeating: 0, count: line * height * scale)
    for row in rows.starts.indices {
      for column in columns.starts.indices {
        let window = window(column, row)
        let part = try enlarge(window)
        guard let samples = pixels(part) else { preconditionFailure("every window has the depth that was asked for") }
        let (left, right) = (columns.borders[column] * scale, columns.borders[column + 1] * scale)
        for y in rows.borders[row] * scale..<rows.borders[row + 1] * scale {
          let from = ((y - window.y * scale) * part.width + left - window.x * scale) * channels
          let count = (right - left) * channels
          let to = y * line + left * channels
          whole.replaceSubrange(to..<to + count, with: samples[from..<from + count])
        }
      }
    }
    return whole
  }
}
