import CPNG
import Files
import Foundation

/// The rows of a PNG file from top to bottom, decoded as they are asked for: what that takes is some rows, however large
/// the picture is. What comes out is what `PNG.read` gives for the whole.
///
/// It needs no more than zlib. libpng's row interface reports errors by `longjmp`, which must not cross Swift's frames.
/// An interlaced picture has no row before its last pass: it is decoded as a whole when its first row is asked for.
package final class PNGRowReader {
  /// What the file says of itself; `hasAlpha` counts what is transparent by a tRNS chunk.
  package let header: PNGHeader
  /// Rows that have been handed out.
  package private(set) var rowsRead = 0
  private let path: String
  private let limit: ImageLimit
  private let rows: PNGStoredRows
  private let inflater: PNGInflater
  /// The row above, and the row that is decoded, without filter numbers.
  private var above: [UInt8]
  private var current: [UInt8]
  private var whole: Picture?

  /// Opens a file.
  ///
  /// - Throws: `FileError` naming `path` where it cannot be read, is no PNG, is damaged before its pixels, or is too large
  package init(_ path: String, limit: ImageLimit = .default) throws {
    self.path = path
    self.limit = limit
    let chunks = try PNGChunkReader(path)
    var header = chunks.header
    try header.check(limit, path: path)
    // Deflate shrinks at most 1032 times: a small file that claims a large picture costs no memory.
    guard header.rawByteCount / 1032 <= chunks.byteCount else {
      throw PNGChunks.damaged(path, "it has too little data for \(header.width) × \(header.height) pixels")
    }
    var palette: [UInt8] = []
    var transparency: [UInt8] = []
    while try chunks.next() != PNGChunks.imageData {
      switch chunks.kind {
      case PNGChunks.palette:
        guard palette.isEmpty, (3...768).contains(chunks.remaining), chunks.remaining % 3 == 0 else {
          throw PNGChunks.damaged(path, "its palette cannot be")
        }
        palette = try chunks.content()
      case PNGChunks.transparency where chunks.remaining <= 256: transparency = try chunks.content()
      case PNGChunks.end: throw PNGChunks.damaged(path, "it holds no pixels")
      case let kind where !PNGChunks.isAncillary(kind):
        throw PNGChunks.damaged(path, "it holds a chunk that nobody knows but must")
      default: break
      }
    }
    guard header.colorType != .palette || !palette.isEmpty else {
      throw PNGChunks.damaged(path, "it has no palette")
    }
    rows = PNGStoredRows(&header, palette: palette, transparency: transparency)
    self.header = header
    inflater = try PNGInflater(chunks)
    above = [UInt8](repeating: 0, count: header.isInterlaced ? 0 : header.rowByteCount)
    current = above
  }

  /// The next rows as a picture of the same width: `count` of them, fewer at the end, none behind it. With the last of them
  /// the file is read to its end.
  ///
  /// - Throws: `FileError` where the file is damaged or cut off, or there is no memory
  package func next(_ count: Int) throws -> Picture {
    let count = min(max(0, count), header.height - rowsRead)
    if header.isInterlaced {
      let whole = try self.whole ?? PNG.read(path, limit: limit)
      guard whole.width == header.width, whole.height == header.height, whole.hasAlpha == header.hasAlpha else {
        throw PNGChunks.damaged(path, "it has changed while it was read")
      }
      defer { rowsRead += count }
      self.whole = rowsRead + count < header.height ? whole : nil
      return whole.cropped(x: 0, y: rowsRead, width: whole.width, height: count)
    }
    let (width, channels) = (header.width, header.channels)
    let band: Picture
    if header.bitDepth == 16 {
      let (pixels, alpha): ([UInt16], [UInt16]?) = try samples(count) { rows.expand($0, to: $1, opacity: $2) }
      band = Picture(width: width, height: count, channels: channels, pixels16: pixels, alpha16: alpha)
    } else {
      let (pixels, alpha): ([UInt8], [UInt8]?) = try samples(count) { rows.expand($0, to: $1, opacity: $2) }
      band = Picture(width: width, height: count, channels: channels, pixels: pixels, alpha: alpha)
    }
    if rowsRead == header.height, count > 0 { try inflater.finish() }
    return band
  }

  /// The samples of the next rows, and their opacity where there is any.
  ///
  /// - Parameter expand: makes samples of a row as it is stored
  private func samples<Sample: PixelSample>(
    _ count: Int,
    _ expand: ([UInt8], UnsafeMutableBufferPointer<Sample>, UnsafeMutableBufferPointer<Sample>?) -> Void
  ) throws -> ([Sample], [Sample]?) {
    let (width, samplesOfRow) = (header.width, header.width * header.channels)
    var pixels = [Sample](repeating: 0, count: count * samplesOfRow)
    var alpha = [Sample](repeating: .max, count: header.hasAlpha ? count * width : 0)
    for row in 0..<count {
      try decodeRow()
      pixels.withUnsafeMutableBufferPointer { pixels in
        alpha.withUnsafeMutableBufferPointer { alpha in
          expand(
            current, Self.row(row, samplesOfRow, of: pixels), alpha.isEmpty ? nil : Self.row(row, width, of: alpha))
        }
      }
    }
    return (pixels, header.hasAlpha ? alpha : nil)
  }

  /// A row of a band.
  private static func row<Sample>(
    _ row: Int, _ count: Int, of band: UnsafeMutableBufferPointer<Sample>
  ) -> UnsafeMutableBufferPointer<Sample> {
    UnsafeMutableBufferPointer(rebasing: band[row * count..<(row + 1) * count])
  }

  /// Decompresses the next row into `current`.
  private func decodeRow() throws {
    swap(&above, &current)
    let isFirst = rowsRead == 0
    let filter = try inflater.byte()
    try current.withUnsafeMutableBytes { try inflater.fill($0) }
    let isUndone = above.withUnsafeBufferPointer { above in
      current.withUnsafeMutableBufferPointer {
        PNGFilter.undo(filter, $0, above: isFirst ? nil : above, pixel: max(1, header.bitsPerPixel / 8))
      }
    }
    guard isUndone else { throw PNGChunks.damaged(path, "a row has a filter that does not exist") }
    rowsRead += 1
  }
}
