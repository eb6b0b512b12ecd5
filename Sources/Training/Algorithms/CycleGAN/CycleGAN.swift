import Files
import Images
import NeuralNet
import PatchDisc
import Translate
import Weights

/// CycleGAN (Zhu et al., 2017): generators G_A: A → B and G_B: B → A, and discriminators D_A of images in B and D_B of
/// images in A, named as in the public code.
///
/// Each step improves, as in the paper's code, the generators by
///
///     G:  loss(D_A(G_A(a)), real) + λ_A · ‖G_B(G_A(a)) − a‖₁ + λ_A · λ_idt · ‖G_B(a) − a‖₁
///       + loss(D_B(G_B(b)), real) + λ_B · ‖G_A(G_B(b)) − b‖₁ + λ_B · λ_idt · ‖G_A(b) − b‖₁
///
/// and the discriminators by
///
///     D_A:  ½ · (loss(D_A(b), real) + loss(D_A(pool(G_A(a))), fake)),   D_B likewise
///
/// The lines of the generators' loss are independent sums, so one is done after the other, forward and backward, and only one
/// holds activations at a time. D_A has a part in the first line only, and learns before the second. What goes through the
/// same weights goes as one batch: the translation to undo and the image to leave as it is, the real and the pooled
/// image. Their statistics stay apart, so nothing but speed and memory is different.
///
/// The two lines, each with the discriminator that has a part in it, are the parts of the loss that may be computed in different
/// places: all four networks then learn at the end.
final class CycleGAN: TranslationModel {
  let networks: [TrainedNetwork]
  let generators: [GeneratorFile]

  private let configuration: TrainingConfiguration
  private let processor: Processor
  private let forth: Side
  private let back: Side
  private let sizeMultiple: Int
  /// Whether real and generated images go through a discriminator one after the other, as they must where their sizes
  /// differ, also where they do not: what comes out differs by rounding alone.
  var learnsApart = false

  private let arenas = Arenas()

  /// All four networks with freshly drawn weights.
  ///
  /// - Throws: `FileError` where there is no memory for them
  init(_ configuration: TrainingConfiguration, processor: Processor, random: inout RandomGenerator) throws {
    let choice = configuration.generatorConfiguration
    let reverse = configuration.generatorConfiguration(
      from: configuration.outputChannels, to: configuration.inputChannels)
    let forthGenerator = try TrainedNetwork.drawn("G_A", choice.network(), configuration, &random)
    let backGenerator = try TrainedNetwork.drawn("G_B", reverse.network(), configuration, &random)
    let forthDiscriminator = try TrainedNetwork.drawn(
      "D_A", configuration.discriminatorConfiguration(channels: configuration.outputChannels).network(), configuration,
      &random, weightLimit: configuration.ganMode.weightLimit)
    let backDiscriminator = try TrainedNetwork.drawn(
      "D_B", configuration.discriminatorConfiguration(channels: configuration.inputChannels).network(), configuration,
      &random, weightLimit: configuration.ganMode.weightLimit)
    forth = Side(forthGenerator, forthDiscriminator, poolName: "pool.fake_B", configuration, processor, arenas)
    back = Side(backGenerator, backDiscriminator, poolName: "pool.fake_A", configuration, processor, arenas)
    networks = [forthGenerator, backGenerator, forthDiscriminator, backDiscriminator]
    let (there, home): (Direction, Direction) =
      configuration.direction == .aToB ? (.aToB, .bToA) : (.bToA, .aToB)
    generators = [
      GeneratorFile(
        name: RunFolder.generatorName(there), network: forthGenerator.network, configuration: choice, direction: there),
      GeneratorFile(
        name: RunFolder.generatorName(home), network: backGenerator.network, configuration: reverse, direction: home),
    ]
    self.configuration = configuration
    self.processor = processor
    sizeMultiple = choice.sizeMultiple
  }

  var plannedBytes: Int {
    arenas.translation.bytes + arenas.discriminator.bytes + (forth.penalty?.plannedBytes ?? 0)
      + (back.penalty?.plannedBytes ?? 0)
  }

  func prepare(input: Shape, target: Shape) throws {
    let (a, b) = (input.padded(toMultipleOf: sizeMultiple), target.padded(toMultipleOf: sizeMultiple))
    for (side, back, original, other) in [(forth, back, a, b), (back, forth, b, a)] {
      _ = try side.translation(original)
      var translation = original
      translation.c = other.c
      var reconstructed = translation
      if configuration.lambdaIdentity > 0 { reconstructed.n *= 2 }
      _ = try back.reconstruct(reconstructed)
      _ = try side.discriminatorOnTranslation(translation)
      _ = try side.penalty?.planned(translation)
      if (translation.h, translation.w) == (other.h, other.w), !learnsApart {
        translation.n *= 2
        _ = try side.discriminatorOnPairs(translation)
      } else {
        _ = try side.discriminatorOnOne(translation)
        _ = try side.discriminatorOnOne(other)
      }
      _ = try side.apply(original.padded(toMultipleOf: sizeMultiple, images: 1))
    }
  }

  /// Gradients of the generators wait for the second direction.
  var gradientBytes: Int {
    let waiting = [forth.generator, back.generator] + [forth, back].filter { $0.penalty != nil }.map(\.discriminator)
    return waiting.reduce(0) { $0 + $1.network.parameters.storage } * MemoryLayout<Float>.stride
  }

  /// Both pools, full.
  func extraBytes(input: Shape, target: Shape) -> Int {
    configuration.poolSize * (input.count / input.n + target.count / target.n) * MemoryLayout<Float>.stride
  }

  /// The two sides may differ in size, but for the gradient penalty, whose points lie between a real and a generated image.
  package func check(_ batch: Batch) throws {
    guard forth.penalty != nil else { return }
    let (a, b) = (batch.input, batch.target)
    let first = Padding(width: a.width, height: a.height, multiple: sizeMultiple)
    let second = Padding(width: b.width, height: b.height, multiple: sizeMultiple)
    guard first.paddedHeight == second.paddedHeight, first.paddedWidth == second.paddedWidth else {
      throw FileError(
        path: batch.targetPaths.first,
        problem:
          "is \(b.width)×\(b.height) where \(batch.inputPaths.first ?? "the other image") is \(a.width)×\(a.height)",
        advice: """
          choose a \(setting: "preprocess") that makes all sizes equal, such as resize-and-crop, or another \
          \(setting: "gan-mode") than wgangp
          """)
    }
  }

  func step(_ batch: Batch, learningRate: Double, random: inout RandomGenerator) throws -> [Double] {
    let a = batch.input.padded(toMultipleOf: sizeMultiple)
    let b = batch.target.padded(toMultipleOf: sizeMultiple)
    let together = processor.sharesParts
    let one = try part(0, forth, back, a, b, configuration.lambdaA, isLast: false, learningRate, &random)
    let other = try part(1, back, forth, b, a, configuration.lambdaB, isLast: !together, learningRate, &random)
    if together {
      for side in [forth, back] { side.generator.improveTogether(of: 0..<2, learningRate, processor) }
      forth.discriminator.improveTogether(of: 0..<1, learningRate, processor)
      back.discriminator.improveTogether(of: 1..<2, learningRate, processor)
    }
    return [
      one.discriminator, one.adversarial, one.cycle, other.identity, other.discriminator, other.adversarial,
      other.cycle, one.identity,
    ]
  }

  /// Losses of one direction.
  private struct Losses {
    var discriminator = 0.0
    var adversarial = 0.0
    var cycle = 0.0
    /// Of the generator that goes back.
    var identity = 0.0
  }

  // MARK: - Generators

  /// Improves by a part of the loss, or only draws the random numbers that it takes, where it is computed elsewhere.
  private func part(
    _ index: Int, _ side: Side, _ back: Side, _ original: ImageBatch, _ real: ImageBatch, _ weight: Double,
    isLast: Bool, _ learningRate: Double, _ random: inout RandomGenerator
  ) throws -> Losses {
    guard !processor.computes(index) else {
      return try improve(side, back, original, real, weight, isLast: isLast, learningRate, &random)
    }
    for _ in 0..<2 { _ = random.next() }
    side.pool.passOver(processor.wholeBatch(original.count), random: &random)
    if side.penalty != nil { _ = processor.drawn(original.count) { random.uniform() } }
    return Losses()
  }

  /// Translates `original` to the other domain and back, and improves all that has a part in it.
  ///
  /// - Parameters:
  ///   - real: images of the domain that `side` translates to
  ///   - weight: λ of this direction
  ///   - isLast: whether the generators' gradients are complete after this; if not, they only begin here
  private func improve(
    _ side: Side, _ back: Side, _ original: ImageBatch, _ real: ImageBatch, _ weight: Double, isLast: Bool,
    _ learningRate: Double, _ random: inout RandomGenerator
  ) throws -> Losses {
    var losses = Losses()
    let translation = try side.translation(original.shape)
    translation.input.set(original)
    translation.forward(dropoutKey: random.next())

    let reconstruction = try reconstruct(back, translation.output, original, &random)
    losses.cycle = absolute(reconstruction, 0, original, weight)
    if configuration.lambdaIdentity > 0 {
      losses.identity = absolute(reconstruction, original.count, original, weight * configuration.lambdaIdentity)
    }
    finish(reconstruction, back.generator, isLast: isLast, learningRate)
    translation.outputGradient.copy(from: reconstruction.inputGradient.images(0..<original.count))

    // From here on the reconstruction's memory belongs to the discriminator.
    losses.adversarial = try adversarialLoss(side, translation)
    finish(translation, side.generator, isLast: isLast, learningRate)
    losses.discriminator = try improveDiscriminator(
      side, real: real, translations: translation.output, learningRate, &random)
    return losses
  }

  /// Undoes `translation`, and beside it maps `original`, which should stay as it is.
  private func reconstruct(
    _ side: Side, _ translation: TensorView<Float>, _ original: ImageBatch, _ random: inout RandomGenerator
  ) throws -> Execution {
    let n = translation.shape.n
    var shape = translation.shape
    if configuration.lambdaIdentity > 0 { shape.n += n }
    let pass = try side.reconstruct(shape)
    pass.input.images(0..<n).copy(from: translation)
    if configuration.lambdaIdentity > 0 { pass.input.images(n..<shape.n).set(original) }
    pass.forward(dropoutKey: random.next())
    pass.outputGradient.fill(0)
    return pass
  }

  /// Runs the backward pass of a generator's pass; the second one in a step updates the weights.
  private func finish(_ pass: Execution, _ generator: TrainedNetwork, isLast: Bool, _ learningRate: Double) {
    if isLast {
      pass.backward(accumulates: true, updating: generator.optimizer, learningRate: learningRate)
    } else {
      pass.backward()
    }
  }

  /// Adversarial loss; what the discriminator asks for is added to the translation's gradient.
  private func adversarialLoss(_ side: Side, _ translation: Execution) throws -> Double {
    let verdict = try side.discriminatorOnTranslation(translation.output.shape)
    verdict.input.copy(from: translation.output)
    verdict.forward()
    let loss = configuration.ganMode.evaluate(
      verdict.output, .generator, gradient: verdict.outputGradient)
    verdict.backward()
    translation.outputGradient.add(verdict.inputGradient)
    return loss
  }

  /// `weight` · ‖output − wanted‖₁ for the images of `pass` from `first` on; its gradient is added to the pass's.
  private func absolute(_ pass: Execution, _ first: Int, _ wanted: ImageBatch, _ weight: Double) -> Double {
    let images = first..<first + wanted.count
    let loss = wanted.withView {
      L1Loss.evaluate(
        pass.output.images(images), $0, gradient: pass.outputGradient.images(images), weight: Float(weight),
        pool: processor.pool)
    }
    return weight * loss
  }

  // MARK: - Discriminators

  private func improveDiscriminator(
    _ side: Side, real: ImageBatch, translations: TensorView<Float>, _ learningRate: Double,
    _ random: inout RandomGenerator
  ) throws -> Double {
    // One image may be exchanged for an older one of any size; several share a batch, and so a size.
    let older = processor.withWholeBatch(translations) { all, own in
      let size = all.images(0..<1).shape
      let isAlone = all.shape.n == 1
      let exchanged = side.pool.exchange(all, random: &random) {
        isAlone ? side.mayLearn(from: $0, beside: real.shape) : $0 == size
      }
      // A rank without images has this one's picture to compute on, and takes the same way.
      return isAlone ? exchanged : Array(exchanged[own])
    }
    let alone = older.count == 1 ? older[0] : nil
    func show(_ fakes: MutableTensorView<Float>) {
      if let alone { return fakes.setNCHW(alone.values) }
      fakes.copy(from: translations)
      for (index, image) in older.enumerated() {
        if let image { fakes.images(index..<index + 1).setNCHW(image.values) }
      }
    }
    let shown = alone?.shape ?? translations.shape
    guard shown == real.shape, !learnsApart else {
      return try improveApart(side, real, shown, learningRate, show)
    }
    let n = real.count
    var shape = real.shape
    shape.n = 2 * n
    let pairs = try side.discriminatorOnPairs(shape)
    let fakes = pairs.input.images(n..<2 * n)
    pairs.input.images(0..<n).set(real)
    show(fakes)
    pairs.forward()
    let loss = configuration.ganMode
    let realLoss = loss.evaluate(
      pairs.output.images(0..<n), .discriminatorReal, gradient: pairs.outputGradient.images(0..<n), weight: 0.5)
    let fakeLoss = loss.evaluate(
      pairs.output.images(n..<2 * n), .discriminatorFake, gradient: pairs.outputGradient.images(n..<2 * n),
      weight: 0.5)
    try side.discriminator.improve(by: pairs, learningRate, processor, penalty: side.penalty) {
      try $0.addGradients(real: pairs.input.readOnly.images(0..<n), fake: fakes.readOnly, random: &random)
    }
    return 0.5 * (realLoss + fakeLoss)
  }

  /// The same with real and generated images of different sizes, which share no batch: one after the other.
  private func improveApart(
    _ side: Side, _ real: ImageBatch, _ shown: Shape, _ learningRate: Double,
    _ show: (MutableTensorView<Float>) -> Void
  ) throws -> Double {
    let loss = configuration.ganMode
    let onReal = try side.discriminatorOnOne(real.shape)
    onReal.input.set(real)
    onReal.forward()
    let realLoss = loss.evaluate(
      onReal.output, .discriminatorReal, gradient: onReal.outputGradient, weight: 0.5)
    onReal.backward()
    let onFake = try side.discriminatorOnOne(shown)
    show(onFake.input)
    onFake.forward()
    let fakeLoss = loss.evaluate(
      onFake.output, .discriminatorFake, gradient: onFake.outputGradient, weight: 0.5)
    onFake.backward(accumulates: true, updating: side.discriminator.optimizer, learningRate: learningRate)
    side.discriminator.clip(processor)
    return 0.5 * (realLoss + fakeLoss)
  }

  // MARK: - Samples and checkpoints

  func figure(_ losses: [Double]) -> Double { losses[2] + losses[6] }

  func sample(input: ImageBatch, target: ImageBatch) throws -> [Picture] {
    let fakeB = try forth.apply.image(input, sizeMultiple: sizeMultiple)
    let fakeA = try back.apply.image(target, sizeMultiple: sizeMultiple)
    return [
      input.image(), fakeB, try back.apply.image(ImageBatch(fakeB), sizeMultiple: sizeMultiple),
      target.image(), fakeA, try forth.apply.image(ImageBatch(fakeA), sizeMultiple: sizeMultiple),
    ]
  }

  /// Images without partners have no target to be compared with, but there and back should lead to themselves.
  static let heldOutFigures = [
    TrainingAlgorithm.HeldOutFigure(
      name: "cycle", title: "cycle error",
      meaning: "mean absolute difference of A → B → A to A and of B → A → B to B; lower is better", lowerIsBetter: true)
  ]

  /// The mean of both directions, in [−1, 1]. The way back begins with the translation's bytes, so that what the
  /// generators hide below their steps does not help.
  func measure(input: ImageBatch, target: ImageBatch) throws -> [Double] {
    let errors = try [(forth, back, input), (back, forth, target)].map { there, home, original in
      let translation = try there.apply.image(original, sizeMultiple: sizeMultiple)
      let returned = try home.apply.image(ImageBatch(translation), sizeMultiple: sizeMultiple)
      return try ImageMetrics.compare(returned, original.image()).meanAbsoluteError / 127.5
    }
    return [(errors[0] + errors[1]) / 2]
  }

  var extraTensors: [SafetensorsWriter.Tensor] { forth.pool.tensors + back.pool.tensors }

  func loadExtra(from file: WeightsFile) throws {
    try forth.pool.load(from: file)
    try back.pool.load(from: file)
  }

  func extraTensors(ofPart part: Int) -> [SafetensorsWriter.Tensor] { (part == 0 ? forth : back).pool.tensors }

  func loadExtra(ofPart part: Int, from file: WeightsFile) throws {
    try (part == 0 ? forth : back).pool.load(from: file)
  }
}
