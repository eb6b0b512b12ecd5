/// Which gradients are needed, who writes them and who adds to them: derived from who reads what.
///
/// A value that several operations read gets a gradient from each. In the backward pass the last reader comes first and
/// writes; those before it add.
struct GradientFlow: Sendable {
  /// What an operation does to the gradient of something it reads.
  enum Write: Sendable {
    case writes
    case adds
  }

  /// For each operation and value that it reads, what it does to the gradient; nil where that is not needed, or shared
  /// with what it makes.
  private(set) var writes: [[Write?]]
  /// For each operation, gradients that are set to 0 before it runs backward: nobody, or only a part of the readers of a
  /// concatenation, has written them by then.
  private(set) var cleared: [[Value]]
  private let needed: Set<Int>
  private let running: Set<Int>
  /// Buffers whose gradient lies in another one's place.
  private var shared: [Int: Int] = [:]

  init(_ graph: Graph, _ mode: ExecutionMode) {
    writes = graph.operations.map { [Write?](repeating: nil, count: $0.reads.count) }
    cleared = [[Value]](repeating: [], count: graph.operations.count)
    (needed, running) = Self.need(graph, mode)
    guard mode.keepsActivations else { return }
    var written = [ChannelSet](repeating: ChannelSet(), count: graph.buffers.count)
    // The gradients of the outputs are written by the caller.
    for output in graph.outputs { written[output.buffer].insert(output.range) }
    for index in graph.operations.indices.reversed() where running.contains(index) {
      let operation = graph.operations[index]
      for made in operation.makes { clearGaps(made, before: index, &written) }
      for (place, value) in operation.reads.enumerated() where isNeeded(value) {
        if let through = operation.passesGradientThrough, through.from == value, operation.reads[..<place].isEmpty,
          canShare(graph, value, through.to, written)
        {
          shared[value.buffer] = owner(of: through.to.buffer)
        } else if written[value.buffer].meets(value.range) {
          clearGaps(value, before: index, &written)
          writes[index][place] = .adds
        } else {
          writes[index][place] = .writes
        }
        written[value.buffer].insert(value.range)
      }
    }
  }

  /// Whether the gradient of a value is needed.
  func isNeeded(_ value: Value) -> Bool { needed.contains(value.buffer) }

  /// Whether an operation runs backward.
  func runs(_ operation: Int) -> Bool { running.contains(operation) }

  /// The buffer in whose place the gradient of `buffer` lies.
  func owner(of buffer: Int) -> Int { shared[buffer] ?? buffer }

  /// Sets to 0 the channels of `value` that nobody has written.
  private mutating func clearGaps(_ value: Value, before operation: Int, _ written: inout [ChannelSet]) {
    for gap in written[value.buffer].gaps(in: value.range) {
      cleared[operation].append(Value(buffer: value.buffer, firstChannel: gap.lowerBound, channels: gap.count))
    }
    written[value.buffer].insert(value.range)
  }

  /// Whether the gradient of a residual may lie in the place of that of the sum: both fill their buffers, and nobody
  /// has written it before.
  private func canShare(_ graph: Graph, _ value: Value, _ sum: Value, _ written: [ChannelSet]) -> Bool {
    value.channels == graph.buffers[value.buffer] && sum.channels == graph.buffers[sum.buffer]
      && value.channels == sum.channels && written[value.buffer].isEmpty
  }

  /// Buffers whose gradient is needed, and operations that run backward: those between what gradients are wanted of and
  /// the outputs.
  private static func need(_ graph: Graph, _ mode: ExecutionMode) -> (buffers: Set<Int>, operations: Set<Int>) {
    var buffers: Set<Int> = []
    var operations: Set<Int> = []
    if mode.needsInputGradient { buffers.formUnion(graph.inputs.map(\.buffer)) }
    for (index, operation) in graph.operations.enumerated() {
      let learns = mode.needsParameterGradients && !operation.parameters.isEmpty
      guard learns || operation.reads.contains(where: { buffers.contains($0.buffer) }) else { continue }
      operations.insert(index)
      buffers.formUnion(operation.makes.map(\.buffer))
    }
    return (buffers, operations)
  }
}
