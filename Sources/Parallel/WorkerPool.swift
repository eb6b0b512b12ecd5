import CProcessor
import Foundation
import Synchronization

/// Threads that share out the pieces of one job at a time.
///
/// Networks fork and join a hundred times a step, so workers spin for a while before they sleep. What a piece computes
/// never depends on the worker or on the number of threads; the worker's number only says which scratch it may use.
/// One caller at a time: a second one traps.
package final class WorkerPool: Sendable {
  /// Threads that compute, the caller's included: as many as were asked for and could be started.
  package let threads: Int
  private let crew: Crew
  private let trace: WorkTrace?

  /// A pool of `threads` threads, or as many of `WorkerPool.threadCounts` as come nearest; nil: one for each processor
  /// that this process may use.
  package convenience init(threads: Int? = nil) { self.init(threads: threads, stackSize: SystemThread.usualStack) }

  /// A pool of one thread which notes how long each piece takes.
  package convenience init(noting trace: WorkTrace) {
    self.init(threads: 1, stackSize: SystemThread.usualStack, trace: trace)
  }

  /// The same with threads of another stack, to see what becomes of a pool whose threads cannot be started.
  init(threads: Int?, stackSize: Int, trace: WorkTrace? = nil) {
    self.trace = trace
    let crew = Crew()
    var started = 1
    let wanted = Self.count(threads)
    while started < wanted {
      let worker = started
      guard SystemThread.start(stackSize: stackSize, { crew.serve(worker) }) else { break }
      started += 1
    }
    self.threads = started
    self.crew = crew
  }

  /// Numbers of threads that can be asked for.
  package static let threadCounts = 1...1024

  /// How many threads are meant by `threads`.
  package static func count(_ threads: Int?) -> Int {
    let possible = threadCounts
    return min(max(threads ?? ProcessInfo.processInfo.activeProcessorCount, possible.lowerBound), possible.upperBound)
  }

  deinit { crew.stop() }

  /// Calls `body` once for each of `pieces` pieces and returns when all are done.
  package func run(_ pieces: Int, _ body: @Sendable (_ piece: Int, _ worker: Int) -> Void) {
    precondition(
      !crew.isBusy.exchange(true, ordering: .acquiring),
      "a worker pool serves one caller at a time: give each thread a Processor or Translator of its own")
    defer { crew.isBusy.store(false, ordering: .releasing) }
    if threads > 1, pieces > 1 {
      crew.run(pieces, body)
    } else if let trace {
      trace.run(pieces, body)
    } else {
      for piece in 0..<pieces { body(piece, 0) }
    }
  }
}

/// What the caller and the workers share; it outlives the pool until the last worker has gone.
///
/// A job is over when its pieces are done, not when every worker has looked at it: where other programs hold a worker's
/// processor, the others do its share.
///
/// Unchecked: `job` is written by the caller alone while no piece is left to draw, and read only by who has drawn one;
/// everything else is atomic or guarded by `wakeUp`.
private final class Crew: @unchecked Sendable {
  private struct Job {
    var pieces: Int
    var body: @Sendable (_ piece: Int, _ worker: Int) -> Void
  }

  /// Whether somebody's job is under way.
  let isBusy = Atomic<Bool>(false)

  private var job: Job?
  /// The number of the job in the upper half, the pieces that nobody has drawn yet in the lower.
  private let ticket = Atomic<UInt64>(0)
  private let finishedPieces = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let isStopped = Atomic<Bool>(false)
  private let wakeUp = NSCondition()
  private var jobNumber: UInt64 = 0

  /// About 100 µs: longer than any gap between two jobs of one network.
  private static let spinsBeforeSleep = 4_000
  private static let lowerHalf: UInt64 = 0xFFFF_FFFF

  func run(_ pieces: Int, _ body: @Sendable (Int, Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      job = Job(pieces: pieces, body: body)
      jobNumber &+= 1
      finishedPieces.store(0, ordering: .relaxed)
      ticket.store(jobNumber << 32 | UInt64(pieces), ordering: .sequentiallyConsistent)
      wakeSleepers()
      while workOnPiece(as: 0) {}
      var spins = 0
      while finishedPieces.load(ordering: .acquiring) < pieces {
        processor_relax()
        spins += 1
        if spins > Self.spinsBeforeSleep { sched_yield() }
      }
      job = nil
    }
  }

  package func stop() {
    isStopped.store(true, ordering: .sequentiallyConsistent)
    wakeSleepers()
  }

  func serve(_ worker: Int) {
    while awaitWork() { while workOnPiece(as: worker) {} }
  }

  /// Draws a piece and does it; false where none is left.
  private func workOnPiece(as worker: Int) -> Bool {
    var current = ticket.load(ordering: .acquiring)
    while current & Self.lowerHalf > 0 {
      let (isDrawn, seen) = ticket.weakCompareExchange(
        expected: current, desired: current - 1, ordering: .acquiringAndReleasing)
      if isDrawn {
        call(remaining: Int(current & Self.lowerHalf), worker)
        finishedPieces.add(1, ordering: .releasing)
        return true
      }
      current = seen
    }
    return false
  }

  /// A function of its own, so that every reference to the caller's closure is given back before the piece counts as done.
  @inline(never) private func call(remaining: Int, _ worker: Int) {
    guard let job else { return }
    job.body(job.pieces - remaining, worker)
  }

  private var hasWork: Bool { ticket.load(ordering: .sequentiallyConsistent) & Self.lowerHalf > 0 }

  private func wakeSleepers() {
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    wakeUp.withLock { wakeUp.broadcast() }
  }

  /// Waits for a job; false when the pool is gone.
  private func awaitWork() -> Bool {
    for _ in 0..<Self.spinsBeforeSleep {
      if hasWork { return true }
      if isStopped.load(ordering: .relaxed) { return false }
      processor_relax()
    }
    wakeUp.lock()
    defer { wakeUp.unlock() }
    sleepers.add(1, ordering: .sequentiallyConsistent)
    defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
    while !hasWork {
      if isStopped.load(ordering: .sequentiallyConsistent) { return false }
      wakeUp.wait()
    }
    return true
  }
}
