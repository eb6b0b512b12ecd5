/// Extents of a picture in pixels, in metadata as `512x256`.
package struct PictureSize: Sendable, Equatable {
  /// Pixels in a row, at least 1.
  package let width: Int
  /// Rows, at least 1.
  package let height: Int

  /// Nil where one of them is below 1.
  package init?(width: Int, height: Int) {
    guard width > 0, height > 0 else { return nil }
    (self.width, self.height) = (width, height)
  }

  /// Reads what `text` writes; nil for anything else.
  init?(_ text: String) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]) else { return nil }
    self.init(width: width, height: height)
  }

  /// `512x256`
  package var text: String { "\(width)x\(height)" }
}
