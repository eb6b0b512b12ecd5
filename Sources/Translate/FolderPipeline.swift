import Files
import Foundation
import Images
import Parallel
import Synchronization

/// One run of a folder's translation: decoding, network and encoding, each a few pictures ahead of the next.
struct FolderPipeline {
  private typealias Output = (item: FolderTranslation.Item, input: Picture, output: Picture)

  private let translator: Translator
  private let ledger: TranslationLedger
  private let decoded: WorkQueue<FolderTranslation.Item, Decoding>
  private let encoding: WorkQueue<Output, Void>
  private var batch: PictureBatch

  private let translation: FolderTranslation

  private typealias Decoding = (item: FolderTranslation.Item, result: Result<Decoded, any Error>)

  /// What decoding a file gives.
  private enum Decoded: Sendable {
    case picture(Picture)
    /// It is too large to lie in memory beside the network, and goes through it by rows.
    case rows
  }

  /// Threads that decode, and as many that encode, beside `threads` that compute. Decoding or encoding takes some hundredth of
  /// the processor time that large networks take for a picture, and up to a quarter with the smallest; they yield to those
  /// that compute, so that too many cost nothing but memory.
  private static func codecThreads(beside threads: Int) -> Int { max(2, threads / 4) }

  /// Starts decoding `items`.
  init(
    _ translation: FolderTranslation, _ items: [FolderTranslation.Item], _ translator: Translator,
    _ ledger: TranslationLedger
  ) {
    let drawn = Mutex(0)
    self.init(translation, translator, ledger, count: items.count, ahead: nil) {
      drawn.withLock { index in
        guard index < items.count else { return nil }
        defer { index += 1 }
        return items[index]
      }
    }
  }

  /// Starts decoding what `draw` gives, until that is nil; called from one thread at a time. Hardly more is drawn ahead than is
  /// translated at once: it is kept from other workers.
  init(
    _ translation: FolderTranslation, drawing draw: @escaping @Sendable () -> FolderTranslation.Item?,
    _ translator: Translator, _ ledger: TranslationLedger
  ) {
    self.init(translation, translator, ledger, count: .max, ahead: 1, draw)
  }

  /// - Parameters:
  ///   - count: pictures that there are, at most
  ///   - ahead: pictures that are decoded beyond a batch; nil: as many as keep all threads at work
  private init(
    _ translation: FolderTranslation, _ translator: Translator, _ ledger: TranslationLedger, count: Int, ahead: Int?,
    _ draw: @escaping @Sendable () -> FolderTranslation.Item?
  ) {
    self.translation = translation
    self.translator = translator
    self.ledger = ledger
    batch = PictureBatch(size: translation.batchSize, count: count, gains: translator.gainsByBatches)
    let (limit, half, sideBySide) = (translation.limit, translation.half, translation.sideBySide)
    let workers = Self.codecThreads(beside: translator.threads)
    let usual = 2 * batch.size + 2 * workers
    var bound = usual
    if let ahead { bound = batch.size + ahead }
    let goesByRows = translator.rowRule
    decoded = WorkQueue(
      workers: min(workers, count), bound: bound, urgency: .yielding, drawing: draw
    ) { item in
      let result = Result {
        let header = try PNG.header(item.source)
        if goesByRows(half == nil ? header.width : header.width / 2, header.height) { return Decoded.rows }
        let whole = try PNG.read(item.source, limit: limit)
        return .picture(half.map(whole.half) ?? whole)
      }
      return (item, result)
    }
    encoding = WorkQueue(workers: workers, bound: usual, urgency: .yielding) { done in
      ledger.finish(done.item, pixels: done.input.width * done.input.height) {
        try Self.write(sideBySide ? done.input.joined(done.output) : done.output, to: done.item.target)
      }
    }
  }

  /// Translates all, unless it is asked to stop or the output takes no more, and waits until all is written.
  mutating func run(shouldStop: () -> Bool) {
    while let (item, result) = decoded.next() {
      switch result {
      case .success(.rows):
        translateBatch(shouldStop)
        translateByRows(item, shouldStop)
      case .success(.picture(let image)):
        if !batch.takes(image) { translateBatch(shouldStop) }
        batch.add(item, image)
        if batch.isFull { translateBatch(shouldStop) }
      case .failure(let error): ledger.finish(item) { throw error }
      }
      if ledger.isOver { break }
      // Whoever asks to stop when all is drawn has nothing to stop.
      if decoded.peek() != nil, shouldStop() {
        ledger.interrupt()
        break
      }
    }
    translateBatch(shouldStop, isLast: true)
    decoded.stop()
    encoding.finish()
  }

  private mutating func translateBatch(_ shouldStop: () -> Bool, isLast: Bool = false) {
    guard !ledger.isEnded, let (entries, count) = batch.removeAll(isLast: isLast) else { return }
    do {
      let outputs = try translator.translate(
        entries.map(\.image), names: entries.map(\.item.name), labels: entries.map(\.item.label), filledTo: count
      ) { part in
        guard let first = entries.first, first.image.width * first.image.height >= Self.largePixels else { return }
        try tell(first.item, part, shouldStop)
      }
      for (input, output) in zip(entries, outputs) { encoding.add((input.item, input.image, output)) }
    } catch {
      for input in entries { ledger.finish(input.item) { throw error } }
    }
  }

  /// A large picture, from file to file.
  private func translateByRows(_ item: FolderTranslation.Item, _ shouldStop: () -> Bool) {
    let header = try? PNG.header(item.source)
    let pixels = (header?.width ?? 0) * (header?.height ?? 0) / (translation.half == nil ? 1 : 2)
    ledger.finish(item, pixels: pixels) {
      try OutputFolder.make(forFile: item.target)
      try translator.translate(
        item.source, to: item.target, name: item.name, label: item.label, half: translation.half,
        sideBySide: translation.sideBySide, limit: translation.limit
      ) { part in try tell(item, part, shouldStop) }
    }
  }

  /// Pixels of pictures that may take so long that people want to know how far each is, and to stop within it.
  private static let largePixels = Translator.leastPixelsForRows

  /// Tells how far a large picture is.
  ///
  /// - Throws: `TranslationStopped` where that is asked for
  private func tell(_ item: FolderTranslation.Item, _ part: Double, _ shouldStop: () -> Bool) throws {
    ledger.tell(item, part: part)
    if shouldStop() { throw TranslationStopped() }
  }

  private static func write(_ image: Picture, to path: String) throws {
    try OutputFolder.make(forFile: path)
    try PNG.write(image, to: path)
  }
}
