/// One picture: 8-bit samples as they stand in a PNG file, no colour management.
///
/// Its parts are fixed when it is made, so that whoever walks its samples by pointer can trust their number.
public struct Picture: Sendable, Equatable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 (grey) or 3 (RGB).
  public let channels: Int
  /// `height × width × channels` samples, rows from top to bottom, channels interleaved.
  public let pixels: [UInt8]
  /// `height × width` opacity samples, not multiplied into `pixels`; nil where the picture has none.
  public let alpha: [UInt8]?

  /// A picture of the given samples; traps where their number does not fit the size (a programmer's error).
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8], alpha: [UInt8]? = nil) {
    precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels")
    precondition(
      pixels.count == Self.sampleCount(width: width, height: height, channels: channels),
      "pixels do not fit the image size")
    precondition(
      alpha.map { $0.count == Self.sampleCount(width: width, height: height, channels: 1) } ?? true,
      "alpha does not fit the image size")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
    self.alpha = alpha
  }

  /// The same picture with other opacity samples, `height × width` of them, or with none; traps where there are more or
  /// fewer (a programmer's error).
  public func withAlpha(_ alpha: [UInt8]?) -> Picture {
    Picture(width: width, height: height, channels: channels, pixels: pixels, alpha: alpha)
  }

  /// Samples of a picture of this size; traps where there can be none of it (a programmer's error).
  package static func sampleCount(width: Int, height: Int, channels: Int) -> Int {
    // 2³¹ − 1 is the longest side that a PNG can have: sums of sides overflow nowhere.
    let sides = 0...Int(Int32.max)
    precondition(sides.contains(width) && sides.contains(height), "an image has 0 to 2³¹ − 1 pixels a side")
    let (count, overflow) = (width * height).multipliedReportingOverflow(by: channels)
    precondition(!overflow, "an image of this size has more samples than can be counted")
    return count
  }
}
