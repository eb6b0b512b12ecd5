import Foundation

/// The metrics of two pictures of one size that come some rows at a time: the same numbers, to the last bit, as of the
/// whole.
struct PictureComparison {
  private let channels: Int
  private let bitDepth: Int
  private var absolute = 0
  /// Squares of 16 bits in a very large picture overflow an integer: each block is summed exactly, blocks as doubles.
  private var squared = 0.0
  private var blockSquared = 0
  private var blockCount = 0
  private var count = 0
  private var similarity: StructuralSimilarity
  /// Of opacity, while both pictures have had it in all rows.
  private var opacity: Int? = 0

  /// Samples whose squares are summed as an integer: 2²⁰ · 2³² is exact as a double too.
  private static let blockSize = 1 << 20

  /// A comparison of pictures of this size, with at least one pixel.
  ///
  /// - Parameters:
  ///   - channels: 1 or 3, the more of both pictures
  ///   - bitDepth: likewise
  init(width: Int, height: Int, channels: Int, bitDepth: Int) {
    (self.channels, self.bitDepth) = (channels, bitDepth)
    similarity = StructuralSimilarity(
      width: width, height: height, channels: channels, peak: bitDepth == 16 ? UInt16.peak : UInt8.peak)
  }

  /// Takes in the next rows of both pictures, equally many: grey counts as RGB where the other picture has colour, 8 bits
  /// are widened where the other one has 16.
  mutating func add(_ a: Picture, _ b: Picture) {
    precondition(a.width == b.width && a.height == b.height, "rows are compared with rows")
    let (a, b) = (
      a.converted(channels: channels).converted(bitDepth: bitDepth),
      b.converted(channels: channels).converted(bitDepth: bitDepth)
    )
    switch (a.content, b.content) {
    case (.bytes(let a), .bytes(let b)): add(a, b)
    case (.words(let a), .words(let b)): add(a, b)
    default: preconditionFailure("both have one depth")
    }
  }

  private mutating func add<Sample>(_ a: PixelSamples<Sample>, _ b: PixelSamples<Sample>) {
    a.pixels.withUnsafeBufferPointer { a in
      b.pixels.withUnsafeBufferPointer { b in
        var done = 0
        while done < a.count {
          let end = min(a.count, done + Self.blockSize - blockCount)
          var (absolute, squared) = (0, 0)
          for i in done..<end {
            let difference = Int(a[i]) - Int(b[i])
            absolute += abs(difference)
            squared += difference * difference
          }
          self.absolute += absolute
          blockSquared += squared
          blockCount += end - done
          if blockCount == Self.blockSize { endBlock() }
          done = end
        }
        count += a.count
      }
    }
    if let first = a.alpha, let second = b.alpha, let sum = opacity {
      opacity = zip(first, second).reduce(sum) { $0 + abs(Int($1.0) - Int($1.1)) }
    } else {
      opacity = nil
    }
    similarity.add(a, b)
  }

  private mutating func endBlock() {
    squared += Double(blockSquared)
    (blockSquared, blockCount) = (0, 0)
  }

  /// What came out, when all rows are there.
  var metrics: ImageMetrics {
    let peak = bitDepth == 16 ? Double(UInt16.peak) : Double(UInt8.peak)
    let samples = Double(count)
    return ImageMetrics(
      meanAbsoluteError: Double(absolute) / samples * (255 / peak),
      psnr: 10 * log10(peak * peak * samples / (squared + Double(blockSquared))), ssim: similarity.mean,
      opacityError: opacity.map { Double($0) / (samples / Double(channels)) * (255 / peak) })
  }
}
