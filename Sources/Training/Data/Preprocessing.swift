/// How an image file becomes a training image (`--preprocess` of the public code).
public enum Preprocessing: String, Sendable, Codable, CaseIterable {
  /// Resized to `loadSize × loadSize`, then a random crop of `cropSize × cropSize`.
  case resizeAndCrop = "resize-and-crop"
  /// A random crop of `cropSize × cropSize` from the image as it is.
  case crop
  /// Resized to the width `loadSize`, aspect ratio kept.
  case scaleWidth = "scale-width"
  /// Resized to the width `loadSize`, aspect ratio kept, then a random crop of `cropSize × cropSize`.
  case scaleWidthAndCrop = "scale-width-and-crop"
  /// As it is.
  case none

  /// Whether the image is resized first.
  public var resizes: Bool { self == .resizeAndCrop || self == .scaleWidth || self == .scaleWidthAndCrop }
  /// Whether every training image ends up `cropSize × cropSize`.
  public var crops: Bool { self == .resizeAndCrop || self == .crop || self == .scaleWidthAndCrop }
}
