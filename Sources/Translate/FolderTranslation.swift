import Files
import Foundation
import Images

/// The batch translation of a folder, or of one PNG: decoding, network and encoding overlap.
public struct FolderTranslation: Sendable {
  /// A folder or a file.
  public var input: String
  /// The folder that the translations go to, under the same relative paths; for one picture also the file, where its name
  /// ends in `.png` and it is no folder.
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
  /// Which part of the pictures is translated, parts having about as many pixels; nil: all.
  public var shard: Shard?
  /// Whether and how pictures are shared out among workers on one output folder. Pictures whose translation is there are left
  /// out, as by `skipsExisting`.
  public var claims: Claims?
  /// Under which labels of the model's pictures are translated; `.none` where it was trained without.
  public var labels = Labels.none
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
    /// Under which label it is translated; nil: the model has none.
    var label: String?
    /// Where the piece of the list that it was claimed with stands among a worker's; nil: it was not claimed.
    var piece: Int?
  }

  /// What happened.
  public struct Summary: Sendable {
    /// All pictures that there were to translate.
    public var total = 0
    /// Pictures that were translated.
    public var translated = 0
    /// Pictures that were left out because their translation is there.
    public var skipped = 0
    /// Pictures that other workers have seen to meanwhile.
    public var others = 0
    /// Pictures that could not be read or written.
    public var failed = 0
    /// Why, for the first `keptFailures` of them.
    public var failures: [FileError] = []
    /// Failures that are kept, so that a large folder without one good picture takes no more memory than another.
    public static let keptFailures = 1000
    /// The last of the failures, where it ended everything: the output takes no more (the disk is full).
    public var outputFailure: FileError?
    /// Pictures of other formats than PNG in the input folder, which were not translated.
    public var foreign: [String] = []
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
    /// Pictures that other workers are at while this one has nothing to do; then `path` is empty.
    public var waiting = 0
    /// How much of a large picture is done, from 0 to 1: of `path`, which is not through yet. nil: `path` is.
    public var part: Double?
  }

  /// Translates everything; a picture that cannot be read is told of and passed over. Once the output takes no more
  /// (the disk is full), it ends.
  ///
  /// - Parameters:
  ///   - translator: translates
  ///   - shouldStop: asked after every batch, and within large pictures
  ///   - report: called for every picture, and on the way through large ones, one call at a time, from this thread or from one that encodes
  /// - Throws: `FileError` where there is nothing to translate, the output would overwrite the input or itself, its folder
  ///   cannot be made, or the batch size cannot be
  public func run(
    _ translator: Translator, shouldStop: () -> Bool = { false },
    report: @escaping @Sendable (Progress) -> Void = { _ in }
  ) throws -> Summary {
    if let batchSize { try FileError.require(batchSize, in: Self.batchSizes, "pictures in a batch") }
    if let claims {
      try FileError.require(claims.timeout, in: Claims.timeouts, "seconds without a sign of life")
      guard shard == nil, !writesFile else {
        throw FileError(
          path: output, problem: "is shared out among workers, which takes a folder and no parts",
          advice: shard == nil
            ? "translate without \(setting: "claim")" : "leave out \(setting: "shard") or \(setting: "claim")")
      }
    }
    try requireLabels(of: translator)
    let (all, foreign) = try inputs()
    let isMissing = all.map { claims == nil && !skipsExisting || !FileManager.default.fileExists(atPath: $0.target) }
    let items = zip(all, isMissing).filter(\.1).map(\.0)
    if writesFile { try OutputFolder.make(forFile: output) } else { try OutputFolder.make(output) }
    let skipped = all.count - items.count
    let recorder = part.map { WorkerRecorder(output, part: $0, skipped: skipped) }
    let ledger = TranslationLedger(
      skipped: skipped, total: items.count, foreign: foreign, recorder: recorder, report)
    if let claims {
      try share(all, isMissing: isMissing, claims, translator, ledger, shouldStop: shouldStop)
    } else {
      try ledger.begin()
      var pipeline = FolderPipeline(self, items, translator, ledger)
      pipeline.run(shouldStop: shouldStop)
    }
    ledger.close()
    return ledger.summary
  }

  /// What this worker is of several; nil: there is one.
  private var part: String? { claims == nil ? shard?.description : "claim" }

  /// Whether the one picture is written to `output` itself.
  var writesFile: Bool {
    (output as NSString).pathExtension.lowercased() == "png" && !FolderListing.isFolder(output)
      && !FolderListing.isFolder(input)
  }

  // MARK: - What there is to do

  /// The pictures of the folder in natural order, or the one picture.
  ///
  /// - Throws: `FileError` where there are none, or a translation would overwrite a picture
  func items() throws -> [Item] { try inputs().items }

  /// The same, and the paths of pictures of other formats beside them.
  private func inputs() throws -> (items: [Item], foreign: [String]) {
    let (entries, foreign) = try Self.sources(of: input, recursive: recursive)
    let folder = FolderListing.isFolder(input) ? input : (input as NSString).deletingLastPathComponent
    if let identity = FileIdentity(folder.isEmpty ? "." : folder), identity == FileIdentity(output) {
      throw FileError(
        path: output, problem: "is the input folder",
        advice: "choose another \(setting: "out", called: "output folder")")
    }
    let items = try withoutOwnOutput(
      places.flatMap { label, folder in
        entries.map {
          Item(
            source: $0.path, target: writesFile ? output : FolderListing.join(folder, $0.stem + ".png"),
            name: $0.stem, label: label)
        }
      })
    // Over all shards, which may run at the same time.
    try requirePlaces(items)
    guard let shard else { return (items, foreign) }
    return (part(items, of: shard), foreign)
  }

  /// The PNGs of a folder in natural order, or the one PNG, each with its relative path without extension; and the paths of
  /// pictures of other formats beside them.
  ///
  /// - Throws: `FileError` where there are none
  static func sources(
    of input: String, recursive: Bool
  ) throws -> (entries: [(path: String, stem: String)], foreign: [String]) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: input, isDirectory: &isFolder) else {
      throw FileError(path: input, problem: "is not there", advice: "give a folder of PNGs or one PNG")
    }
    guard isFolder.boolValue else {
      return ([(input, ((input as NSString).lastPathComponent as NSString).deletingPathExtension)], [])
    }
    let listing = try FolderListing(input, recursive: recursive)
    guard listing.files.isEmpty else { return (listing.files.map { ($0.path, $0.stem) }, listing.foreignImages) }
    if let foreign = ForeignPictures(listing.foreignImages) {
      throw FileError(path: input, problem: "holds no PNG, but \(foreign.count)", advice: foreign.conversion)
    }
    throw FileError(
      path: input, problem: "holds no PNG",
      advice: recursive ? "give a folder of PNGs" : "ask for \(setting: "recursive") if they are in sub-folders")
  }
}
