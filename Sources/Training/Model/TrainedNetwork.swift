import NeuralNet

/// A network that is trained, with its optimiser.
struct TrainedNetwork {
  /// Its name in checkpoints, as in the public code: `G`, `D`, `G_A` …
  var name: String
  package var network: Network
  var optimizer: Adam
  /// How far from 0 its parameters may be after a step; nil: any.
  var weightLimit: Float?
}
