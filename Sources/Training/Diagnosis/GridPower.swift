import Foundation
import Images

/// How far a grid of 2 or 4 pixels stands out of a picture: what strided transposed convolutions leave behind (Odena et al.,
/// 2016, "Deconvolution and checkerboard artifacts").
///
/// The power spectrum of rows, and that of columns, is taken at the grid's frequency and at its neighbours. A picture's own
/// spectrum is smooth there; a grid is a line in it. The smaller of both directions counts: a real fence has one, the
/// artifact both.
enum GridPower {
  /// Periods of the last two upsamplings, in pixels. Longer ones are those of JPEG's blocks, too.
  private static let periods = [2, 4]
  /// Rows shorter than this do not resolve neighbours.
  private static let shortest = 32
  private static let longest = 256
  /// Bins beside the line that a Hann window leaves untouched by it.
  private static let neighbours = [3, 4, 5]
  /// The standard deviation, in levels, of noise that would be seen as little: weaker grids do not count.
  private static let unseen = 3.0

  /// How far the grid of `outputs` stands out, as a multiple of that of `targets` where these have one: medians over the
  /// pictures, of the worst period; nil where all are too small.
  static func checkerboard(_ outputs: [Picture], against targets: [Picture]) -> Double? {
    periods.compactMap { period in
      guard let own = median(outputs.compactMap { prominence($0, period: period) }) else { return nil }
      return own / max(1, median(targets.compactMap { prominence($0, period: period) }) ?? 1)
    }.max()
  }

  private static func median(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }

  /// Power at the grid's frequency against its neighbours, in the direction where it stands out less; nil for small pictures.
  static func prominence(_ picture: Picture, period: Int) -> Double? {
    let (width, height) = (picture.width, picture.height)
    let grey = (0..<width * height).map { pixel in
      (0..<picture.channels).reduce(Float(0)) { $0 + Float(picture.pixels[pixel * picture.channels + $1]) }
        / Float(picture.channels)
    }
    guard let rows = prominence(grey, width, 1, lines: height, width, period),
      let columns = prominence(grey, height, width, lines: width, 1, period)
    else { return nil }
    return min(rows, columns)
  }

  /// Likewise for lines of `length` samples that lie `stride` apart, one line `lineStride` after the other.
  private static func prominence(
    _ grey: [Float], _ length: Int, _ stride: Int, lines: Int, _ lineStride: Int, _ period: Int
  ) -> Double? {
    let count = min(length, longest) / 8 * 8
    guard count >= shortest, lines >= shortest else { return nil }
    let window = (0..<count).map { 0.5 - 0.5 * cos(2 * Double.pi * (Double($0) + 0.5) / Double(count)) }
    let centre = count / period
    let bins = [centre] + neighbours.flatMap { period == 2 ? [centre - $0] : [centre - $0, centre + $0] }
    let powers = bins.map { bin in
      let waves = (0..<count).map { place in
        let phase = 2 * Double.pi * Double(bin * place % count) / Double(count)
        return (Float(window[place] * cos(phase)), Float(window[place] * sin(phase)))
      }
      var sum = 0.0
      for line in 0..<lines {
        var (real, imaginary) = (Float(0), Float(0))
        var place = line * lineStride
        for wave in waves {
          real += wave.0 * grey[place]
          imaginary += wave.1 * grey[place]
          place += stride
        }
        sum += Double(real * real + imaginary * imaginary)
      }
      return sum / Double(lines)
    }
    let floor = unseen * unseen * window.reduce(0) { $0 + $1 * $1 }
    return (powers[0] + floor) / (powers.dropFirst().reduce(0, +) / Double(powers.count - 1) + floor)
  }
}
