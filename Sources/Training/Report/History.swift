import Files
import Foundation

/// A table of numbers by step, such as losses.csv, read in one pass and thinned while reading: memory and the size of
/// a plot do not depend on how many rows there are.
struct History: Sendable {
  /// What a few neighbouring rows say about one column.
  struct Summary: Equatable, Sendable {
    /// Finite values among the rows.
    var count = 0
    var sum = 0.0
    /// The least and the greatest value, and the first steps that have them.
    var low = Double.infinity
    var high = -Double.infinity
    var lowStep = 0
    var highStep = 0

    var mean: Double { sum / Double(count) }

    mutating func add(_ value: Double, at step: Int) {
      guard value.isFinite, abs(value) < 1e30 else { return }
      count += 1
      sum += value
      if value < low { (low, lowStep) = (value, step) }
      if value > high { (high, highStep) = (value, step) }
    }

    mutating func add(_ other: Summary) {
      count += other.count
      sum += other.sum
      if other.low < low { (low, lowStep) = (other.low, other.lowStep) }
      if other.high > high { (high, highStep) = (other.high, other.highStep) }
    }
  }

  /// Neighbouring rows as one.
  struct Bucket: Sendable {
    var firstStep: Int
    var lastStep: Int
    var rows: Int
    /// One a column of `History.columns`.
    var values: [Summary]
  }

  /// The columns' names but for `step` and `epoch`.
  private(set) var columns = [String]()
  /// In the order of the steps; at most `mostBuckets`.
  private(set) var buckets = [Bucket]()
  /// The first step of each epoch in the file, thinned like the rows.
  private(set) var epochStarts = [(epoch: Int, step: Int)]()
  /// Rows read.
  private(set) var rows = 0
  /// Lines passed over because they are no rows of this table.
  private(set) var skippedLines = 0
  /// The last row's step and epoch; 0 where there is none.
  private(set) var lastStep = 0
  private(set) var lastEpoch = 0
  /// The last finite value of each column, and its step.
  private(set) var latest = [(step: Int, value: Double)?]()
  /// The first column of the last row that holds something else than a finite number.
  private(set) var notFinite: (column: String, isNaN: Bool)?

  private var rowsPerBucket = 1
  private var epochsPerStart = 1
  private var stepColumn = -1
  private var epochColumn: Int?
  private var valueColumns = [Int]()
  private var fieldCount = 0

  private static let mostBuckets = 1024
  private static let mostEpochStarts = 1024
  private static let mostColumns = 64
  private static let longestLine = 1 << 16

  /// Reads the file at `path`; nil where there is none.
  ///
  /// Lines that do not fit the header, or whose step does not go on from the one before, are counted and passed over:
  /// a run may be writing the last of them at this moment.
  ///
  /// - Throws: a `FileError` where the file cannot be read or its first line names no `step`.
  init?(path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw FileError(path: path, problem: "cannot be read", advice: "check its permissions")
    }
    defer { try? handle.close() }
    var lines = LineSplitter(longest: Self.longestLine)
    var hasHeader = false
    do {
      while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty {
        try lines.split(chunk) { line in
          if hasHeader {
            readRow(line)
          } else if !line.isEmpty {
            try readHeader(line, path)
            hasHeader = true
          }
        }
      }
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(path: path, problem: "cannot be read", advice: "is it a file?")
    }
    skippedLines += lines.tooLong
  }

  /// All rows of the column as one.
  func whole(_ column: Int) -> Summary {
    buckets.reduce(into: Summary()) { $0.add($1.values[column]) }
  }

  /// The index in each bucket's values of the column called `name`.
  func index(of name: String) -> Int? { columns.firstIndex(of: name) }

  private mutating func readHeader(_ line: String, _ path: String) throws {
    let names = line.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    guard names.count <= Self.mostColumns, let step = names.firstIndex(of: "step") else {
      throw FileError(
        path: path, problem: "does not begin with the column names of a run (step, epoch, …)",
        advice: "restore it as the training wrote it, or move it away")
    }
    fieldCount = names.count
    stepColumn = step
    epochColumn = names.firstIndex(of: "epoch")
    valueColumns = names.indices.filter { $0 != step && $0 != epochColumn }
    columns = valueColumns.map { names[$0] }
    latest = Array(repeating: nil, count: columns.count)
  }

  private mutating func readRow(_ line: String) {
    let fields = line.split(separator: ",", omittingEmptySubsequences: false)
    guard fields.count == fieldCount, let step = Self.integer(fields[stepColumn]), step > lastStep || rows == 0,
      (0...1_000_000_000_000).contains(step)
    else {
      if !line.isEmpty { skippedLines += 1 }
      return
    }
    rows += 1
    lastStep = step
    if let epochColumn, let epoch = Self.integer(fields[epochColumn]), epoch >= 0 { note(epoch, step) }
    if buckets.last.map({ $0.rows >= rowsPerBucket }) ?? true {
      if buckets.count == Self.mostBuckets { halve() }
      buckets.append(
        Bucket(
          firstStep: step, lastStep: step, rows: 0, values: Array(repeating: Summary(), count: columns.count)))
    }
    let last = buckets.count - 1
    buckets[last].lastStep = step
    buckets[last].rows += 1
    notFinite = nil
    for (index, column) in valueColumns.enumerated() {
      guard let value = Double(fields[column].drop { $0 == " " }) else { continue }
      buckets[last].values[index].add(value, at: step)
      if value.isFinite {
        latest[index] = (step, value)
      } else if notFinite == nil {
        notFinite = (columns[index], value.isNaN)
      }
    }
  }

  private mutating func note(_ epoch: Int, _ step: Int) {
    guard epochStarts.isEmpty || epoch > lastEpoch else { return }
    lastEpoch = epoch
    guard epoch % epochsPerStart == 0 else { return }
    if epochStarts.count == Self.mostEpochStarts {
      epochsPerStart *= 2
      let kept = epochsPerStart
      epochStarts.removeAll { $0.epoch % kept != 0 }
      guard epoch % kept == 0, epochStarts.count < Self.mostEpochStarts else { return }
    }
    epochStarts.append((epoch, step))
  }

  /// Makes one bucket of two.
  private mutating func halve() {
    rowsPerBucket *= 2
    buckets = stride(from: 0, to: buckets.count, by: 2).map { index in
      guard index + 1 < buckets.count else { return buckets[index] }
      var both = buckets[index]
      let next = buckets[index + 1]
      both.lastStep = next.lastStep
      both.rows += next.rows
      for column in both.values.indices { both.values[column].add(next.values[column]) }
      return both
    }
  }

  private static func integer(_ field: Substring) -> Int? { Int(field.drop { $0 == " " }) }
}

/// Cuts a stream of bytes into lines; those that are too long are counted, not kept.
private struct LineSplitter {
  private var rest = [UInt8]()
  private var isTooLong = false
  private let longest: Int
  private(set) var tooLong = 0

  init(longest: Int) { self.longest = longest }

  /// Hands on each line of `chunk` that ends in it; a last one without an end is not whole and waits for the next.
  mutating func split(_ chunk: Data, _ body: (String) throws -> Void) throws {
    for piece in chunk.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      if piece.offset > 0 { try end(body) }
      if rest.count + piece.element.count > longest {
        isTooLong = true
        rest = []
      } else if !isTooLong {
        rest += piece.element
      }
    }
  }

  private mutating func end(_ body: (String) throws -> Void) throws {
    if isTooLong {
      tooLong += 1
    } else {
      if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
      try body(String(decoding: rest, as: UTF8.self))
    }
    isTooLong = false
    rest.removeAll(keepingCapacity: true)
  }
}
