import CProcessor
import Foundation
import Synchronization

/// Threads that share out the pieces of one job at a time.
///
/// Networks fork and join a hundred times a step, so workers spin for a while before they sleep. What a piece computes
/// never depends on the worker or on the number of threads; the worker's number only says which scratch it may use.
/// One caller at a time.
public final class WorkerPool: Sendable {
  /// Threads that compute, the caller's included.
  public let threads: Int
  private let crew: Crew

  /// A pool of `threads` threads; nil: one for each processor that this process may use.
  public init(threads: Int? = nil) {
    let count = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
    let crew = Crew()
    self.threads = count
    self.crew = crew
    for worker in 1..<max(2, count) where worker < count {
      let thread = Thread { crew.serve(worker) }
      thread.stackSize = 1 << 20
      thread.start()
    }
  }

  deinit { crew.stop() }

  /// Calls `body` once for each of `pieces` pieces and returns when all are done.
  public func run(_ pieces: Int, _ body: (_ piece: Int, _ worker: Int) -> Void) {
    if threads > 1, pieces > 1 {
      crew.run(pieces, body, workers: threads - 1)
    } else {
      for piece in 0..<pieces { body(piece, 0) }
    }
  }
}

/// What the caller and the workers share; it outlives the pool until the last worker has gone.
///
/// Unchecked: `job` is written by the caller alone, before the generation that publishes it and after every worker has
/// reported back; everything else is atomic or guarded by `wakeUp`.
private final class Crew: @unchecked Sendable {
  private struct Job {
    var pieces: Int
    var body: (_ piece: Int, _ worker: Int) -> Void
  }

  private var job: Job?
  private let generation = Atomic<Int>(0)
  private let nextPiece = Atomic<Int>(0)
  private let busyWorkers = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let isStopped = Atomic<Bool>(false)
  private let wakeUp = NSCondition()

  /// About 100 µs: longer than any gap between two jobs of one network.
  private static let spinsBeforeSleep = 4_000

  func run(_ pieces: Int, _ body: (Int, Int) -> Void, workers: Int) {
    withoutActuallyEscaping(body) { body in
      job = Job(pieces: pieces, body: body)
      nextPiece.store(0, ordering: .relaxed)
      busyWorkers.store(workers, ordering: .relaxed)
      publish()
      drawPieces(pieces, body, worker: 0)
      var spins = 0
      while busyWorkers.load(ordering: .acquiring) > 0 {
        processor_relax()
        spins += 1
        if spins > Self.spinsBeforeSleep { sched_yield() }
      }
      job = nil
    }
  }

  func stop() {
    isStopped.store(true, ordering: .sequentiallyConsistent)
    publish()
  }

  func serve(_ worker: Int) {
    var seen = 0
    while true {
      awaitGeneration(after: &seen)
      if isStopped.load(ordering: .sequentiallyConsistent) { return }
      if let job { drawPieces(job.pieces, job.body, worker: worker) }
      busyWorkers.subtract(1, ordering: .releasing)
    }
  }

  private func publish() {
    generation.add(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      wakeUp.lock()
      wakeUp.broadcast()
      wakeUp.unlock()
    }
  }

  private func drawPieces(_ pieces: Int, _ body: (Int, Int) -> Void, worker: Int) {
    while true {
      let piece = nextPiece.add(1, ordering: .relaxed).oldValue
      if piece >= pieces { return }
      body(piece, worker)
    }
  }

  private func awaitGeneration(after seen: inout Int) {
    for _ in 0..<Self.spinsBeforeSleep {
      let current = generation.load(ordering: .acquiring)
      if current != seen {
        seen = current
        return
      }
      processor_relax()
    }
    wakeUp.lock()
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while generation.load(ordering: .sequentiallyConsistent) == seen { wakeUp.wait() }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    seen = generation.load(ordering: .sequentiallyConsistent)
    wakeUp.unlock()
  }
}
