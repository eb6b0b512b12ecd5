/// How the pixels of a convolution's two sides belong together.
///
/// A convolution and its transpose relate a *large* grid and a *small* one: tap t of small pixel s touches large pixel
/// `s · stride − zeroPadding + t`. A convolution reads the large grid, a transposed one writes it. What reflection
/// padding and nearest-neighbour upsampling add is a matter of where a pixel of the large grid is read from.
package struct ConvolutionGeometry: Sendable, Hashable {
  /// What a convolution sees beyond the border.
  package enum PaddingMode: Sendable, Hashable {
    /// Zeros.
    case zero
    /// The image mirrored at its border pixels; at most `extent − 1` deep.
    case reflection
  }

  /// Whether the output is the large grid.
  package var isTransposed = false
  /// Taps along one axis.
  package var kernel: Int
  /// Large pixels from one small pixel to the next.
  package var stride = 1
  /// Pixels added on each side of the large grid.
  package var padding = 0
  /// What they hold.
  package var paddingMode = PaddingMode.zero
  /// Rows and columns that a transposed convolution appends to tell apart large grids of the same small one.
  package var outputPadding = 0
  /// How often each pixel is repeated along both axes before padding: 1, or 2 for resize-convolution.
  package var upsampling = 1

  /// A convolution with stride 1 and no padding.
  package init(kernel: Int) { self.kernel = kernel }

  /// A convolution.
  package static func convolution(
    kernel: Int, stride: Int = 1, padding: Int = 0, paddingMode: PaddingMode = .zero, upsampling: Int = 1
  ) -> ConvolutionGeometry {
    var geometry = ConvolutionGeometry(kernel: kernel)
    geometry.stride = stride
    geometry.padding = padding
    geometry.paddingMode = paddingMode
    geometry.upsampling = upsampling
    return geometry
  }

  /// A transposed convolution with zero padding.
  package static func transposed(
    kernel: Int, stride: Int, padding: Int, outputPadding: Int = 0
  ) -> ConvolutionGeometry {
    var geometry = ConvolutionGeometry(kernel: kernel)
    geometry.isTransposed = true
    geometry.stride = stride
    geometry.padding = padding
    geometry.outputPadding = outputPadding
    return geometry
  }

  /// Taps of the kernel.
  var taps: Int { kernel * kernel }

  /// Zero padding alone; reflection is part of the large grid.
  var zeroPadding: Int { paddingMode == .zero ? padding : 0 }

  /// Whether the large grid of a convolution is its input, pixel by pixel.
  var readsInputDirectly: Bool { upsampling == 1 && (paddingMode == .zero || padding == 0) }

  /// The output extent for an input extent; nil where the kernel does not fit or a reflection would leave the image.
  package func outputExtent(_ input: Int) -> Int? {
    guard input > 0 else { return nil }
    if isTransposed {
      let output = (input - 1) * stride - 2 * padding + kernel + outputPadding
      return output > 0 ? output : nil
    }
    if paddingMode == .reflection, padding >= input * upsampling { return nil }
    let padded = input * upsampling + 2 * padding
    return padded >= kernel ? (padded - kernel) / stride + 1 : nil
  }

  /// The extent of the large grid for an input extent.
  func largeExtent(input: Int) -> Int {
    if isTransposed { return (input - 1) * stride - 2 * padding + kernel + outputPadding }
    return input * upsampling + (paddingMode == .reflection ? 2 * padding : 0)
  }

  /// The input coordinate that a convolution's large coordinate is read from.
  func source(of large: Int, input: Int) -> Int {
    var position = large
    let extent = input * upsampling
    if paddingMode == .reflection {
      position -= padding
      if position < 0 { position = -position }
      if position >= extent { position = 2 * (extent - 1) - position }
    }
    return position / upsampling
  }
}
