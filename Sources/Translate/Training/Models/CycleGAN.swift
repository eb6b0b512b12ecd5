import NeuralNet
import PatchDisc

/// CycleGAN (Zhu et al., 2017): generators G_A: A → B and G_B: B → A, and discriminators D_A of images in B and D_B of
/// images in A, named as in the public code.
///
/// Each step, as in the paper's code, first improves both generators, then both discriminators:
///
///     G:  loss(D_A(G_A(a)), real) + λ_A · ‖G_B(G_A(a)) − a‖₁ + λ_B · λ_idt · ‖G_A(b) − b‖₁
///       + loss(D_B(G_B(b)), real) + λ_B · ‖G_A(G_B(b)) − b‖₁ + λ_A · λ_idt · ‖G_B(a) − a‖₁
///     D_A:  ½ · (loss(D_A(b), real) + loss(D_A(pool(G_A(a))), fake)),   D_B likewise
///
/// What goes through the same weights goes as one batch: the image to translate and the one to leave as it is, the real
/// and the pooled image. Their statistics stay apart, so nothing but speed is different.
final class CycleGAN: TranslationModel {
  let lossNames = ["D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B"]
  let sampleTitles = ["A", "fake B", "reconstructed A", "B", "fake A", "reconstructed B"]
  let networks: [TrainedNetwork]
  let generators: [GeneratorFile]

  private let configuration: TrainingConfiguration
  private let processor: Processor
  private let forth: Side
  private let back: Side
  private let sizeMultiple: Int

  /// One direction: the generator from one domain to the other, and the judge of what it makes.
  private final class Side {
    let generator: TrainedNetwork
    let discriminator: TrainedNetwork
    let pool: ImagePool
    /// Translation of an image and, where the identity loss is used, of one that should stay as it is.
    let translate: PlannedExecutions
    /// The way back of the other generator's translation.
    let reconstruct: PlannedExecutions
    let judgeTranslation: PlannedExecutions
    let judgePairs: PlannedExecutions
    let apply: PlannedExecutions
    let penalty: InterpolatedPenalty?
    private let arenas = [Arena(), Arena()]

    init(
      _ generator: TrainedNetwork, _ discriminator: TrainedNetwork, poolName: String,
      _ configuration: TrainingConfiguration, _ processor: Processor, judging arena: Arena
    ) {
      self.generator = generator
      self.discriminator = discriminator
      pool = ImagePool(name: poolName, capacity: configuration.poolSize)
      let groups = configuration.lambdaIdentity > 0 ? 2 : 1
      translate = PlannedExecutions(generator.network, .training(groups: groups), processor, in: arenas[0])
      reconstruct = PlannedExecutions(
        generator.network, .training(inputGradient: true), processor, in: arenas[1])
      apply = PlannedExecutions(generator.network, configuration.inferenceMode, processor, in: arenas[1])
      judgeTranslation = PlannedExecutions(
        discriminator.network, .training(parameterGradients: false, inputGradient: true), processor, in: arena)
      judgePairs = PlannedExecutions(discriminator.network, .training(groups: 2), processor, in: arena)
      penalty =
        configuration.ganMode == .wgangp
        ? InterpolatedPenalty(discriminator.network, processor: processor) : nil
    }

    var plannedFloats: Int { arenas.reduce(0) { $0 + $1.count } }
  }

  private let judgingArena = Arena()

  /// All four networks with freshly drawn weights.
  ///
  /// - Throws: `FileError` where there is no memory for them
  init(_ configuration: TrainingConfiguration, processor: Processor, random: inout RandomGenerator) throws {
    let choice = configuration.generatorConfiguration
    let reverse = configuration.reverseGeneratorConfiguration
    let forthGenerator = try TrainedNetwork.drawn("G_A", choice.network(), configuration, &random)
    let backGenerator = try TrainedNetwork.drawn("G_B", reverse.network(), configuration, &random)
    let forthJudge = try TrainedNetwork.drawn(
      "D_A", PatchDiscriminator.network(configuration.discriminatorConfiguration), configuration, &random)
    let backJudge = try TrainedNetwork.drawn(
      "D_B", PatchDiscriminator.network(configuration.reverseDiscriminatorConfiguration), configuration, &random)
    forth = Side(
      forthGenerator, forthJudge, poolName: "pool.fake_B", configuration, processor, judging: judgingArena)
    back = Side(backGenerator, backJudge, poolName: "pool.fake_A", configuration, processor, judging: judgingArena)
    networks = [forthGenerator, backGenerator, forthJudge, backJudge]
    let (there, home): (Direction, Direction) =
      configuration.direction == .aToB ? (.aToB, .bToA) : (.bToA, .aToB)
    generators = [
      GeneratorFile(
        name: "generator_\(there.rawValue)", network: forthGenerator.network, configuration: choice, direction: there),
      GeneratorFile(
        name: "generator_\(home.rawValue)", network: backGenerator.network, configuration: reverse, direction: home),
    ]
    self.configuration = configuration
    self.processor = processor
    sizeMultiple = choice.sizeMultiple
  }

  var plannedBytes: Int {
    (forth.plannedFloats + back.plannedFloats + judgingArena.count) * MemoryLayout<Float>.stride
  }

  func step(_ batch: Batch, learningRate: Double, random: inout RandomGenerator) throws -> [Double] {
    let a = batch.input.padded(toMultipleOf: sizeMultiple)
    let b = batch.target.padded(toMultipleOf: sizeMultiple)
    guard a.height == b.height, a.width == b.width else {
      throw FileError(
        path: batch.targetPaths.first,
        problem:
          "is \(b.width)×\(b.height) where \(batch.inputPaths.first ?? "the other image") is \(a.width)×\(a.height)",
        advice: "choose a --preprocess that makes all sizes equal, such as resize-and-crop")
    }
    let (forthRun, backRun) = try improveGenerators(a, b, learningRate, &random)
    let judgedB = try improveDiscriminator(
      forth, real: b, translations: forthRun.translations, learningRate, &random)
    let judgedA = try improveDiscriminator(back, real: a, translations: backRun.translations, learningRate, &random)
    return [
      judgedB, forthRun.adversarial, forthRun.cycle, forthRun.identity, judgedA, backRun.adversarial, backRun.cycle,
      backRun.identity,
    ]
  }

  /// What one direction contributes to a step.
  private struct Result {
    var translations: TensorView
    var adversarial = 0.0
    var cycle = 0.0
    var identity = 0.0
  }

  // MARK: - Generators

  private func improveGenerators(
    _ a: ImageBatch, _ b: ImageBatch, _ learningRate: Double, _ random: inout RandomGenerator
  ) throws -> (Result, Result) {
    let forthPass = try translate(forth, a, identity: b, &random)
    let backPass = try translate(back, b, identity: a, &random)
    let fakeB = forthPass.output.images(0..<a.count)
    let fakeA = backPass.output.images(0..<b.count)
    let reconstructionA = try reconstruct(back, fakeB, &random)
    let reconstructionB = try reconstruct(forth, fakeA, &random)

    // The way back runs through the reconstructions first: they tell the translations what they should have kept.
    var forthResult = Result(translations: fakeB)
    var backResult = Result(translations: fakeA)
    forthResult.cycle = improveReconstruction(reconstructionA, a, configuration.lambdaA)
    backResult.cycle = improveReconstruction(reconstructionB, b, configuration.lambdaB)
    forthResult.adversarial = try improveTranslation(forth, forthPass, cycle: reconstructionA.inputGradient)
    backResult.adversarial = try improveTranslation(back, backPass, cycle: reconstructionB.inputGradient)
    if configuration.lambdaIdentity > 0 {
      forthResult.identity = improveIdentity(forthPass, b, configuration.lambdaB * configuration.lambdaIdentity)
      backResult.identity = improveIdentity(backPass, a, configuration.lambdaA * configuration.lambdaIdentity)
    }
    forthPass.backward(accumulates: true, updating: forth.generator.optimizer, learningRate: learningRate)
    backPass.backward(accumulates: true, updating: back.generator.optimizer, learningRate: learningRate)
    return (forthResult, backResult)
  }

  /// Translates `images` and, beside them, `identity`, which should stay as it is.
  private func translate(
    _ side: Side, _ images: ImageBatch, identity: ImageBatch, _ random: inout RandomGenerator
  ) throws -> Execution {
    let n = images.count
    var shape = images.shape
    if configuration.lambdaIdentity > 0 { shape.n += identity.count }
    let pass = try side.translate(shape)
    pass.input.images(0..<n).set(images)
    if configuration.lambdaIdentity > 0 { pass.input.images(n..<shape.n).set(identity) }
    pass.forward(dropoutKey: random.next())
    return pass
  }

  private func reconstruct(
    _ side: Side, _ fake: TensorView, _ random: inout RandomGenerator
  ) throws -> Execution {
    let pass = try side.reconstruct(fake.shape)
    pass.input.copy(from: fake)
    pass.forward(dropoutKey: random.next())
    return pass
  }

  /// Cycle loss: ‖G_B(G_A(a)) − a‖₁. Writes the parameters' gradients, to which the translations' are added.
  private func improveReconstruction(_ pass: Execution, _ original: ImageBatch, _ weight: Double) -> Double {
    pass.outputGradient.fill(0)
    let loss = absolute(pass.output, original, pass.outputGradient, weight)
    pass.backward()
    return loss
  }

  /// Adversarial loss; the translation's gradient is what the judge and the reconstruction ask for.
  private func improveTranslation(_ side: Side, _ pass: Execution, cycle: TensorView) throws -> Double {
    let images = 0..<cycle.shape.n
    let judgement = try side.judgeTranslation(cycle.shape)
    judgement.input.copy(from: pass.output.images(images))
    judgement.forward()
    let loss = configuration.ganMode.evaluate(
      judgement.output, .generator, gradient: judgement.outputGradient)
    judgement.backward()
    pass.outputGradient.fill(0)
    let gradient = pass.outputGradient.images(images)
    gradient.copy(from: cycle)
    gradient.add(judgement.inputGradient)
    return loss
  }

  /// Identity loss: ‖G_A(b) − b‖₁.
  private func improveIdentity(_ pass: Execution, _ original: ImageBatch, _ weight: Double) -> Double {
    let images = pass.output.shape.n - original.count..<pass.output.shape.n
    return absolute(pass.output.images(images), original, pass.outputGradient.images(images), weight)
  }

  private func absolute(
    _ output: TensorView, _ wanted: ImageBatch, _ gradient: TensorView, _ weight: Double
  ) -> Double {
    let loss = wanted.withView {
      AbsoluteLoss.evaluate(output, $0, gradient: gradient, weight: Float(weight), pool: processor.pool)
    }
    return weight * loss
  }

  // MARK: - Discriminators

  private func improveDiscriminator(
    _ side: Side, real: ImageBatch, translations: TensorView, _ learningRate: Double,
    _ random: inout RandomGenerator
  ) throws -> Double {
    let n = min(real.count, translations.shape.n)
    var shape = translations.shape
    shape.n = 2 * n
    let pairs = try side.judgePairs(shape)
    let fakes = pairs.input.images(n..<2 * n)
    pairs.input.images(0..<n).set(real)
    fakes.copy(from: translations)
    side.pool.exchange(fakes, random: &random)
    pairs.forward()
    let loss = configuration.ganMode
    let realLoss = loss.evaluate(
      pairs.output.images(0..<n), .discriminatorReal, gradient: pairs.outputGradient.images(0..<n), weight: 0.5)
    let fakeLoss = loss.evaluate(
      pairs.output.images(n..<2 * n), .discriminatorFake, gradient: pairs.outputGradient.images(n..<2 * n),
      weight: 0.5)
    try side.discriminator.improve(by: pairs, learningRate, processor, penalty: side.penalty) {
      try $0.addGradients(real: pairs.input.images(0..<n), fake: fakes, random: &random)
    }
    return 0.5 * (realLoss + fakeLoss)
  }

  // MARK: - Samples and checkpoints

  func figure(_ losses: [Double]) -> Double { losses[2] + losses[6] }

  func sample(input: ImageBatch, target: ImageBatch) throws -> [Image] {
    let fakeB = try forth.apply.image(input, sizeMultiple: sizeMultiple)
    let fakeA = try back.apply.image(target, sizeMultiple: sizeMultiple)
    return [
      input.image(), fakeB, try back.apply.image(ImageBatch(fakeB), sizeMultiple: sizeMultiple),
      target.image(), fakeA, try forth.apply.image(ImageBatch(fakeA), sizeMultiple: sizeMultiple),
    ]
  }

  /// Unpaired images have no target to be compared with.
  func translation(of input: ImageBatch) throws -> Image? { nil }

  var extraTensors: [SafetensorsWriter.Tensor] { forth.pool.tensors + back.pool.tensors }

  func loadExtra(from file: WeightsFile) throws {
    try forth.pool.load(from: file)
    try back.pool.load(from: file)
  }
}
