import Files
import Images
import NeuralNet
import PatchDisc
import Translate
import Weights

/// pix2pix (Isola et al., 2017): a generator G and a discriminator D that sees input and output together.
///
/// Each step, as in the paper's code, first improves D on one real and one translated pair, then G:
///
///     D:  ½ · (loss(D(x, G(x)), fake) + loss(D(x, y), real))
///     G:  loss(D(x, G(x)), real) + λ · ‖G(x) − y‖₁
///
/// Where pictures have labels, both networks see that of x beside it (Mirza and Osindero, Conditional Generative Adversarial
/// Nets, 2014), as one-hot planes behind its channels: x is picture and planes then, and nothing else changes.
final class Pix2Pix: TranslationModel {
  let networks: [TrainedNetwork]
  let generators: [GeneratorFile]

  private let configuration: TrainingConfiguration
  private let processor: Processor
  private let generator: TrainedNetwork
  private let discriminator: DiscriminatorTraining
  private let sizeMultiple: Int
  private let generatorPass: PlannedExecutions
  private let apply: PlannedExecutions
  private let arena = Arena()

  /// Both networks with freshly drawn weights.
  ///
  /// - Throws: `FileError` where there is no memory for them
  init(_ configuration: TrainingConfiguration, processor: Processor, random: inout RandomGenerator) throws {
    let choice = configuration.generatorConfiguration
    generator = try .drawn("G", choice.network(), configuration, &random)
    discriminator = try DiscriminatorTraining(
      configuration.pairDiscriminatorConfiguration.network(), configuration, processor, random: &random)
    networks = [generator, discriminator.trained]
    generators = [
      GeneratorFile(
        name: RunFolder.generatorNames[0], network: generator.network, configuration: choice,
        direction: configuration.direction, labels: configuration.labelNames)
    ]
    self.configuration = configuration
    self.processor = processor
    sizeMultiple = choice.sizeMultiple
    generatorPass = PlannedExecutions(
      generator.network, .training(precision: configuration.precision), processor, in: arena)
    apply = PlannedExecutions(generator.network, configuration.inferenceMode, processor, in: arena)
  }

  var plannedBytes: Int { arena.bytes + discriminator.plannedBytes }

  func prepare(input: Shape, target: Shape) throws {
    let input = conditionShape(input.padded(toMultipleOf: sizeMultiple))
    _ = try generatorPass(input)
    try discriminator.prepare(pairShape(input))
    _ = try apply(input.padded(toMultipleOf: sizeMultiple, images: 1))
  }

  var gradientBytes: Int { discriminator.gradientBytes }

  func step(_ batch: Batch, learningRate: Double, random: inout RandomGenerator) throws -> [Double] {
    let input = batch.input.padded(toMultipleOf: sizeMultiple)
    let target = batch.target.padded(toMultipleOf: sizeMultiple)
    let translation = try generatorPass(conditionShape(input.shape))
    setCondition(translation.input, input)
    translation.forward(dropoutKey: random.next())

    let n = input.count
    let (real, fake) = try discriminator.improve(
      pairShape(input.shape), learningRate: learningRate, weight: 0.5, random: &random
    ) { pairs in
      setPair(pairs.images(0..<n), input) { $0.copy(from: translation.output) }
      setPair(pairs.images(n..<2 * n), input) { $0.set(target) }
    }
    let (adversarial, absolute) = try improveGenerator(input, target, translation, learningRate)
    return [adversarial, absolute, real, fake]
  }

  private func improveGenerator(
    _ input: ImageBatch, _ target: ImageBatch, _ translation: Execution, _ learningRate: Double
  ) throws -> (adversarial: Double, absolute: Double) {
    let adversarial = try discriminator.judge(pairShape(input.shape)) { pair in
      setPair(pair, input) { $0.copy(from: translation.output) }
    }
    let gradient = translation.outputGradient
    gradient.copy(from: adversarial.gradient.channels(outputChannels))
    let absolute = target.withView { wanted in
      L1Loss.evaluate(
        translation.output, wanted, gradient: gradient, weight: Float(configuration.lambdaL1), pool: processor.pool)
    }
    translation.backward(updating: generator.optimizer, learningRate: learningRate)
    return (adversarial.loss, configuration.lambdaL1 * absolute)
  }

  /// The channels of a pair that hold the output image.
  private var outputChannels: Range<Int> {
    configuration.conditionChannels..<configuration.conditionChannels + configuration.outputChannels
  }

  /// The shape of what the generator reads: `input` and its planes.
  private func conditionShape(_ input: Shape) -> Shape {
    Shape(input.n, configuration.conditionChannels, input.h, input.w)
  }

  /// Writes the pictures, and the planes of their labels behind them.
  private func setCondition(_ condition: MutableTensorView<Float>, _ input: ImageBatch) {
    condition.channels(0..<configuration.inputChannels).set(input)
    guard !configuration.labelNames.isEmpty else { return }
    condition.channels(configuration.inputChannels..<configuration.conditionChannels).setPlanes(of: input.labels)
  }

  private func pairShape(_ input: Shape) -> Shape { Shape(input.n, outputChannels.upperBound, input.h, input.w) }

  private func setPair(
    _ pair: MutableTensorView<Float>, _ input: ImageBatch, _ setOutput: (MutableTensorView<Float>) -> Void
  ) {
    setCondition(pair.channels(0..<configuration.conditionChannels), input)
    setOutput(pair.channels(outputChannels))
  }

  // MARK: - Samples and checkpoints

  func figure(_ losses: [Double]) -> Double { losses[1] }

  func sample(input: ImageBatch, target: ImageBatch) throws -> [Picture] {
    [input.image(), try output(for: input), target.image(with: input)]
  }

  func measure(input: ImageBatch, target: ImageBatch) throws -> [Double] {
    try Likeness.measure(output(for: input), target.image(with: input))
  }

  private func output(for input: ImageBatch) throws -> Picture {
    try apply.image(
      input, sizeMultiple: sizeMultiple, making: ImagePreparation(configuration).outputNumbers,
      planes: configuration.labelNames.count)
  }
}

extension TrainingConfiguration {
  /// The discriminator of pix2pix, which sees input and output together.
  var pairDiscriminatorConfiguration: DiscriminatorConfiguration {
    let (pair, overflow) = conditionChannels.addingReportingOverflow(outputChannels)
    // A sum that is none is refused where a network is made of it.
    return discriminatorConfiguration(channels: overflow ? 0 : pair)
  }
}
