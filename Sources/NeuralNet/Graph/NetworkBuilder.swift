/// Puts a network together operation by operation, in the order in which it runs.
///
/// Each operation adds its own function to the builder, in its own file.
package struct NetworkBuilder {
  private(set) var graph = Graph()
  private(set) var parameters: [Parameter] = []
  private(set) var statistics: [(name: String, channels: Int)] = []
  /// Parameters and running statistics as they came.
  private var tensors: [StateTensor] = []
  /// The first thing that cannot be.
  private(set) var refusal: GraphError?

  /// An empty network over images of `inputChannels` channels.
  package init(inputChannels: Int) { self.init(inputs: [inputChannels]) }

  /// An empty network with several inputs: a picture, a label, noise.
  ///
  /// - Parameter inputs: channels of each
  package init(inputs: [Int]) {
    for channels in inputs { graph.inputs.append(value(channels: channels)) }
  }

  /// The network's inputs.
  package var inputs: [Value] { graph.inputs }
  /// The network's first input.
  package var input: Value { graph.inputs[0] }

  /// A new value of its own.
  package mutating func value(channels: Int) -> Value {
    graph.buffers.append(max(0, channels))
    return Value(buffer: graph.buffers.count - 1, firstChannel: 0, channels: channels)
  }

  /// The concatenation of two values along the channels: the whole and its parts, which share one buffer.
  package mutating func concatenation(_ first: Int, _ second: Int) -> (whole: Value, first: Value, second: Value) {
    let whole = value(channels: first + second)
    var left = whole
    var right = whole
    left.channels = first
    right.channels = second
    right.firstChannel = first
    return (whole, left, right)
  }

  /// The concatenation of any number of values along the channels: the whole and its parts, which share one buffer.
  package mutating func concatenation(_ channels: [Int]) -> (whole: Value, parts: [Value]) {
    let whole = value(channels: channels.reduce(0, +))
    var parts: [Value] = []
    for count in channels {
      let first = parts.last.map { $0.range.upperBound } ?? 0
      parts.append(Value(buffer: whole.buffer, firstChannel: first, channels: count))
    }
    return (whole, parts)
  }

  /// Appends an operation.
  mutating func append(_ operation: any Operation) { graph.operations.append(operation) }

  /// Remembers that an operation cannot be: `build` throws it.
  mutating func require(_ condition: Bool, _ operation: String, _ problem: String) {
    if !condition, refusal == nil { refusal = GraphError(operation: operation, problem: problem) }
  }

  /// A new parameter's index.
  mutating func parameter(
    _ name: String, _ shape: [Int], _ initialization: ParameterInitialization, _ layout: ParameterLayout
  ) -> Int {
    tensors.append(StateTensor(name: name, shape: shape, role: .parameter))
    parameters.append(Parameter(name: name, shape: shape, initialization: initialization, layout: layout, offset: 0))
    return parameters.count - 1
  }

  /// The index of new running statistics.
  mutating func runningStatistics(_ name: String, channels: Int) -> Int {
    tensors.append(StateTensor(name: RunningStatistics.meanName(name), shape: [channels], role: .statistic))
    tensors.append(StateTensor(name: RunningStatistics.varianceName(name), shape: [channels], role: .statistic))
    tensors.append(StateTensor(name: RunningStatistics.batchesName(name), shape: [], role: .batchCount))
    statistics.append((name, channels))
    return statistics.count - 1
  }

  /// The finished network with its outputs, checked; no memory is taken for its numbers.
  ///
  /// - Throws: `GraphError` for the first thing that cannot be
  package func declaration(outputs: [Value]) throws(GraphError) -> NetworkDeclaration {
    if let refusal { throw refusal }
    var graph = graph
    graph.outputs = outputs
    try graph.validate()
    var names: Set<String> = []
    for parameter in parameters where !names.insert(parameter.name).inserted {
      throw GraphError(operation: nil, problem: "has two parameters called \(parameter.name)")
    }
    return NetworkDeclaration(graph: graph, parameters: parameters, statistics: statistics, tensors: tensors)
  }

  /// The finished network with one output; see `declaration(outputs:)`.
  ///
  /// - Throws: `GraphError` for the first thing that cannot be
  package func declaration(output: Value) throws(GraphError) -> NetworkDeclaration {
    try declaration(outputs: [output])
  }
}
