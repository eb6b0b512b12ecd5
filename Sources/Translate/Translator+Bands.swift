import Files
import Images
import NeuralNet

/// Pictures that memory has no room for.
extension Translator {
  /// One picture: in memory, or in bands where it does not fit.
  func single(
    _ image: Picture, _ dropoutKey: UInt64, _ labels: [Int], _ atPart: (Double) throws -> Void
  ) throws -> Picture {
    guard !fits([image]) else { return try outputs([image], dropoutKey, labels, atPart)[0] }
    let padding = Padding(width: image.width, height: image.height, multiple: sizeMultiple)
    let shape = Shape(1, model.configuration.inputChannels, padding.paddedHeight, padding.paddedWidth)
    guard let plan = try BandedPlan(model.network, shape: shape, mode: apply.mode, processor: apply.processor) else {
      return try outputs([image], dropoutKey, labels, atPart)[0]
    }
    try requireSinglePrecision(apply.missingBytes(shape))
    let pictures = pictureBytes(image, padding)
    try SystemMemory.require(pictures, for: .picture)
    let scratch = options.scratch ?? ScratchFile.standardFolder
    let execution = try BandedExecution(
      model.network, plan, processor: apply.processor, room: (room ?? .max) - pictures,
      isLimited: options.memory != nil, scratch: scratch)
    onScratch?(
      ScratchNotice(width: image.width, height: image.height, scratchBytes: plan.scratchBytes, folder: scratch))
    let banded = BandedTranslation(
      execution, image, padding, numbers: numbers, range: model.configuration.values, bitDepth: bitDepth(of: image))
    let output = try banded.output(
      of: image.prepared(for: numbers.input), dropoutKey: dropoutKey, labels: labels, beforeBand: atPart)
    return carriesOpacity ? output.withAlpha(of: image) : output
  }

  /// Bands are single precision: integers would need the range of what a layer reads before its first band.
  private func requireSinglePrecision(_ missing: Int?) throws {
    guard options.precision != .float32 else { return }
    let needs = missing.map { "needs \(SystemMemory.text($0)) of memory" } ?? "needs more memory than kernels can reach"
    throw FileError(
      path: nil, problem: "\(needs), and goes over a scratch file in single precision alone",
      advice: "choose \(setting: "precision") f32, or allow more \(setting: "memory")")
  }

  /// Bytes that may still be taken; nil: nobody knows.
  private var room: Int? {
    let allowed = options.memory.map { $0 - (SystemMemory.resident ?? 0) }
    return [allowed, SystemMemory.available].compactMap(\.self).min()
  }

  /// Whether pictures of one size go through the network in memory.
  func fits(_ images: [Picture]) -> Bool {
    let padding = Padding(width: images[0].width, height: images[0].height, multiple: sizeMultiple)
    return fits(padding, count: images.count, beside: images.count * pictureBytes(images[0], padding))
  }

  /// Whether pictures of the size of `padding` go through the network in memory, beside so many bytes.
  func fits(_ padding: Padding, count: Int = 1, beside bytes: Int = 0) -> Bool {
    let shape = Shape(count, model.configuration.inputChannels, padding.paddedHeight, padding.paddedWidth)
    // To plan a small picture twice would take longer than to translate it.
    if options.memory == nil, shape.pixels <= Self.smallPixels { return true }
    guard let missing = apply.missingBytes(shape) else { return false }
    guard missing > 0, let room else { return true }
    return missing + bytes <= room
  }

  /// Pixels that take a few hundred megabytes, which are there or are missed with a sentence.
  private static let smallPixels = 1 << 18

  private func pictureBytes(_ image: Picture, _ padding: Padding) -> Int {
    BandedTranslation.pictureBytes(
      image, padding, outputSamples: numbers.output.storedSamples, bitDepth: bitDepth(of: image))
  }
}
