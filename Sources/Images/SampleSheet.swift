/// Pictures side by side under titles, for people to look at: such as input, output and target of several samples.
package enum SampleSheet {
  private static let background: UInt8 = 250
  private static let ink: UInt8 = 40
  private static let frame: UInt8 = 215
  /// Pixels for each dot of a letter.
  private static let dot = 2

  /// Composes an RGB picture of rows of pictures on a light ground.
  ///
  /// A column is as wide as its widest picture or title and a row as high as its highest picture; smaller pictures
  /// stand in the middle. Grey is shown as RGB; alpha lets the ground shine through.
  /// - Parameters:
  ///   - rows: the pictures, row by row; rows may differ in length.
  ///   - columnTitles: words above the columns, from the left; there may be fewer or none.
  ///   - rowTitles: words left of the rows, from the top; there may be fewer or none.
  ///   - scale: how many pixels of the sheet each way show one pixel of a picture, 1 to 64.
  ///   - padding: pixels around and between the pictures, 0 to 4096.
  /// Titles are set in ASCII, other characters appear as "?".
  package static func compose(
    rows: [[Picture]], columnTitles: [String] = [], rowTitles: [String] = [], scale: Int = 1, padding: Int = 16
  ) -> Picture {
    precondition((1...64).contains(scale), "a sheet has a scale from 1 to 64")
    precondition((0...4096).contains(padding), "a sheet has a padding from 0 to 4096")
    let columnCount = max(rows.map(\.count).max() ?? 0, columnTitles.count)
    let widths = (0..<columnCount).map { column in
      let pictures = rows.map { $0.indices.contains(column) ? $0[column].width * scale : 0 }
      return max(pictures.max() ?? 0, column < columnTitles.count ? width(of: columnTitles[column]) : 0)
    }
    let rowCount = max(rows.count, rowTitles.count)
    let heights = (0..<rowCount).map { row in
      let pictures = row < rows.count ? rows[row].map { $0.height * scale } : []
      return max(pictures.max() ?? 0, row < rowTitles.count ? BitmapFont.height * dot : 0)
    }
    let titleWidth = rowTitles.map(width(of:)).max() ?? 0
    let left = padding + (titleWidth > 0 ? titleWidth + padding : 0)
    let top = padding + (columnTitles.isEmpty ? 0 : BitmapFont.height * dot + padding / 2)

    let sheetWidth = max(1, left + widths.reduce(0) { $0 + $1 + padding })
    let sheetHeight = max(1, top + heights.reduce(0) { $0 + $1 + padding })
    _ = Picture.sampleCount(width: sheetWidth, height: sheetHeight, channels: 3)
    var sheet = Canvas(width: sheetWidth, height: sheetHeight, level: background)
    var x = left
    for (column, title) in columnTitles.enumerated() {
      sheet.write(title, x: x + (widths[column] - width(of: title)) / 2, y: padding, dot: dot, level: ink)
      x += widths[column] + padding
    }
    var y = top
    for row in 0..<rowCount {
      if row < rowTitles.count {
        sheet.write(
          rowTitles[row], x: padding + titleWidth - width(of: rowTitles[row]),
          y: y + (heights[row] - BitmapFont.height * dot) / 2, dot: dot, level: ink)
      }
      var x = left
      for (column, picture) in (row < rows.count ? rows[row] : []).enumerated() {
        let (width, height) = (picture.width * scale, picture.height * scale)
        let (pictureX, pictureY) = (x + (widths[column] - width) / 2, y + (heights[row] - height) / 2)
        if padding > 0 && width > 0 && height > 0 {
          sheet.fill(x: pictureX - 1, y: pictureY - 1, width: width + 2, height: height + 2, level: frame)
        }
        sheet.draw(picture, x: pictureX, y: pictureY, scale: scale, ground: background)
        x += widths[column] + padding
      }
      y += heights[row] + padding
    }
    return Picture(width: sheet.width, height: sheet.height, channels: 3, pixels: sheet.pixels)
  }

  /// Pixels from the first dot of a line of text to its last.
  private static func width(of text: String) -> Int {
    text.isEmpty ? 0 : (text.count * BitmapFont.advance - (BitmapFont.advance - BitmapFont.width)) * dot
  }
}

/// RGB samples to draw on; what is drawn lies within them.
private struct Canvas {
  let width: Int
  let height: Int
  var pixels: [UInt8]

  init(width: Int, height: Int, level: UInt8) {
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: level, count: width * height * 3)
  }

  mutating func fill(x: Int, y: Int, width: Int, height: Int, level: UInt8) {
    for row in y..<y + height {
      for sample in (row * self.width + x) * 3..<(row * self.width + x + width) * 3 { pixels[sample] = level }
    }
  }

  package mutating func write(_ text: String, x: Int, y: Int, dot: Int, level: UInt8) {
    for (position, character) in text.enumerated() {
      for (row, bits) in BitmapFont.rows(character).enumerated() {
        for column in 0..<BitmapFont.width where bits >> (BitmapFont.width - 1 - column) & 1 == 1 {
          fill(
            x: x + (position * BitmapFont.advance + column) * dot, y: y + row * dot, width: dot, height: dot,
            level: level)
        }
      }
    }
  }

  mutating func draw(_ picture: Picture, x: Int, y: Int, scale: Int, ground: UInt8) {
    let stride = width * 3
    pixels.withUnsafeMutableBufferPointer { pixels in
      picture.pixels.withUnsafeBufferPointer { source in
        for row in 0..<picture.height * scale {
          var target = (y + row) * stride + x * 3
          for column in 0..<picture.width * scale {
            let pixel = row / scale * picture.width + column / scale
            for channel in 0..<3 {
              let sample = source[pixel * picture.channels + (picture.channels == 3 ? channel : 0)]
              pixels[target + channel] =
                picture.alpha.map { Self.blend(sample, over: ground, alpha: $0[pixel]) } ?? sample
            }
            target += 3
          }
        }
      }
    }
  }

  private static func blend(_ sample: UInt8, over ground: UInt8, alpha: UInt8) -> UInt8 {
    let opacity = Int(alpha)
    let sum = Int(sample) * opacity + Int(ground) * (255 - opacity)
    return UInt8((sum + 127) / 255)
  }
}
