import Images

/// How a picture is translated in squares: each is seen with so much around it that little beyond could change it, and fades
/// into its neighbours.
///
/// Squares begin at multiples of what the network halves, as the whole picture does, so a square's pixels take the same
/// places on every coarser grid. Where what is seen around a square reaches as far as the network does, and statistics are
/// not the picture's own, squares make what the whole makes.
struct Tiling {
  /// A part of the picture, in pixels.
  struct Square: Equatable {
    var x: Int
    var y: Int
    var width: Int
    var height: Int
  }

  private let width: Int
  private let height: Int
  let columns: EnlargedTiles.Axis
  let rows: EnlargedTiles.Axis
  /// Pixels to each side of a border over which squares fade.
  let fade: Int

  /// Where squares see all that a pixel depends on, no fading is needed to hide a border: this is how wide it is at most.
  private static let widestFade = 32

  /// - Parameters:
  ///   - width: of the padded picture, a multiple of `multiple`; so is `height`
  ///   - tile: pixels that are taken from each square, along both axes
  ///   - overlap: pixels that are seen around them
  ///   - reach: how far the network sees
  init(width: Int, height: Int, tile: Int, overlap: Int, multiple: Int, reach: Int) {
    (self.width, self.height) = (width, height)
    columns = EnlargedTiles.Axis(width, tile: tile, overlap: overlap, multiple: multiple)
    rows = EnlargedTiles.Axis(height, tile: tile, overlap: overlap, multiple: multiple)
    let seen = (overlap + multiple - 1) / multiple * multiple
    fade = seen >= reach ? min(seen - reach, Self.widestFade) : seen / 2
  }

  /// Whether one square is the whole picture.
  var isWhole: Bool { columns.starts.count == 1 && rows.starts.count == 1 }

  /// How many squares there are.
  var count: Int { columns.starts.count * rows.starts.count }

  /// Bytes that putting the picture together takes: the picture, and one row of squares.
  func bytes(channels: Int, bitDepth: Int) -> Int { width * (height + rows.length) * channels * bitDepth / 8 }

  /// The whole picture from the translations of its squares, row by row from the top left.
  func assemble(channels: Int, bitDepth: Int, _ translate: (Square) throws -> Picture) rethrows -> Picture {
    if bitDepth == 16 {
      let pixels = try samples(channels, translate) { part -> [UInt16]? in
        if case .words(let samples) = part.content { samples.pixels } else { nil }
      }
      return Picture(width: width, height: height, channels: channels, pixels16: pixels)
    }
    return try Picture(
      width: width, height: height, channels: channels, pixels: samples(channels, translate) { $0.pixels })
  }

  private func samples<Sample: PixelSample>(
    _ channels: Int, _ translate: (Square) throws -> Picture, _ pixels: (Picture) -> [Sample]?
  ) rethrows -> [Sample] {
    let line = width * channels
    var whole = [Sample](repeating: 0, count: line * height)
    for (row, y) in rows.starts.enumerated() {
      // One row of squares, which fade into each other, and then together into the row above.
      var strip = [Sample](repeating: 0, count: line * rows.length)
      for (column, x) in columns.starts.enumerated() {
        let part = try translate(Square(x: x, y: y, width: columns.length, height: rows.length))
        guard let samples = pixels(part) else { preconditionFailure("every square has the depth that was asked for") }
        let (positions, border) = (taken(columns, column), columns.borders[column])
        for from in 0..<rows.length {
          for position in positions {
            let weight = weight(position, border, isFirst: column == 0)
            let source = (from * columns.length + position - x) * channels
            let target = from * line + position * channels
            for channel in 0..<channels { Self.mix(samples[source + channel], weight, into: &strip[target + channel]) }
          }
        }
      }
      for position in taken(rows, row) {
        let weight = weight(position, rows.borders[row], isFirst: row == 0)
        let (source, target) = ((position - y) * line, position * line)
        for place in 0..<line { Self.mix(strip[source + place], weight, into: &whole[target + place]) }
      }
    }
    return whole
  }

  /// The positions that a square writes: what is taken from it, and what fades on both sides.
  private func taken(_ axis: EnlargedTiles.Axis, _ index: Int) -> Range<Int> {
    let isLast = index + 1 == axis.starts.count
    return (index == 0 ? 0 : axis.borders[index] - fade)..<axis.borders[index + 1] + (isLast ? 0 : fade)
  }

  /// How much a square counts against the one before it: from 0 to 1 around the border between them.
  private func weight(_ position: Int, _ border: Int, isFirst: Bool) -> Float {
    guard !isFirst, position < border + fade else { return 1 }
    return (Float(position - border + fade) + 0.5) / Float(2 * fade)
  }

  @inline(__always)
  private static func mix<Sample: PixelSample>(_ sample: Sample, _ weight: Float, into place: inout Sample) {
    guard weight < 1 else { return place = sample }
    place = Sample((Float(place) + weight * (Float(sample) - Float(place))).rounded())
  }
}
