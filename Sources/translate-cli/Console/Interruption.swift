import Dispatch
import Foundation
import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP (a lost connection): the first asks for an orderly end, a second Ctrl-C or SIGTERM ends at
/// once.
final class Interruption: Sendable {
  /// The one of this process.
  static let shared = Interruption()

  private let received = Atomic<Int32>(0)
  private let sources = Mutex<[any DispatchSourceSignal]>([])

  /// Begins to take the signals instead of dying of them.
  ///
  /// They arrive on a queue, not in a signal handler, so that nothing here needs to be async-signal-safe.
  func begin() {
    sources.withLock { sources in
      guard sources.isEmpty else { return }
      for number in [SIGINT, SIGTERM, SIGHUP] {
        let before = signal(number, SIG_IGN)
        // nohup has said that the program shall outlive its terminal.
        if number == SIGHUP, unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { continue }
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
        source.setEventHandler { [self] in receive(number) }
        source.resume()
        sources.append(source)
      }
    }
  }

  /// Whether somebody wants the work to end; cheap enough to ask in every step.
  var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// How the program ends after an orderly end; nil where nobody asked for one.
  var exitCode: ExitCode? {
    switch received.load(ordering: .relaxed) {
    case SIGHUP: .hungUp
    case SIGINT: .interrupted
    case SIGTERM: .terminated
    default: nil
    }
  }

  private func receive(_ number: Int32) {
    let first = received.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged
    // A lost connection is told more than once: by the shell, and by the system when the shell ends.
    if !first, number != SIGHUP { _exit(128 + number) }
  }
}
