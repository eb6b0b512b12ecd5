import Files
import Foundation
import Images
import Parallel
import Synchronization

/// What decoding the pictures of a data folder has shown: whether a file is whole, its beginning does not tell.
package struct PictureSurvey: Sendable, Equatable {
  /// Files that were looked at.
  package var checked = 0
  /// Files that there are.
  package var total = 0
  /// The files among them that cannot be read, in the order of the folder.
  package var damaged: [FileError] = []

  /// Reads files on several threads.
  ///
  /// - Parameters:
  ///   - files: what there is to read, in this order
  ///   - threads: threads that read; nil: one a core
  ///   - deadline: no file is begun after this time; nil: all are read
  ///   - progress: called with the number of files read so far, on any thread
  ///   - read: reads the file with this index
  static func run(
    _ files: [DataFile], threads: Int? = nil, until deadline: ContinuousClock.Instant? = nil,
    progress: @Sendable (Int) -> Void = { _ in }, read: @Sendable (Int) throws -> Void
  ) -> PictureSurvey {
    let budget = MemoryBudget(bytes: memory)
    let next = Atomic<Int>(0)
    let results = Mutex<(checked: Int, damaged: [(index: Int, error: FileError)])>((0, []))
    // The pool goes on without threads that the system does not give.
    let pool = WorkerPool(threads: max(1, min(WorkerPool.count(threads), files.count)))
    pool.run(pool.threads) { _, _ in
      while deadline.map({ ContinuousClock.now < $0 }) ?? true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < files.count else { return }
        let bytes = 4 * (files[index].header?.rawByteCount ?? 0)
        budget.take(bytes)
        var failure: FileError?
        do {
          try read(index)
        } catch {
          failure = error as? FileError ?? FileError(path: files[index].path, problem: "cannot be read: \(error)")
        }
        budget.give(bytes)
        progress(
          results.withLock { results in
            results.checked += 1
            if let failure { results.damaged.append((index, failure)) }
            return results.checked
          })
      }
    }
    return results.withLock { results in
      PictureSurvey(
        checked: results.checked, total: files.count,
        damaged: results.damaged.sorted { $0.index < $1.index }.map(\.error))
    }
  }

  /// Bytes that pictures under way may take together, so that many cores and large pictures do not exhaust the memory.
  private static let memory = 1 << 30
}

extension DataFolder {
  /// Decodes every picture whose beginning can be read, held-out ones too.
  ///
  /// - Parameters:
  ///   - threads: threads that decode; nil: one a core
  ///   - progress: called with the number of pictures decoded so far and of all, on any thread
  package func survey(
    threads: Int? = nil, progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) -> PictureSurvey {
    let files = (training.files + (heldOut?.files ?? [])).filter { $0.header != nil }
    return PictureSurvey.run(files, threads: threads, progress: { progress($0, files.count) }) { index in
      _ = try PNG.read(files[index].path, limit: limit)
    }
  }
}

/// Bytes that several threads share. Unchecked: `left` is only touched while `condition` is locked.
private final class MemoryBudget: @unchecked Sendable {
  private let condition = NSCondition()
  private let bytes: Int
  private var left: Int

  init(bytes: Int) { (self.bytes, left) = (bytes, bytes) }

  /// Waits until there is enough; what is larger than the whole budget waits until nobody else has any.
  func take(_ count: Int) {
    condition.withLock {
      while left < min(count, bytes) { condition.wait() }
      left -= min(count, bytes)
    }
  }

  func give(_ count: Int) {
    condition.withLock {
      left += min(count, bytes)
      condition.broadcast()
    }
  }
}
