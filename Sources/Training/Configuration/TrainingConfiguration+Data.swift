import Files
import NeuralNet
import Translate

extension ImagePreparation {
  /// The preparation that a training run is configured for.
  package init(_ configuration: TrainingConfiguration) {
    self.init(
      mode: configuration.preprocess, loadSize: configuration.loadSize, cropSize: configuration.cropSize,
      flip: configuration.flip, augmentation: configuration.augmentation, direction: configuration.direction,
      inputChannels: configuration.inputChannels,
      outputChannels: configuration.outputChannels)
    reduction = configuration.algorithm.reduction(configuration)
  }
}

extension Sampler {
  /// The order through the training part of `data` as `configuration` says.
  ///
  /// - Parameters:
  ///   - generator: draws order, crops and mirroring; where it goes on, its state is that of `saved` instead
  ///   - saved: where to go on; nil to start with the first epoch
  ///   - mayChange: whether there may be another number of images than when it was saved
  /// - Throws: `FileError` where `saved` does not fit the data
  init(
    _ data: DataFolder, _ configuration: TrainingConfiguration, generator: RandomGenerator,
    resuming saved: SamplerState?, mayChange: Bool = false
  ) throws {
    let part = data.training
    let serial = configuration.serial
    let augments = configuration.augmentation.isOn
    self =
      switch configuration.algorithm.data {
      case .pairs, .oneSet: .paired(count: part.countA, serial: serial, augments: augments, generator: generator)
      case .twoSets:
        .unpaired(
          countA: part.countA, countB: part.countB, serial: serial, augments: augments, generator: generator)
      }
    guard let saved else { return }
    do {
      try resume(from: saved, mayChange: mayChange)
    } catch var error as FileError {
      error.path = data.path
      throw error
    }
  }
}

extension BatchLoader {
  /// A loader for the training part of `data` as `configuration` says.
  ///
  /// - Parameters:
  ///   - generator: draws order, crops and mirroring; a resumed run takes its state from `state` instead.
  ///   - state: where to go on; nil to start with the first epoch.
  /// - Throws: `FileError` where the data has problems, `state` does not fit it, or images cannot be prepared in this way.
  package convenience init(
    _ data: DataFolder, configuration: TrainingConfiguration, generator: RandomGenerator,
    resuming state: SamplerState? = nil
  ) throws {
    try FileError.require(configuration.batchSize, in: FolderTranslation.batchSizes, "images in a batch")
    guard configuration.algorithm.data != .pairs || data.holds == .pairs else {
      throw FileError(
        path: data.path, problem: "holds two sets without pairs", advice: "give pairs, or learn from unpaired images")
    }
    let preparation = ImagePreparation(configuration)
    try data.requireSound(
      for: preparation, batchSize: configuration.batchSize, skipsDamaged: configuration.skipDamaged)
    let sampler = try Sampler(data, configuration, generator: generator, resuming: state)
    self.init(
      store: ImageStore(part: data.training, preparation: preparation, limit: data.limit), sampler: sampler,
      batchSize: configuration.batchSize, skipsDamaged: configuration.skipDamaged)
  }
}
