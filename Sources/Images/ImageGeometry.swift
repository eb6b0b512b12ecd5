extension Picture {
  /// The part of `width` × `height` pixels whose upper left corner is (`x`, `y`), with its alpha; it must lie within
  /// the picture (a programmer's error otherwise).
  package func cropped(x: Int, y: Int, width: Int, height: Int) -> Picture {
    precondition(
      x >= 0 && y >= 0 && width >= 0 && height >= 0 && width <= self.width - x && height <= self.height - y,
      "a crop must lie within the image")
    if width == self.width && height == self.height { return self }
    return switch content {
    case .bytes(let samples): Picture(.bytes(samples.cropped(x: x, y: y, width: width, height: height)))
    case .words(let samples): Picture(.words(samples.cropped(x: x, y: y, width: width, height: height)))
    }
  }

  /// The columns left of the middle; of an odd width the middle column belongs to neither half.
  package var leftHalf: Picture { cropped(x: 0, y: 0, width: width / 2, height: height) }

  /// The columns right of the middle; of an odd width the middle column belongs to neither half.
  package var rightHalf: Picture { cropped(x: width - width / 2, y: 0, width: width / 2, height: height) }

  /// The picture as in a mirror, left and right exchanged, alpha too.
  package func flippedHorizontally() -> Picture {
    switch content {
    case .bytes(let samples): Picture(.bytes(samples.flippedHorizontally()))
    case .words(let samples): Picture(.words(samples.flippedHorizontally()))
    }
  }

  /// The picture with mirrored borders, without opacity; `padding` is made for its size.
  package func padded(_ padding: Padding) -> Picture {
    precondition(padding.width == width && padding.height == height, "a padding is made for one size")
    return switch content {
    case .bytes(let samples): Picture(.bytes(samples.padded(padding)))
    case .words(let samples): Picture(.words(samples.padded(padding)))
    }
  }

  /// This picture, as large as `other` by bicubic interpolation, with `other` on its right: in colour and with 16 bits where
  /// one of them is, without opacity. Both have pixels.
  package func joined(_ other: Picture) -> Picture {
    guard width == other.width, height == other.height else {
      return resized(width: other.width, height: other.height).joined(other)
    }
    let (channels, bitDepth) = (max(channels, other.channels), max(bitDepth, other.bitDepth))
    let (a, b) = (
      converted(channels: channels).converted(bitDepth: bitDepth),
      other.converted(channels: channels).converted(bitDepth: bitDepth)
    )
    switch (a.content, b.content) {
    case (.bytes(let a), .bytes(let b)): return Picture(.bytes(a.joined(b)))
    case (.words(let a), .words(let b)): return Picture(.words(a.joined(b)))
    default: preconditionFailure("both have one depth")
    }
  }

  /// The picture with 1 (grey) or 3 (RGB) channels, alpha kept.
  ///
  /// RGB becomes grey by ITU-R 601 luma as Pillow rounds it, (19595 R + 38470 G + 7471 B + 32768) / 65536; grey
  /// becomes RGB with three equal samples.
  package func converted(channels target: Int) -> Picture {
    precondition(target == 1 || target == 3, "an image has 1 or 3 channels")
    if target == channels { return self }
    return switch content {
    case .bytes(let samples): Picture(.bytes(samples.converted(channels: target)))
    case .words(let samples): Picture(.words(samples.converted(channels: target)))
    }
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
