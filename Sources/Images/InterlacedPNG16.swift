/// Interlaced streams of 16 bits a sample, put together here instead of by libpng.
///
/// The simplified interface of libpng up to 1.6.50 writes past its memory when it reduces them to 8 bits
/// (CVE-2025-65018), and with the repair for that it returns stale rows (https://github.com/pnggroup/libpng/issues/853);
/// reading 16 bits multiplies alpha in.
/// Source: https://www.w3.org/TR/png-3/, sections 8 (Adam7), 9 (filters) and 11.3.1.1 (tRNS).
struct InterlacedPNG16 {
  let header: PNGHeader
  /// The samples of the one grey or RGB value that is transparent; empty where no tRNS chunk names one.
  let transparentValue: [UInt16]

  /// First column and row, and the distances of columns and rows, of the seven passes.
  private static let passes: [(x: Int, y: Int, dx: Int, dy: Int)] = [
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
  ]

  private var samplesPerPixel: Int { header.bitsPerPixel / 16 }

  /// Columns and rows of a pass; a pass without columns has no rows.
  private func size(_ pass: (x: Int, y: Int, dx: Int, dy: Int)) -> (columns: Int, rows: Int) {
    let columns = (header.width - pass.x + pass.dx - 1) / pass.dx
    return (columns, columns == 0 ? 0 : (header.height - pass.y + pass.dy - 1) / pass.dy)
  }

  /// Bytes of all passes with their filter bytes.
  var byteCount: Int {
    Self.passes.reduce(0) { sum, pass in
      let (columns, rows) = size(pass)
      return sum + rows * (1 + columns * samplesPerPixel * 2)
    }
  }

  /// The picture in `bytes`, which are `byteCount` decompressed bytes; nil where a filter does not exist.
  package func image(_ bytes: inout [UInt8]) -> Picture? {
    let hasAlpha = header.hasAlpha || !transparentValue.isEmpty
    let channels = header.channels
    var pixels = [UInt8](repeating: 0, count: header.width * header.height * channels)
    var alpha = [UInt8](repeating: 255, count: hasAlpha ? header.width * header.height : 0)
    var offset = 0
    for pass in Self.passes {
      let (columns, rows) = size(pass)
      let rowCount = columns * samplesPerPixel * 2
      for row in 0..<rows {
        let above = row == 0 ? nil : offset - rowCount
        let filter = bytes[offset]
        offset += 1
        guard unfilter(&bytes, offset..<offset + rowCount, above: above, filter: filter) else { return nil }
        for column in 0..<columns {
          let source = offset + column * samplesPerPixel * 2
          let target = (pass.y + row * pass.dy) * header.width + pass.x + column * pass.dx
          var isTransparent = !transparentValue.isEmpty
          for sample in 0..<samplesPerPixel {
            let value = UInt16(bytes[source + 2 * sample]) << 8 | UInt16(bytes[source + 2 * sample + 1])
            if sample < channels {
              pixels[target * channels + sample] = Self.reduced(value)
              if isTransparent { isTransparent = value == transparentValue[sample] }
            } else {
              alpha[target] = Self.reduced(value)
            }
          }
          if isTransparent { alpha[target] = 0 }
        }
        offset += rowCount
      }
    }
    return Picture(
      width: header.width, height: header.height, channels: channels, pixels: pixels, alpha: hasAlpha ? alpha : nil)
  }

  /// A sample v of 16 bits as the nearest of 8 bits, v / 257.
  private static func reduced(_ sample: UInt16) -> UInt8 { UInt8((Int(sample) + 128) / 257) }

  /// Takes back the filter of the bytes in `row`; `above` is where the row above begins, nil for the first of a pass.
  private func unfilter(_ bytes: inout [UInt8], _ row: Range<Int>, above: Int?, filter: UInt8) -> Bool {
    guard filter <= 4 else { return false }
    guard filter > 0 else { return true }
    let pixel = samplesPerPixel * 2
    for i in 0..<row.count {
      let left = i >= pixel ? Int(bytes[row.lowerBound + i - pixel]) : 0
      let up = above.map { Int(bytes[$0 + i]) } ?? 0
      let upLeft = i >= pixel ? above.map { Int(bytes[$0 + i - pixel]) } ?? 0 : 0
      let prediction =
        switch filter {
        case 1: left
        case 2: up
        case 3: (left + up) / 2
        default: Self.paeth(left, up, upLeft)
        }
      bytes[row.lowerBound + i] &+= UInt8(prediction)
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
