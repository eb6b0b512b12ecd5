import Files
import NeuralNet
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

  let pictures: TrainingPictures
  let limits: SessionLimits
  /// Other processes that do the steps together with this one; nil: there are none.
  let ranks: RankLeader?
  var lock: RunLock?
  let model: any TranslationModel
  /// What stands in for the generators' weights where these are shown, measured or handed out; nil: nothing.
  let averages: GeneratorAverages?
  let loader: BatchLoader
  let samples: SampleWriter
  let losses: TableLog
  let watch: RunWatch
  let lossNames: [String]
  let saver: RunSaver
  var position: TrainingPosition
  var random: RandomGenerator
  /// The step of the checkpoint on the disk; nil where there is none.
  var savedStep: Int?
  var leftOut: LeftOutPictures

  // MARK: - Begin

  /// A session whose parts are at hand; see `init(starting:…)` and `init(resuming:…)`.
  init(
    _ configuration: TrainingConfiguration, _ pictures: TrainingPictures, _ run: RunFolder, _ lock: RunLock?,
    _ model: any TranslationModel, _ averages: GeneratorAverages?, _ limits: SessionLimits, _ forecast: Forecast,
    _ ranks: RankLeader?, initialWeights: [String],
    saved: TrainingPosition?
  ) throws {
    self.configuration = configuration
    self.pictures = pictures
    self.run = run
    self.lock = lock
    self.model = model
    self.averages = averages
    self.limits = limits
    self.ranks = ranks
    self.forecast = forecast
    warnings = [lock?.warning].compactMap { $0 } + LeftOutPictures.warnings(pictures.survey)
    self.initialWeights = initialWeights
    var schedule = LearningRateSchedule(
      policy: configuration.learningRatePolicy, constantEpochs: configuration.epochs,
      decayEpochs: configuration.decayEpochs, stepEpochs: configuration.learningRateStep)
    random = RandomGenerator(seed: configuration.seed, stream: RandomStream.steps.rawValue)
    if let saved {
      schedule.continue(from: saved.schedule)
      random = try saved.restoredRandom(run.checkpoint)
    }
    position = saved ?? TrainingPosition(schedule: schedule, random: [])
    position.schedule = schedule
    savedStep = saved?.step
    loader = BatchLoader(
      store: pictures.store, sampler: pictures.sampler, batchSize: configuration.batchSize,
      skipsDamaged: configuration.skipDamaged, part: ranks?.part ?? BatchPart())
    samples = try SampleWriter(
      pictures.samples, of: configuration.algorithm, run, continuingAfter: saved?.step)
    lossNames = configuration.algorithm.losses.map(\.name)
    losses = try TableLog(
      path: run.losses, columns: ["step", "epoch"] + lossNames + ["seconds", "learning_rate"], later: 1,
      continuingAfter: saved?.step)
    watch = try RunWatch(configuration, run, continuing: saved)
    saver = try RunSaver(
      run, configuration, pairSize: pictures.folder.training.pairSize, averages: averages, continuingAfter: saved?.step)
    if configuration.patience != nil, pictures.samples.measured.isEmpty {
      throw FileError(
        path: pictures.folder.path, problem: "has no held-out pictures to measure",
        advice: "add a folder such as val or test, or leave out \(setting: "patience")")
    }
    leftOut = LeftOutPictures(in: pictures)
    for error in pictures.survey.damaged { _ = leftOut.note(error, in: &position) }
  }

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

  /// The step with which the last epoch ends; epochs of other data, before a change, had other numbers of steps.
  package var stepsOfEpochs: Int {
    guard let sampler = position.sampler else { return epochs * stepsPerEpoch }
    let isSameData = sampler.epochLength == pictures.sampler.epochLength
    let left = isSameData ? sampler.epochLength - sampler.position : 0
    return step + (left + configuration.batchSize - 1) / configuration.batchSize
      + max(0, epochs - sampler.epoch) * stepsPerEpoch
  }

  /// The step with which training ends; earlier where whole batches of damaged pictures are left out of its epochs.
  public var lastStep: Int { configuration.steps ?? stepsOfEpochs }

  var isFinished: Bool {
    step >= lastStep || configuration.steps == nil && (position.sampler?.completedEpochs ?? 0) >= epochs
  }

  /// Whether the best held-out figure has not moved for as long as the patience allows.
  var hasStalled: Bool {
    guard let patience = configuration.patience, let best = position.best else { return false }
    return best.measurementsSince >= patience
  }

  /// The best held-out figure of the run so far, by its name, and the step after which it was measured; nil before the
  /// first measurement.
  public var best: (figure: String, value: Double, step: Int)? { saver.best.map { ($0.name, $0.value, $0.step) } }

  /// Names of the networks and the numbers that training adjusts in each.
  public var networkSizes: [(name: String, parameters: Int)] {
    model.networks.map { ($0.name, $0.network.parameters.count) }
  }

  /// What a person should know of the figures that were measured last; nil: nothing.
  package var verdict: Phrase? { samples.latest.flatMap(configuration.algorithm.verdict) }

  /// What went wrong so far, each kind once.
  public var alarms: [TrainingAlarm] { watch.alarms }

  /// Bytes of parameters, gradients, moments, averages and planned activations by now.
  package var plannedBytes: Int {
    model.networks.reduce(model.plannedBytes + (averages?.bytes ?? 0)) {
      $0 + 4 * $1.network.parameters.storage * MemoryLayout<Float>.stride
    }
  }
}
