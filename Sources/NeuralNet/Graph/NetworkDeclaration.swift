/// A network before memory is taken for its numbers: its graph, and the tensors that it will have.
///
/// Everything else that is said of a network derives from here: the tensors of its files, its layers in other forms
/// (`NetworkDescription`), and the network itself.
package struct NetworkDeclaration: Sendable {
  let graph: Graph
  let parameters: [Parameter]
  let statistics: [(name: String, channels: Int)]
  /// Its tensors in the order of PyTorch's state_dict.
  package let tensors: [StateTensor]
}

/// A tensor of a network, as files hold it.
package struct StateTensor: Sendable, Equatable {
  /// Its name in PyTorch's state_dict.
  package let name: String
  /// Its row-major lengths: (out, in, kh, kw) for the weights of a convolution, (in, out, kh, kw) for a transposed one.
  package let shape: [Int]
  /// What it is for.
  package let role: Role

  /// What a tensor is for.
  package enum Role: Sendable {
    /// Trained by gradients.
    case parameter
    /// A running statistic of a batch norm.
    case statistic
    /// How many batches a running statistic has seen: an I64 scalar, which old files lack.
    case batchCount
  }
}

extension [StateTensor] {
  /// Numbers that training changes by gradients.
  package var parameterCount: Int {
    reduce(0) { $1.role == .parameter ? $0 + $1.shape.reduce(1, *) : $0 }
  }
}
