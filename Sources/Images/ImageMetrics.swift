import Files
import Foundation

/// How much two pictures differ, by the three usual numbers of their colours; of opacity by one beside them.
///
/// Colours are compared whatever opacity is, as by tools that drop it: numbers agree with those of others.
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
  /// Mean absolute error of opacity, 0 (equal) to 255; nil: not both have any.
  public var opacityError: Double?

  /// Metrics of the given values.
  public init(meanAbsoluteError: Double, psnr: Double, ssim: Double, opacityError: Double? = nil) {
    self.opacityError = opacityError
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
    var comparison = PictureComparison(
      width: a.width, height: a.height, channels: max(a.channels, b.channels), bitDepth: max(a.bitDepth, b.bitDepth))
    comparison.add(a, b)
    return comparison.metrics
  }

  private enum CodingKeys: String, CodingKey {
    case psnr, ssim
    case meanAbsoluteError = "mean_absolute_error"
    case opacityError = "opacity_mean_absolute_error"
  }

  /// Reads the numbers; null stands for an infinite PSNR.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    meanAbsoluteError = try values.decode(Double.self, forKey: .meanAbsoluteError)
    psnr = try values.decode(Double?.self, forKey: .psnr) ?? .infinity
    ssim = try values.decode(Double.self, forKey: .ssim)
    opacityError = try values.decodeIfPresent(Double.self, forKey: .opacityError)
  }

  /// Writes the numbers, that of opacity where there is one; an infinite PSNR becomes null.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(meanAbsoluteError, forKey: .meanAbsoluteError)
    try values.encode(psnr.isFinite ? psnr : nil, forKey: .psnr)
    try values.encode(ssim, forKey: .ssim)
    try values.encodeIfPresent(opacityError, forKey: .opacityError)
  }
}
