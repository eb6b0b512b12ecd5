import Foundation

/// The built executable, run as a user runs it.
struct BuiltProgram {
  /// How a run ended, and what it said.
  struct Outcome {
    var status: Int32
    var output: String
    var errors: String
  }

  /// It lies beside the bundle of the tests, whose path the test runner was given; else in the usual build folder.
  static let url: URL? = {
    let bundles = CommandLine.arguments.compactMap { argument -> URL? in
      guard let end = argument.range(of: ".xctest")?.upperBound else { return nil }
      return URL(fileURLWithPath: String(argument[..<end])).deletingLastPathComponent()
    }
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folders = bundles + ["release", "debug"].map { package.appendingPathComponent(".build/" + $0) }
    return folders.map { $0.appendingPathComponent("translate-cli") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }()

  /// Runs it with `arguments` in `folder` and waits for its end; `preparation` is what a shell does before.
  static func run(_ arguments: [String], in folder: URL? = nil, after preparation: String? = nil) throws -> Outcome {
    let running = try start(arguments, in: folder, after: preparation)
    return running.wait()
  }

  /// Starts it with `arguments`; its two outputs go to files, so that no pipe can fill up.
  static func start(_ arguments: [String], in folder: URL? = nil, after preparation: String? = nil) throws -> Running {
    guard let url else { throw CocoaError(.fileNoSuchFile) }
    return try start(url, arguments, in: folder, after: preparation)
  }

  /// Starts another program, which runs this one.
  static func start(
    _ url: URL, _ arguments: [String], in folder: URL? = nil, after preparation: String? = nil
  ) throws -> Running {
    let process = Process()
    if let preparation {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", preparation + "; exec \"$0\" \"$@\"", url.path] + arguments
    } else {
      process.executableURL = url
      process.arguments = arguments
    }
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    let capture = try TemporaryFolder()
    func file(_ name: String) throws -> FileHandle {
      let url = capture.url.appendingPathComponent(name)
      try Data().write(to: url)
      return try FileHandle(forWritingTo: url)
    }
    process.standardOutput = try file("out")
    process.standardError = try file("err")
    try unblockingSignals { try process.run() }
    return Running(process: process, capture: capture)
  }

  /// A child inherits which signals are blocked. Threads that run tests block most of them, which no shell does.
  private static func unblockingSignals(_ body: () throws -> Void) rethrows {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }

  /// A run that goes on.
  struct Running {
    let process: Process
    fileprivate let capture: TemporaryFolder

    /// What it has said on the standard error so far.
    var errors: String { text("err") }

    /// Waits until `condition` holds, a minute at most.
    ///
    /// - Returns: whether it does
    func wait(until condition: () -> Bool) -> Bool {
      let deadline = ContinuousClock.now + .seconds(60)
      while !condition() {
        guard process.isRunning, ContinuousClock.now < deadline else { return condition() }
        Thread.sleep(forTimeInterval: 0.02)
      }
      return true
    }

    /// Ends it without any chance to save, and waits for that.
    func killAtOnce() {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }

    /// Waits for its end, two minutes at most: then it is killed.
    func wait() -> Outcome {
      let deadline = ContinuousClock.now + .seconds(120)
      while process.isRunning, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.005) }
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      return Outcome(status: process.terminationStatus, output: text("out"), errors: text("err"))
    }

    private func text(_ name: String) -> String {
      (try? String(contentsOf: capture.url.appendingPathComponent(name), encoding: .utf8)) ?? ""
    }
  }
}

/// A folder that goes away with its last holder.
final class TemporaryFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("translate-tests-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var path: String { url.path }

  /// Writes `text` to `name` within the folder, making its folders.
  func write(_ text: String, to name: String) throws {
    let file = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }
}
