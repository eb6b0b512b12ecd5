import Files
import Foundation
import Images
import Parallel

/// One run of a folder's translation: decoding, network and encoding, each a few pictures ahead of the next.
struct FolderPipeline {
  private typealias Output = (item: FolderTranslation.Item, input: Picture, output: Picture)

  private let items: [FolderTranslation.Item]
  private let translator: Translator
  private let ledger: TranslationLedger
  private let decoded: WorkQueue<FolderTranslation.Item, Result<Decoded, any Error>>
  private let encoding: WorkQueue<Output, Void>
  private var batch: PictureBatch

  private let translation: FolderTranslation

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
    self.items = items
    self.translation = translation
    self.translator = translator
    self.ledger = ledger
    batch = PictureBatch(size: translation.batchSize, count: items.count, gains: translator.gainsByBatches)
    let (limit, half, sideBySide) = (translation.limit, translation.half, translation.sideBySide)
    let workers = Self.codecThreads(beside: translator.threads)
    let ahead = 2 * batch.size + 2 * workers
    let goesByRows = translator.rowRule
    decoded = WorkQueue(of: items, workers: workers, bound: ahead, urgency: .yielding) { item in
      Result {
        let header = try PNG.header(item.source)
        if goesByRows(half == nil ? header.width : header.width / 2, header.height) { return .rows }
        let whole = try PNG.read(item.source, limit: limit)
        return .picture(half.map(whole.half) ?? whole)
      }
    }
    encoding = WorkQueue(workers: workers, bound: ahead, urgency: .yielding) { done in
      ledger.finish(done.item) {
        try Self.write(sideBySide ? done.input.joined(done.output) : done.output, to: done.item.target)
      }
    }
  }

  /// Translates all, unless it is asked to stop or the output takes no more, and waits until all is written.
  mutating func run(shouldStop: () -> Bool) {
    for (index, item) in items.enumerated() {
      switch decoded.next() {
      case .success(.rows)?:
        translateBatch()
        translateByRows(item)
      case .success(.picture(let image))?:
        if !batch.takes(image) { translateBatch() }
        batch.add(item, image)
        if batch.isFull { translateBatch() }
      case .failure(let error)?: ledger.finish(item) { throw error }
      case nil: preconditionFailure("every item is decoded")
      }
      if ledger.isEnded { break }
      if index + 1 < items.count, shouldStop() {
        ledger.interrupt()
        break
      }
    }
    translateBatch(isLast: true)
    decoded.stop()
    encoding.finish()
  }

  private mutating func translateBatch(isLast: Bool = false) {
    guard !ledger.isEnded, let (entries, count) = batch.removeAll(isLast: isLast) else { return }
    do {
      let outputs = try translator.translate(
        entries.map(\.image), names: entries.map(\.item.name), labels: entries.map(\.item.label), filledTo: count)
      for (input, output) in zip(entries, outputs) { encoding.add((input.item, input.image, output)) }
    } catch {
      for input in entries { ledger.finish(input.item) { throw error } }
    }
  }

  /// A large picture, from file to file.
  private func translateByRows(_ item: FolderTranslation.Item) {
    ledger.finish(item) {
      try OutputFolder.make(forFile: item.target)
      try translator.translate(
        item.source, to: item.target, name: item.name, label: item.label, half: translation.half,
        sideBySide: translation.sideBySide, limit: translation.limit)
    }
  }

  private static func write(_ image: Picture, to path: String) throws {
    try OutputFolder.make(forFile: path)
    try PNG.write(image, to: path)
  }
}
