import Files
import Images
import NeuralNet

/// Pictures in squares that overlap.
extension Translator {
  /// Whether each square of a picture would have statistics of its own.
  package var usesImageStatistics: Bool { model.network.usesImageStatistics(apply.mode) }

  /// Pixels seen around tiles where nobody has said how many, at most: what lies beyond changes a U-Net's pixels by less
  /// than a grey level on average (docs/performance.md).
  private static let longestOverlap = 256

  /// Pictures in tiles; nil where one tile holds them.
  func tiled(
    _ images: [Picture], _ names: [String], _ labels: [Int], _ tile: Int, _ atPart: (Double) throws -> Void
  ) throws -> [Picture]? {
    let (first, channels) = (images[0], numbers.output.colours)
    let padding = Padding(width: first.width, height: first.height, multiple: sizeMultiple)
    let reach = model.network.reach ?? .max
    let tiling = Tiling(
      width: padding.paddedWidth, height: padding.paddedHeight, tile: tile,
      overlap: options.overlap ?? min(reach, Self.longestOverlap), multiple: sizeMultiple, reach: reach)
    guard !tiling.isWhole else { return nil }
    try SystemMemory.require(
      tiling.bytes(channels: channels, bitDepth: bitDepth(of: first)) * images.count, for: .picture)
    var done = 0
    return try zip(images, images.indices).map { image, index in
      let padded = padding.isEmpty ? image : image.padded(padding)
      return try tiling.assemble(channels: channels, bitDepth: bitDepth(of: image)) {
        try atPart(Double(done) / Double(tiling.count * images.count))
        done += 1
        let part = padded.cropped(x: $0.x, y: $0.y, width: $0.width, height: $0.height)
        return try outputs([part], key(names, index), Self.label(labels, index))[0]
      }.cropped(padding).withAlpha(of: image)
    }
  }
}
