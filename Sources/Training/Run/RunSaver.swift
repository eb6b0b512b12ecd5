import Files
import NeuralNet
import Weights

/// Writes what a run keeps of its networks: the generators as they are handed out, and the checkpoint.
struct RunSaver {
  let run: RunFolder
  let configuration: TrainingConfiguration

  /// A saver into `run`.
  init(_ run: RunFolder, _ configuration: TrainingConfiguration) {
    (self.run, self.configuration) = (run, configuration)
  }

  /// Writes generators and checkpoint, each atomically.
  ///
  /// - Throws: `FileError` where a file cannot be written
  func save(_ model: any TranslationModel, _ position: TrainingPosition) throws {
    for generator in model.generators { try write(generator, position, to: run.weights(generator.name)) }
    try Checkpoint.write(model.networks, extra: model.extraTensors, position: position, to: run.checkpoint)
  }

  private func write(_ generator: GeneratorFile, _ position: TrainingPosition, to path: String) throws {
    try SafetensorsWriter.write(
      NetworkTensors.tensors(of: generator.network), metadata: metadata(generator, position).strings, to: path)
  }

  private func metadata(_ generator: GeneratorFile, _ position: TrainingPosition) -> ModelMetadata {
    var metadata = ModelMetadata(generator.configuration)
    metadata.role = generator.name
    metadata.direction = generator.direction.rawValue
    metadata.preprocess = configuration.preprocess.rawValue
    metadata.loadSize = configuration.loadSize
    metadata.cropSize = configuration.cropSize
    metadata.normStatistics = configuration.usesRunningStatistics ? "running" : "image"
    metadata.step = position.step
    metadata.epoch = position.sampler?.epoch ?? 0
    return metadata
  }
}
