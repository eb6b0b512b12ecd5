import Files
import Foundation

/// Ends the translation of a large picture that somebody has asked to stop.
struct TranslationStopped: Error {}

/// What has happened so far in the translation of a folder. Unchecked: `lock` guards every variable.
final class TranslationLedger: @unchecked Sendable {
  private let lock = NSLock()
  private let report: @Sendable (FolderTranslation.Progress) -> Void
  private let total: Int
  private var done = 0
  private var current: FolderTranslation.Summary
  /// What several workers leave to be added up.
  private let recorder: WorkerRecorder?
  private var whenFinished: ((FolderTranslation.Item) -> Void)?

  init(
    skipped: Int, total: Int, foreign: [String], recorder: WorkerRecorder? = nil,
    _ report: @escaping @Sendable (FolderTranslation.Progress) -> Void
  ) {
    self.total = total
    self.recorder = recorder
    self.report = report
    current = FolderTranslation.Summary()
    current.total = skipped + total
    current.skipped = skipped
    current.foreign = foreign
  }

  var summary: FolderTranslation.Summary { lock.withLock { current } }

  func interrupt() { lock.withLock { current.isInterrupted = true } }

  /// Whether the output takes no more.
  var isEnded: Bool { lock.withLock { current.outputFailure != nil } }

  /// Whether nothing more is to be begun.
  var isOver: Bool { lock.withLock { current.outputFailure != nil || current.isInterrupted } }

  /// Tells how far a large picture is.
  func tell(_ item: FolderTranslation.Item, part: Double) {
    lock.withLock {
      report(
        FolderTranslation.Progress(
          done: done + current.others, total: total, path: item.source, failure: nil, part: part))
    }
  }

  /// Ends everything, for what keeps all pictures from being written.
  func end(_ error: any Error) {
    lock.withLock {
      guard current.outputFailure == nil else { return }
      current.outputFailure = error as? FileError ?? FileError(path: nil, problem: "\(error)")
    }
  }

  /// Has `act` told of every picture that is through, well or not; not of the one that ends everything.
  func onFinish(_ act: @escaping (FolderTranslation.Item) -> Void) { lock.withLock { whenFinished = act } }

  /// Takes note of how many pictures other workers have seen to.
  func setOthers(_ count: Int) { lock.withLock { current.others = count } }

  /// Tells that there is nothing to do but to wait for pictures that others are at.
  func wait(for count: Int) {
    lock.withLock {
      report(
        FolderTranslation.Progress(done: done + current.others, total: total, path: "", failure: nil, waiting: count))
    }
  }

  /// Writes the record for the first time.
  ///
  /// - Throws: `FileError` where it cannot be written
  func begin() throws { try lock.withLock { try recorder?.begin() } }

  /// Writes the record for the last time.
  func close() {
    lock.withLock {
      do {
        try recorder?.end(current)
      } catch let error as FileError {
        if current.outputFailure == nil { current.outputFailure = error }
      } catch {}
    }
  }

  /// Does the last of the work on a picture and tells of it; once the output takes no more, nothing happens.
  ///
  /// - Parameter pixels: of the picture, if it is translated
  func finish(_ item: FolderTranslation.Item, pixels: Int = 0, _ work: () throws -> Void) {
    guard !isEnded else { return }
    var failure: FileError?
    do {
      try work()
    } catch is TranslationStopped {
      return interrupt()
    } catch var error as FileError {
      if error.path == nil { error.path = item.source }
      failure = error
    } catch {
      failure = FileError(path: item.source, problem: "\(error)")
    }
    let act = lock.withLock { () -> ((FolderTranslation.Item) -> Void)? in
      // Another thread may meet the same at the same time.
      if failure != nil, current.outputFailure != nil { return nil }
      if let failure, failure.isOfOutput { current.outputFailure = failure }
      done += 1
      if let failure {
        current.failed += 1
        if current.failures.count < FolderTranslation.Summary.keptFailures { current.failures.append(failure) }
      } else {
        current.translated += 1
      }
      recorder?.note(current, pixels: failure == nil ? pixels : 0)
      report(
        FolderTranslation.Progress(done: done + current.others, total: total, path: item.source, failure: failure))
      return current.outputFailure == nil ? whenFinished : nil
    }
    act?(item)
  }
}
