import Files
import Foundation
import NeuralNet
import Weights

/// Writes what a run keeps of its networks: the checkpoint, and the generators as they are handed out: the latest, the best
/// and those of some epochs.
///
/// The best weights are written when they are measured, but beside their place: only when the checkpoint has come as far
/// do they take it. A run that is killed in between has the best weights that its checkpoint knows of.
final class RunSaver {
  private let run: RunFolder
  private let configuration: TrainingConfiguration
  private let averages: GeneratorAverages?
  /// The size of the side-by-side files that are trained on; nil: there are none.
  private let pairSize: PictureSize?
  /// The figure of the best weights on the disk, those that wait too; nil: there are none.
  private(set) var best: BestFigure?
  /// Whether the best weights wait for the next save.
  private var isPending = false

  /// A saver into `run`.
  ///
  /// - Parameters:
  ///   - pairSize: the size of the side-by-side files that are trained on; nil: there are none
  ///   - averages: what is handed out in place of the generators' weights; nil: these themselves
  ///   - lastStep: the step of the checkpoint where the run goes on: the best weights from before are settled; nil: a new
  ///     run
  /// - Throws: `FileError` where they cannot be
  init(
    _ run: RunFolder, _ configuration: TrainingConfiguration, pairSize: PictureSize? = nil,
    averages: GeneratorAverages? = nil,
    continuingAfter lastStep: Int?
  ) throws {
    (self.run, self.configuration, self.pairSize, self.averages) = (run, configuration, pairSize, averages)
    if let lastStep { try settle(lastStep) }
  }

  // MARK: - Saving

  /// Writes generators and checkpoint, each atomically.
  ///
  /// - Throws: `FileError` where a file cannot be written
  func save(_ model: any TranslationModel, _ position: TrainingPosition) throws {
    try averages.inPlace {
      for generator in model.generators {
        try write(generator, metadata(generator, position), to: run.weights(generator.name))
      }
    }
    try Checkpoint.write(
      model.networks, extra: model.extraTensors + (averages?.tensors ?? []), position: position, to: run.checkpoint)
    guard isPending else { return }
    for generator in model.generators { try promote(generator.name) }
    isPending = false
  }

  /// Keeps the weights if `value` is the best that was measured of `figure`.
  ///
  /// - Throws: `FileError` where a file cannot be written
  func keepIfBest(
    _ value: Double, of figure: TrainingAlgorithm.HeldOutFigure, _ model: any TranslationModel,
    _ position: TrainingPosition
  ) throws {
    guard figure.isBetter(value, than: best?.value) else { return }
    try averages.inPlace {
      for generator in model.generators {
        var metadata = metadata(generator, position)
        (metadata.bestBy, metadata.bestFigure) = (figure.name, value)
        try write(generator, metadata, to: run.pendingBest(generator.name))
      }
    }
    best = BestFigure(name: figure.name, value: value, step: position.step)
    isPending = true
  }

  /// Keeps the weights at the end of `epoch`.
  ///
  /// - Throws: `FileError` where a file cannot be written
  func keepSnapshot(_ model: any TranslationModel, _ position: TrainingPosition, epoch: Int) throws {
    try averages.inPlace {
      for generator in model.generators {
        try write(
          generator, metadata(generator, position),
          to: run.weights(RunFolder.snapshotName(generator.name, epoch: epoch)))
      }
    }
  }

  // MARK: - The best weights of a run that goes on

  /// Gives waiting weights their place, or removes those that a killed run has measured after its checkpoint.
  private func settle(_ lastStep: Int) throws {
    for name in RunFolder.generatorNames where FileManager.default.fileExists(atPath: run.pendingBest(name)) {
      if let step = Self.metadata(of: run.pendingBest(name))?.step, step <= lastStep {
        try promote(name)
      } else {
        try? FileManager.default.removeItem(atPath: run.pendingBest(name))
      }
    }
    for name in RunFolder.generatorNames where best == nil {
      guard let known = Self.metadata(of: run.weights(RunFolder.bestName(name))), let step = known.step,
        step <= lastStep, let by = known.bestBy, by == configuration.bestFigure?.figure.name,
        let value = known.bestFigure
      else { continue }
      best = BestFigure(name: by, value: value, step: step)
    }
  }

  private func promote(_ name: String) throws {
    try AtomicFile.move(run.pendingBest(name), to: run.weights(RunFolder.bestName(name)))
  }

  private static func metadata(of path: String) -> ModelMetadata? {
    guard let file = try? SafetensorsFile(path: path) else { return nil }
    return try? ModelMetadata(strings: file.metadata, path: path)
  }

  // MARK: - One file

  private func write(_ generator: GeneratorFile, _ metadata: ModelMetadata, to path: String) throws {
    try SafetensorsWriter.write(NetworkTensors.tensors(of: generator.network), metadata: metadata.strings, to: path)
  }

  private func metadata(_ generator: GeneratorFile, _ position: TrainingPosition) -> ModelMetadata {
    var metadata = ModelMetadata(generator.configuration)
    metadata.role = generator.name
    metadata.labels = generator.labels.isEmpty ? nil : generator.labels
    metadata.colorSpace = configuration.colourSpace == .rgb ? nil : configuration.colourSpace.rawValue
    metadata.direction = generator.direction?.rawValue
    metadata.preprocess = configuration.preprocess.rawValue
    metadata.loadSize = configuration.preprocess.resizes ? configuration.loadSize : nil
    metadata.cropSize = configuration.cropSize
    metadata.sideBySide = pairSize
    metadata.normStatistics = configuration.usesRunningStatistics ? "running" : "image"
    metadata.averageDecay = configuration.ema > 0 ? configuration.ema : nil
    metadata.step = position.step
    metadata.epoch = position.sampler?.epoch ?? 0
    return metadata
  }
}
