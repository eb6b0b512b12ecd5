import Files
import Foundation

/// A table of comma-separated numbers that grows by a row at a time and can be read while it does: losses.csv.
final class TableLog {
  private let path: String
  private let handle: FileHandle

  /// Opens the table at `path` to append rows.
  ///
  /// - Parameters:
  ///   - columns: the first line
  ///   - lastStep: rows of later steps, which a killed run has left behind its last checkpoint, are dropped; nil: a new
  ///     table
  /// - Throws: `FileError` where the file cannot be read or written
  init(path: String, columns: [String], continuingAfter lastStep: Int?) throws {
    self.path = path
    let header = columns.joined(separator: ",") + "\n"
    var content = Data(header.utf8)
    if let lastStep, let old = FileManager.default.contents(atPath: path) {
      content = Self.rows(of: old, header: header, upTo: lastStep)
    }
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

  /// Appends a row: `step`, `epoch`, then the values.
  ///
  /// - Throws: `FileError` where the disk is full
  func append(step: Int, epoch: Int, _ values: [Double]) throws {
    let numbers = values.map { $0.isFinite ? String(format: "%.6g", $0) : "\($0)" }
    let line = (["\(step)", "\(epoch)"] + numbers).joined(separator: ",") + "\n"
    do {
      try handle.write(contentsOf: Data(line.utf8))
    } catch {
      throw FileError(path: path, problem: "cannot be written", advice: "is the disk full?")
    }
  }

  /// The header and every whole row whose step is not beyond `lastStep`.
  private static func rows(of old: Data, header: String, upTo lastStep: Int) -> Data {
    var kept = Data(header.utf8)
    let whole = old.lastIndex(of: UInt8(ascii: "\n")).map { old[...$0] } ?? Data()
    for line in whole.split(separator: UInt8(ascii: "\n")).dropFirst() {
      let step = line.prefix { $0 != UInt8(ascii: ",") }
      guard let number = Int(String(decoding: step, as: UTF8.self)), number <= lastStep else { continue }
      kept.append(line)
      kept.append(UInt8(ascii: "\n"))
    }
    return kept
  }
}
