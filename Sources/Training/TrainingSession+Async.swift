import Files
import Parallel

/// Training for programs that do other things meanwhile: on a thread of its own, which blocks no other task.
extension TrainingSession {
  /// Trains the session that `make` makes until all steps are done, or the calling task is cancelled: then it stops after
  /// the step at hand, saves, and the outcome is `interrupted`.
  ///
  /// - Parameters:
  ///   - make: starts or resumes a session, on the thread that trains
  ///   - report: called after every step and at every event, on that thread
  /// - Throws: what `make` and `train` throw; `CancellationError` where it was cancelled before there was a session
  public static func train(
    _ make: @escaping @Sendable () throws -> TrainingSession,
    report: @escaping @Sendable (TrainingProgress) -> Void = { _ in }
  ) async throws -> TrainingOutcome {
    guard let thread = OwnThread() else { throw FileError.noThread }
    return try await thread.run {
      try Task.checkCancellation()
      return try make().train(shouldStop: { Task.isCancelled }, report: report)
    }
  }

  /// Trains likewise, and tells of every step and event: an iteration of the sequence is a session.
  ///
  /// Where the iterating task is cancelled, training stops after the step at hand and saves; the sequence ends when that is
  /// done. A loop that is left earlier stops it likewise, and does not wait.
  ///
  /// - Parameter make: starts or resumes a session, on the thread that trains
  /// - Returns: a sequence that throws what `train` throws
  public static func progress(
    of make: @escaping @Sendable () throws -> TrainingSession
  ) -> some AsyncSequence<TrainingProgress, any Error> & Sendable {
    JobEvents { tell in _ = try await train(make, report: tell) }
  }
}
