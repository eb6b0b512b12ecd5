import Files
import Foundation
import Parallel

/// Prepares the next batches in the background while the current one is trained on.
///
/// What comes out depends on data, sampler and preparation alone, not on timing or the number of workers: batches are
/// drawn in order, and delivered in that order. Where no thread can be started, a batch is prepared when it is asked for.
package final class BatchLoader: Sendable {
  private let source: BatchSource
  private let queue: WorkQueue<BatchSource.Plan, Result<Batch, any Error>>
  private let skipsDamaged: Bool
  /// Batches are handed out one at a time: what a batch holds may depend on those behind it.
  private let handingOut = NSLock()

  /// Starts loading.
  ///
  /// - Parameters:
  ///   - store: where pictures come from.
  ///   - sampler: which of the store's pictures; it may have been resumed from a saved state.
  ///   - batchSize: samples a batch, fewer at the end of an epoch (as the public code, which drops none).
  ///   - workers: threads that decode and resize, 1 to 1024.
  ///   - depth: how many batches are prepared at most, 1 to 1024.
  ///   - skipsDamaged: whether a sample with a picture that cannot be read is left out of its batch. Such a sample is
  ///     drawn all the same, and nothing takes its place: what comes after it does not depend on it.
  ///   - part: the part of each batch that is loaded; all of it is drawn.
  package convenience init(
    store: ImageStore, sampler: Sampler, batchSize: Int, workers: Int = 1, depth: Int = 3, skipsDamaged: Bool = false,
    part: BatchPart = BatchPart()
  ) {
    self.init(
      store: store, sampler: sampler, batchSize: batchSize, workers: workers, depth: depth, skipsDamaged: skipsDamaged,
      part: part, stackSize: SystemThread.usualStack)
  }

  /// The same with workers of another stack, to see what becomes of a loader whose threads cannot be started.
  init(
    store: ImageStore, sampler: Sampler, batchSize: Int, workers: Int, depth: Int, skipsDamaged: Bool = false,
    part: BatchPart = BatchPart(), stackSize: Int
  ) {
    precondition(batchSize > 0, "a batch holds at least one sample")
    precondition((1...1024).contains(workers) && (1...1024).contains(depth), "1 to 1024 workers and batches")
    precondition(
      sampler.state.countA <= store.imageCounts.a && sampler.state.countB <= store.imageCounts.b,
      "a sampler is made for the store's pictures")
    let source = BatchSource(
      store: store, sampler: sampler, batchSize: batchSize, mostSpare: 2 * depth, skipsDamaged: skipsDamaged,
      part: part)
    self.source = source
    self.skipsDamaged = skipsDamaged
    queue = WorkQueue(workers: workers, bound: depth, stackSize: stackSize, drawing: source.draw) { plan in
      Result { try source.fill(plan) }
    }
  }

  /// Ends the workers, and waits for what they are at.
  deinit { queue.stop() }

  /// The next batch; waits where it is not ready yet.
  ///
  /// Where damaged pictures are left out, a batch holds fewer samples, and one that would hold none is passed over.
  ///
  /// - Throws: `FileError` where a file of this batch could not be read or prepared, or none of a whole epoch; from then
  ///   on every call throws it.
  package func next() throws -> Batch {
    try handingOut.withLock {
      if let failure = source.failure { throw failure }
      do {
        return try nextWithPictures()
      } catch {
        source.fail(error)
        throw error
      }
    }
  }

  /// The next batch that holds a sample. Empty ones before it are passed over. Those behind it that end its epoch are
  /// taken too, so that the end of an epoch is always seen.
  private func nextWithPictures() throws -> Batch {
    var leftOut: [FileError] = []
    var batch = try following().get()
    while batch.input.count == 0 {
      leftOut += batch.leftOut
      // Two epochs' length without one: whatever the two orders are, every sample was among them.
      guard leftOut.count < 2 * batch.stateAfter.epochLength else { throw nothingReadable(leftOut) }
      batch = try following().get()
    }
    batch.leftOut = leftOut + batch.leftOut
    while skipsDamaged, !batch.isLastOfEpoch, case .success(let next)? = queue.peek(), next.input.count == 0 {
      _ = queue.next()
      batch.leftOut += next.leftOut
      batch.isLastOfEpoch = next.isLastOfEpoch
      batch.stateAfter = next.stateAfter
    }
    return batch
  }

  private func following() -> Result<Batch, any Error> {
    guard let result = queue.next() else { preconditionFailure("batches have no end before a failure") }
    return result
  }

  private func nothingReadable(_ errors: [FileError]) -> FileError {
    FileError(
      path: errors.first?.path, problem: "and every other picture to train on cannot be read any more",
      advice: "is the data folder still there?")
  }

  /// Gives a batch back whose memory may be used for a later one. Optional: a copy that is kept stays untouched.
  package func recycle(_ batch: consuming Batch) { source.recycle(batch) }
}
