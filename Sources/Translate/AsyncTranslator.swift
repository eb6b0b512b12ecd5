import Files
import Images
import Parallel
import Weights

/// A translator for programs that do other things meanwhile: it computes on a thread of its own, one call after the other
/// in the order in which they come.
///
/// Where the calling task is cancelled, a picture that has not begun is not begun, one in tiles stops between two of them,
/// and `CancellationError` is thrown.
public actor AsyncTranslator {
  private let thread: OwnThread
  private let translator: Translator
  /// The labels under one of which a picture is translated; empty where the model was trained without.
  public nonisolated let labels: [String]

  /// The thread that computes, as the runtime asks for it.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.unownedExecutor }

  /// A translator with the generator of `path`: a run folder, a `.safetensors` or a `.pth`.
  ///
  /// - Parameters:
  ///   - direction: which generator of an unpaired run; nil: the only one, or A to B
  ///   - part: the state dict in a nested `.pth`
  ///   - options: how pictures are translated
  /// - Throws: `FileError` where there is no generator, or an option cannot be
  public init(
    model path: String, direction: Direction? = nil, part: String? = nil,
    options: Translator.Options = Translator.Options()
  ) async throws {
    guard let thread = OwnThread() else { throw FileError.noThread }
    self.thread = thread
    let translator = try await thread.run {
      try Task.checkCancellation()
      return try Translator(model: path, direction: direction, part: part, options: options)
    }
    self.translator = translator
    labels = translator.labels
  }

  /// The translation of one picture, as `Translator.translate` makes it.
  ///
  /// - Throws: `FileError` where the picture is empty, or too large for the memory at hand; `CancellationError`
  public func translate(_ image: Picture, name: String = "", label: String? = nil) throws -> Picture {
    try translate([image], names: [name], label: label)[0]
  }

  /// The translations of pictures of one size, as one batch.
  ///
  /// - Parameters:
  ///   - images: all of the same size
  ///   - names: one for each picture, or none
  ///   - label: that of all of them, one of `labels`, where there are any
  /// - Throws: `FileError` where a picture is empty, sizes differ, the memory at hand is too small, or the label is missing
  ///   or none of the model's; `CancellationError`
  public func translate(_ images: [Picture], names: [String] = [], label: String? = nil) throws -> [Picture] {
    try Task.checkCancellation()
    return try translator.translate(images, names: names, labels: images.map { _ in label }, filledTo: 0) { _ in
      try Task.checkCancellation()
    }
  }

  /// Translates a folder; where the calling task is cancelled, it stops after the pictures at hand and keeps what is
  /// written: the summary says so (`isInterrupted`).
  ///
  /// - Parameter report: called for every picture, one call at a time, from whichever thread
  /// - Throws: as `FolderTranslation.run`; `CancellationError` where it was cancelled before it began
  public func translate(
    _ folder: FolderTranslation, report: @escaping @Sendable (FolderTranslation.Progress) -> Void = { _ in }
  ) throws -> FolderTranslation.Summary {
    try Task.checkCancellation()
    return try folder.run(translator, shouldStop: { Task.isCancelled }, report: report)
  }
}

extension FolderTranslation {
  /// Translates everything, and tells of each picture: an iteration of the sequence is a translation of the folder.
  ///
  /// Where the iterating task is cancelled, it stops after the pictures at hand and keeps what is written; the sequence ends
  /// when the last of them is. A loop that is left earlier stops it likewise, and does not wait.
  ///
  /// - Parameter translator: translates; other calls wait for the end of the folder
  /// - Returns: a sequence that throws what `run` throws, and `FileError` where the output takes no more (the disk is full)
  public func progress(with translator: AsyncTranslator) -> some AsyncSequence<Progress, any Error> & Sendable {
    JobEvents { tell in
      let summary = try await translator.translate(self, report: tell)
      if let failure = summary.outputFailure { throw failure }
    }
  }
}
