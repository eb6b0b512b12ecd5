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
  static func bytes(width: Int, tile: Int, height: Int, channels: Int, bitDepth: Int) -> Int {
    width * height * channels * bitDepth / 8 + width * min(tile, height) * (channels + 1) * MemoryLayout<Float>.stride
  }

  /// The whole picture from the translations of its squares, row by row from the top left.
  ///
  /// Where squares overlap, each counts by its distance from its own border. Sums are held for one row of squares at a
  /// time, so that memory is little more than the picture's own.
  func assemble(channels: Int, bitDepth: Int, _ translate: (Square) throws -> Picture) rethrows -> Picture {
    if bitDepth == 16 {
      return try Picture(
        width: width, height: height, channels: channels, pixels16: samples(channels: channels, translate))
    }
    return try Picture(width: width, height: height, channels: channels, pixels: samples(channels: channels, translate))
  }

  private func samples<Sample: PixelSample>(channels: Int, _ translate: (Square) throws -> Picture) rethrows -> [Sample]
  {
    var pixels: [Sample] = []
    pixels.reserveCapacity(width * height * channels)
    let peak = Float(Sample.peak)
    var sums = [Float](repeating: 0, count: width * tileHeight * channels)
    var weights = [Float](repeating: 0, count: width * tileHeight)
    for (index, y) in rows.enumerated() {
      for x in columns {
        let square = Square(x: x, y: y, width: tileWidth, height: tileHeight)
        switch try translate(square).content {
        case .bytes(let part): add(part, at: x, peak, &sums, &weights)
        case .words(let part): add(part, at: x, peak, &sums, &weights)
        }
      }
      let finished = (index + 1 < rows.count ? rows[index + 1] : height) - y
      for place in 0..<finished * width * channels {
        pixels.append(Sample(max(0, min(peak, (sums[place] / weights[place / channels]).rounded()))))
      }
      Self.shift(&sums, by: finished * width * channels)
      Self.shift(&weights, by: finished * width)
    }
    return pixels
  }

  /// Adds the samples of a square, brought to 0 … `peak`.
  private func add<Sample>(
    _ part: PixelSamples<Sample>, at x: Int, _ peak: Float, _ sums: inout [Float], _ weights: inout [Float]
  ) {
    let channels = part.channels
    let scale = peak / Float(Sample.peak)
    for row in 0..<tileHeight {
      let vertical = weight(row, tileHeight)
      for column in 0..<tileWidth {
        let weight = vertical * weight(column, tileWidth)
        let place = row * width + x + column
        weights[place] += weight
        for channel in 0..<channels {
          sums[place * channels + channel] +=
            weight * scale * Float(part.pixels[(row * tileWidth + column) * channels + channel])
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
