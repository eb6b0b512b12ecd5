import Files
import Foundation

/// How much two pictures differ, by the three usual numbers; alpha is not compared.
///
/// Pictures of 16 bits are compared in full; numbers are in units of 8 bits, so that they compare with those of others.
public struct ImageMetrics: Sendable, Equatable, Codable {
  /// Mean absolute error of the samples, 0 (equal) to 255; one of 16 bits counts as 1/257.
  public var meanAbsoluteError: Double
  /// Peak signal-to-noise ratio in decibels, 10 log₁₀(peak² / mean squared error); infinite for equal pictures, which
  /// JSON writes as null.
  public var psnr: Double
  /// Mean structural similarity, −1 to 1 (equal).
  public var ssim: Double

  /// Metrics of the given values.
  public init(meanAbsoluteError: Double, psnr: Double, ssim: Double) {
    self.meanAbsoluteError = meanAbsoluteError
    self.psnr = psnr
    self.ssim = ssim
  }

  /// Compares two pictures of one size; where just one of them is grey it is taken as RGB, where just one has 16 bits the
  /// other is widened.
  ///
  /// - Throws: `FileError` naming both sizes where they differ, or where there are no pixels.
  public static func compare(_ a: Picture, _ b: Picture) throws -> ImageMetrics {
    guard a.width == b.width, a.height == b.height else {
      throw FileError(
        path: nil,
        problem: "images of \(a.width) × \(a.height) and \(b.width) × \(b.height) pixels cannot be compared",
        advice: "bring them to one size")
    }
    guard a.width > 0, a.height > 0 else {
      throw FileError(path: nil, problem: "images without pixels cannot be compared")
    }
    let channels = max(a.channels, b.channels)
    let bitDepth = max(a.bitDepth, b.bitDepth)
    let (a, b) = (
      a.converted(channels: channels).converted(bitDepth: bitDepth),
      b.converted(channels: channels).converted(bitDepth: bitDepth)
    )
    switch (a.content, b.content) {
    case (.bytes(let a), .bytes(let b)): return compare(a, b)
    case (.words(let a), .words(let b)): return compare(a, b)
    default: preconditionFailure("both have one depth")
    }
  }

  /// Samples whose squares are summed as an integer: 2²⁰ · 2³² is exact as a double too.
  private static let blockSize = 1 << 20

  private static func compare<Sample>(_ a: PixelSamples<Sample>, _ b: PixelSamples<Sample>) -> ImageMetrics {
    let peak = Double(Sample.peak)
    var absolute = 0
    // Squares of 16 bits in a very large picture overflow an integer: each block is summed exactly, blocks as doubles.
    var squared = 0.0
    a.pixels.withUnsafeBufferPointer { a in
      b.pixels.withUnsafeBufferPointer { b in
        for start in stride(from: 0, to: a.count, by: blockSize) {
          var blockSquared = 0
          for i in start..<min(start + blockSize, a.count) {
            let difference = Int(a[i]) - Int(b[i])
            absolute += abs(difference)
            blockSquared += difference * difference
          }
          squared += Double(blockSquared)
        }
      }
    }
    let count = Double(a.pixels.count)
    return ImageMetrics(
      meanAbsoluteError: Double(absolute) / count * (255 / peak),
      psnr: 10 * log10(peak * peak * count / squared),
      ssim: StructuralSimilarity.mean(a, b))
  }

  private enum CodingKeys: String, CodingKey {
    case psnr, ssim
    case meanAbsoluteError = "mean_absolute_error"
  }

  /// Reads the three numbers; null stands for an infinite PSNR.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    meanAbsoluteError = try values.decode(Double.self, forKey: .meanAbsoluteError)
    psnr = try values.decode(Double?.self, forKey: .psnr) ?? .infinity
    ssim = try values.decode(Double.self, forKey: .ssim)
  }

  /// Writes the three numbers; an infinite PSNR becomes null.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(meanAbsoluteError, forKey: .meanAbsoluteError)
    try values.encode(psnr.isFinite ? psnr : nil, forKey: .psnr)
    try values.encode(ssim, forKey: .ssim)
  }
}
