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
  private let decoded: WorkQueue<FolderTranslation.Item, Result<Picture, any Error>>
  private let encoding: WorkQueue<Output, Void>
  private var batch: PictureBatch

  /// Decoding or encoding a picture takes a tenth of translating it.
  private static let codecThreads = 2

  /// Starts decoding `items`.
  init(
    _ translation: FolderTranslation, _ items: [FolderTranslation.Item], _ translator: Translator,
    _ ledger: TranslationLedger
  ) {
    self.items = items
    self.translator = translator
    self.ledger = ledger
    batch = PictureBatch(size: translation.batchSize, count: items.count, gains: translator.gainsByBatches)
    let (limit, half, sideBySide) = (translation.limit, translation.half, translation.sideBySide)
    let ahead = 2 * batch.size + 4
    decoded = WorkQueue(of: items, workers: Self.codecThreads, bound: ahead, urgency: .yielding) { item in
      Result {
        let whole = try PNG.read(item.source, limit: limit)
        return half.map(whole.half) ?? whole
      }
    }
    encoding = WorkQueue(workers: Self.codecThreads, bound: ahead, urgency: .yielding) { done in
      ledger.finish(done.item) {
        try Self.write(sideBySide ? done.input.joined(done.output) : done.output, to: done.item.target)
      }
    }
  }

  /// Translates all, unless it is asked to stop or the output takes no more, and waits until all is written.
  mutating func run(shouldStop: () -> Bool) {
    for (index, item) in items.enumerated() {
      switch decoded.next() {
      case .success(let image)?:
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

  private static func write(_ image: Picture, to path: String) throws {
    try OutputFolder.make(forFile: path)
    try PNG.write(image, to: path)
  }
}
