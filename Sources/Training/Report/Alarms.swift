import Files
import Foundation

/// An alarm of a run: a row of alarms.csv.
struct Alarm: Equatable, Sendable {
  var step: Int
  var name: String
  var value: String
  var threshold: String
  var advice: String

  /// Its name in words: `Discriminator has won`.
  var title: String {
    let words = name.split { $0 == "-" || $0 == "_" }.joined(separator: " ")
    return words.prefix(1).uppercased() + words.dropFirst()
  }
}

/// alarms.csv: step, alarm, value, threshold, advice, as comma-separated text with quotes (RFC 4180).
struct Alarms: Sendable {
  private(set) var rows: [Alarm] = []
  /// Lines that are no alarms.
  private(set) var skippedLines = 0

  private static let mostBytes = 1 << 20
  private static let mostRows = 10_000

  /// Reads the file at `path`; nil where there is none. Only the beginning of a large one is read.
  ///
  /// - Throws: `FileError` where it cannot be read or its first line names no `step` and `alarm`
  init?(path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let unreadable = FileError(path: path, problem: "cannot be read", advice: "is it a file? check its permissions")
    guard let handle = FileHandle(forReadingAtPath: path) else { throw unreadable }
    defer { try? handle.close() }
    let data: Data
    do { data = try handle.read(upToCount: Self.mostBytes) ?? Data() } catch { throw unreadable }
    var records = Self.records(String(decoding: data, as: UTF8.self)).prefix(Self.mostRows)[...]
    guard let header = records.popFirst()?.map({ $0.trimmingCharacters(in: .whitespaces) }) else { return }
    guard let step = header.firstIndex(of: "step"), let name = header.firstIndex(of: "alarm") else {
      throw FileError(
        path: path, problem: "does not begin with the line step,alarm,value,threshold,advice",
        advice: "restore it as the training wrote it, or move it away")
    }
    let others = ["value", "threshold", "advice"].map(header.firstIndex(of:))
    for record in records where record != [""] {
      guard record.count == header.count, let number = Int(record[step]), number >= 0, !record[name].isEmpty else {
        skippedLines += 1
        continue
      }
      let texts = others.map { $0.map { record[$0] } ?? "" }
      rows.append(Alarm(step: number, name: record[name], value: texts[0], threshold: texts[1], advice: texts[2]))
    }
  }

  /// The alarms by their names, in the order in which they first began.
  var byName: [[Alarm]] {
    var groups: [[Alarm]] = []
    var places: [String: Int] = [:]
    for alarm in rows {
      if let place = places[alarm.name] {
        groups[place].append(alarm)
      } else {
        places[alarm.name] = groups.count
        groups.append([alarm])
      }
    }
    return groups
  }

  /// The fields of each line; a field in quotes may hold commas, line breaks and doubled quotes.
  static func records(_ text: String) -> [[String]] {
    var records: [[String]] = []
    var record: [String] = []
    var field = String.UnicodeScalarView()
    var isQuoted = false
    var scalars = text.unicodeScalars.makeIterator()
    var next = scalars.next()
    while let scalar = next {
      next = scalars.next()
      switch scalar {
      case "\"" where isQuoted && next == "\"":
        field.append("\"")
        next = scalars.next()
      case "\"": isQuoted.toggle()
      case "," where !isQuoted, "\n" where !isQuoted:
        record.append(String(field))
        field = String.UnicodeScalarView()
        if scalar == "\n" {
          records.append(record)
          record = []
        }
      case "\r" where !isQuoted && next == "\n": break
      default: field.append(scalar)
      }
    }
    // The last line may just be being written; an open quote has swallowed lines, which counts as one that is no alarm.
    if isQuoted { records.append([String(field)]) }
    return records
  }
}
