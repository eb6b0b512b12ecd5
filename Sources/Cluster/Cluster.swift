import Files
import Foundation
import Parallel
import Synchronization
import Translate

/// The job of several processes that this one is a part of, where an MPI launcher has started it so.
package enum Cluster {
  /// What a process knows of the others.
  package struct Membership: Sendable {
    /// The way to the others.
    package var link: any RankLink
    /// How many machines the ranks are on.
    package var machines: Int
    /// How many ranks share the processors that this one may run on, with itself.
    package var sharing: Int

    /// Threads that compute in this rank where nobody says how many: all processors, shared out.
    package var threads: Int { max(1, WorkerPool.count(nil) / sharing) }
  }

  /// Joins the others; nil where this process was started alone.
  ///
  /// - Throws: `FileError` where it cannot, or this program knows no MPI
  package static func join(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> Membership? {
    guard let job = Shard.parallelJob(environment), job.count > 1 else { return nil }
    #if MPI
      if let link = current.withLock({ $0 }) { return link.membership }
      let link = try MPILink()
      current.withLock { $0 = link }
      return link.count > 1 ? link.membership : nil
    #else
      throw FileError(
        path: nil,
        problem:
          "\(job.name) has started \(job.count) copies of this program, which is built without MPI: each would train "
          + "alone, and write over the files of the others",
        advice: "build it with 'make build TRAITS=MPI' or 'swift build -c release --traits MPI', or start it once")
    #endif
  }

  /// Whether this process speaks for the job: what concerns all is said once.
  package static func isFirst(environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
    Shard.parallelJob(environment).map { $0.index == 0 } ?? true
  }

  /// How many processes the job is to have that this one is a part of, as its launcher says; 1 where it was started alone.
  package static func count(environment: [String: String] = ProcessInfo.processInfo.environment) -> Int {
    Shard.parallelJob(environment)?.count ?? 1
  }

  /// Leaves the job at the end of the process: in order where all is well, else all ranks end at once.
  package static func leave(status: Int32) {
    #if MPI
      guard let link = current.withLock({ $0 }) else { return }
      if isOrderly.load(ordering: .relaxed) { link.leave() } else { link.abort(status == 0 ? 1 : status) }
    #endif
  }

  /// Takes note that all ranks have come to their end, or are told to: nobody waits for this one any more.
  package static func isDone() { isOrderly.store(true, ordering: .relaxed) }

  private static let isOrderly = Atomic<Bool>(false)

  #if MPI
    private static let current = Mutex<MPILink?>(nil)
  #endif
}

#if MPI
  extension MPILink {
    fileprivate var membership: Cluster.Membership {
      Cluster.Membership(link: self, machines: machines, sharing: sharing)
    }
  }
#endif
