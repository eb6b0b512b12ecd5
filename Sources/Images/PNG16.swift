/// PNG streams of 16 bits a sample, between decompressed rows and pictures.
///
/// The simplified interface of libpng hands 16 bits out as linear light, with alpha multiplied in, and reduces interlaced
/// ones to 8 bits wrongly: up to 1.6.50 it writes past its memory (CVE-2025-65018), and with the repair for that it returns
/// stale rows (https://github.com/pnggroup/libpng/issues/853).
/// Source: https://www.w3.org/TR/png-3/, sections 8 (Adam7), 9 (filters) and 11.3.1.1 (tRNS).
struct PNG16 {
  let header: PNGHeader
  /// The samples of the one grey or RGB value that is transparent; empty where no tRNS chunk names one.
  let transparentValue: [UInt16]

  /// Where the rows of a pass lie: first column and row, and the distances of columns and rows.
  private typealias Pass = (x: Int, y: Int, dx: Int, dy: Int)

  private static let interlaced: [Pass] = [
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
  ]

  private var passes: [Pass] { header.isInterlaced ? Self.interlaced : [(0, 0, 1, 1)] }

  private var samplesPerPixel: Int { header.bitsPerPixel / 16 }

  /// Columns and rows of a pass; a pass without columns has no rows.
  private func size(_ pass: Pass) -> (columns: Int, rows: Int) {
    let columns = (header.width - pass.x + pass.dx - 1) / pass.dx
    return (columns, columns == 0 ? 0 : (header.height - pass.y + pass.dy - 1) / pass.dy)
  }

  /// Bytes of all passes with their filter bytes.
  var byteCount: Int {
    passes.reduce(0) { sum, pass in
      let (columns, rows) = size(pass)
      return sum + rows * (1 + columns * samplesPerPixel * 2)
    }
  }

  /// The picture in `bytes`, which are `byteCount` decompressed bytes; nil where a filter does not exist.
  func picture(_ bytes: inout [UInt8]) -> Picture? {
    precondition(bytes.count == byteCount, "as many bytes as the rows take")
    let hasAlpha = header.hasAlpha || !transparentValue.isEmpty
    let channels = header.channels
    var pixels = [UInt16](repeating: 0, count: header.width * header.height * channels)
    var alpha = [UInt16](repeating: .max, count: hasAlpha ? header.width * header.height : 0)
    let isWhole = bytes.withUnsafeMutableBufferPointer { bytes in
      pixels.withUnsafeMutableBufferPointer { pixels in
        alpha.withUnsafeMutableBufferPointer { alpha in fill(bytes, pixels, alpha) }
      }
    }
    guard isWhole else { return nil }
    return Picture(
      width: header.width, height: header.height, channels: channels, pixels16: pixels, alpha16: hasAlpha ? alpha : nil)
  }

  private func fill(
    _ bytes: UnsafeMutableBufferPointer<UInt8>, _ pixels: UnsafeMutableBufferPointer<UInt16>,
    _ alpha: UnsafeMutableBufferPointer<UInt16>
  ) -> Bool {
    let channels = header.channels
    var offset = 0
    for pass in passes {
      let (columns, rows) = size(pass)
      let rowCount = columns * samplesPerPixel * 2
      for row in 0..<rows {
        let filter = bytes[offset]
        offset += 1
        let current = UnsafeMutableBufferPointer(rebasing: bytes[offset..<offset + rowCount])
        // The row above ends where this one's filter byte stands.
        let above = row == 0 ? nil : UnsafeBufferPointer(rebasing: bytes[offset - 1 - rowCount..<offset - 1])
        guard PNGFilter.undo(filter, current, above: above, pixel: samplesPerPixel * 2) else { return false }
        for column in 0..<columns {
          let source = column * samplesPerPixel * 2
          let target = (pass.y + row * pass.dy) * header.width + pass.x + column * pass.dx
          var isTransparent = !transparentValue.isEmpty
          for sample in 0..<samplesPerPixel {
            let value = UInt16(current[source + 2 * sample]) << 8 | UInt16(current[source + 2 * sample + 1])
            if sample < channels {
              pixels[target * channels + sample] = value
              if isTransparent { isTransparent = value == transparentValue[sample] }
            } else {
              alpha[target] = value
            }
          }
          if isTransparent { alpha[target] = 0 }
        }
        offset += rowCount
      }
    }
    return true
  }
}

/// The filters of PNG rows (https://www.w3.org/TR/png-3/#9Filters).
enum PNGFilter {
  /// The difference to the pixel on the left.
  static let sub: UInt8 = 1

  /// Takes a filter back.
  ///
  /// - Parameters:
  ///   - row: the bytes of a row, without the number of the filter
  ///   - above: those of the row above, done already; nil for the first row of a pass
  ///   - pixel: bytes of a pixel
  /// - Returns: whether there is such a filter
  static func undo(
    _ filter: UInt8, _ row: UnsafeMutableBufferPointer<UInt8>, above: UnsafeBufferPointer<UInt8>?, pixel: Int
  ) -> Bool {
    switch filter {
    case 0: break
    case sub: for i in pixel..<max(pixel, row.count) { row[i] &+= row[i - pixel] }
    case 2:
      guard let above else { break }
      for i in 0..<row.count { row[i] &+= above[i] }
    case 3:
      for i in 0..<row.count {
        let left = i >= pixel ? Int(row[i - pixel]) : 0
        row[i] &+= UInt8(truncatingIfNeeded: (left + Int(above?[i] ?? 0)) / 2)
      }
    case 4:
      for i in 0..<row.count {
        let left = i >= pixel ? Int(row[i - pixel]) : 0
        let upLeft = i >= pixel ? Int(above?[i - pixel] ?? 0) : 0
        row[i] &+= UInt8(truncatingIfNeeded: paeth(left, Int(above?[i] ?? 0), upLeft))
      }
    default: return false
    }
    return true
  }

  /// The neighbour nearest to left + up − upLeft, in this order where several are.
  private static func paeth(_ left: Int, _ up: Int, _ upLeft: Int) -> Int {
    let byLeft = abs(up - upLeft)
    let byUp = abs(left - upLeft)
    let byUpLeft = abs(left + up - 2 * upLeft)
    if byLeft <= byUp && byLeft <= byUpLeft { return left }
    return byUp <= byUpLeft ? up : upLeft
  }
}
