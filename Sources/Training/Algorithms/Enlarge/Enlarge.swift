import Files
import Foundation
import Images
import NeuralNet
import PatchDisc
import Translate
import Weights

/// Super-resolution: a generator G that enlarges, and where the adversarial loss is used a discriminator D of sharp pictures.
///
/// Each step improves, with y a sharp picture and x its reduction, values from 0 to 1 as in the public code:
///
///     G:  ‖G(x) − y‖₁ + λ_gan · loss(D(G(x)), real) + λ_feature · ‖φ(G(x)) − φ(y)‖₁
///     D:  ½ · (loss(D(G(x)), fake) + loss(D(y), real))
///
/// where φ are VGG-19's features (`FeatureLoss`). The first `pixelSteps` steps have the L1 loss alone: an adversarial loss
/// from the start finds textures before there are shapes (Ledig et al., 2017, section 3.2). D learns first, as in pix2pix.
final class Enlarge: TranslationModel {
  let networks: [TrainedNetwork]
  let generators: [GeneratorFile]

  private let configuration: TrainingConfiguration
  private let processor: Processor
  private let generator: TrainedNetwork
  private let discriminator: DiscriminatorTraining?
  private let features: FeatureLoss?
  private let values: ClosedRange<Float>
  private let pass: PlannedExecutions
  private let apply: PlannedExecutions
  private let generatorArena = Arena()
  private let otherArena = Arena()

  /// The distance from black to white in the losses of training, as a part of that in held-out figures.
  static let range = 0.5

  /// Networks with freshly drawn weights.
  ///
  /// - Throws: `FileError` where there is no memory for them, or the weights of VGG-19 are none
  init(_ configuration: TrainingConfiguration, processor: Processor, random: inout RandomGenerator) throws {
    let choice = configuration.enlargerConfiguration
    generator = try .drawn("G", choice.network(), configuration, &random)
    generator.network.parameters.scaleConvolutions(by: choice.initialScale)
    pass = PlannedExecutions(
      generator.network, .training(precision: configuration.precision), processor, in: generatorArena)
    apply = PlannedExecutions(generator.network, configuration.inferenceMode, processor, in: generatorArena)
    values = choice.values
    let arena = otherArena
    discriminator =
      configuration.isAdversarial
      ? try DiscriminatorTraining(
        configuration.discriminatorConfiguration(channels: configuration.outputChannels).network(), configuration,
        processor, in: arena, random: &random) : nil
    features = try configuration.featureWeights.map {
      try FeatureLoss(
        $0, seeing: choice.values, precision: configuration.precision, processor: processor, in: arena)
    }
    networks = [generator, discriminator?.trained].compactMap(\.self)
    generators = [
      GeneratorFile(
        name: RunFolder.generatorNames[0], network: generator.network, configuration: choice, direction: .aToB)
    ]
    self.configuration = configuration
    self.processor = processor
  }

  /// Discriminator and feature loss share an arena.
  var plannedBytes: Int {
    generatorArena.bytes + (discriminator?.plannedBytes ?? otherArena.bytes) + (features?.bytes ?? 0)
  }

  func prepare(input: Shape, target: Shape) throws {
    _ = try pass(input)
    try discriminator?.prepare(target)
    try features?.prepare(target)
    _ = try apply(Shape(1, input.c, input.h, input.w))
  }

  var gradientBytes: Int { discriminator?.gradientBytes ?? 0 }

  func step(_ batch: Batch, learningRate: Double, random: inout RandomGenerator) throws -> [Double] {
    let isPixelStep = generator.optimizer.steps < configuration.pixelSteps
    let pass = try pass(batch.input.shape)
    pass.input.set(batch.input, as: values)
    pass.forward(dropoutKey: random.next())
    pass.outputGradient.fill(0)
    var losses = (adversarial: 0.0, feature: 0.0, real: 0.0, fake: 0.0)
    if let discriminator, !isPixelStep {
      let (n, output) = (batch.target.count, pass.output)
      (losses.real, losses.fake) = try discriminator.improve(
        output.shape, learningRate: learningRate, weight: 0.5, random: &random
      ) { images in
        images.images(0..<n).copy(from: output)
        images.images(n..<2 * n).set(batch.target, as: values)
      }
      let verdict = try discriminator.judge(output.shape, weight: Float(configuration.lambdaGAN)) {
        $0.copy(from: output)
      }
      pass.outputGradient.add(verdict.gradient)
      losses.adversarial = configuration.lambdaGAN * verdict.loss
    }
    if let features, !isPixelStep {
      losses.feature =
        configuration.lambdaFeatures
        * (try features.evaluate(
          pass.output, batch.target, gradient: pass.outputGradient,
          weight: Float(configuration.lambdaFeatures)))
    }
    let absolute = batch.target.withView { wanted in
      L1Loss.evaluate(
        pass.output, wanted, gradient: pass.outputGradient, weight: 1, pool: processor.pool,
        reading: .signed(as: values))
    }
    pass.backward(updating: generator.optimizer, learningRate: learningRate)
    return [absolute, losses.adversarial, losses.feature, losses.real, losses.fake]
  }

  // MARK: - Samples

  func figure(_ losses: [Double]) -> Double { losses[0] }

  func sample(input: ImageBatch, target: ImageBatch) throws -> [Picture] {
    let target = target.image()
    return [Self.bicubic(input, target), try output(for: input), target]
  }

  private func output(for input: ImageBatch) throws -> Picture {
    try apply.pictures(
      1, channels: input.channels, Padding(width: input.width, height: input.height, multiple: 1), range: values
    ) { $0.set(input, as: values) }[0]
  }

  /// What enlarging without a network makes of the first picture of `input`, in the size of `target`.
  private static func bicubic(_ input: ImageBatch, _ target: Picture) -> Picture {
    input.image().resized(width: target.width, height: target.height, filter: .bicubic)
  }

  // MARK: - Held-out figures

  static let heldOutFigures =
    Likeness.figures + [
      .init(
        name: "psnr_bicubic", title: "PSNR, bicubic", unit: "dB", meaning: "of plain bicubic enlarging, to compare",
        lowerIsBetter: false),
      .init(
        name: "ssim_bicubic", title: "SSIM, bicubic", meaning: "of plain bicubic enlarging, to compare",
        lowerIsBetter: false),
    ]

  func measure(input: ImageBatch, target: ImageBatch) throws -> [Double] {
    let target = target.image()
    let plain = try Likeness.measure(Self.bicubic(input, target), target)
    return try Likeness.measure(output(for: input), target) + plain.dropFirst()
  }

  /// What the PSNRs among the held-out figures say.
  @Sendable static func verdict(_ figures: [Double]) -> Phrase? {
    guard figures.count == heldOutFigures.count, figures[1] <= figures[3] else { return nil }
    let (own, plain) = (String(format: "%.2f", figures[1]), String(format: "%.2f", figures[3]))
    return """
      on held-out pictures the network is not better than plain bicubic enlarging, PSNR \(own) against \(plain) dB; train \
      longer, or on more pictures
      """
  }
}
