import Files
import Foundation
import NeuralNet
import Translate
import Weights

/// One training run from its first step, or from where it was left, to its end.
///
/// A session loops, saves, samples and stops; what a step does is the model's business. The same data, settings and seed
/// give the same files, whatever the number of threads and however often the run was stopped and resumed.
///
/// From its making to the end of `train` a session holds the run folder's lock: another session, in this process or another
/// one, is refused meanwhile.
public final class TrainingSession {
  /// Every setting.
  public let configuration: TrainingConfiguration
  /// The run's files.
  public let run: RunFolder
  /// What is trained on.
  package var data: DataFolder { pictures.folder }
  /// What looking at the pictures before the first step has shown.
  package var survey: PictureSurvey { pictures.survey }
  /// What was found in other weights, and what starts afresh; empty without `initFrom`.
  public let initialWeights: [String]

  /// What a user should know before training begins, one sentence each: pictures that are left out, a folder that cannot be
  /// locked.
  public let warnings: [String]

  /// What the run takes of memory and disk.
  package let forecast: Forecast

  private let pictures: TrainingPictures
  private let limits: SessionLimits
  private var lock: RunLock?
  private let model: any TranslationModel
  private let loader: BatchLoader
  private let samples: SampleWriter
  private let losses: TableLog
  private let watch: RunWatch
  private let lossNames: [String]
  private var position: TrainingPosition
  private var random: RandomGenerator
  /// The step of the checkpoint on the disk; nil where there is none.
  private var savedStep: Int?
  /// Paths of the pictures that were said to be left out.
  private var toldPaths: Set<String> = []

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
    try self.init(
      starting: configuration, data: dataPath, run: runPath, overwrite: overwrite, commandLine: commandLine,
      limits: SessionLimits())
  }

  convenience init(
    starting configuration: TrainingConfiguration, data dataPath: String, run runPath: String,
    overwrite: Bool = false, commandLine: [String] = [], limits: SessionLimits
  ) throws {
    try configuration.validate()
    let run = RunFolder(runPath)
    // A folder that is there is held from here on; one that is not is made when nothing can be refused any more.
    var lock = run.exists ? try RunLock(run) : nil
    try run.requireNew(overwrite: overwrite)
    let pictures = try Self.pictures(dataPath, configuration, resuming: nil, limits)
    var random = RandomGenerator(seed: configuration.seed, stream: Stream.weights.rawValue)
    let room = SystemMemory.behindAddresses
    let model = try configuration.algorithm.makeModel(
      configuration, Processor(threads: configuration.threads), &random)
    let forecast = try Forecast(configuration, pictures.folder, model, cacheBytes: limits.cacheBytes, room: room)
    var initial: [String] = []
    if let source = configuration.initFrom { initial = try InitialWeights.load(source, into: model) }
    if lock == nil {
      try run.make()
      lock = try RunLock(run)
    }
    try run.prepare(overwrite: overwrite)
    try RunDescription(
      configuration: configuration, data: Self.absolute(dataPath), version: PackageVersion.current,
      commandLine: commandLine
    ).write(runFolder: runPath)
    try self.init(configuration, pictures, run, lock, model, limits, forecast, initialWeights: initial, saved: nil)
  }

  /// Goes on with the run in `runPath` from its last checkpoint.
  ///
  /// - Parameters:
  ///   - runPath: the run's folder
  ///   - dataPath: where the data lie now; nil: where they lay when the run was started
  ///   - change: changes settings that may change on the way: epochs, steps, threads, how often is saved, whether damaged
  ///     pictures are left out …
  /// - Throws: `ConfigurationError` for a setting that cannot be, or cannot change on the way; `FileError` where there is
  ///   no such run, its checkpoint or data is damaged, or it is finished
  public convenience init(
    resuming runPath: String, data dataPath: String? = nil, change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws {
    try self.init(resuming: runPath, data: dataPath, limits: SessionLimits(), change: change)
  }

  convenience init(
    resuming runPath: String, data dataPath: String? = nil, limits: SessionLimits,
    change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws {
    let run = RunFolder(runPath)
    // What is no run is said before a lock is put into it.
    _ = try RunDescription.read(runFolder: runPath)
    let lock = try RunLock(run)
    var description = try RunDescription.read(runFolder: runPath)
    guard FileManager.default.fileExists(atPath: run.checkpoint) else {
      throw FileError(
        path: run.checkpoint, problem: "is not there: the run was stopped before its first save",
        advice: "start it again with \(setting: "overwrite")")
    }
    let before = description.configuration
    change(&description.configuration)
    let configuration = description.configuration
    try configuration.requireContinues(before)
    try configuration.validate()
    if let moved = dataPath { description.data = Self.absolute(moved) }
    var random = RandomGenerator(seed: configuration.seed, stream: Stream.weights.rawValue)
    let room = SystemMemory.behindAddresses
    let model = try configuration.algorithm.makeModel(
      configuration, Processor(threads: configuration.threads), &random)
    let (position, file) = try Checkpoint.read(run.checkpoint, into: model.networks)
    try model.loadExtra(from: file)
    let pictures = try Self.pictures(description.data, configuration, resuming: position.sampler, limits)
    let forecast = try Forecast(configuration, pictures.folder, model, cacheBytes: limits.cacheBytes, room: room)
    try self.init(configuration, pictures, run, lock, model, limits, forecast, initialWeights: [], saved: position)
    guard !isFinished else {
      throw FileError(
        path: runPath, problem: "has done all of its \(step) steps",
        advice: "raise \(setting: "epochs") or \(setting: "steps") to go on")
    }
    try description.write(runFolder: runPath)
  }

  private init(
    _ configuration: TrainingConfiguration, _ pictures: TrainingPictures, _ run: RunFolder, _ lock: RunLock?,
    _ model: any TranslationModel, _ limits: SessionLimits, _ forecast: Forecast, initialWeights: [String],
    saved: TrainingPosition?
  ) throws {
    self.configuration = configuration
    self.pictures = pictures
    self.run = run
    self.lock = lock
    self.model = model
    self.limits = limits
    self.forecast = forecast
    warnings = [lock?.warning].compactMap { $0 } + Self.warnings(pictures.survey)
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
    savedStep = saved?.step
    loader = BatchLoader(
      store: pictures.store, sampler: pictures.sampler, batchSize: configuration.batchSize,
      skipsDamaged: configuration.skipDamaged)
    samples = try SampleWriter(
      pictures.samples, of: configuration.algorithm, run, continuingAfter: saved?.step)
    lossNames = configuration.algorithm.losses.map(\.name)
    losses = try TableLog(
      path: run.losses, columns: ["step", "epoch"] + lossNames + ["seconds", "learning_rate"], later: 1,
      continuingAfter: saved?.step)
    watch = try RunWatch(configuration, run, continuing: saved)
    for error in pictures.survey.damaged { _ = noteLeftOut(error) }
  }

  /// The data, checked before anything is trained on them.
  private static func pictures(
    _ path: String, _ configuration: TrainingConfiguration, resuming state: SamplerState?, _ limits: SessionLimits
  ) throws -> TrainingPictures {
    try TrainingPictures(
      path, configuration, generator: RandomGenerator(seed: configuration.seed, stream: Stream.data.rawValue),
      resuming: state, limits)
  }

  private static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

  // MARK: - What is known before and on the way

  /// Steps done.
  public var step: Int { position.step }

  /// Steps in an epoch.
  public var stepsPerEpoch: Int {
    let images = pictures.sampler.epochLength
    return (images + configuration.batchSize - 1) / configuration.batchSize
  }

  /// Epochs that the schedule is made for.
  public var epochs: Int { configuration.epochs + configuration.decayEpochs }

  /// The step with which training ends; earlier where whole batches of damaged pictures are left out of its epochs.
  public var lastStep: Int { configuration.steps ?? epochs * stepsPerEpoch }

  private var isFinished: Bool {
    step >= lastStep || configuration.steps == nil && (position.sampler?.completedEpochs ?? 0) >= epochs
  }

  /// Names of the networks and the numbers that training adjusts in each.
  public var networkSizes: [(name: String, parameters: Int)] {
    model.networks.map { ($0.name, $0.network.parameters.count) }
  }

  /// Bytes of parameters, gradients, moments and planned activations by now.
  public var plannedBytes: Int {
    model.networks.reduce(model.plannedBytes) { $0 + 4 * $1.network.parameters.storage * MemoryLayout<Float>.stride }
  }

  /// What went wrong so far, each kind once.
  public var alarms: [TrainingAlarm] { watch.alarms }

  // MARK: - Training

  /// Trains until all steps are done or `shouldStop` says so; then saves, and lets go of the run folder.
  ///
  /// - Parameters:
  ///   - shouldStop: asked after every step
  ///   - report: called after every step and at every event, on the calling thread
  /// - Throws: `FileError` where a picture cannot be read any more: everything is saved then, and resuming goes on as if
  ///   nothing had happened; where a file cannot be written, another session has the folder, or a loss is no number any
  ///   more: the last good checkpoint stays
  public func train(
    shouldStop: () -> Bool = { false }, report: (TrainingProgress) -> Void = { _ in }
  ) throws -> TrainingOutcome {
    try holdFolder()
    defer { lock = nil }
    let clock = ContinuousClock()
    var saves = SaveSchedule(limits, isNew: savedStep == nil, begin: clock.now)
    while !isFinished {
      let begin = clock.now
      let batch = try nextBatch()
      let rate = configuration.learningRate * position.schedule.factor(epoch: batch.epoch)
      let values = try model.step(batch, learningRate: rate, random: &random)
      position.step += 1
      position.sampler = batch.stateAfter
      try requireNumbers(values)
      let seconds = begin.duration(to: clock.now) / .seconds(1)
      try losses.append(step: step, epoch: batch.epoch, values + [seconds, rate])
      watch.observe(values, step: step)

      var progress = TrainingProgress(
        event: .step, step: step, lastStep: lastStep, epoch: batch.epoch, epochs: epochs, images: batch.input.count,
        losses: Array(zip(lossNames, values)), smoothedLosses: Array(zip(lossNames, watch.smoothed)),
        learningRate: rate,
        seconds: seconds)
      report(progress)
      for error in batch.leftOut where noteLeftOut(error) {
        progress.event = .leftOut(error)
        report(progress)
      }
      let isLast = isFinished
      if let sheet = try sample(batch, values, isLast: isLast) {
        progress.event = .sampled(path: sheet)
        report(progress)
      }
      let alarms = try watch.takeNews()
      for alarm in alarms {
        progress.event = .alarm(alarm)
        report(progress)
      }
      loader.recycle(batch)

      let dead = configuration.stopWhenDead ? alarms.first(where: \.isFatal) : nil
      let stops = !isLast && (dead != nil || shouldStop())
      let now = clock.now
      if isLast || stops || batchEndsSavingEpoch(batch) || saves.isDue(at: now, lastStep: begin.duration(to: now)) {
        try save()
        saves.saved(at: clock.now)
        progress.event = .saved
        report(progress)
      }
      if let dead { return .dead(dead) }
      if stops { return .interrupted }
    }
    return .finished
  }

  /// Locks the run folder again, where an earlier call of `train` has let go of it.
  private func holdFolder() throws {
    guard lock == nil else { return }
    lock = try RunLock(run)
    guard losses.isInPlace else {
      lock = nil
      throw FileError(
        path: run.path, problem: "has been changed since this session trained in it", advice: "resume it in a new one")
    }
  }

  /// The next batch; where there is none because of a picture, everything is saved before that is said.
  private func nextBatch() throws -> Batch {
    do {
      let batch = try loader.next()
      try model.check(batch)
      return batch
    } catch var error as FileError {
      if savedStep != step { try save() }
      let advice: [Phrase?] = [
        error.advice, "all is saved at step \(step), and resume goes on there",
        configuration.skipDamaged ? nil : "\(setting: "skip-damaged") leaves out pictures that cannot be read",
      ]
      error.advice = Phrase(joining: advice.compactMap { $0 }, separator: "; ")
      throw error
    }
  }

  private func batchEndsSavingEpoch(_ batch: Batch) -> Bool {
    batch.isLastOfEpoch && batch.epoch % configuration.saveEvery == 0
  }

  /// Draws and measures samples when it is time to, and tells the plateau policy at the end of an epoch.
  ///
  /// The policy watches the held-out L1 where there is one, else the mean of the training figure.
  ///
  /// - Returns: the path of a sample sheet
  private func sample(_ batch: Batch, _ values: [Double], isLast: Bool) throws -> String? {
    let isDue = SampleSchedule(every: configuration.sampleEvery).isDue(step)
    let isSampled = isLast || isDue
    let isWatched = configuration.learningRatePolicy == .plateau
    let sheet = isSampled ? try samples.writeSheet(model, step: step) : nil
    let isMeasured = isSampled || isWatched && batch.isLastOfEpoch
    let heldOut = isMeasured ? try samples.measure(model, step: step, epoch: batch.epoch) : nil
    // A sheet that is drawn because training ends is none of a run that goes on.
    if isDue { watch.observe(sheet?.rows ?? [], heldOut: heldOut, step: step) }
    guard isWatched else { return sheet?.path }
    position.epochFigure += model.figure(values)
    position.epochSteps += 1
    guard batch.isLastOfEpoch else { return sheet?.path }
    position.schedule.observe(heldOut ?? position.epochFigure / Double(position.epochSteps))
    position.epochFigure = 0
    position.epochSteps = 0
    return sheet?.path
  }

  private func requireNumbers(_ values: [Double]) throws {
    guard let bad = values.firstIndex(where: { !$0.isFinite }) else { return }
    throw diverged("the loss \(lossNames[bad]) is \(values[bad].isNaN ? "not a number" : "infinite")")
  }

  private func diverged(_ what: String) -> FileError {
    let saved = FileManager.default.fileExists(atPath: run.checkpoint)
    return FileError(
      path: run.path, problem: "training has diverged: at step \(step) \(what)",
      advice: """
        \(saved ? "the last good checkpoint is kept; " : "")start again with a lower \(setting: "learning-rate") than \
        \(configuration.learningRate), or another \(setting: "gan-mode") or \(setting: "norm")
        """
    )
  }

  // MARK: - Saving

  /// Writes generators, checkpoint and report, each atomically.
  private func save() throws {
    for trained in model.networks where !trained.network.parameters.areFinite {
      throw diverged("a weight of \(trained.name) is not a number")
    }
    for generator in model.generators {
      try SafetensorsWriter.write(
        NetworkTensors.tensors(of: generator.network), metadata: metadata(generator).strings,
        to: run.file(generator.name + ".safetensors"))
    }
    let (a, b, c, d) = random.state
    position.random = [a, b, c, d]
    position.diagnosis = watch.state
    try Checkpoint.write(model.networks, extra: model.extraTensors, position: position, to: run.checkpoint)
    savedStep = step
    try Report.write(runFolder: run.path)
  }

  private func metadata(_ generator: GeneratorFile) -> ModelMetadata {
    var metadata = ModelMetadata(generator.configuration)
    metadata.role = generator.name
    metadata.direction = generator.direction.rawValue
    metadata.preprocess = configuration.preprocess.rawValue
    metadata.loadSize = configuration.loadSize
    metadata.cropSize = configuration.cropSize
    metadata.normStatistics = configuration.usesRunningStatistics ? "running" : "image"
    metadata.step = step
    metadata.epoch = position.sampler?.epoch ?? 0
    return metadata
  }

  // MARK: - Pictures that are left out

  /// Keeps for the report that a picture was left out.
  ///
  /// - Returns: whether it is the first time in this session
  private func noteLeftOut(_ error: FileError) -> Bool {
    guard let path = error.path, toldPaths.insert(path).inserted else { return false }
    let key = pictures.relativePath(path)
    if position.leftOut == nil { position.leftOut = [:] }
    if position.leftOut?[key] == nil { position.leftOut?[key] = error.problem }
    return true
  }

  /// Damaged pictures that are named one by one.
  private static let namedPictures = 10

  private static func warnings(_ survey: PictureSurvey) -> [String] {
    let more = survey.damaged.count - namedPictures
    return survey.damaged.prefix(namedPictures).map { "\($0.path ?? ""): \($0.problem); it is left out" }
      + (more > 0 ? ["\(more) more damaged pictures are left out; the check command lists them all"] : [])
  }
}
