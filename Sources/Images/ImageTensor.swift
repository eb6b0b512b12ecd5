/// Between bytes and the numbers that networks see: NHWC floats, each pixel at a fixed stride, in [-1, 1] unless a network
/// says otherwise.
///
/// The values are those of torchvision's `ToTensor` followed by `Normalize(0.5, 0.5)`, to the last bit; 16 bits are
/// divided by 65535 instead.
package enum ImageTensor {
  /// `(v / 255 - 0.5) / 0.5` for each byte: a table, since dividing twice a sample is what takes the time.
  private static let signedValues: [Float] = (0..<256).map { (Float($0) / 255 - 0.5) / 0.5 }
  /// `v / 255`, as networks see that take black for 0.
  private static let unitValues: [Float] = (0..<256).map { Float($0) / 255 }

  /// What every byte becomes if black is the lower bound of `range`, which is -1 or 0, and white the upper one, 1.
  private static func values(_ range: ClosedRange<Float>) -> [Float] {
    precondition(range == -1...1 || range == 0...1, "networks see values from -1 or from 0 to 1")
    return range.lowerBound == 0 ? unitValues : signedValues
  }

  /// Writes `image` as (H, W, C) floats in `range`: pixel i starts at `destination + i × pixelStride`.
  ///
  /// What lies between the channels and the next pixel is left as it is. `destination` holds at least
  /// `(H × W - 1) × pixelStride + C` floats.
  package static func write(
    _ image: Picture, to destination: UnsafeMutablePointer<Float>, pixelStride: Int,
    range: ClosedRange<Float> = -1...1
  ) {
    write(
      image, window: Window(x: 0, y: 0, width: image.width, height: image.height), flipped: false, to: destination,
      pixelStride: pixelStride, range: range)
  }

  /// A part of an image, in pixels.
  package struct Window: Equatable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }

    /// All of `image`.
    package static func all(of image: Picture) -> Window {
      Window(x: 0, y: 0, width: image.width, height: image.height)
    }
  }

  /// Writes the pixels of `window` (inside the image), mirrored left to right where `flipped`.
  package static func write(
    _ image: Picture, window: Window, flipped: Bool, to destination: UnsafeMutablePointer<Float>, pixelStride: Int,
    range: ClosedRange<Float> = -1...1
  ) {
    precondition(pixelStride >= image.channels, "pixels overlap")
    precondition(
      window.x >= 0 && window.y >= 0 && window.width >= 0 && window.height >= 0
        && window.width <= image.width - window.x && window.height <= image.height - window.y,
      "the window leaves the image")
    switch image.content {
    case .bytes(let samples):
      values(range).withUnsafeBufferPointer { values in
        write(samples, window, flipped, destination, pixelStride) { values[Int($0)] }
      }
    case .words(let samples):
      if range.lowerBound == 0 {
        write(samples, window, flipped, destination, pixelStride) { Float($0) / 65535 }
      } else {
        write(samples, window, flipped, destination, pixelStride) { (Float($0) / 65535 - 0.5) / 0.5 }
      }
    }
  }

  @inline(__always)
  private static func write<Sample>(
    _ image: PixelSamples<Sample>, _ window: Window, _ flipped: Bool, _ destination: UnsafeMutablePointer<Float>,
    _ pixelStride: Int, _ value: (Sample) -> Float
  ) {
    let channels = image.channels
    image.pixels.withUnsafeBufferPointer { pixels in
      guard let pixels = pixels.baseAddress else { return }
      for row in 0..<window.height {
        var source = pixels + ((window.y + row) * image.width + window.x) * channels
        var target = destination + row * window.width * pixelStride
        var step = pixelStride
        if flipped {
          target += (window.width - 1) * pixelStride
          step = -pixelStride
        }
        if channels == 3 {
          for _ in 0..<window.width {
            target[0] = value(source[0])
            target[1] = value(source[1])
            target[2] = value(source[2])
            source += 3
            target += step
          }
        } else {
          for _ in 0..<window.width {
            target[0] = value(source[0])
            source += 1
            target += step
          }
        }
      }
    }
  }

  /// The picture of (H, W, C) floats in `range`: `(x + 1) / 2 × 255` or `x × 255`, with 65535 instead for 16 bits, rounded to
  /// nearest and clamped; NaN becomes 0.
  ///
  /// Pixel i is read from `source + i × pixelStride`.
  package static func image(
    from source: UnsafePointer<Float>, width: Int, height: Int, channels: Int, pixelStride: Int, bitDepth: Int = 8,
    range: ClosedRange<Float> = -1...1
  ) -> Picture {
    let peak: Float = bitDepth == 16 ? 65535 : 255
    let (black, step) = (range.lowerBound, peak / (range.upperBound - range.lowerBound))
    precondition(pixelStride >= channels, "pixels overlap")
    precondition(bitDepth == 8 || bitDepth == 16, "a sample has 8 or 16 bits")
    let count = width * height * channels
    if bitDepth == 16 {
      let pixels = [UInt16](unsafeUninitializedCapacity: count) { samples, initialized in
        read(source, channels, pixelStride, samples.baseAddress, pixels: width * height) { word(($0 - black) * step) }
        initialized = count
      }
      return Picture(width: width, height: height, channels: channels, pixels16: pixels)
    }
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { samples, initialized in
      read(source, channels, pixelStride, samples.baseAddress, pixels: width * height) { byte(($0 - black) * step) }
      initialized = count
    }
    return Picture(width: width, height: height, channels: channels, pixels: pixels)
  }

  @inline(__always)
  private static func read<Sample>(
    _ source: UnsafePointer<Float>, _ channels: Int, _ pixelStride: Int, _ target: UnsafeMutablePointer<Sample>?,
    pixels: Int, _ sample: (Float) -> Sample
  ) {
    guard var target else { return }
    var source = source
    for _ in 0..<pixels {
      for channel in 0..<channels { target[channel] = sample(source[channel]) }
      source += pixelStride
      target += channels
    }
  }

  @inline(__always)
  private static func byte(_ value: Float) -> UInt8 {
    let scaled = value + 0.5
    // Comparisons with NaN are false: it takes the way of what is too small.
    return UInt8(truncatingIfNeeded: Int32(scaled > 0 ? (scaled < 255 ? scaled : 255) : 0))
  }

  @inline(__always)
  private static func word(_ value: Float) -> UInt16 {
    let scaled = value + 0.5
    return UInt16(truncatingIfNeeded: Int32(scaled > 0 ? (scaled < 65535 ? scaled : 65535) : 0))
  }
}
