/// One picture: 8-bit samples as they stand in a PNG file, no colour management.
public struct Image: Sendable, Equatable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 (grey) or 3 (RGB).
  public let channels: Int
  /// `height × width × channels` samples, rows from top to bottom, channels interleaved.
  public var pixels: [UInt8]
  /// `height × width` opacity samples, not multiplied into `pixels`; nil where the picture has none.
  public var alpha: [UInt8]?

  /// A picture of the given samples; traps where their number does not fit the size (a programmer's error).
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8], alpha: [UInt8]? = nil) {
    precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels")
    precondition(pixels.count == width * height * channels, "pixels do not fit the image size")
    precondition(alpha.map { $0.count == width * height } ?? true, "alpha does not fit the image size")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
    self.alpha = alpha
  }
}
