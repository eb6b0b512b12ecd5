import Foundation

/// Produces values in the background and hands them out in order, a few ahead of whoever takes them. Where no thread can be
/// started, a value is produced when it is taken.
///
/// Unchecked: every variable is only touched while `condition` is locked.
package final class OrderedPrefetch<Value: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private let count: Int
  private let window: Int
  private let produce: @Sendable (Int) -> Value
  private var ready: [Int: Value] = [:]
  private var started = 0
  private var taken = 0
  private var running = 0
  private var hasWorkers = false
  private var isStopped = false

  /// Starts producing values 0 ..< count.
  ///
  /// - Parameters:
  ///   - count: how many there are
  ///   - workers: threads that produce
  ///   - window: values that may be ready or under way at once
  ///   - stackSize: bytes of stack of each thread
  package init(
    count: Int, workers: Int, window: Int, stackSize: Int = SystemThread.usualStack,
    _ produce: @escaping @Sendable (Int) -> Value
  ) {
    self.count = count
    self.window = window
    self.produce = produce
    condition.withLock {
      for _ in 0..<min(workers, max(1, count)) {
        guard SystemThread.start(stackSize: stackSize, { self.work() }) else { break }
        running += 1
        hasWorkers = true
      }
    }
  }

  /// The next value in order; nil when all have been taken.
  package func next() -> Value? {
    condition.withLock {
      guard taken < count else { return nil }
      guard hasWorkers else {
        defer { taken += 1 }
        return produce(taken)
      }
      while ready[taken] == nil { condition.wait() }
      defer {
        taken += 1
        condition.broadcast()
      }
      return ready.removeValue(forKey: taken)
    }
  }

  /// Ends the threads and waits for what they are at.
  package func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
      while running > 0 { condition.wait() }
    }
  }

  private func work() {
    yieldToComputation()
    while let index = nextIndex() {
      let value = produce(index)
      condition.withLock {
        ready[index] = value
        condition.broadcast()
      }
    }
    condition.withLock {
      running -= 1
      condition.broadcast()
    }
  }

  private func nextIndex() -> Int? {
    condition.withLock {
      while !isStopped, started < count, started - taken >= window { condition.wait() }
      guard !isStopped, started < count else { return nil }
      defer { started += 1 }
      return started
    }
  }
}

/// Does jobs in the background, with a limit on how many wait. Where no thread can be started, a job is done when it is
/// added.
///
/// Unchecked: every variable is only touched while `condition` is locked.
package final class BackgroundJobs: @unchecked Sendable {
  private let condition = NSCondition()
  private let limit: Int
  private var waiting: [@Sendable () -> Void] = []
  private var unfinished = 0
  private var isStopped = false
  private var hasWorkers = false

  /// Starts `workers` threads, each with a stack of `stackSize` bytes; `add` waits while `limit` jobs are unfinished.
  package init(workers: Int, limit: Int, stackSize: Int = SystemThread.usualStack) {
    self.limit = limit
    condition.withLock {
      for _ in 0..<workers {
        guard SystemThread.start(stackSize: stackSize, { self.work() }) else { break }
        hasWorkers = true
      }
    }
  }

  /// Adds a job.
  package func add(_ job: @escaping @Sendable () -> Void) {
    guard condition.withLock({ hasWorkers }) else { return job() }
    condition.withLock {
      while unfinished >= limit { condition.wait() }
      unfinished += 1
      waiting.append(job)
      condition.broadcast()
    }
  }

  /// Waits until all jobs are done, and ends the threads.
  package func finish() {
    condition.withLock {
      while unfinished > 0 { condition.wait() }
      isStopped = true
      condition.broadcast()
    }
  }

  private func work() {
    yieldToComputation()
    while let job = nextJob() {
      job()
      condition.withLock {
        unfinished -= 1
        condition.broadcast()
      }
    }
  }

  private func nextJob() -> (@Sendable () -> Void)? {
    condition.withLock {
      while waiting.isEmpty, !isStopped { condition.wait() }
      return waiting.isEmpty ? nil : waiting.removeFirst()
    }
  }
}

/// Lets threads that compute go before this one. A worker that loses its processor for a time slice holds up all others at
/// the end of a layer; decoding and encoding fill the time between pictures.
private func yieldToComputation() {
  #if os(Linux)
    // Linux counts each thread as a process here, others the whole program.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
  #endif
}
