import Images
import NeuralNet
import Translate

/// A network that is trained, with its optimiser.
struct TrainedNetwork {
  /// Its name in checkpoints, as in the public code: `G`, `D`, `G_A` …
  var name: String
  package var network: Network
  var optimizer: Adam

  /// `network` with weights drawn as `configuration` says, and an optimiser at its begin.
  static func drawn(
    _ name: String, _ network: Network, _ configuration: TrainingConfiguration, _ random: inout RandomGenerator
  ) throws -> TrainedNetwork {
    network.initialize(configuration.initialization, gain: configuration.initGain, random: &random)
    return TrainedNetwork(
      name: name, network: network, optimizer: try Adam(network.parameters, beta1: configuration.beta1))
  }

  /// Runs the backward pass of a discriminator's pass and updates its parameters.
  ///
  /// Without a penalty the update happens on the way; with one, gradients are added to before it.
  func improve(
    by pass: Execution, _ learningRate: Double, _ processor: Processor, penalty: InterpolatedPenalty?,
    addingGradients add: (InterpolatedPenalty) throws -> Void
  ) throws {
    guard let penalty else { return pass.backward(updating: optimizer, learningRate: learningRate) }
    pass.backward()
    try add(penalty)
    optimizer.step(learningRate: learningRate, processor: processor)
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

extension PlannedExecutions {
  /// The network's output for the first picture of `batch`, padded on the way in and cropped on the way out.
  package func image(_ batch: ImageBatch, sizeMultiple: Int) throws -> Image {
    let padding = Padding(width: batch.width, height: batch.height, multiple: sizeMultiple)
    let input = batch.padded(toMultipleOf: sizeMultiple)
    let execution = try self(input.shape)
    execution.input.set(input)
    execution.forward()
    return execution.output.image()
      .cropped(x: padding.left, y: padding.top, width: batch.width, height: batch.height)
  }
}

extension ImageBatch {
  /// Calls `body` with the pictures as a tensor (N, C, H, W).
  func withView<Result>(_ body: (TensorView<Float>) throws -> Result) rethrows -> Result {
    try values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { preconditionFailure("a batch holds at least one picture") }
      return try body(TensorView(shape: shape, base: base, stride: channels))
    }
  }
}
