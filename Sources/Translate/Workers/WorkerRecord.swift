import Files
import Foundation

/// What one worker of several has done: a small file in `OUT/.translate-records`.
public struct WorkerRecord: Codable, Sendable, Equatable {
  /// A picture that could not be translated.
  public struct Failure: Codable, Sendable, Equatable {
    /// The picture.
    public var path: String?
    /// Why.
    public var problem: String
  }

  /// The machine and the number of the process.
  public var worker: String
  /// Its part, such as `3/16`, or `claim` where it took what was left.
  public var part: String
  /// When it began, by its own clock.
  public var started: Date
  /// How long it has been at it.
  public var seconds = 0.0
  /// Pictures that it translated.
  public var translated = 0
  /// Pictures of its own part that were there already.
  public var skipped = 0
  /// Pictures that it could not translate.
  public var failed = 0
  /// Pixels of the pictures that it translated.
  public var pixels = 0
  /// Of the first of the failures.
  public var failures: [Failure] = []
  /// Whether it came to its end; otherwise it is still at work, or was killed.
  public var ended = false

  /// The folder of records in the output folder.
  package static let folderName = ".translate-records"
  /// Failures that are named.
  static let namedFailures = 100
  /// The longest file that can be a record.
  private static let longestFile = 1 << 22

  /// Reads a record.
  ///
  /// - Throws: `FileError` where it is none
  init(reading path: String) throws {
    let source = try ByteSource(path: path)
    guard source.count <= Self.longestFile else {
      throw FileError(path: path, problem: "is too long for a record of a worker", advice: "remove it")
    }
    var bytes = Data(count: source.count)
    try bytes.withUnsafeMutableBytes { try source.read(into: $0, at: 0) }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    guard let record = try? decoder.decode(Self.self, from: bytes) else {
      throw FileError(path: path, problem: "is no record of a worker", advice: "remove it")
    }
    self = record
    let counts = [translated, skipped, failed, pixels]
    guard counts.allSatisfy({ 0...(1 << 50) ~= $0 }), seconds.isFinite, seconds >= 0 else {
      throw FileError(path: path, problem: "is a record of numbers that cannot be", advice: "remove it")
    }
  }

  fileprivate init(part: String) {
    worker = ProcessInfo.processInfo.hostName + ":\(ProcessInfo.processInfo.processIdentifier)"
    self.part = part
    started = Date()
  }
}

/// Keeps a worker's record on the disk as the work goes on: what a worker has done that is killed is known but for the last
/// seconds. Used by one thread at a time.
final class WorkerRecorder {
  private var record: WorkerRecord
  private let path: String
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var written: ContinuousClock.Instant
  /// Seconds between two writings.
  private static let interval = 10.0

  /// A record in the folder `output`.
  init(_ output: String, part: String, skipped: Int) {
    record = WorkerRecord(part: part)
    record.skipped = skipped
    let folder = (output as NSString).appendingPathComponent(WorkerRecord.folderName)
    // Sorted by name they are sorted by time.
    let time = Int(record.started.timeIntervalSince1970 * 1000)
    let token = String(UInt32.random(in: .min ... .max), radix: 16)
    path = (folder as NSString).appendingPathComponent("\(time)-\(token).json")
    (start, written) = (clock.now, clock.now)
  }

  /// The first writing: a place that takes none is told of before any work.
  ///
  /// - Throws: `FileError` where it cannot be written
  func begin() throws {
    try OutputFolder.make(forFile: path)
    try write()
  }

  /// Takes note of a picture that is through.
  ///
  /// - Parameter pixels: of one that was translated
  func note(_ summary: FolderTranslation.Summary, pixels: Int) {
    record.pixels += pixels
    take(summary)
    guard written.duration(to: clock.now) >= .seconds(Self.interval) else { return }
    // A place that takes nothing more is met by the next picture too.
    try? write()
  }

  /// The last writing.
  ///
  /// - Throws: `FileError` where it cannot be written
  func end(_ summary: FolderTranslation.Summary) throws {
    take(summary)
    try OutputFolder.make(forFile: path)
    record.ended = !summary.isInterrupted && summary.outputFailure == nil
    try write()
  }

  private func take(_ summary: FolderTranslation.Summary) {
    (record.translated, record.failed) = (summary.translated, summary.failed)
    if record.failures.count < WorkerRecord.namedFailures, summary.failures.count > record.failures.count {
      record.failures = summary.failures.prefix(WorkerRecord.namedFailures).map {
        WorkerRecord.Failure(path: $0.path, problem: $0.problem)
      }
    }
  }

  private func write() throws {
    written = clock.now
    record.seconds = start.duration(to: written) / .seconds(1)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    try AtomicFile.write(encoder.encode(record), to: path)
  }
}
