import NeuralNet
import Translate

extension CycleGAN {
  /// One direction: the generator from one domain to the other, and the discriminator of what it makes.
  final class Side {
    let generator: TrainedNetwork
    let discriminator: TrainedNetwork
    let pool: ImagePool
    let translation: PlannedExecutions
    /// Undoes the other side's translations and, where the identity loss is used, leaves images as they are.
    let reconstruct: PlannedExecutions
    let discriminatorOnTranslation: PlannedExecutions
    let discriminatorOnPairs: PlannedExecutions
    /// For images that share no batch, since real and generated ones have different sizes.
    let discriminatorOnOne: PlannedExecutions
    let apply: PlannedExecutions
    let penalty: InterpolatedPenalty?

    init(
      _ generator: TrainedNetwork, _ discriminator: TrainedNetwork, poolName: String,
      _ configuration: TrainingConfiguration, _ processor: Processor, _ arenas: Arenas
    ) {
      self.generator = generator
      self.discriminator = discriminator
      pool = ImagePool(name: poolName, capacity: configuration.poolSize)
      let precision = configuration.precision
      let hasIdentity = configuration.lambdaIdentity > 0
      translation = PlannedExecutions(
        generator.network, .training(precision: precision), processor, in: arenas.translation)
      reconstruct = PlannedExecutions(
        generator.network,
        .training(
          groups: hasIdentity ? 2 : 1, inputGradient: true,
          inputGradientImages: hasIdentity ? configuration.batchSize : nil, precision: precision), processor,
        in: arenas.discriminator)
      apply = PlannedExecutions(generator.network, configuration.inferenceMode, processor, in: arenas.discriminator)
      discriminatorOnTranslation = PlannedExecutions(
        discriminator.network, .training(parameterGradients: false, inputGradient: true, precision: precision),
        processor,
        in: arenas.discriminator)
      discriminatorOnPairs = PlannedExecutions(
        discriminator.network, .training(groups: 2, precision: precision), processor, in: arenas.discriminator)
      discriminatorOnOne = PlannedExecutions(
        discriminator.network, .training(precision: precision), processor, in: arenas.discriminator)
      penalty =
        configuration.ganMode == .wgangp
        ? InterpolatedPenalty(discriminator.network, processor: processor) : nil
    }

    /// Whether the discriminator can be shown an older translation of `shape` where the real image has `real`.
    func mayLearn(from shape: Shape, beside real: Shape) -> Bool {
      shape == real || penalty == nil && shape.c == real.c
    }
  }

  /// Translations wait in an arena of their own for what reconstructions and discriminators, one after the other, say of them.
  struct Arenas {
    let translation = Arena()
    let discriminator = Arena()
  }
}
