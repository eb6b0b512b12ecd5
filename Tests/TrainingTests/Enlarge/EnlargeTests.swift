import Testing
@testable import NeuralNet
@testable import Training

/// Steps of a network that learns to enlarge.
struct EnlargeTests {
  private func configuration() -> TrainingConfiguration {
    var configuration = TrainingScene.configuration(.enlarge)
    (configuration.lambdaGAN, configuration.pixelSteps, configuration.batchSize) = (1, 0, 2)
    return configuration
  }

  private func batch(_ configuration: TrainingConfiguration) -> Batch {
    var random = RandomGenerator(seed: 3)
    func images(_ side: Int) -> ImageBatch {
      ImageBatch(
        count: 2, height: side, width: side, channels: 3,
        values: (0..<2 * side * side * 3).map { _ in Float(random.uniform() * 2 - 1) })
    }
    return Batch(
      input: images(configuration.cropSize / configuration.factor), target: images(configuration.cropSize),
      inputPaths: [], targetPaths: [], epoch: 1, isLastOfEpoch: false,
      stateAfter: SamplerState(countA: 1, countB: 1, epoch: 1, position: 1, order: [0], generator: [1, 2, 3, 4]))
  }

  /// Whatever loss there is, the discriminator is trained as with other algorithms: WGAN clips its weights, WGAN-GP has a
  /// penalty that moves them.
  @Test(arguments: AdversarialLoss.allCases) func everyLossTrainsTheDiscriminator(_ loss: AdversarialLoss) throws {
    var configuration = configuration()
    configuration.ganMode = loss
    if loss == .wgangp { configuration.discriminatorNorm = NormalizationKind.none }
    try configuration.validate()
    var random = RandomGenerator(seed: 1)
    let model = try Enlarge(configuration, processor: Processor(threads: 2), random: &random)
    let discriminator = try #require(model.networks.last).network.parameters
    func weights() -> [Float] { discriminator.parameters.flatMap { discriminator.fileOrder($0) } }
    let before = weights()
    let losses = try model.step(batch(configuration), learningRate: 0.0002, random: &random)
    #expect(losses.allSatisfy(\.isFinite) && losses[1] != 0 && losses[3] != 0)
    let largest = weights().map(abs).max() ?? .infinity
    #expect(before != weights() && (largest <= 0.01) == (loss == .wgan), "\(largest)")
  }

  /// Before its steps have come there is no game: the discriminator stays as it was drawn.
  @Test func pixelStepsComeFirst() throws {
    var configuration = configuration()
    configuration.pixelSteps = 1
    var random = RandomGenerator(seed: 1)
    let model = try Enlarge(configuration, processor: Processor(threads: 2), random: &random)
    let batch = batch(configuration)
    let first = try model.step(batch, learningRate: 0.0002, random: &random)
    #expect(first[1...] == [0, 0, 0, 0] && model.networks[1].optimizer.steps == 0)
    let second = try model.step(batch, learningRate: 0.0002, random: &random)
    #expect(second[1] != 0 && model.networks[1].optimizer.steps == 1)
  }
}
