import Files
import Foundation
import NeuralNet
import Parallel
import Translate

/// Prepares the next batches in the background while the current one is trained on.
///
/// What comes out depends on data, sampler and preparation alone, not on timing or the number of workers: batches are
/// drawn in order, and delivered in that order. Where no thread can be started, a batch is prepared when it is asked for.
package final class BatchLoader: Sendable {
  private let queue: BatchQueue

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
  package convenience init(
    store: ImageStore, sampler: Sampler, batchSize: Int, workers: Int = 1, depth: Int = 3, skipsDamaged: Bool = false
  ) {
    self.init(
      store: store, sampler: sampler, batchSize: batchSize, workers: workers, depth: depth, skipsDamaged: skipsDamaged,
      stackSize: SystemThread.usualStack)
  }

  /// The same with workers of another stack, to see what becomes of a loader whose threads cannot be started.
  init(
    store: ImageStore, sampler: Sampler, batchSize: Int, workers: Int, depth: Int, skipsDamaged: Bool = false,
    stackSize: Int
  ) {
    precondition(batchSize > 0, "a batch holds at least one sample")
    precondition((1...1024).contains(workers) && (1...1024).contains(depth), "1 to 1024 workers and batches")
    precondition(
      sampler.state.countA <= store.imageCounts.a && sampler.state.countB <= store.imageCounts.b,
      "a sampler is made for the store's pictures")
    queue = BatchQueue(store: store, sampler: sampler, batchSize: batchSize, depth: depth, skipsDamaged: skipsDamaged)
    for _ in 0..<workers {
      guard queue.startWorker(stackSize: stackSize) else { break }
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
  package func next() throws -> Batch { try queue.next() }

  /// Gives a batch back whose memory may be used for a later one. Optional: a copy that is kept stays untouched.
  package func recycle(_ batch: consuming Batch) { queue.recycle(batch) }
}

/// What loader and workers share; every variable is only touched while `condition` is locked, hence `@unchecked`.
private final class BatchQueue: @unchecked Sendable {
  private let condition = NSCondition()
  private let store: ImageStore
  private let batchSize: Int
  private let depth: Int
  private let skipsDamaged: Bool
  private var sampler: Sampler
  private var started = 0
  private var delivered = 0
  private var ready: [Int: Result<Batch, any Error>] = [:]
  private var failure: (any Error)?
  private var spare: [[Float]] = []
  private var workers = 0
  private var isStopped = false

  init(store: ImageStore, sampler: Sampler, batchSize: Int, depth: Int, skipsDamaged: Bool) {
    self.store = store
    self.sampler = sampler
    self.batchSize = batchSize
    self.depth = depth
    self.skipsDamaged = skipsDamaged
  }

  /// Starts a thread that loads; false where there is none to be had.
  func startWorker(stackSize: Int) -> Bool {
    condition.withLock {
      let isStarted = SystemThread.start(stackSize: stackSize) { [self] in
        work()
        condition.withLock {
          workers -= 1
          condition.broadcast()
        }
      }
      if isStarted { workers += 1 }
      return isStarted
    }
  }

  package func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
      while workers > 0 { condition.wait() }
    }
  }

  package func next() throws -> Batch {
    try condition.withLock {
      if let failure { throw failure }
      do {
        return try nextWithPictures()
      } catch {
        failure = error
        throw error
      }
    }
  }

  /// Waits, with the lock held, until a worker has done something; where none could be started, does its work.
  private func awaitProgress() {
    guard workers == 0 else { return condition.wait() }
    condition.unlock()
    workOnce()
    condition.lock()
  }

  /// The next batch that holds a sample. Empty ones before it are passed over. Those behind it that end its epoch are
  /// taken too, so that the end of an epoch is always seen.
  private func nextWithPictures() throws -> Batch {
    var leftOut: [FileError] = []
    var batch = try awaitNext().get()
    while batch.input.count == 0 {
      leftOut += batch.leftOut
      // Two epochs' length without one: whatever the two orders are, every sample was among them.
      guard leftOut.count < 2 * batch.stateAfter.epochLength else { throw nothingReadable(leftOut) }
      take()
      batch = try awaitNext().get()
    }
    take()
    batch.leftOut = leftOut + batch.leftOut
    while skipsDamaged, !batch.isLastOfEpoch, case .success(let next) = awaitNext(), next.input.count == 0 {
      take()
      batch.leftOut += next.leftOut
      batch.isLastOfEpoch = next.isLastOfEpoch
      batch.stateAfter = next.stateAfter
    }
    return batch
  }

  /// Waits for the next batch and leaves it where it is.
  private func awaitNext() -> Result<Batch, any Error> {
    while true {
      if let result = ready[delivered] { return result }
      awaitProgress()
    }
  }

  private func take() {
    ready[delivered] = nil
    delivered += 1
    condition.broadcast()
  }

  private func nothingReadable(_ errors: [FileError]) -> FileError {
    FileError(
      path: errors.first?.path, problem: "and every other picture to train on cannot be read any more",
      advice: "is the data folder still there?")
  }

  func recycle(_ batch: consuming Batch) {
    let (input, target) = (batch.input.values, batch.target.values)
    condition.withLock {
      guard spare.count < 2 * depth else { return }
      spare.append(input)
      spare.append(target)
    }
  }

  /// A batch that has been drawn and waits to be filled.
  private struct Plan {
    var number: Int
    var samples: [Sample]
    var isLastOfEpoch: Bool
    var stateAfter: SamplerState
    var input: ImageBatch
    var target: ImageBatch
  }

  private func work() {
    while workOnce() {}
  }

  /// Fills the next batch; false where none is wanted any more.
  @discardableResult private func workOnce() -> Bool {
    guard let plan = nextPlan() else { return false }
    let number = plan.number
    let result = Result { try fill(plan) }
    condition.withLock {
      ready[number] = result
      condition.broadcast()
    }
    return true
  }

  private func nextPlan() -> Plan? {
    condition.withLock {
      while !isStopped && (failure != nil || started - delivered >= depth) { condition.wait() }
      guard !isStopped else { return nil }
      let samples = sampler.nextBatch(size: batchSize)
      let state = sampler.state
      defer { started += 1 }
      return Plan(
        number: started, samples: samples, isLastOfEpoch: state.position == state.epochLength, stateAfter: state,
        input: ImageBatch(reusing: spare.popLast() ?? []), target: ImageBatch(reusing: spare.popLast() ?? []))
    }
  }

  private func fill(_ plan: consuming Plan) throws -> Batch {
    var (input, target) = (plan.input, plan.target)
    plan.input = ImageBatch()
    plan.target = ImageBatch()
    var paths: [(input: String, target: String)] = []
    var leftOut: [FileError] = []
    for sample in plan.samples {
      do {
        paths.append(try store.append(sample, toInput: &input, target: &target))
      } catch let error as FileError where skipsDamaged {
        leftOut.append(error)
      }
    }
    return Batch(
      input: input, target: target, inputPaths: paths.map(\.input), targetPaths: paths.map(\.target),
      epoch: plan.stateAfter.epoch, isLastOfEpoch: plan.isLastOfEpoch, stateAfter: plan.stateAfter,
      leftOut: leftOut)
  }
}
