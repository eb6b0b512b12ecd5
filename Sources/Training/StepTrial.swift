import NeuralNet

/// Training steps on random images, to measure: what a run does for each batch, without its files.
package final class StepTrial {
  private let model: any TranslationModel
  private let batch: Batch
  private let learningRate: Double
  private var random = RandomGenerator(seed: 1)

  /// A trial of `configuration` at its crop size.
  ///
  /// - Throws: `FileError` where there is no memory for the networks
  package init(_ configuration: TrainingConfiguration, processor: Processor) throws {
    model = try configuration.algorithm.makeModel(configuration, processor, &random)
    learningRate = configuration.learningRate
    func images(_ channels: Int, side: Int, _ random: inout RandomGenerator) -> ImageBatch {
      let count = configuration.batchSize
      return ImageBatch(
        count: count, height: side, width: side, channels: channels,
        values: (0..<count * side * side * channels).map { _ in Float(random.uniform() * 2 - 1) })
    }
    batch = Batch(
      input: images(
        configuration.inputChannels,
        side: configuration.cropSize / configuration.algorithm.reduction(configuration).factor, &random),
      target: images(configuration.outputChannels, side: configuration.cropSize, &random),
      inputPaths: [], targetPaths: [], epoch: 1, isLastOfEpoch: false,
      stateAfter: SamplerState(countA: 1, countB: 1, epoch: 1, position: 1, order: [0], generator: [1, 2, 3, 4]))
  }

  /// One step.
  package func step() throws { _ = try model.step(batch, learningRate: learningRate, random: &random) }
}
