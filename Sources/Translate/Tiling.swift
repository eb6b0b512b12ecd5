import Images

/// How a picture that is too large for memory is translated in squares that overlap and fade into each other.
struct Tiling {
  /// A part of the picture, in pixels.
  struct Square: Equatable {
    var x: Int
    var y: Int
    var width: Int
    var height: Int
  }

  let width: Int
  let height: Int
  private let columns: [Int]
  private let rows: [Int]
  private let tileWidth: Int
  private let tileHeight: Int

  /// Squares of `tile` pixels that cover `width` × `height`, neighbours sharing at least an eighth.
  init(width: Int, height: Int, tile: Int) {
    self.width = width
    self.height = height
    tileWidth = min(tile, width)
    tileHeight = min(tile, height)
    columns = Self.starts(width, tileWidth)
    rows = Self.starts(height, tileHeight)
  }

  /// Memory that putting a picture of this size together takes: the picture, and sums of a row of squares.
  static func bytes(width: Int, tile: Int, height: Int, channels: Int) -> Int {
    width * height * channels + width * min(tile, height) * (channels + 1) * MemoryLayout<Float>.stride
  }

  /// The whole picture from the translations of its squares, row by row from the top left.
  ///
  /// Where squares overlap, each counts by its distance from its own border. Sums are held for one row of squares at a
  /// time, so that memory is little more than the picture's own.
  func assemble(channels: Int, _ translate: (Square) throws -> Picture) rethrows -> Picture {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * channels)
    var sums = [Float](repeating: 0, count: width * tileHeight * channels)
    var weights = [Float](repeating: 0, count: width * tileHeight)
    for (index, y) in rows.enumerated() {
      for x in columns {
        let square = Square(x: x, y: y, width: tileWidth, height: tileHeight)
        add(try translate(square), at: x, channels: channels, &sums, &weights)
      }
      let finished = (index + 1 < rows.count ? rows[index + 1] : height) - y
      for place in 0..<finished * width * channels {
        pixels.append(UInt8(max(0, min(255, (sums[place] / weights[place / channels]).rounded()))))
      }
      Self.shift(&sums, by: finished * width * channels)
      Self.shift(&weights, by: finished * width)
    }
    return Picture(width: width, height: height, channels: channels, pixels: pixels)
  }

  private func add(_ part: Picture, at x: Int, channels: Int, _ sums: inout [Float], _ weights: inout [Float]) {
    for row in 0..<tileHeight {
      let vertical = weight(row, tileHeight)
      for column in 0..<tileWidth {
        let weight = vertical * weight(column, tileWidth)
        let place = row * width + x + column
        weights[place] += weight
        for channel in 0..<channels {
          sums[place * channels + channel] +=
            weight * Float(part.pixels[(row * tileWidth + column) * channels + channel])
        }
      }
    }
  }

  /// Drops the first `count` values and appends as many zeros.
  private static func shift(_ values: inout [Float], by count: Int) {
    values.removeFirst(count)
    values.append(contentsOf: repeatElement(0, count: count))
  }

  /// Rises from the border over an eighth of the square.
  private func weight(_ position: Int, _ extent: Int) -> Float {
    let distance = Float(min(position, extent - 1 - position) + 1)
    return min(1, distance / Float(max(1, extent / 8)))
  }

  /// Evenly spread begins of squares along an axis.
  private static func starts(_ extent: Int, _ tile: Int) -> [Int] {
    guard extent > tile else { return [0] }
    let step = max(1, tile - tile / 8)
    let count = (extent - tile + step - 1) / step + 1
    return (0..<count).map { $0 * (extent - tile) / (count - 1) }
  }
}
