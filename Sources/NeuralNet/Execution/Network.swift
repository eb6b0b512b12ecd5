/// A feed-forward network: a graph of operations together with its parameters.
///
/// A network holds no activations: what a run needs belongs to an `Execution`, so that one network can run several times
/// before its gradients are applied.
package final class Network {
  /// The learned numbers.
  package let parameters: ParameterStore
  /// What was declared: the graph, and the tensors by name and shape.
  private let declaration: NetworkDeclaration
  var graph: Graph { declaration.graph }
  /// What its executions share.
  let readyWeights = ReadyWeights()

  init(_ declaration: NetworkDeclaration, _ parameters: ParameterStore) {
    self.parameters = parameters
    self.declaration = declaration
  }

  /// Its tensors in the order of PyTorch's state_dict.
  package var tensors: [StateTensor] { declaration.tensors }

  /// Channels of each input.
  package var inputChannels: [Int] { graph.inputs.map(\.channels) }
  /// Channels of each output.
  package var outputChannels: [Int] { graph.outputs.map(\.channels) }

  /// Whether any convolution normalises.
  package var isNormalized: Bool {
    graph.operations.contains { ($0 as? Convolution)?.normalization != nil }
  }

  /// Draws all parameters: convolutions as `kind` says, γ normal around 1 with deviation `gain`, constants as declared.
  package func initialize(_ kind: InitializationKind, gain: Double, random: inout RandomGenerator) {
    parameters.initialize(kind, gain: gain, random: &random)
  }
}

extension NetworkBuilder {
  /// The finished network with one output, all parameters 0.
  ///
  /// - Throws: `GraphError` where the operations make no network, `FileError` where there is no memory for the parameters
  package func build(output: Value) throws -> Network { try build(outputs: [output]) }

  /// The finished network with several outputs, all parameters 0.
  ///
  /// - Throws: `GraphError` where the operations make no network, `FileError` where there is no memory for the parameters
  package func build(outputs: [Value]) throws -> Network {
    try declaration(outputs: outputs).network()
  }
}

extension NetworkDeclaration {
  /// The network, all parameters 0.
  ///
  /// - Throws: `FileError` where there is no memory for the parameters
  package func network() throws -> Network {
    let store = try ParameterStore(
      parameters: parameters,
      runningStatistics: statistics.map { RunningStatistics(name: $0.name, channels: $0.channels) })
    return Network(self, store)
  }
}
