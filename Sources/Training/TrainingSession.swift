import Files
import Foundation
import Images
import NeuralNet
import Translate
import Weights

/// One training run from its first step, or from where it was left, to its end.
///
/// A session loops, saves, samples and stops; what a step does is the model's business. The same data, settings and seed
/// give the same files, whatever the number of threads and however often the run was stopped and resumed.
public final class TrainingSession {
  /// Every setting.
  public let configuration: TrainingConfiguration
  /// The run's files.
  public let run: RunFolder
  /// What is trained on.
  public let data: DataFolder
  /// What was found in other weights, and what starts afresh; empty without `initFrom`.
  public let initialWeights: [String]

  private let model: any TranslationModel
  private let loader: BatchLoader
  private let samples: SampleWriter
  private let losses: TableLog
  private var position: TrainingPosition
  private var random: RandomGenerator

  /// Seeds of the independent random numbers of a run.
  private enum Stream: UInt64 {
    case weights = 1
    case data
    case steps
  }

  // MARK: - Begin

  /// Starts a run: checks the data, draws the networks and writes config.json.
  ///
  /// - Parameters:
  ///   - configuration: every setting
  ///   - dataPath: the folder to train on
  ///   - runPath: the folder to write to
  ///   - overwrite: whether a run that is there is thrown away
  ///   - commandLine: what config.json says of how the run was started
  /// - Throws: `ConfigurationError` for settings that cannot be, `FileError` for everything else
  public convenience init(
    starting configuration: TrainingConfiguration, data dataPath: String, run runPath: String,
    overwrite: Bool = false, commandLine: [String] = []
  ) throws {
    try configuration.validate()
    let data = try Self.data(dataPath, configuration)
    let run = RunFolder(runPath)
    var random = RandomGenerator(seed: configuration.seed, stream: Stream.weights.rawValue)
    let model = try Self.model(configuration, Processor(threads: configuration.threads), random: &random)
    var initial: [String] = []
    if let source = configuration.initFrom { initial = try InitialWeights.load(source, into: model) }
    try run.prepare(overwrite: overwrite)
    try RunDescription(
      configuration: configuration, data: Self.absolute(dataPath), version: PackageVersion.current,
      commandLine: commandLine
    ).write(runFolder: runPath)
    try self.init(configuration, data, run, model, initialWeights: initial, saved: nil)
  }

  /// Goes on with the run in `runPath` from its last checkpoint.
  ///
  /// - Parameters:
  ///   - runPath: the run's folder
  ///   - dataPath: where the data lie now; nil: where they lay when the run was started
  ///   - change: changes settings that may change on the way: epochs, steps, threads, how often is saved …
  /// - Throws: `FileError` where there is no such run, its checkpoint or data is damaged, or it is finished
  public convenience init(
    resuming runPath: String, data dataPath: String? = nil, change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws {
    let run = RunFolder(runPath)
    var description = try RunDescription.read(runFolder: runPath)
    guard FileManager.default.fileExists(atPath: run.checkpoint) else {
      throw FileError(
        path: run.checkpoint, problem: "is not there: the run was stopped before its first save",
        advice: "start it again with --overwrite")
    }
    change(&description.configuration)
    let configuration = description.configuration
    try configuration.validate()
    if let moved = dataPath { description.data = Self.absolute(moved) }
    let data = try Self.data(description.data, configuration)
    var random = RandomGenerator(seed: configuration.seed, stream: Stream.weights.rawValue)
    let model = try Self.model(configuration, Processor(threads: configuration.threads), random: &random)
    let (position, file) = try Checkpoint.read(run.checkpoint, into: model.networks)
    try model.loadExtra(from: file)
    try self.init(configuration, data, run, model, initialWeights: [], saved: position)
    guard step < lastStep else {
      throw FileError(
        path: runPath, problem: "has done all of its \(step) steps", advice: "raise --epochs or --steps to go on")
    }
    try description.write(runFolder: runPath)
  }

  private init(
    _ configuration: TrainingConfiguration, _ data: DataFolder, _ run: RunFolder, _ model: any TranslationModel,
    initialWeights: [String], saved: TrainingPosition?
  ) throws {
    self.configuration = configuration
    self.data = data
    self.run = run
    self.model = model
    self.initialWeights = initialWeights
    var schedule = LearningRateSchedule(
      policy: configuration.learningRatePolicy, constantEpochs: configuration.epochs,
      decayEpochs: configuration.decayEpochs, stepEpochs: configuration.learningRateStep)
    random = RandomGenerator(seed: configuration.seed, stream: Stream.steps.rawValue)
    if let saved {
      schedule.continue(from: saved.schedule)
      let words = saved.random
      guard let restored = RandomGenerator(state: (words[0], words[1], words[2], words[3])) else {
        throw FileError(path: run.checkpoint, problem: "its random state is damaged")
      }
      random = restored
    }
    position = saved ?? TrainingPosition(schedule: schedule, random: [])
    position.schedule = schedule
    loader = try BatchLoader(
      data, configuration: configuration,
      generator: RandomGenerator(seed: configuration.seed, stream: Stream.data.rawValue), resuming: saved?.sampler)
    samples = try SampleWriter(data, configuration, run, continuingAfter: saved?.step)
    losses = try TableLog(
      path: run.losses, columns: ["step", "epoch"] + model.lossNames + ["seconds"], continuingAfter: saved?.step)
  }

  /// The data, checked before anything is trained on them.
  private static func data(_ path: String, _ configuration: TrainingConfiguration) throws -> DataFolder {
    let data = try DataFolder(
      path, objective: configuration.objective, recursive: configuration.recursive,
      limit: ImageLimit(pixels: configuration.maxPixels))
    try data.requireSound(for: ImagePreparation(configuration), batchSize: configuration.batchSize)
    return data
  }

  static func model(
    _ configuration: TrainingConfiguration, _ processor: Processor, random: inout RandomGenerator
  ) throws -> any TranslationModel {
    switch configuration.objective {
    case .paired: return try Pix2Pix(configuration, processor: processor, random: &random)
    case .unpaired: return try CycleGAN(configuration, processor: processor, random: &random)
    }
  }

  private static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

  // MARK: - What is known before and on the way

  /// Steps done.
  public var step: Int { position.step }

  /// Steps in an epoch.
  public var stepsPerEpoch: Int {
    let images = max(data.training.countA, data.training.countB)
    return (images + configuration.batchSize - 1) / configuration.batchSize
  }

  /// Epochs that the schedule is made for.
  public var epochs: Int { configuration.epochs + configuration.decayEpochs }

  /// The step with which training ends.
  public var lastStep: Int { configuration.steps ?? epochs * stepsPerEpoch }

  /// Names of the networks and the numbers that training adjusts in each.
  public var networkSizes: [(name: String, parameters: Int)] {
    model.networks.map { ($0.name, $0.network.parameters.count) }
  }

  /// Bytes of parameters, gradients, moments and planned activations by now.
  public var plannedBytes: Int {
    model.networks.reduce(model.plannedBytes) { $0 + 4 * $1.network.parameters.storage * MemoryLayout<Float>.stride }
  }

  // MARK: - Training

  /// Trains until all steps are done or `shouldStop` says so; then saves.
  ///
  /// - Parameters:
  ///   - shouldStop: asked after every step
  ///   - report: called after every step and at every event, on the calling thread
  /// - Throws: `FileError` where a file cannot be read or written, or a loss is no number any more; the last good
  ///   checkpoint stays
  public func train(
    shouldStop: () -> Bool = { false }, report: (TrainingProgress) -> Void = { _ in }
  ) throws -> TrainingOutcome {
    let clock = ContinuousClock()
    var lastSave = clock.now
    while position.step < lastStep {
      let begin = clock.now
      let batch = try loader.next()
      let rate = configuration.learningRate * position.schedule.factor(epoch: batch.epoch)
      let values = try model.step(batch, learningRate: rate, random: &random)
      position.step += 1
      position.sampler = batch.stateAfter
      try requireNumbers(values)
      let seconds = begin.duration(to: clock.now) / .seconds(1)
      try losses.append(step: step, epoch: batch.epoch, values + [seconds])

      var progress = TrainingProgress(
        event: .step, step: step, lastStep: lastStep, epoch: batch.epoch, epochs: epochs, images: batch.input.count,
        losses: Array(zip(model.lossNames, values)), learningRate: rate, seconds: seconds)
      report(progress)
      let isLast = step >= lastStep
      if isLast || step % configuration.sampleEvery == 0 {
        progress.event = .sampled(path: try samples.writeSheet(model, step: step))
        _ = try samples.measure(model, step: step, epoch: batch.epoch)
        report(progress)
      }
      try finishEpoch(batch, values)
      loader.recycle(batch)

      let stops = !isLast && shouldStop()
      let isDue = batchEndsSavingEpoch(batch) || lastSave.duration(to: clock.now) > Self.longestUnsaved
      if isLast || stops || isDue {
        try save(epoch: batch.epoch)
        lastSave = clock.now
        progress.event = .saved
        report(progress)
      }
      if stops { return .interrupted }
    }
    return .finished
  }

  /// However long an epoch is, no more than this much work is lost to a power cut.
  private static let longestUnsaved = Duration.seconds(900)

  private func batchEndsSavingEpoch(_ batch: Batch) -> Bool {
    batch.isLastOfEpoch && batch.epoch % configuration.saveEvery == 0
  }

  /// The plateau policy watches the held-out L1 where there is one, else the mean of the training figure.
  private func finishEpoch(_ batch: Batch, _ values: [Double]) throws {
    guard configuration.learningRatePolicy == .plateau else { return }
    position.epochFigure += model.figure(values)
    position.epochSteps += 1
    guard batch.isLastOfEpoch else { return }
    let heldOut = try samples.measure(model, step: step, epoch: batch.epoch)
    position.schedule.observe(heldOut ?? position.epochFigure / Double(position.epochSteps))
    position.epochFigure = 0
    position.epochSteps = 0
  }

  private func requireNumbers(_ values: [Double]) throws {
    guard let bad = values.firstIndex(where: { !$0.isFinite }) else { return }
    throw diverged("the loss \(model.lossNames[bad]) is \(values[bad].isNaN ? "not a number" : "infinite")")
  }

  private func diverged(_ what: String) -> FileError {
    let saved = FileManager.default.fileExists(atPath: run.checkpoint)
    return FileError(
      path: run.path, problem: "training has diverged: at step \(step) \(what)",
      advice: (saved ? "the last good checkpoint is kept; " : "")
        + "start again with a lower --learning-rate than \(configuration.learningRate), or another --gan-mode or --norm"
    )
  }

  // MARK: - Saving

  /// Writes generators, checkpoint and report, each atomically.
  private func save(epoch: Int) throws {
    for trained in model.networks where !trained.network.parameters.areFinite {
      throw diverged("a weight of \(trained.name) is not a number")
    }
    for generator in model.generators {
      try SafetensorsWriter.write(
        NetworkTensors.tensors(of: generator.network), metadata: metadata(generator, epoch: epoch).strings,
        to: run.file(generator.name + ".safetensors"))
    }
    let (a, b, c, d) = random.state
    position.random = [a, b, c, d]
    try Checkpoint.write(model.networks, extra: model.extraTensors, position: position, to: run.checkpoint)
    try Report.write(runFolder: run.path)
  }

  private func metadata(_ generator: GeneratorFile, epoch: Int) -> ModelMetadata {
    var metadata = ModelMetadata(generator.configuration.inferred)
    metadata.role = generator.name
    metadata.direction = generator.direction.rawValue
    metadata.preprocess = configuration.preprocess.rawValue
    metadata.loadSize = configuration.loadSize
    metadata.cropSize = configuration.cropSize
    metadata.normStatistics = configuration.usesRunningStatistics ? "running" : "image"
    metadata.step = step
    metadata.epoch = epoch
    return metadata
  }
}
