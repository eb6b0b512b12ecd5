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

  /// Writes a row of the picture that `padding` makes of `image`, mirrored borders included, as (W, C) floats.
  ///
  /// - Parameters:
  ///   - row: of `image`, not of what `padding` makes of it
  ///   - destination: padded width pixels, `pixelStride` floats apart
  package static func write(
    row: Int, of image: Picture, _ padding: Padding, as numbers: PixelNumbers,
    to destination: UnsafeMutablePointer<Float>, pixelStride: Int, range: ClosedRange<Float> = -1...1
  ) {
    write(
      image, window: Window(x: 0, y: row, width: image.width, height: 1), flipped: false, as: numbers,
      to: destination + padding.left * pixelStride, pixelStride: pixelStride, range: range)
    for column in 0..<padding.paddedWidth where !(padding.left..<padding.left + padding.width).contains(column) {
      (destination + column * pixelStride).update(
        from: destination + (padding.left + padding.sourceColumn(column)) * pixelStride, count: numbers.count)
    }
  }

  /// Writes what `padding` makes of `image`, mirrored borders included, as (H, W, C) floats.
  package static func write(
    _ image: Picture, _ padding: Padding, as numbers: PixelNumbers, to destination: UnsafeMutablePointer<Float>,
    pixelStride: Int, range: ClosedRange<Float> = -1...1
  ) {
    for row in 0..<padding.paddedHeight {
      write(
        row: padding.sourceRow(row), of: image, padding, as: numbers,
        to: destination + row * padding.paddedWidth * pixelStride, pixelStride: pixelStride, range: range)
    }
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

  /// Writes the pixels of `window` (inside the image; nil: all), mirrored left to right where `flipped`, as (H, W, C) floats: pixel i
  /// starts at `destination + i × pixelStride`.
  ///
  /// What lies between the numbers and the next pixel is left as it is. `destination` holds at least
  /// `(H × W - 1) × pixelStride + C` floats.
  ///
  /// - Parameters:
  ///   - numbers: what is written of a pixel; `image` has as many channels as their colours. nil: its channels
  ///   - range: what becomes of black and white; of opacity likewise; L*a*b* has its own
  package static func write(
    _ image: Picture, window: Window? = nil, flipped: Bool = false, as numbers: PixelNumbers? = nil,
    to destination: UnsafeMutablePointer<Float>, pixelStride: Int, range: ClosedRange<Float> = -1...1
  ) {
    let window = window ?? Window(x: 0, y: 0, width: image.width, height: image.height)
    let numbers = numbers ?? .colour(image.channels)
    precondition(pixelStride >= numbers.count, "pixels overlap")
    precondition(numbers.colours == image.channels, "numbers are written from as many channels as they need")
    precondition(
      window.x >= 0 && window.y >= 0 && window.width >= 0 && window.height >= 0
        && window.width <= image.width - window.x && window.height <= image.height - window.y,
      "the window leaves the image")
    switch image.content {
    case .bytes(let samples):
      values(range).withUnsafeBufferPointer { values in
        write(samples, window, flipped, numbers, destination, pixelStride, linear: Lab.linear) { values[Int($0)] }
      }
    case .words(let samples):
      if range.lowerBound == 0 {
        write(samples, window, flipped, numbers, destination, pixelStride, linear: Lab.linear) { Float($0) / 65535 }
      } else {
        write(samples, window, flipped, numbers, destination, pixelStride, linear: Lab.linear) {
          (Float($0) / 65535 - 0.5) / 0.5
        }
      }
    }
  }

  @inline(__always)
  private static func write<Sample>(
    _ samples: PixelSamples<Sample>, _ window: Window, _ flipped: Bool, _ numbers: PixelNumbers,
    _ destination: UnsafeMutablePointer<Float>, _ pixelStride: Int, linear: (Sample) -> Double,
    _ value: (Sample) -> Float
  ) {
    switch numbers {
    case .colour: write(samples, window, flipped, destination, pixelStride, value)
    case .colourAndOpacity(let colours):
      write(samples, window, flipped, destination, pixelStride, value)
      forEachPixel(window, flipped, samples.width, destination + colours, pixelStride) { pixel, target in
        target.pointee = value(samples.alpha?[pixel] ?? Sample.max)
      }
    case .lightness, .chroma:
      let isLightness = numbers == .lightness
      samples.pixels.withUnsafeBufferPointer { pixels in
        forEachPixel(window, flipped, samples.width, destination, pixelStride) { pixel, target in
          let color = SIMD3(linear(pixels[3 * pixel]), linear(pixels[3 * pixel + 1]), linear(pixels[3 * pixel + 2]))
          let lab = Lab.lab(linear: color)
          if isLightness {
            target[0] = Float(lab.x / Lab.lightnessScale - 1)
          } else {
            target[0] = Float(lab.y / Lab.chromaScale)
            target[1] = Float(lab.z / Lab.chromaScale)
          }
        }
      }
    }
  }

  /// Calls `body` with the place of each pixel of a window among those of the picture, and where it goes.
  @inline(__always)
  private static func forEachPixel(
    _ window: Window, _ flipped: Bool, _ width: Int, _ destination: UnsafeMutablePointer<Float>, _ pixelStride: Int,
    _ body: (_ pixel: Int, _ target: UnsafeMutablePointer<Float>) -> Void
  ) {
    for row in 0..<window.height {
      for column in 0..<window.width {
        let place = row * window.width + (flipped ? window.width - 1 - column : column)
        body((window.y + row) * width + window.x + column, destination + place * pixelStride)
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
  /// nearest and clamped; NaN becomes 0. The last of 2 or 4 channels is opacity.
  ///
  /// Pixel i is read from `source + i × pixelStride`.
  package static func image(
    from source: UnsafePointer<Float>, width: Int, height: Int, channels: Int, pixelStride: Int, bitDepth: Int = 8,
    range: ClosedRange<Float> = -1...1
  ) -> Picture {
    let numbers = PixelNumbers(count: channels)
    let peak: Float = bitDepth == 16 ? 65535 : 255
    let (black, step) = (range.lowerBound, peak / (range.upperBound - range.lowerBound))
    precondition(pixelStride >= channels, "pixels overlap")
    precondition(bitDepth == 8 || bitDepth == 16, "a sample has 8 or 16 bits")
    let pixels = width * height
    func plane<Sample>(_ first: Int, _ count: Int, _ sample: (Float) -> Sample) -> [Sample] {
      [Sample](unsafeUninitializedCapacity: pixels * count) { samples, initialized in
        read(source + first, count, pixelStride, samples.baseAddress, pixels: pixels, sample)
        initialized = pixels * count
      }
    }
    let colours = numbers.colours
    if bitDepth == 16 {
      return Picture(
        width: width, height: height, channels: colours, pixels16: plane(0, colours) { word(($0 - black) * step) },
        alpha16: numbers.hasOpacity ? plane(colours, 1) { word(($0 - black) * step) } : nil)
    }
    return Picture(
      width: width, height: height, channels: colours, pixels: plane(0, colours) { byte(($0 - black) * step) },
      alpha: numbers.hasOpacity ? plane(colours, 1) { byte(($0 - black) * step) } : nil)
  }

  /// The colour picture of lightness and chroma as networks see them (`PixelNumbers`), (H, W, 1) and (H, W, 2) floats;
  /// NaN becomes 0.
  package static func image(
    lightness: UnsafePointer<Float>, lightnessStride: Int, chroma: UnsafePointer<Float>, chromaStride: Int, width: Int,
    height: Int, bitDepth: Int = 8
  ) -> Picture {
    precondition(lightnessStride >= 1 && chromaStride >= 2, "pixels overlap")
    let pixels = width * height
    func samples<Sample>(_ sample: (Double) -> Sample) -> [Sample] {
      [Sample](unsafeUninitializedCapacity: 3 * pixels) { samples, initialized in
        for pixel in 0..<pixels {
          let place = chroma + pixel * chromaStride
          let color = Lab.rgb(
            SIMD3(
              (Double(lightness[pixel * lightnessStride]) + 1) * Lab.lightnessScale,
              Double(place[0]) * Lab.chromaScale, Double(place[1]) * Lab.chromaScale))
          for channel in 0..<3 { samples[3 * pixel + channel] = sample(color[channel]) }
        }
        initialized = 3 * pixels
      }
    }
    if bitDepth == 16 {
      return Picture(width: width, height: height, channels: 3, pixels16: samples { word(Float($0 * 65535)) })
    }
    return Picture(width: width, height: height, channels: 3, pixels: samples { byte(Float($0 * 255)) })
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
