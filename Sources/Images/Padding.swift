/// Mirrored borders that bring a picture to the next multiple of what a network halves, half of them on each side, or all
/// at the right and below.
package struct Padding: Equatable {
  package let width: Int
  package let height: Int
  package let paddedWidth: Int
  package let paddedHeight: Int
  /// Columns added on the left.
  package let left: Int
  /// Rows added at the top.
  package let top: Int

  /// The padding of a picture of `width` × `height` to multiples of `multiple`; none on the left and at the top where
  /// `isAtEnd`.
  package init(width: Int, height: Int, multiple: Int, isAtEnd: Bool = false) {
    self.width = width
    self.height = height
    paddedWidth = (width + multiple - 1) / multiple * multiple
    paddedHeight = (height + multiple - 1) / multiple * multiple
    left = isAtEnd ? 0 : (paddedWidth - width) / 2
    top = isAtEnd ? 0 : (paddedHeight - height) / 2
  }

  package var isEmpty: Bool { paddedWidth == width && paddedHeight == height }

  /// The column of the picture that a padded column shows.
  func sourceColumn(_ column: Int) -> Int { Self.mirrored(column - left, width) }

  /// The row of the picture that a padded row shows.
  package func sourceRow(_ row: Int) -> Int { Self.mirrored(row - top, height) }

  /// Reflection at the border pixels, again and again where the padding is wider than the picture.
  static func mirrored(_ position: Int, _ extent: Int) -> Int {
    guard extent > 1 else { return 0 }
    let period = 2 * (extent - 1)
    let place = ((position % period) + period) % period
    return place < extent ? place : period - place
  }
}

extension Padding {
  /// Pictures of `width` × `height` pixels, one after another, with their borders.
  package func apply<Sample>(to samples: [Sample], channels: Int) -> [Sample] {
    let images = samples.count / max(1, width * height * channels)
    var padded: [Sample] = []
    padded.reserveCapacity(images * paddedWidth * paddedHeight * channels)
    let columns = (0..<paddedWidth).map { sourceColumn($0) * channels }
    for image in 0..<images {
      for row in 0..<paddedHeight {
        let line = (image * height + sourceRow(row)) * width * channels
        for column in columns { padded.append(contentsOf: samples[line + column..<line + column + channels]) }
      }
    }
    return padded
  }
}

extension Picture {
  /// The picture without its borders.
  package func cropped(_ padding: Padding) -> Picture {
    padding.isEmpty
      ? self : cropped(x: padding.left, y: padding.top, width: padding.width, height: padding.height)
  }
}
