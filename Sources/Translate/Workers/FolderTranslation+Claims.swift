import Files
import Foundation

extension FolderTranslation {
  /// How pictures are shared out among all workers that translate into one output folder and come and go as they like.
  public struct Claims: Sendable, Equatable {
    /// Seconds without a sign of life after which a worker is taken for dead, one of `timeouts`.
    public var timeout = 180

    /// Timeouts that can be asked for. Network disks may show a file as it was a minute ago.
    public static let timeouts = 2...86_400

    /// As usual.
    public init() {}
  }

  /// Seconds between two looks at what others are at, when nothing is left to claim; the last one repeats.
  private static let pauses = [0.2, 0.5, 1, 2, 5]

  /// Translates what is missing and claimed by nobody else, until nothing is missing.
  ///
  /// - Parameters:
  ///   - all: all pictures, in the order that all workers know
  ///   - isMissing: for each, whether its translation is missing
  func share(
    _ all: [Item], isMissing: [Bool], _ settings: Claims, _ translator: Translator, _ ledger: TranslationLedger,
    shouldStop: () -> Bool
  ) throws {
    guard isMissing.contains(true) else { return }
    guard
      let claims = try ClaimFolder.join(
        output, fingerprint: fingerprint(all, translator), timeout: Double(settings.timeout), shouldStop: shouldStop)
    else { return ledger.interrupt() }
    defer { claims.close() }
    try ledger.begin()
    let items = try ClaimedItems(all, isMissing: isMissing, claims) { ledger.end($0) }
    ledger.onFinish { items.finish($0) }
    var pauses = Self.pauses[...]
    var isOver = false
    while !isOver {
      var pipeline = FolderPipeline(self, drawing: items.draw, translator, ledger)
      pipeline.run(shouldStop: shouldStop)
      var rest: ClaimedItems.Rest?
      while !isOver, rest != .takenOver {
        isOver = ledger.isEnded || ledger.summary.isInterrupted
        if isOver { break }
        rest = try items.rest()
        ledger.setOthers(items.others)
        switch rest {
        case .nothing:
          try claims.removeWhenDone()
          isOver = true
        case .takenOver: pauses = Self.pauses[...]
        case .held(let count):
          ledger.wait(for: count)
          if shouldStop() { ledger.interrupt() } else { Self.sleep(pauses.first ?? 5, shouldStop) }
          if pauses.count > 1 { pauses.removeFirst() }
        case nil: break
        }
      }
    }
    ledger.setOthers(items.others)
  }

  /// Sleeps, and wakes up when it is asked to stop.
  private static func sleep(_ seconds: Double, _ shouldStop: () -> Bool) {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end, !shouldStop() { Thread.sleep(forTimeInterval: min(seconds, 0.2)) }
  }

  /// What all workers on an output folder must agree on: which pictures there are, in which order, and what becomes of them.
  /// Paths are left out, which may differ from machine to machine.
  func fingerprint(_ items: [Item], _ translator: Translator) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ text: String) {
      // FNV-1a, with a byte behind each text that no text holds.
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      hash = (hash ^ 0xFF) &* 0x100_0000_01B3
    }
    var options = translator.options
    // These change nothing in what comes out.
    (options.memory, options.scratch, options.threads) = (nil, nil, nil)
    add("\(options)")
    add("\(half.map(\.rawValue) ?? "whole") \(sideBySide)")
    for item in items {
      add(item.name)
      add(item.label ?? "")
    }
    return hash
  }
}
