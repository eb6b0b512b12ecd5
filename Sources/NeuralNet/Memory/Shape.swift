/// The extent of a batch of images or feature maps.
///
/// Axes are named as everywhere in this package: N images, C channels, H rows, W columns. Shapes are written
/// (N, C, H, W); in memory the channels of a pixel lie together (NHWC), because every kernel runs along them.
public struct Shape: Sendable, Hashable, CustomStringConvertible {
  /// Images.
  public var n: Int
  /// Channels.
  public var c: Int
  /// Rows.
  public var h: Int
  /// Columns.
  public var w: Int

  /// The shape (n, c, h, w).
  public init(_ n: Int, _ c: Int, _ h: Int, _ w: Int) {
    self.n = n
    self.c = c
    self.h = h
    self.w = w
  }

  /// Pixels of all images.
  public var pixels: Int { n * h * w }
  /// Numbers of all images.
  public var count: Int { pixels * c }

  /// `(N, C, H, W)`
  public var description: String { "(\(n), \(c), \(h), \(w))" }
}
