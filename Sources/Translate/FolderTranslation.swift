import Files
import Foundation
import Images
import Parallel

/// The batch translation of a folder, or of one PNG: decoding, network and encoding overlap.
public struct FolderTranslation: Sendable {
  /// A folder or a file.
  public var input: String
  /// The folder that the translations go to, under the same relative paths.
  public var output: String
  /// Pictures that go through the network at once, where neighbours have the same size, one of `batchSizes`; nil: as
  /// many as are faster together. What becomes of a picture does not depend on it.
  public var batchSize: Int?
  /// Whether sub-folders are translated too.
  public var recursive = false
  /// Whether pictures whose translation is there already are left out.
  public var skipsExisting = false
  /// Whether input and output are written side by side.
  public var sideBySide = false
  /// Which part of the files is translated; nil: all.
  public var shard: Shard?
  /// Which half of side-by-side pictures is translated; nil: the whole picture.
  public var half: ImageHalf?
  /// The largest picture that is read.
  public var limit = ImageLimit.default

  /// Batch sizes that can be asked for.
  public static let batchSizes = 1...1024

  /// A translation of `input` into `output`.
  public init(_ input: String, to output: String) {
    self.input = input
    self.output = output
  }

  /// One picture to translate.
  struct Item: Sendable, Equatable {
    var source: String
    var target: String
    /// The relative path without extension.
    var name: String
  }

  /// What happened.
  public struct Summary: Sendable {
    /// All pictures that there were to translate.
    public var total = 0
    /// Pictures that were translated.
    public var translated = 0
    /// Pictures that were left out because their translation is there.
    public var skipped = 0
    /// What could not be read or written.
    public var failures: [FileError] = []
    /// The last of the failures, where it ended everything: the output takes no more (the disk is full).
    public var outputFailure: FileError?
    /// Whether it was asked to stop before the end.
    public var isInterrupted = false
  }

  /// How far it is.
  public struct Progress: Sendable {
    /// Pictures that are through, failures included.
    public var done: Int
    /// All pictures.
    public var total: Int
    /// The picture that has just been translated or has failed.
    public var path: String
    /// Why it could not be translated; nil: it could.
    public var failure: FileError?
  }

  /// Translates everything; a picture that cannot be read is told of and passed over. Once the output takes no more
  /// (the disk is full), it ends.
  ///
  /// - Parameters:
  ///   - translator: translates
  ///   - shouldStop: asked after every batch
  ///   - report: called for every picture, one call at a time, from this thread or from one that encodes
  /// - Throws: `FileError` where there is nothing to translate, the output would overwrite the input or itself, its folder
  ///   cannot be made, or the batch size cannot be
  public func run(
    _ translator: Translator, shouldStop: () -> Bool = { false },
    report: @escaping @Sendable (Progress) -> Void = { _ in }
  ) throws -> Summary {
    if let batchSize { try FileError.require(batchSize, in: Self.batchSizes, "pictures in a batch") }
    let all = try items()
    let items = skipsExisting ? all.filter { !FileManager.default.fileExists(atPath: $0.target) } : all
    try OutputFolder.make(output)
    let ledger = Ledger(skipped: all.count - items.count, total: items.count, report)
    let limit = limit
    let half = half
    let batchSize =
      batchSize ?? (translator.gainsByBatches && items.count >= Self.leastForBatches ? Self.preferredBatch : 1)
    let decoded = OrderedPrefetch(count: items.count, workers: Self.codecThreads, window: 2 * batchSize + 4) { index in
      Result<Picture, any Error> {
        let whole = try PNG.read(items[index].source, limit: limit)
        return half.map(whole.half) ?? whole
      }
    }
    let encoding = BackgroundJobs(workers: Self.codecThreads, limit: 2 * batchSize + 4)
    var pending: [(item: Item, image: Picture)] = []
    var lastFullSize: [Int] = []

    func translatePending(isLast: Bool = false) {
      guard !ledger.isEnded, let last = pending.last?.image else { return }
      let batch = pending
      pending = []
      let size = [last.width, last.height]
      let full = min(batchSize, batchLimit(for: last))
      if batch.count == full { lastFullSize = size }
      do {
        // For the rest of a folder, running a full batch is cheaper than planning a smaller one.
        let outputs = try translator.translate(
          batch.map(\.image), names: batch.map(\.item.name), filledTo: isLast && size == lastFullSize ? full : 0)
        for (input, output) in zip(batch, outputs) {
          encoding.add { [sideBySide] in
            ledger.finish(input.item) {
              try Self.write(sideBySide ? Self.joined(input.image, output) : output, to: input.item.target)
            }
          }
        }
      } catch {
        for input in batch { ledger.finish(input.item) { throw error } }
      }
    }

    var index = 0
    while let result = decoded.next() {
      let item = items[index]
      index += 1
      switch result {
      case .success(let image):
        if let last = pending.last, last.image.width != image.width || last.image.height != image.height {
          translatePending()
        }
        pending.append((item, image))
        if pending.count >= min(batchSize, batchLimit(for: image)) { translatePending() }
      case .failure(let error): ledger.finish(item) { throw error }
      }
      if ledger.isEnded { break }
      if index < items.count, shouldStop() {
        ledger.interrupt()
        break
      }
    }
    translatePending(isLast: true)
    decoded.stop()
    encoding.finish()
    return ledger.summary
  }

  /// Planning a batch pays from this many pictures on.
  private static let leastForBatches = 16
  private static let preferredBatch = 4
  /// Pixels of a batch that is formed unasked: more have nothing to gain, and take memory.
  private static let preferredPixels = 1 << 19

  /// The largest batch of pictures like `image`.
  private func batchLimit(for image: Picture) -> Int {
    batchSize ?? max(1, Self.preferredPixels / max(1, image.width * image.height))
  }

  /// Decoding or encoding a picture takes a tenth of translating it.
  private static let codecThreads = 2

  private static func write(_ image: Picture, to path: String) throws {
    try OutputFolder.make((path as NSString).deletingLastPathComponent)
    try PNG.write(image, to: path)
  }

  /// Input and output beside each other, the input as large as the output by bicubic interpolation; in colour where one of
  /// them is, without opacity.
  private static func joined(_ left: Picture, _ right: Picture) -> Picture {
    let left = left.resized(width: right.width, height: right.height)
    let channels = max(left.channels, right.channels)
    let halves = [left, right].map { $0.channels == channels ? $0 : $0.converted(channels: channels) }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(2 * halves[0].pixels.count)
    let line = left.width * channels
    for row in 0..<left.height { for half in halves { pixels += half.pixels[row * line..<(row + 1) * line] } }
    return Picture(width: 2 * left.width, height: left.height, channels: channels, pixels: pixels)
  }

  // MARK: - What there is to do

  /// The pictures of the folder in natural order, or the one picture.
  ///
  /// - Throws: `FileError` where there are none, or a translation would overwrite a picture
  func items() throws -> [Item] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: input, isDirectory: &isFolder) else {
      throw FileError(path: input, problem: "is not there", advice: "give a folder of PNGs or one PNG")
    }
    var entries: [(path: String, stem: String)] = []
    if isFolder.boolValue {
      let listing = try FolderListing(input, recursive: recursive)
      entries = listing.files.map { ($0.path, $0.stem) }
      guard !entries.isEmpty else {
        throw FileError(
          path: input, problem: "holds no PNG",
          advice: recursive
            ? "give a folder of PNGs"
            : "ask for \(setting: "recursive") if they are in sub-folders")
      }
    } else {
      entries = [(input, ((input as NSString).lastPathComponent as NSString).deletingPathExtension)]
    }
    let folder = isFolder.boolValue ? input : (input as NSString).deletingLastPathComponent
    if let identity = FileIdentity(folder.isEmpty ? "." : folder), identity == FileIdentity(output) {
      throw FileError(
        path: output, problem: "is the input folder",
        advice: "choose another \(setting: "out", called: "output folder")")
    }
    let items = try withoutOwnOutput(
      entries.map {
        Item(source: $0.path, target: (output as NSString).appendingPathComponent($0.stem + ".png"), name: $0.stem)
      })
    // Over all shards, which may run at the same time.
    try requirePlaces(items)
    guard let shard else { return items }
    return items.enumerated().filter { shard.contains($0.offset) }.map(\.element)
  }
}

/// What has happened so far. Unchecked: `lock` guards every variable.
private final class Ledger: @unchecked Sendable {
  private let lock = NSLock()
  private let report: @Sendable (FolderTranslation.Progress) -> Void
  private let total: Int
  private var done = 0
  private var current: FolderTranslation.Summary

  init(skipped: Int, total: Int, _ report: @escaping @Sendable (FolderTranslation.Progress) -> Void) {
    self.total = total
    self.report = report
    current = FolderTranslation.Summary()
    current.total = skipped + total
    current.skipped = skipped
  }

  var summary: FolderTranslation.Summary { lock.withLock { current } }

  func interrupt() { lock.withLock { current.isInterrupted = true } }

  /// Whether the output takes no more.
  var isEnded: Bool { lock.withLock { current.outputFailure != nil } }

  /// Does the last of the work on a picture and tells of it; once the output takes no more, nothing happens.
  package func finish(_ item: FolderTranslation.Item, _ work: () throws -> Void) {
    guard !isEnded else { return }
    var failure: FileError?
    do {
      try work()
    } catch var error as FileError {
      if error.path == nil { error.path = item.source }
      failure = error
    } catch {
      failure = FileError(path: item.source, problem: "\(error)")
    }
    lock.withLock {
      // Another thread may meet the same at the same time.
      if failure != nil, current.outputFailure != nil { return }
      if let failure, failure.isOfOutput { current.outputFailure = failure }
      done += 1
      if let failure { current.failures.append(failure) } else { current.translated += 1 }
      report(FolderTranslation.Progress(done: done, total: total, path: item.source, failure: failure))
    }
  }
}
