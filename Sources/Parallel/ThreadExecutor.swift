import Foundation

/// Runs an actor's jobs one after the other on a thread of its own, so that those which compute for long keep no thread of
/// the cooperative pool from the rest of the program.
package final class ThreadExecutor: SerialExecutor {
  private let mailbox = Mailbox()

  /// What the main thread of a program has: whole sessions run here, not pieces of work.
  private static let stackSize = 8 << 20

  /// Starts the thread; nil where the system gives none.
  package init?() {
    guard SystemThread.start(stackSize: Self.stackSize, { [mailbox] in mailbox.serve() }) else { return nil }
  }

  deinit { mailbox.close() }

  package func enqueue(_ job: consuming ExecutorJob) { mailbox.post(UnownedJob(job), for: self) }
}

/// The jobs that wait for the thread. It outlives the executor until the thread has gone.
///
/// Unchecked: `condition` guards every variable.
private final class Mailbox: @unchecked Sendable {
  private let condition = NSCondition()
  /// Each with its executor, which stays alive until the job is done.
  private var jobs: [(job: UnownedJob, executor: ThreadExecutor)] = []
  private var isClosed = false

  func post(_ job: UnownedJob, for executor: ThreadExecutor) {
    condition.withLock {
      jobs.append((job, executor))
      condition.signal()
    }
  }

  func close() {
    condition.withLock {
      isClosed = true
      condition.signal()
    }
  }

  func serve() {
    while let (job, executor) = next() {
      withExtendedLifetime(executor) { job.runSynchronously(on: executor.asUnownedSerialExecutor()) }
    }
  }

  private func next() -> (job: UnownedJob, executor: ThreadExecutor)? {
    condition.withLock {
      while jobs.isEmpty, !isClosed { condition.wait() }
      return jobs.isEmpty ? nil : jobs.removeFirst()
    }
  }
}

/// A thread to do blocking work on, for callers that are asynchronous.
package actor OwnThread {
  private let executor: ThreadExecutor

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// Starts the thread; nil where the system gives none.
  package init?() {
    guard let executor = ThreadExecutor() else { return nil }
    self.executor = executor
  }

  /// Does `work` on the thread, after what was given to it earlier; in there, `Task.isCancelled` is that of the caller.
  package func run<Result>(_ work: @Sendable () throws -> sending Result) rethrows -> sending Result { try work() }
}
