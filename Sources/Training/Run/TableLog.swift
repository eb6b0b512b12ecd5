import Files
import Foundation

/// A table of comma-separated numbers that grows by a row at a time and can be read while it does: losses.csv.
final class TableLog {
  /// The names in its first line.
  let columns: [String]
  private let path: String
  private let handle: FileHandle

  /// Opens the table at `path` to append rows.
  ///
  /// - Parameters:
  ///   - columns: the first line
  ///   - later: how many of the last columns a table of an earlier version may lack; it goes on without them
  ///   - lastStep: rows of later steps, which a killed run has left behind its last checkpoint, are dropped; nil: a new
  ///     table
  /// - Throws: `FileError` where the file cannot be read or written, or is not the table that this run wrote: it is never
  ///   replaced then
  init(path: String, columns: [String], later: Int = 0, continuingAfter lastStep: Int?) throws {
    self.path = path
    var columns = columns
    var content = Data(Self.header(columns).utf8)
    if let lastStep {
      let earlier = Array(columns.dropLast(later))
      if later > 0, Self.begins(path, with: earlier) { columns = earlier }
      content = try Self.rows(of: path, header: Self.header(columns), upTo: lastStep)
    }
    self.columns = columns
    try AtomicFile.write(content, to: path)
    guard let handle = FileHandle(forWritingAtPath: path) else {
      throw FileError(path: path, problem: "cannot be written", advice: "check its permissions")
    }
    self.handle = handle
    do {
      try handle.seekToEnd()
    } catch {
      throw FileError(path: path, problem: "cannot be written", advice: "check its permissions")
    }
  }

  deinit { try? handle.close() }

  /// Whether what is appended still goes to `path`: nobody has put another file there.
  var isInPlace: Bool {
    var status = stat()
    return fstat(handle.fileDescriptor, &status) == 0 && FileIdentity(status) == FileIdentity(path)
  }

  /// Appends a row: `step`, `epoch`, then the values, as far as there are columns.
  ///
  /// - Throws: `FileError` where the disk is full
  func append(step: Int, epoch: Int, _ values: [Double]) throws {
    let numbers = values.map { $0.isFinite ? String(format: "%.6g", $0) : "\($0)" }
    try append(["\(step)", "\(epoch)"] + numbers)
  }

  /// Appends a row of fields that hold no line break, and a comma only in quotation marks.
  ///
  /// - Throws: `FileError` where the disk is full
  func append(_ fields: [String]) throws {
    let line = fields.prefix(columns.count).joined(separator: ",") + "\n"
    do {
      try handle.write(contentsOf: Data(line.utf8))
    } catch {
      throw FileError(path: path, problem: "cannot be written", advice: "is the disk full?")
    }
  }

  private static func header(_ columns: [String]) -> String { columns.joined(separator: ",") + "\n" }

  private static func begins(_ path: String, with columns: [String]) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    let header = Data(header(columns).utf8)
    return (try? file.read(upToCount: header.count)) == header
  }

  /// The header, and every whole line of the table at `path` that is no row of a step beyond `lastStep`.
  private static func rows(of path: String, header: String, upTo lastStep: Int) throws -> Data {
    let begin = Data(header.utf8)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return begin }
    let advice: Phrase = "restore it, or move it away to begin a new table"
    guard !isFolder.boolValue else {
      throw FileError(path: path, problem: "is a folder, but the run's table was expected", advice: advice)
    }
    guard let old = FileManager.default.contents(atPath: path) else {
      throw FileError(path: path, problem: "cannot be read", advice: "check its permissions, or move it away")
    }
    // Nothing can be lost of a table that is empty.
    guard !old.isEmpty else { return begin }
    guard old.starts(with: begin) else {
      throw FileError(
        path: path, problem: "does not begin with the line '\(header.dropLast())' that this run writes", advice: advice)
    }
    var kept = begin
    let whole = old.lastIndex(of: UInt8(ascii: "\n")).map { old[...$0] } ?? Data()
    for line in whole.split(separator: UInt8(ascii: "\n")).dropFirst() {
      let step = line.prefix { $0 != UInt8(ascii: ",") }
      if let number = Int(String(decoding: step, as: UTF8.self)), number > lastStep { continue }
      kept.append(line)
      kept.append(UInt8(ascii: "\n"))
    }
    return kept
  }
}
