import NeuralNet
import Translate

/// A discriminator that is shown generated and real images in one batch, each with statistics of their own, and what it takes
/// to train it and to train a generator against it.
final class DiscriminatorTraining {
  /// The network with its optimiser.
  let trained: TrainedNetwork
  private let loss: AdversarialLoss
  private let processor: Processor
  private let onBoth: PlannedExecutions
  private let onGenerated: PlannedExecutions
  private let penalty: InterpolatedPenalty?
  private let arena: Arena

  /// `network` with freshly drawn weights, trained as `configuration` says.
  ///
  /// - Parameter arena: where its passes lie, one at a time
  /// - Throws: `FileError` where there is no memory for it
  init(
    _ network: Network, _ configuration: TrainingConfiguration, _ processor: Processor, in arena: Arena = Arena(),
    random: inout RandomGenerator
  ) throws {
    loss = configuration.ganMode
    trained = try .drawn("D", network, configuration, &random, weightLimit: loss.weightLimit)
    let precision = configuration.precision
    onBoth = PlannedExecutions(network, .training(groups: 2, precision: precision), processor, in: arena)
    onGenerated = PlannedExecutions(
      network, .training(parameterGradients: false, inputGradient: true, precision: precision), processor, in: arena)
    penalty = loss == .wgangp ? InterpolatedPenalty(network, processor: processor) : nil
    (self.processor, self.arena) = (processor, arena)
  }

  /// Bytes of activations, gradients and scratch.
  var plannedBytes: Int { arena.bytes + (penalty?.plannedBytes ?? 0) }

  /// Bytes of gradients that are stored: only a penalty is added to them before they are applied.
  var gradientBytes: Int {
    penalty == nil ? 0 : trained.network.parameters.storage * MemoryLayout<Float>.stride
  }

  /// Plans the passes of a step on as many generated as real images of `shape` (N, C, H, W).
  ///
  /// - Throws: `FileError` where it cannot take such images, or there is no memory
  func prepare(_ shape: Shape) throws {
    _ = try onBoth(Self.both(shape))
    _ = try onGenerated(shape)
    _ = try penalty?.planned(shape)
  }

  /// One update, by weight · (loss(generated, fake) + loss(real, real)) and the penalty.
  ///
  /// - Parameters:
  ///   - shape: (N, C, H, W) of the generated images, and of the real ones
  ///   - weight: of both losses in the gradient; those that are returned are not weighted
  ///   - realLabel: see `AdversarialLoss.evaluate`
  ///   - random: draws the points of the penalty
  ///   - show: writes the generated images, then as many real ones: (2 · N, C, H, W)
  ///   - judged: is given the verdict on the generated images before the update, and memory of its shape to write over
  /// - Returns: the mean losses
  /// - Throws: as `prepare`
  func improve(
    _ shape: Shape, learningRate: Double, weight: Float, realLabel: Double = 1, random: inout RandomGenerator,
    showing show: (MutableTensorView<Float>) -> Void,
    judged: (TensorView<Float>, MutableTensorView<Float>) -> Void = { _, _ in }
  ) throws -> (real: Double, fake: Double) {
    let (generated, real) = (0..<shape.n, shape.n..<2 * shape.n)
    let pass = try onBoth(Self.both(shape))
    show(pass.input)
    pass.forward()
    let (output, gradient) = (pass.output, pass.outputGradient)
    judged(output.images(generated), gradient.images(generated))
    let fakeLoss = loss.evaluate(
      output.images(generated), .discriminatorFake, gradient: gradient.images(generated), weight: weight)
    let realLoss = loss.evaluate(
      output.images(real), .discriminatorReal, gradient: gradient.images(real), weight: weight, realLabel: realLabel)
    try trained.improve(by: pass, learningRate, processor, penalty: penalty) {
      try $0.addGradients(
        real: pass.input.readOnly.images(real), fake: pass.input.readOnly.images(generated), random: &random)
    }
    return (realLoss, fakeLoss)
  }

  /// What a generator loses by the verdict on its images.
  ///
  /// - Parameters:
  ///   - shape: (N, C, H, W)
  ///   - weight: of the loss in the gradient; that which is returned is not weighted
  ///   - show: writes the images
  /// - Returns: the mean loss, and its gradient by what was shown: there until the arena is used again
  /// - Throws: as `prepare`
  func judge(
    _ shape: Shape, weight: Float = 1, showing show: (MutableTensorView<Float>) -> Void
  ) throws -> (loss: Double, gradient: TensorView<Float>) {
    let pass = try onGenerated(shape)
    show(pass.input)
    pass.forward()
    let value = loss.evaluate(pass.output, .generator, gradient: pass.outputGradient, weight: weight)
    pass.backward()
    return (value, pass.inputGradient)
  }

  private static func both(_ shape: Shape) -> Shape { Shape(2 * shape.n, shape.c, shape.h, shape.w) }
}
