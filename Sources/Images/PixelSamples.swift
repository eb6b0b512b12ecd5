/// A sample as PNG files store it: 8 or 16 bits without sign, 0 to `peak`.
package protocol PixelSample: FixedWidthInteger, UnsignedInteger, Sendable {
  /// The value of full intensity.
  static var peak: Int { get }
}

extension UInt8: PixelSample {
  package static var peak: Int { 255 }
}

extension UInt16: PixelSample {
  package static var peak: Int { 65535 }
}

extension UInt8 {
  /// The nearest of 8 bits to a sample of 16: v / 257.
  @inline(__always)
  init(reducing sample: UInt16) { self = UInt8(truncatingIfNeeded: (UInt32(sample) + 128) / 257) }
}

extension UInt16 {
  /// The sample of 16 bits that means the same as one of 8: 257 v.
  @inline(__always)
  init(widening sample: UInt8) { self = UInt16(sample) * 257 }
}

/// The samples of a picture, all of one depth: (H, W, C) colours and, where there is opacity, (H, W) of that.
package struct PixelSamples<Sample: PixelSample>: Sendable, Equatable {
  package let width: Int
  package let height: Int
  package let channels: Int
  package let pixels: [Sample]
  package let alpha: [Sample]?

  /// Samples whose number fits the size: traps where it does not (a programmer's error).
  init(width: Int, height: Int, channels: Int, pixels: [Sample], alpha: [Sample]?) {
    precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels")
    precondition(
      pixels.count == Picture.sampleCount(width: width, height: height, channels: channels),
      "pixels do not fit the image size")
    precondition(
      alpha.map { $0.count == Picture.sampleCount(width: width, height: height, channels: 1) } ?? true,
      "alpha does not fit the image size")
    (self.width, self.height, self.channels, self.pixels, self.alpha) = (width, height, channels, pixels, alpha)
  }

  /// The same size and depth with what `transform` makes of colours and of opacity, given as many channels.
  func mapPlanes(width: Int, height: Int, _ transform: (_ samples: [Sample], _ channels: Int) -> [Sample]) -> Self {
    PixelSamples(
      width: width, height: height, channels: channels, pixels: transform(pixels, channels),
      alpha: alpha.map { transform($0, 1) })
  }

  func withAlpha(_ alpha: [Sample]?) -> Self {
    PixelSamples(width: width, height: height, channels: channels, pixels: pixels, alpha: alpha)
  }

  /// The part at (`x`, `y`).
  func cropped(x: Int, y: Int, width: Int, height: Int) -> Self {
    mapPlanes(width: width, height: height) { samples, channels in
      var part: [Sample] = []
      part.reserveCapacity(width * height * channels)
      for row in y..<y + height {
        let start = (row * self.width + x) * channels
        part += samples[start..<start + width * channels]
      }
      return part
    }
  }

  /// Left and right exchanged.
  func flippedHorizontally() -> Self {
    mapPlanes(width: width, height: height) { samples, channels in
      [Sample](unsafeUninitializedCapacity: samples.count) { target, count in
        samples.withUnsafeBufferPointer { source in
          for row in 0..<height {
            let start = row * width * channels
            var from = start + (width - 1) * channels
            var to = start
            for _ in 0..<width {
              for channel in 0..<channels { target[to + channel] = source[from + channel] }
              from -= channels
              to += channels
            }
          }
        }
        count = samples.count
      }
    }
  }

  /// The pixels that `padding` shows, without opacity.
  func padded(_ padding: Padding) -> Self {
    PixelSamples(
      width: padding.paddedWidth, height: padding.paddedHeight, channels: channels,
      pixels: padding.isEmpty ? pixels : padding.apply(to: pixels, channels: channels), alpha: nil)
  }

  /// `other`, as high and with as many channels, on the right of this; without opacity.
  func joined(_ other: Self) -> Self {
    var joined: [Sample] = []
    joined.reserveCapacity(pixels.count + other.pixels.count)
    for row in 0..<height {
      for half in [self, other] {
        let line = half.width * channels
        joined += half.pixels[row * line..<(row + 1) * line]
      }
    }
    return PixelSamples(width: width + other.width, height: height, channels: channels, pixels: joined, alpha: nil)
  }

  /// Grey as three equal samples, or RGB as its luma (ITU-R 601) as Pillow rounds it.
  func converted(channels target: Int) -> Self {
    let pixelCount = width * height
    let converted = [Sample](unsafeUninitializedCapacity: pixelCount * target) { to, count in
      pixels.withUnsafeBufferPointer { from in
        for i in 0..<pixelCount {
          if target == 3 {
            to[3 * i] = from[i]
            to[3 * i + 1] = from[i]
            to[3 * i + 2] = from[i]
          } else {
            // 65535 × 65536 and the rounding fit 32 bits.
            let luma = 19595 * UInt32(from[3 * i]) + 38470 * UInt32(from[3 * i + 1]) + 7471 * UInt32(from[3 * i + 2])
            to[i] = Sample(truncatingIfNeeded: (luma + 32768) >> 16)
          }
        }
      }
      count = pixelCount * target
    }
    return PixelSamples(width: width, height: height, channels: target, pixels: converted, alpha: alpha)
  }
}
