import Files
import Foundation

/// Where words go: data to the standard output, everything said to people to the standard error.
struct Console: Sendable {
  /// What is known about the terminal behind the standard error; nil where it is a file or a pipe.
  var terminal: Terminal?
  /// The program's name and all of its arguments.
  var commandLine: [String] = []
  private let writeOutput: @Sendable (String) throws -> Void
  private let writeError: @Sendable (String) -> Void

  /// A console that hands its text to two functions.
  init(
    terminal: Terminal? = nil, output: @escaping @Sendable (String) throws -> Void,
    error: @escaping @Sendable (String) -> Void
  ) {
    (self.terminal, writeOutput, writeError) = (terminal, output, error)
  }

  /// The one of this process.
  static let standard = Console(
    terminal: Terminal.ofStandardError(environment: ProcessInfo.processInfo.environment),
    output: { text in
      guard let reason = failure(of: text, to: STDOUT_FILENO), reason != EPIPE else { return }
      throw FileError(
        path: nil, problem: "the standard output cannot be written: \(String(cString: strerror(reason)))",
        advice: "is the disk full?")
    },
    error: { text in _ = failure(of: text, to: STDERR_FILENO) })

  /// Lets the process outlive whoever reads what it says (`2>&1 | head`): the rest of it is dropped.
  static func outliveClosedPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Writes all of `text`.
  ///
  /// - Returns: the system's number for why it could not; nil where it could
  private static func failure(of text: String, to descriptor: Int32) -> Int32? {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        return errno
      }
    }
    return nil
  }

  /// Writes data for other programs, as it is.
  ///
  /// - Throws: a `FileError` where the system refuses.
  func output(_ text: String) throws { try writeOutput(text) }

  /// Writes one line for people. Control characters, which a file's name may hold, become `?`.
  func error(_ line: String) { writeError(Self.printable(line) + "\n") }

  /// Writes text for people as it is: only what this program made itself.
  func raw(_ text: String) { writeError(text) }

  /// `text` without characters that a terminal would act on.
  static func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
    return String(
      String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }
}

/// What a terminal can show.
struct Terminal: Equatable, Sendable {
  /// Characters in a line.
  var width = 80
  /// Whether colours are welcome (https://no-color.org).
  var hasColor = true

  /// The terminal behind the standard error; nil where there is none that can redraw a line.
  static func ofStandardError(environment: [String: String]) -> Terminal? {
    guard isatty(STDERR_FILENO) == 1, environment["TERM"] != "dumb" else { return nil }
    var size = winsize()
    let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return Terminal(
      width: isKnown ? Int(size.ws_col) : 80, hasColor: (environment["NO_COLOR"] ?? "").isEmpty)
  }
}
