import Files
import Foundation
import NeuralNet
import Translate
import Weights

/// How a session comes about: a new run, or one that goes on.
extension TrainingSession {
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

  /// The same as the first of several ranks, where there are such.
  package convenience init(
    starting configuration: TrainingConfiguration, data dataPath: String, run runPath: String,
    overwrite: Bool = false, commandLine: [String] = [], ranks: RankLeader?
  ) throws {
    try self.init(
      starting: configuration, data: dataPath, run: runPath, overwrite: overwrite, commandLine: commandLine,
      limits: SessionLimits(), ranks: ranks)
  }

  convenience init(
    starting configuration: TrainingConfiguration, data dataPath: String, run runPath: String,
    overwrite: Bool = false, commandLine: [String] = [], limits: SessionLimits, ranks: RankLeader? = nil
  ) throws {
    try configuration.validate()
    try ranks?.requireShares(configuration)
    let run = RunFolder(runPath)
    // A folder that is there is held from here on; one that is not is made when nothing can be refused any more.
    var lock = run.exists ? try RunLock(run) : nil
    try run.requireNew(overwrite: overwrite)
    let pictures = try Self.pictures(dataPath, configuration, resuming: nil, limits)
    var configuration = configuration
    configuration.labelNames = pictures.folder.labels
    var random = RandomGenerator(seed: configuration.seed, stream: RandomStream.weights.rawValue)
    let processor = try Self.processor(configuration, ranks)
    let room = SystemMemory.behindAddresses
    let model = try configuration.algorithm.makeModel(configuration.part(ranks?.part), processor, &random)
    var initial: [String] = []
    if let source = configuration.initFrom { initial = try InitialWeights.load(source, into: model) }
    let averages = try GeneratorAverages.asked(by: configuration, of: model, processor)
    let forecast = try Forecast(
      configuration, pictures.folder, model, averages, images: ranks?.part.most(of: configuration.batchSize),
      cacheBytes: limits.cacheBytes, room: room)
    if lock == nil {
      try run.make()
      lock = try RunLock(run)
    }
    try run.prepare(overwrite: overwrite)
    try RunDescription(
      configuration: configuration, data: Self.absolute(dataPath), version: PackageVersion.current,
      commandLine: commandLine
    ).write(runFolder: runPath)
    try self.init(
      configuration, pictures, run, lock, model, averages, limits, forecast, ranks, initialWeights: initial, saved: nil)
    try ranks?.begin(RankTask(configuration: configuration, data: Self.absolute(dataPath)), model)
  }

  /// Goes on with the run in `runPath` from its last checkpoint.
  ///
  /// - Parameters:
  ///   - runPath: the run's folder
  ///   - dataPath: where the data lie now; nil: where they lay before. With another number of pictures a new epoch begins
  ///   - change: changes settings that may change on the way: epochs, steps, the learning rate, weights of losses, how often
  ///     is saved …; config.json keeps a history of what was changed after which step
  /// - Throws: `ConfigurationError` for a setting that cannot be, or cannot change on the way; `FileError` where there is
  ///   no such run, its checkpoint or data is damaged, or it is finished
  public convenience init(
    resuming runPath: String, data dataPath: String? = nil, change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws {
    try self.init(resuming: runPath, data: dataPath, limits: SessionLimits(), change: change)
  }

  /// The same as the first of several ranks, where there are such.
  package convenience init(
    resuming runPath: String, data dataPath: String? = nil, ranks: RankLeader?,
    change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws {
    try self.init(resuming: runPath, data: dataPath, limits: SessionLimits(), ranks: ranks, change: change)
  }

  convenience init(
    resuming runPath: String, data dataPath: String? = nil, limits: SessionLimits, ranks: RankLeader? = nil,
    change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws {
    let run = RunFolder(runPath)
    // What is no run is said before a lock is put into it.
    _ = try RunDescription.read(runFolder: runPath)
    let lock = try RunLock(run)
    let before = try RunDescription.read(runFolder: runPath)
    guard FileManager.default.fileExists(atPath: run.checkpoint) else {
      throw FileError(
        path: run.checkpoint, problem: "is not there: the run was stopped before its first save",
        advice: "start it again with \(setting: "overwrite")")
    }
    var configuration = before.configuration
    change(&configuration)
    try configuration.requireContinues(before.configuration)
    try configuration.validate()
    try ranks?.requireShares(configuration)
    let data = dataPath.map(Self.absolute) ?? before.data
    var random = RandomGenerator(seed: configuration.seed, stream: RandomStream.weights.rawValue)
    let processor = try Self.processor(configuration, ranks)
    let room = SystemMemory.behindAddresses
    let model = try configuration.algorithm.makeModel(configuration.part(ranks?.part), processor, &random)
    let averages = try GeneratorAverages.asked(by: configuration, of: model, processor)
    let (position, file) = try Checkpoint.read(run.checkpoint, into: model.networks)
    try model.loadExtra(from: file)
    try averages?.load(from: file)
    let pictures = try Self.pictures(
      data, configuration, resuming: position.sampler, mayChange: dataPath != nil, limits)
    try pictures.folder.requireLabels(configuration.labelNames)
    let forecast = try Forecast(
      configuration, pictures.folder, model, averages, images: ranks?.part.most(of: configuration.batchSize),
      cacheBytes: limits.cacheBytes, room: room)
    try self.init(
      configuration, pictures, run, lock, model, averages, limits, forecast, ranks, initialWeights: [], saved: position)
    guard !isFinished else {
      throw FileError(
        path: runPath, problem: "has done all of its \(step) steps",
        advice: adviceToGoOn)
    }
    if hasStalled, let best = position.best {
      throw FileError(
        path: runPath,
        problem: "has stopped since \(best.name) was best after step \(best.step) and not in \(best.measurementsSince) "
          + "measurements since", advice: "raise \(setting: "patience") to go on")
    }
    var description = before
    try description.change(to: configuration, data: data, after: step)
    try description.write(runFolder: runPath)
    try ranks?.begin(
      RankTask(
        configuration: configuration, data: data, checkpoint: Self.absolute(run.checkpoint), mayChange: dataPath != nil),
      model)
  }

  /// What computes, alone or with others.
  static func processor(_ configuration: TrainingConfiguration, _ ranks: RankLeader?) throws -> Processor {
    let processor = try Processor(threads: configuration.threads ?? ranks?.threads)
    processor.ranks = ranks?.group
    return processor
  }

  /// What a run goes on with that has done all of its steps.
  private var adviceToGoOn: Phrase {
    if configuration.steps == nil { return "raise \(setting: "epochs"), or give \(setting: "steps") to go on" }
    if step >= stepsOfEpochs { return "raise \(setting: "steps") to go on" }
    return """
      \(setting: "steps", "none") goes on to step \(stepsOfEpochs), the end of its \(epochs) epochs, a larger number to \
      that step
      """
  }

  /// The data, checked before anything is trained on them.
  private static func pictures(
    _ path: String, _ configuration: TrainingConfiguration, resuming state: SamplerState?, mayChange: Bool = false,
    _ limits: SessionLimits
  ) throws -> TrainingPictures {
    try TrainingPictures(
      path, configuration, generator: RandomGenerator(seed: configuration.seed, stream: RandomStream.data.rawValue),
      resuming: state, mayChange: mayChange, limits)
  }

  private static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
}
