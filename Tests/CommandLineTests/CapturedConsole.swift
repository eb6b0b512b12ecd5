@testable import translate_cli
import Synchronization

/// A console that keeps what is said.
final class CapturedConsole: Sendable {
  private let outputs = Mutex("")
  private let errors = Mutex("")
  let terminal: Terminal?

  init(terminal: Terminal? = nil) { self.terminal = terminal }

  var console: Console {
    Console(
      terminal: terminal, output: { text in self.outputs.withLock { $0 += text } },
      error: { text in self.errors.withLock { $0 += text } })
  }

  var output: String { outputs.withLock { $0 } }
  var error: String { errors.withLock { $0 } }
}

/// What the program says and how it ends, without a process of its own.
func runInProcess(_ arguments: [String]) -> (status: ExitCode, output: String, error: String) {
  let capture = CapturedConsole()
  let status = Program.run(arguments, on: capture.console)
  return (status, capture.output, capture.error)
}
