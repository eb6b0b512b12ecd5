import Files
import Images
import NeuralNet
import Translate
import Weights

/// A generator G of pictures from noise z, and a discriminator D that tells them from those of the data (Goodfellow et al.,
/// 2014, algorithm 1), with the networks of DCGAN (Radford et al., 2016).
///
/// Each step, as in PyTorch's example of it, improves D on as many generated pictures as real ones, each with batch statistics
/// of their own, then G on the same z:
///
///     D:  loss(D(x), real) + loss(D(G(z)), fake)
///     G:  loss(D(G(z)), real)
///
/// Under a label y both see it: G as numbers behind z, D as planes behind the picture (Mirza and Osindero, 2014).
/// Generated pictures have the labels of the real ones beside them. With several critic steps, only every so many-th step of
/// D is one of G too.
final class LatentGAN: TranslationModel {
  let networks: [TrainedNetwork]
  let generators: [GeneratorFile]

  private let configuration: TrainingConfiguration
  private let processor: Processor
  private let generator: TrainedNetwork
  private let discriminator: DiscriminatorTraining
  private let generatorPass: PlannedExecutions
  private let apply: PlannedExecutions
  private let arena = Arena()

  /// Both networks with freshly drawn weights.
  ///
  /// - Throws: `FileError` where there is no memory for them
  init(_ configuration: TrainingConfiguration, processor: Processor, random: inout RandomGenerator) throws {
    let choice = configuration.latentGeneratorConfiguration
    generator = try .drawn("G", choice.network(), configuration, &random)
    discriminator = try DiscriminatorTraining(
      configuration.latentDiscriminatorConfiguration.network(), configuration, processor, random: &random)
    networks = [generator, discriminator.trained]
    generators = [
      GeneratorFile(
        name: RunFolder.generatorNames[0], network: generator.network, configuration: choice, direction: nil,
        labels: configuration.labelNames)
    ]
    self.configuration = configuration
    self.processor = processor
    generatorPass = PlannedExecutions(
      generator.network, .training(precision: configuration.precision), processor, in: arena)
    apply = PlannedExecutions(generator.network, configuration.inferenceMode, processor, in: arena)
  }

  var plannedBytes: Int { arena.bytes + discriminator.plannedBytes }
  var gradientBytes: Int { discriminator.gradientBytes }

  func prepare(input: Shape, target: Shape) throws {
    _ = try generatorPass(latentShape(target.n))
    try discriminator.prepare(judgedShape(target.n))
    _ = try apply(latentShape(SampleSheetOfNoise.pictures))
  }

  // MARK: - A step

  func step(_ batch: Batch, learningRate: Double, random: inout RandomGenerator) throws -> [Double] {
    let noise = GaussianNoise(key: random.next())
    return try step(batch.target, epoch: batch.epoch, learningRate: learningRate, random: &random) { latents in
      latents.fill(0)
      noise.add(1, to: latents, processor)
    }
  }

  /// A step on `real` pictures and latent numbers that `draw` writes: (N, latent size, 1, 1).
  func step(
    _ real: ImageBatch, epoch: Int, learningRate: Double, random: inout RandomGenerator,
    drawing draw: (MutableTensorView<Float>) -> Void
  ) throws -> [Double] {
    let fakes = try generatorPass(latentShape(real.count))
    draw(fakes.input.channels(0..<configuration.latentSize))
    setLabels(real.labels, in: fakes.input)
    fakes.forward()

    let deviation = noiseDeviation(epoch: epoch)
    var losses = try improveDiscriminator(real, fakes.output, deviation, learningRate, &random)
    if discriminator.trained.optimizer.steps % configuration.discriminatorSteps == 0 {
      losses.generator = try improveGenerator(real.labels, fakes, deviation, learningRate, &random)
    }
    return [losses.generator, losses.real, losses.fake]
  }

  private func improveDiscriminator(
    _ real: ImageBatch, _ fakes: TensorView<Float>, _ deviation: Float, _ learningRate: Double,
    _ random: inout RandomGenerator
  ) throws -> (generator: Double, real: Double, fake: Double) {
    let (n, loss) = (real.count, configuration.ganMode)
    let noise = instanceNoise(deviation, &random)
    var generator = 0.0
    let losses = try discriminator.improve(
      judgedShape(n), learningRate: learningRate, weight: 1, realLabel: 1 - configuration.labelSmoothing,
      random: &random,
      showing: { both in
        pictures(of: both.images(0..<n)).copy(from: fakes)
        pictures(of: both.images(n..<2 * n)).set(real)
        for half in [0..<n, n..<2 * n] { setLabels(real.labels, in: both.images(half)) }
        noise?.add(deviation, to: pictures(of: both), groups: 2, processor)
      },
      // What the generator loses by the verdict, should this be no step of its own; the gradient is written over.
      judged: { generator = loss.evaluate($0, .generator, gradient: $1) })
    return (generator, losses.real, losses.fake)
  }

  private func improveGenerator(
    _ labels: [Int], _ fakes: Execution, _ deviation: Float, _ learningRate: Double, _ random: inout RandomGenerator
  ) throws -> Double {
    let noise = instanceNoise(deviation, &random)
    let verdict = try discriminator.judge(judgedShape(fakes.output.shape.n)) { input in
      pictures(of: input).copy(from: fakes.output)
      setLabels(labels, in: input)
      noise?.add(deviation, to: pictures(of: input), processor)
    }
    fakes.outputGradient.copy(from: verdict.gradient.channels(0..<configuration.outputChannels))
    fakes.backward(updating: generator.optimizer, learningRate: learningRate)
    return verdict.loss
  }

  // MARK: - Inputs

  private func latentShape(_ images: Int) -> Shape {
    Shape(images, configuration.latentSize + configuration.labelNames.count, 1, 1)
  }

  private func judgedShape(_ images: Int) -> Shape {
    Shape(
      images, configuration.outputChannels + configuration.labelNames.count, configuration.cropSize,
      configuration.cropSize)
  }

  private func pictures(of input: MutableTensorView<Float>) -> MutableTensorView<Float> {
    input.channels(0..<configuration.outputChannels)
  }

  /// The labels are the last channels of whatever sees them.
  private func setLabels(_ labels: [Int], in input: MutableTensorView<Float>) {
    let count = configuration.labelNames.count
    guard count > 0 else { return }
    // A latent is one pixel.
    let isLatent = input.shape.h == 1
    input.channels(input.shape.c - count..<input.shape.c).setPlanes(
      of: labels, value: isLatent ? Latent.labelValue : 1)
  }

  /// Noise that pictures are shown with; nil where it has no deviation, and nothing is drawn.
  private func instanceNoise(_ deviation: Float, _ random: inout RandomGenerator) -> GaussianNoise? {
    deviation > 0 ? GaussianNoise(key: random.next()) : nil
  }

  /// The noise falls in equal steps from epoch to epoch.
  private func noiseDeviation(epoch: Int) -> Float {
    let epochs = Double(configuration.epochs + configuration.decayEpochs)
    return Float(configuration.instanceNoise * max(0, 1 - Double(epoch - 1) / epochs))
  }

  // MARK: - Samples and figures

  func figure(_ losses: [Double]) -> Double { losses[0] }

  /// Pictures of the fixed noise of the run, the same at every step and in every run of this seed.
  ///
  /// - Parameter labels: of each; empty where there are none
  private func made(_ count: Int, labels: [Int]) throws -> [Picture] {
    var pictures: [Picture] = []
    let most = SampleSheetOfNoise.pictures
    for begin in stride(from: 0, to: count, by: most) {
      let part = begin..<min(begin + most, count)
      let execution = try apply(latentShape(part.count))
      for index in part {
        let latent = Latent(seed: configuration.seed, index: index, count: configuration.latentSize)
        let place = execution.input.images(index - begin..<index - begin + 1)
        place.channels(0..<configuration.latentSize).setNCHW(latent.values)
        if !labels.isEmpty { setLabels([labels[index]], in: place) }
      }
      execution.forward()
      pictures += (0..<part.count).map { execution.output.images($0..<$0 + 1).image() }
    }
    return pictures
  }

  func sample(input: ImageBatch, target: ImageBatch) throws -> [Picture] {
    try sheet(1) { _ in (input, target) }[0]
  }

  func sheet(_ count: Int, of pair: SamplePair) throws -> [[Picture]] {
    let pairs = try (0..<count).map(pair)
    let columns = SampleSheetOfNoise.columns
    let labels = pairs.flatMap { pair in pair.target.labels.flatMap { [Int](repeating: $0, count: columns) } }
    let pictures = try made(pairs.count * columns, labels: labels)
    return pairs.enumerated().map { row, pair in
      Array(pictures[row * columns..<(row + 1) * columns]) + [pair.target.image()]
    }
  }

  /// As many pictures as are held out, each under the label of one of these.
  func measure(_ count: Int, of pair: SamplePair) throws -> [Double] {
    let targets = try (0..<count).map { try pair($0).target }
    let times = max(1, SampleStatistics.least / max(1, count))
    let labels = targets.flatMap(\.labels)
    let made = try made(times * count, labels: (0..<times).flatMap { _ in labels })
    return SampleStatistics.measure(made, against: targets.map { $0.image() })
  }
}

/// What a sheet of generated pictures shows: rows of them, and behind each a picture of the data, under whose label they are.
enum SampleSheetOfNoise {
  /// Generated pictures of a row.
  static let columns = 7
  /// Generated pictures that are made at once.
  static let pictures = 16

  static let titles = [String](repeating: "", count: columns) + ["data"]

  /// The first picture of each row stands for what is generated, and is like itself: only how much rows differ, and their
  /// contrast, tell something.
  static let variety = TrainingAlgorithm.SampleTranslation(input: 0, output: 0, target: columns, isPaired: false)
}
