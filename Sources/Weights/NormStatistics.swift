import NeuralNet

/// Whose statistics batch normalisation uses.
public enum NormStatistics: String, Sendable, Codable, CaseIterable {
  /// Those of the picture itself, as in training with batches of one.
  case image
  /// The running statistics that training has gathered.
  case running
}

extension NormStatistics {
  /// Those of a generator whose file says nothing: a network that makes pictures of noise has no picture whose own they
  /// could be, and takes those of all that it was trained on.
  package static func usual(of network: any GeneratorConfiguration) -> NormStatistics {
    network is any LatentGeneratorConfiguration ? .running : .image
  }
}
