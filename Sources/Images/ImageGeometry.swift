extension Picture {
  /// The part of `width` × `height` pixels whose upper left corner is (`x`, `y`), with its alpha; it must lie within
  /// the picture (a programmer's error otherwise).
  package func cropped(x: Int, y: Int, width: Int, height: Int) -> Picture {
    precondition(
      x >= 0 && y >= 0 && width >= 0 && height >= 0 && width <= self.width - x && height <= self.height - y,
      "a crop must lie within the image")
    if width == self.width && height == self.height { return self }
    func part(_ samples: [UInt8], _ channels: Int) -> [UInt8] {
      var part: [UInt8] = []
      part.reserveCapacity(width * height * channels)
      for row in y..<y + height {
        let start = (row * self.width + x) * channels
        part += samples[start..<start + width * channels]
      }
      return part
    }
    return Picture(
      width: width, height: height, channels: channels, pixels: part(pixels, channels),
      alpha: alpha.map { part($0, 1) })
  }

  /// The columns left of the middle; of an odd width the middle column belongs to neither half.
  package var leftHalf: Picture { cropped(x: 0, y: 0, width: width / 2, height: height) }

  /// The columns right of the middle; of an odd width the middle column belongs to neither half.
  package var rightHalf: Picture { cropped(x: width - width / 2, y: 0, width: width / 2, height: height) }

  /// The picture as in a mirror, left and right exchanged, alpha too.
  package func flippedHorizontally() -> Picture {
    func flipped(_ samples: [UInt8], _ channels: Int) -> [UInt8] {
      [UInt8](unsafeUninitializedCapacity: samples.count) { target, count in
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
    return Picture(
      width: width, height: height, channels: channels, pixels: flipped(pixels, channels),
      alpha: alpha.map { flipped($0, 1) })
  }

  /// The picture with 1 (grey) or 3 (RGB) channels, alpha kept.
  ///
  /// RGB becomes grey by ITU-R 601 luma as Pillow rounds it, (19595 R + 38470 G + 7471 B + 32768) / 65536; grey
  /// becomes RGB with three equal samples.
  package func converted(channels target: Int) -> Picture {
    precondition(target == 1 || target == 3, "an image has 1 or 3 channels")
    if target == channels { return self }
    let pixelCount = width * height
    let converted = [UInt8](unsafeUninitializedCapacity: pixelCount * target) { to, count in
      pixels.withUnsafeBufferPointer { from in
        for i in 0..<pixelCount {
          if target == 3 {
            to[3 * i] = from[i]
            to[3 * i + 1] = from[i]
            to[3 * i + 2] = from[i]
          } else {
            let luma = 19595 * UInt32(from[3 * i]) + 38470 * UInt32(from[3 * i + 1]) + 7471 * UInt32(from[3 * i + 2])
            to[i] = UInt8(truncatingIfNeeded: (luma + 32768) >> 16)
          }
        }
      }
      count = pixelCount * target
    }
    return Picture(width: width, height: height, channels: target, pixels: converted, alpha: alpha)
  }
}

/// One half of a side-by-side picture.
public enum ImageHalf: String, Sendable, CaseIterable {
  /// The left half: A.
  case left
  /// The right half: B.
  case right
}

extension Picture {
  /// The given half; the middle column of an odd width belongs to none.
  public func half(_ half: ImageHalf) -> Picture {
    switch half {
    case .left: leftHalf
    case .right: rightHalf
    }
  }
}
