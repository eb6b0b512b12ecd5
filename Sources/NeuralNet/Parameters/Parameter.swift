/// How the numbers of a parameter lie in memory.
package enum ParameterLayout: Sendable, Equatable {
  /// As in files.
  case vector
  /// The weights of a convolution in panels of 64 columns: [panel][tap][row][64].
  case packed(PackedWeights)

  /// Floats in memory for a parameter of `count` numbers.
  func storage(of count: Int) -> Int {
    switch self {
    case .vector: count
    case .packed(let packed): packed.storage
    }
  }
}

/// How the first values of a parameter come about.
package enum ParameterInitialization: Sendable, Equatable {
  /// Drawn as the weights of a convolution, by the distribution that a run chooses.
  case convolutionWeight
  /// Drawn around 1: γ of a normalisation.
  case normalizationScale
  /// The same number everywhere: biases and β (0), slopes.
  case constant(Float)
}

/// One learned tensor of a network.
package struct Parameter: Sendable, Equatable {
  /// The name in PyTorch's state_dict.
  package var name: String
  /// The shape in files, PyTorch's order of axes.
  package var shape: [Int]
  /// How its first values come about.
  package var initialization: ParameterInitialization
  /// How it lies in memory.
  package var layout: ParameterLayout
  /// Where it starts in the store.
  package var offset: Int

  /// Numbers in files.
  package var count: Int { shape.reduce(1, *) }
  /// Floats in memory, a multiple of sixteen.
  package var storage: Int { (layout.storage(of: count) + 15) / 16 * 16 }
}

/// Statistics that a network keeps without learning them: running mean and variance of batch normalisation.
package struct RunningStatistics: Sendable, Equatable {
  /// The normalisation's name in PyTorch's state_dict.
  package var name: String
  /// `[channels]`
  package var mean: [Float]
  /// `[channels]`, unbiased
  package var variance: [Float]
  /// Updates so far.
  package var batches: Int64 = 0

  /// What a new value counts in the running one, as PyTorch has it.
  static let momentum = 0.1

  package static func meanName(_ name: String) -> String { name + ".running_mean" }
  package static func varianceName(_ name: String) -> String { name + ".running_var" }
  package static func batchesName(_ name: String) -> String { name + ".num_batches_tracked" }

  init(name: String, channels: Int) {
    self.name = name
    mean = [Float](repeating: 0, count: channels)
    variance = [Float](repeating: 1, count: channels)
  }
}
