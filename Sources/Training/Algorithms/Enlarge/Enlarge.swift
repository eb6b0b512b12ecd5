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
  private let critic: Critic?
  private let features: FeatureLoss?
  private let values: ClosedRange<Float>
  private let pass: PlannedExecutions
  private let apply: PlannedExecutions
  private let generatorArena = Arena()
  private let otherArena = Arena()

  /// The discriminator with its passes.
  private struct Critic {
    let network: TrainedNetwork
    let onPairs: PlannedExecutions
    let onOutput: PlannedExecutions
    let penalty: InterpolatedPenalty?
  }

  /// The distance from black to white in the losses of training, as a part of that in held-out figures.
  static let range = 0.5

  /// Networks with freshly drawn weights.
  ///
  /// - Throws: `FileError` where there is no memory for them, or the weights of VGG-19 are none
  init(_ configuration: TrainingConfiguration, processor: Processor, random: inout RandomGenerator) throws {
    let choice = configuration.enlargerConfiguration
    generator = try .drawn("G", choice.network(), configuration, &random)
    generator.network.parameters.scaleConvolutions(by: choice.initialScale)
    pass = PlannedExecutions(generator.network, .training(), processor, in: generatorArena)
    apply = PlannedExecutions(generator.network, configuration.inferenceMode, processor, in: generatorArena)
    critic =
      configuration.isAdversarial
      ? try Self.critic(configuration, processor, in: otherArena, &random) : nil
    let arena = otherArena
    features = try configuration.featureWeights.map { try FeatureLoss($0, processor: processor, in: arena) }
    networks = [generator, critic?.network].compactMap(\.self)
    generators = [
      GeneratorFile(
        name: RunFolder.generatorNames[0], network: generator.network, configuration: choice, direction: .aToB)
    ]
    values = choice.values
    self.configuration = configuration
    self.processor = processor
  }

  private static func critic(
    _ configuration: TrainingConfiguration, _ processor: Processor, in arena: Arena, _ random: inout RandomGenerator
  ) throws -> Critic {
    let network = try TrainedNetwork.drawn(
      "D", configuration.discriminatorConfiguration(channels: configuration.outputChannels).network(), configuration,
      &random)
    return Critic(
      network: network, onPairs: PlannedExecutions(network.network, .training(groups: 2), processor, in: arena),
      onOutput: PlannedExecutions(
        network.network, .training(parameterGradients: false, inputGradient: true), processor, in: arena),
      penalty: configuration.ganMode == .wgangp
        ? InterpolatedPenalty(network.network, processor: processor) : nil)
  }

  var plannedBytes: Int {
    generatorArena.bytes + otherArena.bytes + (critic?.penalty?.plannedBytes ?? 0) + (features?.bytes ?? 0)
  }

  func prepare(input: Shape, target: Shape) throws {
    _ = try pass(input)
    if let critic {
      _ = try critic.onPairs(Shape(2 * target.n, target.c, target.h, target.w))
      _ = try critic.onOutput(target)
      _ = try critic.penalty?.planned(target)
    }
    try features?.prepare(target)
    _ = try apply(Shape(1, input.c, input.h, input.w))
  }

  /// Only a penalty is added to gradients before they are applied.
  var gradientBytes: Int {
    guard let critic, critic.penalty != nil else { return 0 }
    return critic.network.network.parameters.storage * MemoryLayout<Float>.stride
  }

  func step(_ batch: Batch, learningRate: Double, random: inout RandomGenerator) throws -> [Double] {
    let isPixelStep = generator.optimizer.steps < configuration.pixelSteps
    let pass = try pass(batch.input.shape)
    pass.input.set(batch.input, as: values)
    pass.forward(dropoutKey: random.next())
    pass.outputGradient.fill(0)
    var losses = (adversarial: 0.0, feature: 0.0, real: 0.0, fake: 0.0)
    if let critic, !isPixelStep {
      (losses.real, losses.fake) = try improve(critic, batch.target, pass.output, learningRate, &random)
      losses.adversarial = try addAdversarial(critic, pass)
    }
    if let features, !isPixelStep {
      losses.feature =
        configuration.lambdaFeatures
        * (try features.evaluate(
          pass.output, batch.target, as: values, gradient: pass.outputGradient,
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

  private func improve(
    _ critic: Critic, _ target: ImageBatch, _ output: TensorView<Float>, _ learningRate: Double,
    _ random: inout RandomGenerator
  ) throws -> (real: Double, fake: Double) {
    let n = target.count
    let pairs = try critic.onPairs(Shape(2 * n, output.shape.c, output.shape.h, output.shape.w))
    pairs.input.images(0..<n).copy(from: output)
    pairs.input.images(n..<2 * n).set(target, as: values)
    pairs.forward()
    let loss = configuration.ganMode
    let fake = loss.evaluate(
      pairs.output.images(0..<n), .discriminatorFake, gradient: pairs.outputGradient.images(0..<n), weight: 0.5)
    let real = loss.evaluate(
      pairs.output.images(n..<2 * n), .discriminatorReal, gradient: pairs.outputGradient.images(n..<2 * n),
      weight: 0.5)
    try critic.network.improve(by: pairs, learningRate, processor, penalty: critic.penalty) {
      try $0.addGradients(
        real: pairs.input.readOnly.images(n..<2 * n), fake: pairs.input.readOnly.images(0..<n), random: &random)
    }
    return (real, fake)
  }

  /// The weighted adversarial loss of what `pass` has made; its gradient is added to that of the pass.
  private func addAdversarial(_ critic: Critic, _ pass: Execution) throws -> Double {
    let verdict = try critic.onOutput(pass.output.shape)
    verdict.input.copy(from: pass.output)
    verdict.forward()
    let loss = configuration.ganMode.evaluate(
      verdict.output, .generator, gradient: verdict.outputGradient, weight: Float(configuration.lambdaGAN))
    verdict.backward()
    pass.outputGradient.add(verdict.inputGradient)
    return configuration.lambdaGAN * loss
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
