import Cluster
import Files
import Foundation
import Training

/// Training by one process, or by several that an MPI launcher has started.
enum RankedTraining {
  /// Trains what `make` makes, given the leader of the ranks where there are several; in all ranks but the first, follows it.
  static func run(
    on console: Console, isQuiet: Bool, json: Bool, making make: (RankLeader?) throws -> TrainingSession
  ) throws -> ExitCode {
    let membership: Cluster.Membership?
    do {
      membership = try Cluster.join()
    } catch {
      guard Cluster.isFirst() else { return .failure }
      throw error
    }
    guard let job = membership else {
      return try TrainingDialogue(console: console, isQuiet: isQuiet, json: json).run(make(nil))
    }
    guard job.link.rank == 0 else { return try follow(job) }
    let leader = RankLeader(job.link, threads: job.threads)
    defer { if leader.dismiss() { Cluster.isDone() } }
    let session = try make(leader)
    if !isQuiet {
      let threads = session.configuration.threads ?? job.threads
      console.error(
        "\(job.link.count) ranks on \(job.machines) \(job.machines == 1 ? "machine" : "machines"), \(threads) "
          + "\(threads == 1 ? "thread" : "threads") each")
    }
    return try TrainingDialogue(console: console, isQuiet: isQuiet, json: json).run(session)
  }

  /// Does as the first rank says, and takes no signal for itself: that one decides what a signal means.
  private static func follow(_ job: Cluster.Membership) throws -> ExitCode {
    for number in [SIGINT, SIGTERM, SIGHUP, SIGUSR1] { signal(number, SIG_IGN) }
    do {
      try RankFollower(job.link, threads: job.threads).serve()
    } catch var error as FileError {
      error.problem = "rank \(job.link.rank) cannot go on: \(error.problem)"
      throw error
    }
    Cluster.isDone()
    return .success
  }
}
