import Synchronization

/// How long each piece of each job took, as a pool of one thread notes it: what more threads would make of the same work
/// follows from that (`translate-bench scaling`).
package final class WorkTrace: Sendable {
  /// For each job in order, the seconds of its pieces in order.
  private let jobs = Mutex<[[Double]]>([])

  /// Nothing noted so far.
  package init() {}

  /// What was noted since the last call.
  package func take() -> [[Double]] {
    jobs.withLock { jobs in
      defer { jobs = [] }
      return jobs
    }
  }

  func run(_ pieces: Int, _ body: (_ piece: Int, _ worker: Int) -> Void) {
    var seconds: [Double] = []
    seconds.reserveCapacity(pieces)
    var start = ContinuousClock.now
    for piece in 0..<pieces {
      body(piece, 0)
      let end = ContinuousClock.now
      seconds.append((end - start) / .seconds(1))
      start = end
    }
    jobs.withLock { $0.append(seconds) }
  }
}
