import Files
import Images
import NeuralNet
import Weights

/// A generator that translates pictures in memory.
///
/// Pictures may have any size: they are reflect-padded to what the network halves, and the output is cropped back. A network
/// that enlarges makes larger ones, and does so in parts where a picture is large. One translator is used by one thread at a time; inside, all processors work.
public final class Translator {
  /// Sides that tiles may have, in pixels.
  public static let tiles = 32...16384
  /// Pixels that may be seen around a tile.
  public static let overlaps = 0...4096

  /// How pictures are translated.
  public struct Options: Sendable, Equatable {
    /// nil: as the model's file says, else those of the picture.
    public var normStatistics: NormStatistics?
    /// Whether dropout draws one of several outcomes, as pix2pix did in the paper.
    public var dropout = false
    /// Decides, with the picture's name, which outcome dropout draws.
    public var seed: UInt64 = 0
    /// Side of the squares that are taken from larger pictures one by one, in pixels, one of `tiles`; nil: in one piece, or
    /// what memory suits where a network enlarges. A network whose statistics are the picture's own takes it in one piece
    /// all the same, since each square would have others.
    public var tile: Int?
    /// Pixels that are seen around each square, of `overlaps`; nil: as many as what is made of a pixel depends on, within
    /// reason.
    public var overlap: Int?
    /// Bytes of memory that a translation may take; nil: what the machine has left. What needs more goes through the network
    /// in bands, with a scratch file, to the same result.
    public var memory: Int?
    /// The folder for scratch files; nil: the system's for temporary files.
    public var scratch: String?
    /// Bits of a sample of what comes out; nil: as many as the picture has.
    public var bitDepth: BitDepth?
    /// The colours that the network's numbers mean; nil: as the model's file says, else red, green and blue.
    public var colourSpace: ColourSpace?
    /// Threads that compute, one of `WorkerPool.threadCounts`; nil: one for each processor.
    public var threads: Int?
    /// What the products of convolutions are computed with: fewer bits are faster where the processor has instructions for
    /// them, and less exact.
    public var precision = Precision.float32

    /// The defaults.
    public init() {}
  }

  /// The generator.
  package let model: GeneratorModel
  /// How pictures are translated.
  public let options: Options
  /// The labels under one of which a picture is translated; empty where the model was trained without.
  public let labels: [String]
  /// Whose statistics are used.
  public let normStatistics: NormStatistics
  let apply: PlannedExecutions
  /// What the numbers of a pixel are that go in and come out.
  let numbers: (input: PixelNumbers, output: PixelNumbers)
  /// Threads that compute.
  let threads: Int
  private let arena = Arena()
  let sizeMultiple: Int
  /// Called before a picture is translated with a scratch file.
  package var onScratch: ((ScratchNotice) -> Void)?

  /// A translator with the generator of `path`: a run folder, a `.safetensors` or a `.pth`.
  ///
  /// `weights` chooses among those that a run keeps; nil: the latest.
  ///
  /// - Throws: `FileError` where there is no generator
  public convenience init(
    model path: String, direction: Direction? = nil, part: String? = nil, weights: RunWeights? = nil,
    options: Options = Options()
  ) throws {
    try self.init(GeneratorModel(path, direction: direction, part: part, weights: weights), options: options)
  }

  /// A translator with a generator at hand.
  ///
  /// - Throws: `FileError` where the tile or the number of threads cannot be, or there is no memory
  package init(_ model: GeneratorModel, options: Options = Options()) throws {
    try model.requireReadsPictures()
    self.model = model
    self.options = options
    labels = model.labels
    normStatistics =
      options.normStatistics ?? model.metadata.normStatistics.flatMap(NormStatistics.init(rawValue:)) ?? .image
    sizeMultiple = model.configuration.sizeMultiple
    numbers = try model.numbers(in: options.colourSpace)
    if options.dropout, (model.configuration as? any TranslationGeneratorConfiguration)?.dropout != true {
      throw FileError(
        path: model.path, problem: "holds a network without dropout, which has one outcome alone",
        advice: "translate without \(setting: "dropout")")
    }
    if let tile = options.tile {
      try Self.requireTile(tile, multiple: sizeMultiple)
      guard !numbers.input.hasOpacity, !numbers.output.hasOpacity else {
        throw FileError(
          path: model.path, problem: "reads or makes opacity, which does not go in tiles",
          advice: "translate without \(setting: "tile")")
      }
    }
    if let overlap = options.overlap { try FileError.require(overlap, in: Self.overlaps, "pixels of overlap") }
    if let memory = options.memory { try FileError.require(memory, in: 1...(1 << 60), "bytes of memory") }
    guard options.precision == .float32 || model.network.parameters.areFinite else {
      throw FileError(
        path: model.path, problem: "holds weights that are infinite or no numbers, which have no steps of fewer bits",
        advice: "train on from weights that are whole, or choose \(setting: "precision") f32 to see what comes out")
    }
    var mode = ExecutionMode()
    mode.usesRunningStatistics = normStatistics == .running
    mode.drops = options.dropout
    mode.precision = options.precision
    let processor = try Processor(threads: options.threads)
    threads = processor.pool.threads
    apply = PlannedExecutions(model.network, mode, processor, in: arena)
  }

  /// Refuses a tile that the network does not take, and names the nearest one that it does.
  private static func requireTile(_ tile: Int, multiple: Int) throws {
    guard !tiles.contains(tile) || tile % multiple != 0 else { return }
    let possible = (tiles.lowerBound + multiple - 1) / multiple...max(1, tiles.upperBound / multiple)
    let wanted = min(max(tile, tiles.lowerBound), tiles.upperBound)
    let nearest = min(max((wanted + multiple / 2) / multiple, possible.lowerBound), possible.upperBound) * multiple
    throw FileError(
      path: nil, problem: "a tile of \(tile) pixels does not fit this network",
      advice: tiles.contains(nearest)
        ? "give a multiple of \(multiple), such as \(nearest)" : "translate pictures in one piece")
  }

  /// Whether several pictures at once are faster: where the weights fit no cache, a batch reads them less often.
  var gainsByBatches: Bool { model.network.parameters.count > Self.cachedWeights }
  /// 64 MB of weights
  private static let cachedWeights = 1 << 24

  /// The translation of one picture: the same size times the network's scale, the network's output channels, the picture's
  /// own opacity.
  ///
  /// - Parameters:
  ///   - image: converted to the network's input channels if it has others
  ///   - name: with the seed, decides which outcome dropout draws
  ///   - label: one of `labels`, where there are any
  /// - Throws: `FileError` where the picture is empty, or too large for the memory at hand; where the label is missing or
  ///   none of the model's
  public func translate(_ image: Picture, name: String = "", label: String? = nil) throws -> Picture {
    try translate([image], names: [name], label: label)[0]
  }

  /// The translations of pictures of one size, as one batch.
  ///
  /// - Parameters:
  ///   - images: all of the same size
  ///   - names: one for each picture, or none
  ///   - label: that of all of them, one of `labels`, where there are any
  /// - Throws: `FileError` where a picture is empty, sizes differ, or the memory at hand is too small; where the label is
  ///   missing or none of the model's
  public func translate(_ images: [Picture], names: [String] = [], label: String? = nil) throws -> [Picture] {
    try translate(images, names: names, labels: images.map { _ in label }, filledTo: 0)
  }

  /// The same, in a batch of `count` pictures if there are fewer: one of that size has been planned.
  ///
  /// - Parameters:
  ///   - labels: one for each picture, or none
  ///   - atPart: called on the way with the part that is done, from 0 to 1; what it throws ends the translation
  func translate(
    _ images: [Picture], names: [String], labels: [String?] = [], filledTo count: Int,
    atPart: (Double) throws -> Void = { _ in }
  ) throws -> [Picture] {
    let labels = try images.indices.compactMap { try place(of: $0 < labels.count ? labels[$0] : nil) }
    guard let first = images.first else { return [] }
    for (index, image) in images.enumerated() {
      let name = index < names.count && !names[index].isEmpty ? names[index] : nil
      guard image.width > 0, image.height > 0 else { throw FileError(path: name, problem: "has no pixels") }
      guard image.width == first.width, image.height == first.height else {
        throw FileError(
          path: name,
          problem: "is \(image.width)×\(image.height) in a batch of \(first.width)×\(first.height)",
          advice: "translate pictures of different sizes one by one")
      }
    }
    if let enlarger = model.configuration as? any EnlargerConfiguration {
      return try enlarged(images, filledTo: count, enlarger, atPart)
    }
    if let tile = options.tile, !usesImageStatistics, let tiled = try tiled(images, names, labels, tile, atPart) {
      return tiled
    }
    // A mask is drawn by position in the batch: with dropout, every picture is a batch of its own.
    guard options.dropout else {
      let filling = [Picture](repeating: first, count: max(0, count - images.count))
      if fits(images + filling) {
        let fillingLabels = [Int](repeating: labels.first ?? 0, count: labels.isEmpty ? 0 : filling.count)
        return Array(try outputs(images + filling, 0, labels + fillingLabels, atPart).prefix(images.count))
      }
      return try zip(images, images.indices).map { image, index in
        try single(image, 0, Self.label(labels, index)) { try atPart((Double(index) + $0) / Double(images.count)) }
      }
    }
    return try zip(images, images.indices).map { image, index in
      try single(image, key(names, index), Self.label(labels, index)) {
        try atPart((Double(index) + $0) / Double(images.count))
      }
    }
  }

  /// The label of one picture as those of a batch; empty where there are none.
  static func label(_ labels: [Int], _ index: Int) -> [Int] { labels.isEmpty ? [] : [labels[index]] }

  /// The place of a label among the planes of the model; nil where it has none.
  ///
  /// - Throws: `FileError` where the label is missing, or none of the model's
  func place(of label: String?) throws(FileError) -> Int? {
    try LabelNames.place(of: label, among: labels, of: model.path)
  }

  /// Pictures of one size by a network that enlarges: as one batch, or in parts that are put together without a trace.
  private func enlarged(
    _ images: [Picture], filledTo count: Int, _ enlarger: some EnlargerConfiguration, _ atPart: (Double) throws -> Void
  ) throws -> [Picture] {
    let (width, height, scale) = (images[0].width, images[0].height, enlarger.scale)
    guard max(width, height) <= Int(Int32.max) / scale else {
      throw FileError(
        path: nil, problem: "would have more than \(Int32.max) pixels a side when it is enlarged",
        advice: "enlarge its parts one by one")
    }
    // Borders at the right and below, as in the public code: pixels are unshuffled from the first one on.
    let padding = Padding(width: width, height: height, multiple: sizeMultiple, isAtEnd: true)
    let tiles = EnlargedTiles(
      width: padding.paddedWidth, height: padding.paddedHeight, enlarger, tile: options.tile)
    try SystemMemory.require(
      images.count * tiles.bytes(channels: enlarger.outputChannels, bitDepth: bitDepth(of: images[0])), for: .picture)
    let padded = padding.isEmpty ? images : images.map { $0.padded(padding) }
    let whole: [Picture]
    if tiles.isWhole {
      let filling = [Picture](repeating: padded[0], count: max(0, count - images.count))
      whole = Array(try outputs(padded + filling, 0, [], atPart).prefix(images.count))
    } else {
      var done = 0
      whole = try padded.map { image in
        try tiles.assemble(channels: enlarger.outputChannels, bitDepth: bitDepth(of: image)) {
          try atPart(Double(done) / Double(tiles.count * images.count))
          done += 1
          return try outputs([image.cropped(x: $0.x, y: $0.y, width: $0.width, height: $0.height)], 0)[0]
        }
      }
    }
    return zip(images, whole).map { image, output in
      let cropped = padding.isEmpty ? output : output.cropped(x: 0, y: 0, width: width * scale, height: height * scale)
      // Opacity is enlarged as a channel of its own.
      return image.hasAlpha
        ? cropped.withAlpha(of: image.resized(width: cropped.width, height: cropped.height)) : cropped
    }
  }

  func key(_ names: [String], _ index: Int) -> UInt64 { dropoutKey(index < names.count ? names[index] : "") }

  /// What dropout draws from for the picture of this name.
  func dropoutKey(_ name: String) -> UInt64 {
    // FNV-1a: the outcome depends on the name, not on which other pictures are translated.
    let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return RandomGenerator.mix(hash ^ RandomGenerator.mix(options.seed))
  }

  /// Bits of a sample of the translation.
  func bitDepth(of image: Picture) -> Int { options.bitDepth?.bits ?? image.bitDepth }

  /// Whether a translation gets the opacity of its picture: not where the network makes one, nor where pictures are enlarged,
  /// whose opacity is enlarged as well.
  var carriesOpacity: Bool { !numbers.output.hasOpacity && !(model.configuration is any EnlargerConfiguration) }

  /// - Parameter labels: the place of each picture's label; empty where the model has none
  func outputs(
    _ images: [Picture], _ dropoutKey: UInt64, _ labels: [Int] = [], _ atPart: (Double) throws -> Void = { _ in }
  ) throws -> [Picture] {
    let padding = Padding(width: images[0].width, height: images[0].height, multiple: sizeMultiple)
    let range = model.configuration.values
    let outputs = try apply.pictures(
      images.count, channels: model.configuration.inputChannels, padding, making: numbers.output, range: range,
      bitDepth: { self.bitDepth(of: images[$0]) }, dropoutKey: dropoutKey, atPart: atPart
    ) { input in
      for (index, image) in images.enumerated() {
        ImageTensor.write(
          image.prepared(for: numbers.input), padding, as: numbers.input, to: input.images(index..<index + 1).base,
          pixelStride: input.stride, range: range)
      }
      if !labels.isEmpty { input.channels(numbers.input.count..<input.shape.c).setPlanes(of: labels) }
    }
    return carriesOpacity ? zip(outputs, images).map { $0.withAlpha(of: $1) } : outputs
  }
}
