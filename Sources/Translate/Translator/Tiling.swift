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

  var squares: [Square] {
    rows.flatMap { y in columns.map { Square(x: $0, y: y, width: tileWidth, height: tileHeight) } }
  }

  /// The whole picture from the translations of its squares.
  ///
  /// Where squares overlap, each counts by its distance from its own border. One row of squares is held at a time.
  func assemble(channels: Int, _ translate: (Square) throws -> Image) rethrows -> Image {
    var sums = [Float](repeating: 0, count: width * height * channels)
    var weights = [Float](repeating: 0, count: width * height)
    for square in squares {
      let part = try translate(square)
      for row in 0..<square.height {
        let vertical = weight(row, square.height)
        for column in 0..<square.width {
          let weight = vertical * weight(column, square.width)
          let place = (square.y + row) * width + square.x + column
          weights[place] += weight
          for channel in 0..<channels {
            sums[place * channels + channel] +=
              weight * Float(part.pixels[(row * square.width + column) * channels + channel])
          }
        }
      }
    }
    let pixels = sums.indices.map { UInt8(max(0, min(255, (sums[$0] / weights[$0 / channels]).rounded()))) }
    return Image(width: width, height: height, channels: channels, pixels: pixels)
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
