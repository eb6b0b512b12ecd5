import Foundation
import Parallel

/// What can be carried on a little at a time, by any thread.
protocol Progressing: AnyObject, Sendable {
  /// Carries on, as far as nothing has to be waited for.
  func progress()
}

/// A thread that carries on what is under way while others compute; it sleeps while nothing is. Where there is no such
/// thread, only who waits carries on.
///
/// Unchecked: `condition` guards all variables.
final class BackgroundProgress: @unchecked Sendable {
  private let condition = NSCondition()
  private var current: (any Progressing)?
  private var isStopped = false
  private var isStarted = false

  /// How long it sleeps between two looks: much less than a large message takes, much more than a look does.
  private static let pause: UInt32 = 100

  /// Carries on `work` from now on; nil: nothing.
  func carryOn(_ work: (any Progressing)?) {
    condition.lock()
    defer { condition.unlock() }
    current = work
    if work != nil, !isStarted { isStarted = SystemThread.start { [self] in run() } }
    condition.signal()
  }

  /// Ends the thread.
  func stop() {
    condition.lock()
    (current, isStopped) = (nil, true)
    condition.signal()
    condition.unlock()
  }

  private func run() {
    while let work = next() {
      work.progress()
      usleep(Self.pause)
    }
  }

  private func next() -> (any Progressing)? {
    condition.lock()
    defer { condition.unlock() }
    while current == nil, !isStopped { condition.wait() }
    return current
  }
}
