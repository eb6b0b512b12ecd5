import Files
import Images

/// The rows of a PNG file, or of one half of it, in any order: cheap where they are asked for from top to bottom, with few
/// steps back. What that takes does not grow with the picture.
final class PictureRows {
  let width: Int
  let height: Int
  private let path: String
  private let half: ImageHalf?
  private let limit: ImageLimit
  /// Rows that stay behind the newest one.
  private let reach: Int
  private let prepare: (Picture) -> Picture
  private var reader: PNGRowReader
  private var bands: [(first: Int, picture: Picture)] = []

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - half: of a side-by-side picture; nil: the whole
  ///   - reach: rows that may be asked for once more
  ///   - prepare: what is done to rows when they are read
  /// - Throws: `FileError` where the file cannot be read
  init(
    _ path: String, half: ImageHalf?, limit: ImageLimit, reach: Int = 0, prepare: @escaping (Picture) -> Picture
  ) throws {
    (self.path, self.half, self.limit, self.reach, self.prepare) = (path, half, limit, reach, prepare)
    reader = try PNGRowReader(path, limit: limit)
    width = half == nil ? reader.header.width : reader.header.width / 2
    height = reader.header.height
    guard width > 0 else { throw FileError(path: path, problem: "has no pixels in each half") }
  }

  /// Whether the file has opacity.
  var hasAlpha: Bool { reader.header.hasAlpha }

  /// Bits of a sample: 8 or 16.
  var bitDepth: Int { reader.header.bitDepth == 16 ? 16 : 8 }

  /// The rows that hold row `y`, and its place among them.
  ///
  /// - Throws: `FileError` where the file is damaged, or has changed meanwhile
  func row(_ y: Int) throws -> (band: Picture, row: Int) {
    if let band = bands.first, y < band.first { try reopen() }
    while y >= reader.rowsRead {
      let first = reader.rowsRead
      let band = try reader.next(reader.header.rowsOfBand)
      bands.append((first, prepare(half.map(band.half) ?? band)))
      bands.removeAll { $0.first + $0.picture.height < min(y, reader.rowsRead - reach) }
    }
    guard let band = bands.last(where: { $0.first <= y }) else { preconditionFailure("a row that was read is there") }
    return (band.picture, y - band.first)
  }

  private func reopen() throws {
    let again = try PNGRowReader(path, limit: limit)
    guard again.header == reader.header else {
      throw FileError(path: path, problem: "has changed while it was read", advice: "translate it once more")
    }
    reader = again
    bands = []
  }
}
