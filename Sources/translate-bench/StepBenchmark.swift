import Foundation
import NeuralNet
import PatchDisc
import ResNet
import UNet

/// What one network needs in a step.
private struct Trained {
  let network: Network
  let optimizer: Adam

  init(_ network: Network, _ random: inout RandomGenerator) throws {
    self.network = network
    network.initialize(.normal, gain: 0.02, random: &random)
    optimizer = try Adam(network.parameters)
  }
}

/// The passes of one training step, in the trainers' order and with their batches; images are random numbers.
protocol StepBenchmark {
  /// What is trained.
  var name: String { get }
  /// One step.
  func step()
}

extension TensorView {
  fileprivate func randomize(_ random: inout RandomGenerator) {
    setNCHW((0..<shape.count).map { _ in Float(random.uniform() * 2 - 1) })
  }
}

/// pix2pix with its published settings: unet_256 and a PatchGAN, 64 filters, 256×256.
final class Pix2PixStep: StepBenchmark {
  let name: String
  private let processor: Processor
  private let generator: Trained
  private let discriminator: Trained
  private let translate: Execution
  private let judgePairs: Execution
  private let judge: Execution
  private let target: TensorView
  private let targetMemory: AlignedMemory

  init(batch: Int, _ rule: AlgorithmRule, _ processor: Processor) throws {
    name = "pix2pix step, batch \(batch)"
    self.processor = processor
    var random = RandomGenerator(seed: 1)
    generator = try Trained(UNetGenerator.network(UNetConfiguration(levels: 8)), &random)
    discriminator = try Trained(PatchDiscriminator.network(DiscriminatorConfiguration()), &random)
    translate = try Execution(
      generator.network, shape: Shape(batch, 3, 256, 256), mode: .training(), processor: processor, rule: rule)
    let arena = Arena()
    judgePairs = try Execution(
      discriminator.network, shape: Shape(2 * batch, 6, 256, 256), mode: .training(groups: 2), processor: processor,
      arena: arena, rule: rule)
    judge = try Execution(
      discriminator.network, shape: Shape(batch, 6, 256, 256),
      mode: .training(parameterGradients: false, inputGradient: true), processor: processor, arena: arena, rule: rule)
    let shape = Shape(batch, 3, 256, 256)
    targetMemory = try AlignedMemory(count: shape.count)
    target = TensorView(shape: shape, base: targetMemory.base, stride: 3)
    target.randomize(&random)
    translate.input.randomize(&random)
  }

  func step() {
    let n = target.shape.n
    translate.forward(dropoutKey: 1)
    for (images, output) in [(0..<n, translate.output), (n..<2 * n, target)] {
      judgePairs.input.images(images).channels(0..<3).copy(from: translate.input)
      judgePairs.input.images(images).channels(3..<6).copy(from: output)
    }
    judgePairs.forward()
    for (images, wanted) in [(0..<n, AdversarialLoss.Target.discriminatorFake), (n..<2 * n, .discriminatorReal)] {
      _ = AdversarialLoss.vanilla.evaluate(
        judgePairs.output.images(images), wanted, gradient: judgePairs.outputGradient.images(images), weight: 0.5)
    }
    judgePairs.backward(updating: discriminator.optimizer, learningRate: 2e-4)
    judge.input.channels(0..<3).copy(from: translate.input)
    judge.input.channels(3..<6).copy(from: translate.output)
    judge.forward()
    _ = AdversarialLoss.vanilla.evaluate(judge.output, .generator, gradient: judge.outputGradient)
    judge.backward()
    translate.outputGradient.copy(from: judge.inputGradient.channels(3..<6))
    _ = AbsoluteLoss.evaluate(
      translate.output, target, gradient: translate.outputGradient, weight: 100, pool: processor.pool)
    translate.backward(updating: generator.optimizer, learningRate: 2e-4)
  }
}

/// CycleGAN with its published settings: resnet_9blocks, identity loss, batch 1, 256×256.
final class CycleGANStep: StepBenchmark {
  let name = "CycleGAN step"
  private let processor: Processor
  private let sides: [Side]
  private let image: TensorView
  private let imageMemory: AlignedMemory

  private struct Side {
    let generator: Trained
    let discriminator: Trained
    let translate: Execution
    let reconstruct: Execution
    let judgePairs: Execution
    let judge: Execution
  }

  init(_ rule: AlgorithmRule, _ processor: Processor) throws {
    self.processor = processor
    var random = RandomGenerator(seed: 1)
    let shape = Shape(1, 3, 256, 256)
    imageMemory = try AlignedMemory(count: shape.count)
    image = TensorView(shape: shape, base: imageMemory.base, stride: 3)
    image.randomize(&random)
    let judging = Arena()
    var configuration = DiscriminatorConfiguration()
    configuration.inputChannels = 3
    configuration.normalization = .instance
    sides = try (0..<2).map { _ in
      let generator = try Trained(ResNetGenerator.network(ResNetConfiguration(blocks: 9)), &random)
      let discriminator = try Trained(PatchDiscriminator.network(configuration), &random)
      var pair = shape
      pair.n = 2
      return Side(
        generator: generator, discriminator: discriminator,
        translate: try Execution(
          generator.network, shape: pair, mode: .training(groups: 2), processor: processor, rule: rule),
        reconstruct: try Execution(
          generator.network, shape: shape, mode: .training(inputGradient: true), processor: processor, rule: rule),
        judgePairs: try Execution(
          discriminator.network, shape: pair, mode: .training(groups: 2), processor: processor, arena: judging,
          rule: rule),
        judge: try Execution(
          discriminator.network, shape: shape, mode: .training(parameterGradients: false, inputGradient: true),
          processor: processor, arena: judging, rule: rule))
    }
  }

  func step() {
    for side in sides {
      for index in 0..<2 { side.translate.input.images(index..<index + 1).copy(from: image) }
      side.translate.forward()
    }
    for (side, other) in zip(sides, sides.reversed()) {
      side.reconstruct.input.copy(from: other.translate.output.images(0..<1))
      side.reconstruct.forward()
      side.reconstruct.outputGradient.fill(0)
      _ = AbsoluteLoss.evaluate(
        side.reconstruct.output, image, gradient: side.reconstruct.outputGradient, weight: 10, pool: processor.pool)
      side.reconstruct.backward()
    }
    for (side, other) in zip(sides, sides.reversed()) {
      side.judge.input.copy(from: side.translate.output.images(0..<1))
      side.judge.forward()
      _ = AdversarialLoss.lsgan.evaluate(side.judge.output, .generator, gradient: side.judge.outputGradient)
      side.judge.backward()
      let gradient = side.translate.outputGradient
      gradient.fill(0)
      gradient.images(0..<1).copy(from: other.reconstruct.inputGradient)
      _ = AbsoluteLoss.evaluate(
        side.translate.output.images(1..<2), image, gradient: gradient.images(1..<2), weight: 5,
        pool: processor.pool)
      side.translate.backward(accumulates: true, updating: side.generator.optimizer, learningRate: 2e-4)
    }
    for side in sides {
      side.judgePairs.input.images(0..<1).copy(from: image)
      side.judgePairs.input.images(1..<2).copy(from: side.translate.output.images(0..<1))
      side.judgePairs.forward()
      for (index, wanted) in [AdversarialLoss.Target.discriminatorReal, .discriminatorFake].enumerated() {
        let images = index..<index + 1
        _ = AdversarialLoss.lsgan.evaluate(
          side.judgePairs.output.images(images), wanted, gradient: side.judgePairs.outputGradient.images(images),
          weight: 0.5)
      }
      side.judgePairs.backward(updating: side.discriminator.optimizer, learningRate: 2e-4)
    }
  }
}

/// A generator applied to images of 256×256.
final class ApplyBenchmark: StepBenchmark {
  let name: String
  private let execution: Execution

  init(_ name: String, _ network: Network, _ rule: AlgorithmRule, _ processor: Processor) throws {
    self.name = name
    var random = RandomGenerator(seed: 1)
    network.initialize(.normal, gain: 0.02, random: &random)
    execution = try Execution(
      network, shape: Shape(1, 3, 256, 256), mode: ExecutionMode(), processor: processor, rule: rule)
    execution.input.randomize(&random)
  }

  func step() { execution.forward() }
}
