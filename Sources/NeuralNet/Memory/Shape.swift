/// The extent of a batch of images or feature maps.
///
/// Axes are named as everywhere in this package: N images, C channels, H rows, W columns. Shapes are written
/// (N, C, H, W); in memory the channels of a pixel lie together (NHWC), because every kernel runs along them.
package struct Shape: Sendable, Hashable, CustomStringConvertible {
  /// Images.
  package var n: Int
  /// Channels.
  package var c: Int
  /// Rows.
  package var h: Int
  /// Columns.
  package var w: Int

  /// The shape (n, c, h, w).
  package init(_ n: Int, _ c: Int, _ h: Int, _ w: Int) {
    self.n = n
    self.c = c
    self.h = h
    self.w = w
  }

  /// Pixels of all images.
  package var pixels: Int { n * h * w }
  /// Numbers of all images.
  package var count: Int { pixels * c }

  /// `(N, C, H, W)`
  package var description: String { "(\(n), \(c), \(h), \(w))" }
}
