/// What a network computes, without its numbers: operations over values, in the order in which they run.
struct Graph: Sendable, Equatable {
  var operations: [any Operation] = []
  /// Channels of each buffer.
  var buffers: [Int] = []
  var inputs: [Value] = []
  var outputs: [Value] = []

  static func == (left: Graph, right: Graph) -> Bool {
    left.buffers == right.buffers && left.inputs == right.inputs && left.outputs == right.outputs
      && left.operations.count == right.operations.count
      && zip(left.operations, right.operations).allSatisfy { $0.isEqual($1) }
  }
}

/// A network that cannot be: what is wrong with it, and where.
package struct GraphError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The operation's name; nil: the network as a whole.
  package var operation: String?
  /// What is wrong.
  package var problem: String

  /// `the operation NAME PROBLEM`
  package var description: String { (operation.map { "the operation \($0) " } ?? "the network ") + problem }
}

extension Graph {
  /// Sees to it that every value is written once and in whole before it is read, that somebody reads it, and that no
  /// parameter belongs to two operations.
  ///
  /// - Throws: `GraphError` for the first thing that is wrong
  func validate() throws(GraphError) {
    var written = [ChannelSet](repeating: ChannelSet(), count: buffers.count)
    var read = [ChannelSet](repeating: ChannelSet(), count: buffers.count)
    var owned: Set<Int> = []
    func require(_ value: Value, of operation: String?) throws(GraphError) {
      guard buffers.indices.contains(value.buffer), value.channels > 0, value.firstChannel >= 0,
        value.range.upperBound <= buffers[value.buffer]
      else { throw GraphError(operation: operation, problem: "names a value of another network, or without channels") }
    }
    for input in inputs {
      try require(input, of: nil)
      written[input.buffer].insert(input.range)
    }
    for operation in operations {
      for value in operation.reads {
        try require(value, of: operation.name)
        guard written[value.buffer].contains(value.range) else {
          throw GraphError(operation: operation.name, problem: "reads a value before all of it is written")
        }
        read[value.buffer].insert(value.range)
      }
      for value in operation.makes {
        try require(value, of: operation.name)
        guard !written[value.buffer].meets(value.range) else {
          throw GraphError(operation: operation.name, problem: "writes a value that is written already")
        }
        written[value.buffer].insert(value.range)
      }
      for parameter in operation.parameters where !owned.insert(parameter).inserted {
        throw GraphError(operation: operation.name, problem: "has a parameter that belongs to another operation")
      }
    }
    for output in outputs {
      try require(output, of: nil)
      guard written[output.buffer].contains(output.range) else {
        throw GraphError(operation: nil, problem: "has an output that is not written")
      }
      read[output.buffer].insert(output.range)
    }
    for operation in operations {
      for value in operation.makes where !read[value.buffer].contains(value.range) {
        throw GraphError(operation: operation.name, problem: "makes a value that nobody reads")
      }
    }
    guard !outputs.isEmpty else { throw GraphError(operation: nil, problem: "has no output") }
  }
}

/// Channels of a buffer that something is known of.
///
/// Runs of channels, not one flag each: a network can be declared that is far wider than memory.
struct ChannelSet: Sendable, Equatable {
  /// Ascending; no two touch.
  private var runs: [Range<Int>] = []

  mutating func insert(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    var merged = range
    runs.removeAll { run in
      guard run.lowerBound <= merged.upperBound, merged.lowerBound <= run.upperBound else { return false }
      merged = min(run.lowerBound, merged.lowerBound)..<max(run.upperBound, merged.upperBound)
      return true
    }
    runs.insert(merged, at: runs.firstIndex { $0.lowerBound > merged.lowerBound } ?? runs.count)
  }

  /// Whether all of `range` is in it.
  func contains(_ range: Range<Int>) -> Bool { gaps(in: range).isEmpty }

  /// Whether any of `range` is in it.
  func meets(_ range: Range<Int>) -> Bool { runs.contains { $0.overlaps(range) } }

  /// The runs of `range` that are not in it.
  func gaps(in range: Range<Int>) -> [Range<Int>] {
    var gaps: [Range<Int>] = []
    var next = range.lowerBound
    for run in runs where run.overlaps(range) {
      if next < run.lowerBound { gaps.append(next..<run.lowerBound) }
      next = run.upperBound
    }
    if next < range.upperBound { gaps.append(next..<range.upperBound) }
    return gaps
  }

  var isEmpty: Bool { runs.isEmpty }
}
