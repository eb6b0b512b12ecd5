/// How an image is made larger without learning.
package enum EnlargingMethod: Sendable, Equatable {
  /// Each pixel is repeated.
  case nearest
  /// Linearly between the centres of pixels, which are half a pixel from the border (`align_corners` false in PyTorch);
  /// beyond the outermost centres their own values.
  case bilinear
}
