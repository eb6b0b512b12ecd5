import Files
import Images
import NeuralNet

/// Pictures in tiles, and those that memory has no room for.
extension Translator {
  /// Whether each square of a picture would have statistics of its own.
  package var usesImageStatistics: Bool { model.network.usesImageStatistics(apply.mode) }

  /// Pixels seen around tiles where nobody has said how many, at most: what lies beyond changes a U-Net's pixels by less
  /// than a grey level on average (docs/performance.md).
  private static let longestOverlap = 256

  /// Pictures in tiles; nil where one tile holds them.
  func tiled(
    _ images: [Picture], _ names: [String], _ tile: Int, _ beforeTile: () throws -> Void
  ) throws -> [Picture]? {
    let (first, channels) = (images[0], model.configuration.outputChannels)
    let padding = Padding(width: first.width, height: first.height, multiple: sizeMultiple)
    let reach = model.network.reach ?? .max
    let tiling = Tiling(
      width: padding.paddedWidth, height: padding.paddedHeight, tile: tile,
      overlap: options.overlap ?? min(reach, Self.longestOverlap), multiple: sizeMultiple, reach: reach)
    guard !tiling.isWhole else { return nil }
    try SystemMemory.require(
      tiling.bytes(channels: channels, bitDepth: bitDepth(of: first)) * images.count, for: .picture)
    return try zip(images, images.indices).map { image, index in
      let padded = padding.isEmpty ? image : image.padded(padding)
      return try tiling.assemble(channels: channels, bitDepth: bitDepth(of: image)) {
        try beforeTile()
        let part = padded.cropped(x: $0.x, y: $0.y, width: $0.width, height: $0.height)
        return try outputs([part], key(names, index))[0]
      }.cropped(padding).withAlpha(of: image)
    }
  }

  /// One picture: in memory, or in bands where it does not fit.
  func single(_ image: Picture, _ dropoutKey: UInt64, _ beforeBand: () throws -> Void) throws -> Picture {
    guard !fits([image]) else { return try outputs([image], dropoutKey)[0] }
    let padding = Padding(width: image.width, height: image.height, multiple: sizeMultiple)
    let channels = model.configuration.inputChannels
    let shape = Shape(1, channels, padding.paddedHeight, padding.paddedWidth)
    guard let plan = try BandedPlan(model.network, shape: shape, mode: apply.mode, processor: apply.processor) else {
      return try outputs([image], dropoutKey)[0]
    }
    let pictures = pictureBytes(image, padding)
    try SystemMemory.require(pictures, for: .picture)
    let execution = try BandedExecution(
      model.network, plan, processor: apply.processor, room: (room ?? .max) - pictures,
      isLimited: options.memory != nil, scratch: options.scratch ?? ScratchFile.standardFolder)
    onScratch?(
      ScratchNotice(
        width: image.width, height: image.height, scratchBytes: plan.scratchBytes,
        folder: options.scratch ?? ScratchFile.standardFolder))
    let picture = image.channels == channels ? image : image.converted(channels: channels)
    let banded = BandedTranslation(
      execution, image, padding, range: model.configuration.values, bitDepth: bitDepth(of: image))
    return try banded.output(
      of: padding.isEmpty ? picture : picture.padded(padding), dropoutKey: dropoutKey, beforeBand: beforeBand
    ).withAlpha(of: image)
  }

  /// Bytes that may still be taken; nil: nobody knows.
  private var room: Int? {
    let allowed = options.memory.map { $0 - (SystemMemory.resident ?? 0) }
    return [allowed, SystemMemory.available].compactMap(\.self).min()
  }

  /// Whether pictures of one size go through the network in memory.
  func fits(_ images: [Picture]) -> Bool {
    let padding = Padding(width: images[0].width, height: images[0].height, multiple: sizeMultiple)
    let shape = Shape(images.count, model.configuration.inputChannels, padding.paddedHeight, padding.paddedWidth)
    // To plan a small picture twice would take longer than to translate it.
    if options.memory == nil, shape.pixels <= Self.smallPixels { return true }
    guard let missing = apply.missingBytes(shape) else { return false }
    guard missing > 0, let room else { return true }
    return missing + images.count * pictureBytes(images[0], padding) <= room
  }
  /// Pixels that take a few hundred megabytes, which are there or are missed with a sentence.
  private static let smallPixels = 1 << 18

  private func pictureBytes(_ image: Picture, _ padding: Padding) -> Int {
    BandedTranslation.pictureBytes(
      image, padding, outputChannels: model.configuration.outputChannels, bitDepth: bitDepth(of: image))
  }
}
