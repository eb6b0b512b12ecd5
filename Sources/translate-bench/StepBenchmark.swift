import DCGAN
import NeuralNet
import Training
import Translate

/// What is run again and again.
protocol StepBenchmark {
  /// What it is called in tables.
  var name: String { get }
  /// One run.
  func step() throws
}

/// A training step with the published settings, which are the defaults: 256×256, 64 filters.
final class TrainingBenchmark: StepBenchmark {
  let name: String
  private let trial: StepTrial

  init(
    _ name: String, _ configuration: TrainingConfiguration, batch: Int = 1, labels: Int = 0, _ precision: Precision,
    _ processor: Processor
  ) throws {
    self.name = name
    var configuration = configuration
    configuration.batchSize = batch
    configuration.precision = precision
    trial = try StepTrial(configuration, labels: labels, processor: processor)
  }

  func step() throws { try trial.step() }
}

/// A generator applied to a square image.
final class ApplyBenchmark: StepBenchmark {
  let name: String
  private let execution: Execution

  init(_ name: String, _ network: Network, side: Int = 256, _ precision: Precision, _ processor: Processor) throws {
    self.name = name
    var random = RandomGenerator(seed: 1)
    network.initialize(.normal, gain: 0.02, random: &random)
    var mode = ExecutionMode()
    mode.precision = precision
    execution = try Execution(network, shape: Shape(1, 3, side, side), mode: mode, processor: processor)
    execution.input.setNCHW(
      (0..<execution.input.shape.count).map { _ in Float(random.uniform() * 2 - 1) })
  }

  func step() { execution.forward() }
}

/// A generator of noise that makes a batch of pictures.
final class SamplingBenchmark: StepBenchmark {
  let name: String
  private let execution: Execution
  private let noise = GaussianNoise(key: 1)
  private let processor: Processor

  init(_ name: String, _ processor: Processor) throws {
    self.name = name
    self.processor = processor
    var random = RandomGenerator(seed: 1)
    let network = try DCGANGeneratorConfiguration().network()
    network.initialize(.normal, gain: 0.02, random: &random)
    var mode = ExecutionMode()
    mode.usesRunningStatistics = true
    execution = try Execution(
      network, shape: Shape(PictureGenerator.batch, network.inputChannels[0], 1, 1), mode: mode, processor: processor)
  }

  func step() {
    execution.input.fill(0)
    noise.add(1, to: execution.input, processor)
    execution.forward()
  }
}
