import Synchronization

/// What a long job tells on its way, as a sequence that ends with the job.
///
/// Each iteration is a job of its own, which starts with the first element that is asked for. Where the iterating task is
/// cancelled, so is the job's; the sequence still ends no sooner than the job does, so that after the loop all that the job
/// keeps is kept. A loop that is left earlier cancels the job and does not wait for it. Events wait for a slow reader.
package struct JobEvents<Event: Sendable>: AsyncSequence, Sendable {
  package typealias Job = @Sendable (_ tell: @escaping @Sendable (Event) -> Void) async throws -> Void

  private let job: Job

  /// The events of `job`; what it throws, the sequence throws after the last event.
  package init(_ job: @escaping Job) { self.job = job }

  package func makeAsyncIterator() -> Iterator { Iterator(job) }

  /// A run of the job.
  package final class Iterator: AsyncIteratorProtocol {
    private let queue = EventQueue<Event>()
    private let job: Job
    private var task: Task<Void, Never>?

    fileprivate init(_ job: @escaping Job) { self.job = job }

    deinit { task?.cancel() }

    package func next() async throws -> Event? {
      let (queue, task) = (queue, task ?? start())
      return try await withTaskCancellationHandler {
        try await queue.next()
      } onCancel: {
        task.cancel()
      }
    }

    private func start() -> Task<Void, Never> {
      let started = Task { [queue, job] in
        do {
          try await job { queue.append($0) }
          queue.end(nil)
        } catch {
          queue.end(error)
        }
      }
      task = started
      return started
    }
  }
}

/// Events between the job and one reader.
private final class EventQueue<Event: Sendable>: Sendable {
  private struct State {
    var events: ArraySlice<Event> = []
    var hasEnded = false
    var error: (any Error)?
    var reader: CheckedContinuation<Event?, any Error>?
  }

  private let state = Mutex(State())

  func append(_ event: Event) {
    let reader = state.withLock { state -> CheckedContinuation<Event?, any Error>? in
      guard let reader = state.reader else {
        state.events.append(event)
        return nil
      }
      state.reader = nil
      return reader
    }
    reader?.resume(returning: event)
  }

  func end(_ error: (any Error)?) {
    let reader = state.withLock { state -> CheckedContinuation<Event?, any Error>? in
      state.hasEnded = true
      // A reader that waits is told; otherwise the next one.
      guard let reader = state.reader else {
        state.error = error
        return nil
      }
      state.reader = nil
      return reader
    }
    if let error { reader?.resume(throwing: error) } else { reader?.resume(returning: nil) }
  }

  func next() async throws -> Event? {
    try await withCheckedThrowingContinuation { reader in
      let answer = state.withLock { state -> Result<Event?, any Error>? in
        if let event = state.events.popFirst() { return .success(event) }
        guard state.hasEnded else {
          state.reader = reader
          return nil
        }
        defer { state.error = nil }
        return state.error.map { .failure($0) } ?? .success(nil)
      }
      if let answer { reader.resume(with: answer) }
    }
  }
}
