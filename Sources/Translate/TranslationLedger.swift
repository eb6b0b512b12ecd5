import Files
import Foundation

/// What has happened so far in the translation of a folder. Unchecked: `lock` guards every variable.
final class TranslationLedger: @unchecked Sendable {
  private let lock = NSLock()
  private let report: @Sendable (FolderTranslation.Progress) -> Void
  private let total: Int
  private var done = 0
  private var current: FolderTranslation.Summary

  init(
    skipped: Int, total: Int, foreign: [String], _ report: @escaping @Sendable (FolderTranslation.Progress) -> Void
  ) {
    self.total = total
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

  /// Does the last of the work on a picture and tells of it; once the output takes no more, nothing happens.
  func finish(_ item: FolderTranslation.Item, _ work: () throws -> Void) {
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
      if let failure {
        current.failed += 1
        if current.failures.count < FolderTranslation.Summary.keptFailures { current.failures.append(failure) }
      } else {
        current.translated += 1
      }
      report(FolderTranslation.Progress(done: done, total: total, path: item.source, failure: failure))
    }
  }
}
