import NeuralNet
import Translate

extension TrainedNetwork {
  /// `network` with weights drawn as `configuration` says, and an optimiser at its begin.
  static func drawn(
    _ name: String, _ network: Network, _ configuration: TrainingConfiguration, _ random: inout RandomGenerator,
    weightLimit: Float? = nil
  ) throws -> TrainedNetwork {
    network.initialize(configuration.initialization, gain: configuration.initGain, random: &random)
    return TrainedNetwork(
      name: name, network: network, optimizer: try Adam(network.parameters, beta1: configuration.beta1),
      weightLimit: weightLimit)
  }

  /// Runs the backward pass of a discriminator's pass and updates its parameters.
  ///
  /// Without a penalty the update happens on the way; with one, gradients are added to before it.
  func improve(
    by pass: Execution, _ learningRate: Double, _ processor: Processor, penalty: InterpolatedPenalty?,
    addingGradients add: (InterpolatedPenalty) throws -> Void
  ) throws {
    guard let penalty else {
      pass.backward(updating: optimizer, learningRate: learningRate)
      return clip(processor)
    }
    pass.backward()
    try add(penalty)
    optimizer.step(learningRate: learningRate, processor: processor)
  }

  /// Updates the parameters where the parts of a step's loss are computed in different places, once all of them are.
  ///
  /// - Parameter parts: those of the loss that the network has a part in
  func improveTogether(of parts: Range<Int>, _ learningRate: Double, _ processor: Processor) {
    optimizer.stepTogether(of: parts, learningRate: learningRate, processor: processor)
    clip(processor)
  }

  /// Brings the parameters back to within the limit, where there is one.
  func clip(_ processor: Processor) {
    if let weightLimit { network.parameters.clip(to: weightLimit, processor.pool) }
  }
}

extension TrainingConfiguration {
  /// Whose statistics batch normalisation uses when the generator is applied: those of the image itself if that is what
  /// it was trained with.
  var usesRunningStatistics: Bool { norm == .batch && batchSize > 1 }

  /// How the generator is applied while training goes on.
  var inferenceMode: ExecutionMode {
    var mode = ExecutionMode()
    mode.usesRunningStatistics = usesRunningStatistics
    mode.keepsTransformedWeights = false
    return mode
  }
}
