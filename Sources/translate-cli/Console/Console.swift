import Files
import Foundation

/// Where words go: data to the standard output, everything said to people to the standard error.
struct Console: Sendable {
  /// What is known about the terminal behind the standard error; nil where it is a file or a pipe.
  var terminal: Terminal?
  /// The program's name and all of its arguments.
  var commandLine: [String] = []
  private let writeOutput: @Sendable (String) throws -> Void
  private let writeBytes: @Sendable (Data) throws -> Void
  private let writeError: @Sendable (String) -> Void

  /// A console that hands its text to two functions, and bytes for the standard output to a third.
  init(
    terminal: Terminal? = nil, output: @escaping @Sendable (String) throws -> Void,
    error: @escaping @Sendable (String) -> Void, bytes: @escaping @Sendable (Data) throws -> Void = { _ in }
  ) {
    (self.terminal, writeOutput, writeError, writeBytes) = (terminal, output, error, bytes)
  }

  /// The one of this process.
  static let standard = Console(
    terminal: Terminal.ofStandardError(environment: ProcessInfo.processInfo.environment),
    output: { try write(Data($0.utf8)) },
    error: { text in _ = failure(of: Data(text.utf8), to: STDERR_FILENO) },
    bytes: { bytes in
      guard isatty(STDOUT_FILENO) == 0 else {
        throw FileError(
          path: nil, problem: "the standard output is a terminal, which can show no picture",
          advice: "send it to a file or another program")
      }
      try write(bytes)
    })

  private static func write(_ bytes: Data) throws {
    guard let reason = failure(of: bytes, to: STDOUT_FILENO), reason != EPIPE else { return }
    throw FileError(
      path: nil, problem: "the standard output cannot be written: \(String(cString: strerror(reason)))",
      advice: "is the disk full?")
  }

  /// All of the standard input.
  ///
  /// - Throws: `FileError` where it is a terminal, cannot be read or goes on behind `limit` bytes
  static func standardInput(atMost limit: Int) throws -> Data {
    let path = "the standard input"
    guard isatty(STDIN_FILENO) == 0 else {
      throw FileError(
        path: path, problem: "is a terminal, where a PNG was expected", advice: "send it a file, as in < a.png")
    }
    var bytes = Data()
    do {
      while let more = try FileHandle.standardInput.read(upToCount: 1 << 20), !more.isEmpty {
        bytes += more
        guard bytes.count <= limit else {
          throw FileError(
            path: path, problem: "has more bytes than a picture may have", advice: "raise \(setting: "max-pixels")")
        }
      }
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(path: path, problem: "cannot be read: \(error.localizedDescription)")
    }
    return bytes
  }

  /// Lets the process outlive whoever reads what it says (`2>&1 | head`): the rest of it is dropped.
  static func outliveClosedPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Lets a write beyond the limit on the size of files (`ulimit -f`) fail, with a sentence, instead of ending the process.
  static func outliveFileLimits() { signal(SIGXFSZ, SIG_IGN) }

  /// Writes all of `bytes`.
  ///
  /// - Returns: the system's number for why it could not; nil where it could
  private static func failure(of bytes: Data, to descriptor: Int32) -> Int32? {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
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

  /// Writes the bytes of a file for other programs.
  ///
  /// - Throws: a `FileError` where the standard output is a terminal, or the system refuses.
  func output(_ bytes: Data) throws { try writeBytes(bytes) }

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
