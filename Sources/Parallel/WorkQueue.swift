import Foundation
import Synchronization

/// Does jobs on threads of its own, a bounded number of them ahead of whoever waits for what they yield.
///
/// Jobs are either drawn, in order, from a closure, and their values taken in that order (`next`), or added (`add`), and
/// nothing is kept of them. Where no thread can be started, a job is done when its value is asked for or when it is added:
/// what comes out does not depend on the threads.
///
/// Its threads hold on to it: whoever made it ends them by `stop` or `finish`.
///
/// Unchecked: every variable is only touched while `condition` is locked.
package final class WorkQueue<Job: Sendable, Value: Sendable>: @unchecked Sendable {
  /// Which threads go first where there are more than processors.
  package enum Urgency: Sendable {
    /// As those that compute.
    case usual
    /// Those that compute: a worker that loses its processor for a time slice holds up all others at the end of a layer,
    /// while decoding and encoding fill the time between pictures.
    case yielding
  }

  private let condition = NSCondition()
  private let bound: Int
  /// The next job; nil: there are no more. Called while `condition` is locked. nil: jobs are added.
  private let draw: (@Sendable () -> Job?)?
  private let perform: @Sendable (Job) -> Value
  private let urgency: Urgency
  /// Jobs that were added and that no thread is at yet.
  private var waiting: [Job] = []
  /// Values that nobody has taken, by the number of their job.
  private var ready: [Int: Value] = [:]
  /// Jobs that were drawn or added.
  private var accepted = 0
  /// Jobs whose value was taken, or that are done and leave none.
  private var settled = 0
  private var running = 0
  private var hasWorkers = false
  private var isExhausted = false
  private var isStopped = false

  /// A queue that draws its jobs itself.
  ///
  /// - Parameters:
  ///   - workers: threads
  ///   - bound: jobs that may be under way or have a value that waits to be taken, at least 1
  ///   - draw: the next job, nil when there are no more; one call at a time, in the order of the values. It must not use
  ///     the queue.
  ///   - perform: makes a job's value, on several threads at once
  package convenience init(
    workers: Int, bound: Int, urgency: Urgency = .usual, stackSize: Int = SystemThread.usualStack,
    drawing draw: @escaping @Sendable () -> Job?, _ perform: @escaping @Sendable (Job) -> Value
  ) {
    self.init(bound, urgency, draw, perform)
    start(workers, stackSize)
  }

  /// A queue that does `jobs`; no more threads than jobs.
  package convenience init(
    of jobs: [Job], workers: Int, bound: Int, urgency: Urgency = .usual, stackSize: Int = SystemThread.usualStack,
    _ perform: @escaping @Sendable (Job) -> Value
  ) {
    let drawn = Mutex(0)
    self.init(
      workers: min(workers, jobs.count), bound: bound, urgency: urgency, stackSize: stackSize,
      drawing: {
        drawn.withLock { index in
          guard index < jobs.count else { return nil }
          defer { index += 1 }
          return jobs[index]
        }
      }, perform)
  }

  /// A queue that jobs are added to.
  ///
  /// - Parameters:
  ///   - workers: threads
  ///   - bound: jobs that may be unfinished, at least 1
  ///   - perform: does a job, on several threads at once
  package convenience init(
    workers: Int, bound: Int, urgency: Urgency = .usual, stackSize: Int = SystemThread.usualStack,
    _ perform: @escaping @Sendable (Job) -> Value
  ) where Value == Void {
    self.init(bound, urgency, nil, perform)
    start(workers, stackSize)
  }

  private init(
    _ bound: Int, _ urgency: Urgency, _ draw: (@Sendable () -> Job?)?, _ perform: @escaping @Sendable (Job) -> Value
  ) {
    precondition(bound > 0, "a queue has room for a job")
    self.bound = bound
    self.urgency = urgency
    self.draw = draw
    self.perform = perform
  }

  private func start(_ workers: Int, _ stackSize: Int) {
    condition.withLock {
      for _ in 0..<workers {
        guard SystemThread.start(stackSize: stackSize, { self.work() }) else { break }
        running += 1
        hasWorkers = true
      }
    }
  }

  // MARK: - Who waits

  /// The next job's value, in order; waits for it. nil: all have been taken, or the queue was stopped.
  package func next() -> Value? {
    condition.withLock {
      guard let value = awaitValue() else { return nil }
      ready[settled] = nil
      settled += 1
      condition.broadcast()
      return value
    }
  }

  /// What `next` would return, which stays.
  package func peek() -> Value? { condition.withLock { awaitValue() } }

  private func awaitValue() -> Value? {
    precondition(draw != nil, "a queue that jobs are added to keeps no values")
    while true {
      if let value = ready[settled] { return value }
      if isStopped || isExhausted && accepted == settled { return nil }
      if hasWorkers {
        condition.wait()
      } else if let (number, job) = drawn() {
        condition.unlock()
        let value = perform(job)
        condition.lock()
        ready[number] = value
      }
    }
  }

  /// Adds a job; waits while there are `bound` that are not done.
  package func add(_ job: Job) {
    precondition(draw == nil, "a queue draws its jobs or is given them")
    let isAccepted = condition.withLock {
      guard hasWorkers else { return false }
      while accepted - settled >= bound { condition.wait() }
      accepted += 1
      waiting.append(job)
      condition.broadcast()
      return true
    }
    if !isAccepted { _ = perform(job) }
  }

  /// Waits until all jobs that were added are done, and ends the threads.
  package func finish() {
    precondition(draw == nil, "what a queue draws may have no end")
    condition.withLock { while accepted > settled { condition.wait() } }
    stop()
  }

  /// Ends the threads and waits for what they are at; what none of them is at is dropped.
  package func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
      while running > 0 { condition.wait() }
    }
  }

  // MARK: - Who works

  private func work() {
    if urgency == .yielding { yieldToComputation() }
    while let (number, job) = nextJob() {
      let value = perform(job)
      condition.withLock {
        if draw == nil { settled += 1 } else { ready[number] = value }
        condition.broadcast()
      }
    }
    condition.withLock {
      running -= 1
      condition.broadcast()
    }
  }

  private func nextJob() -> (number: Int, job: Job)? {
    condition.withLock {
      while !isStopped, !isExhausted {
        if draw == nil {
          if !waiting.isEmpty { return (0, waiting.removeFirst()) }
        } else if accepted - settled < bound {
          if let next = drawn() { return next }
          continue
        }
        condition.wait()
      }
      return nil
    }
  }

  /// Draws a job, with the lock held; nil, and those who wait are told, where there are no more.
  private func drawn() -> (number: Int, job: Job)? {
    guard let job = draw?() else {
      isExhausted = true
      condition.broadcast()
      return nil
    }
    defer { accepted += 1 }
    return (accepted, job)
  }
}

private func yieldToComputation() {
  #if os(Linux)
    // Linux counts each thread as a process here, others the whole program.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
  #endif
}
