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
    try process.run()
    return Running(process: process, capture: capture)
  }

  /// A run that goes on.
  struct Running {
    let process: Process
    fileprivate let capture: TemporaryFolder

    /// What it has said on the standard error so far.
    var errors: String { text("err") }

    /// Waits for its end.
    func wait() -> Outcome {
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
