import Files
import Images
import Synchronization
import Training

/// `translate-cli check DATA`
struct CheckCommand: Command {
  let words = ["check"]
  let summary = "say what training would see in DATA, and what it would take of memory and disk"
  let discussion = """
    Every image is decoded, since a damaged one may look whole from its beginning. Exit status 1 where something would \
    keep the training from starting, or stop it later. Options of train that decide what it takes are known here, too.
    """
  let operands = [Operand<Self>("DATA", \.data, "folder of training images, laid out as train expects it")]
  let options: [OptionGroup<Self>] = {
    let objective = Option<Self>.algorithm(
      "objective", \.algorithm, standard: "what the folders look like", "what the images are to be used for")
    let settings = SettingChanges.options(for: Settings.checked, help: \.help).map { $0.within(\Self.changes) }
    let output: [Option<Self>] = [.quiet(\.isQuiet), .flag("json", \.json, "print JSON")]
    return [OptionGroup(title: "Options", options: [objective] + settings + output)]
  }()
  let examples = ["check facades", "check horse2zebra --objective unpaired --json"]

  var data = ""
  var algorithm: TrainingAlgorithm?
  /// What differs from the defaults of the algorithm.
  var changes = SettingChanges()
  var isQuiet = false
  var json = false

  /// The settings of a run that `algorithm` would train.
  private func settings(_ algorithm: TrainingAlgorithm?) -> TrainingConfiguration {
    var settings = TrainingConfiguration(algorithm ?? .paired)
    changes.apply(to: &settings)
    return settings
  }

  func validate(given: Set<String>) throws(UsageError) { try settings(algorithm).validateForCommandLine(given) }

  func run(on console: Console) throws -> ExitCode {
    var settings = settings(algorithm)
    let folder = try DataFolder(
      data, needs: algorithm?.data, recursive: settings.recursive, labels: settings.labels,
      limit: ImageLimit(pixels: settings.maxPixels)
    ).limited(to: settings.maxDatasetSize)
    var check = DataCheck(
      folder, preparation: ImagePreparation(settings), batchSize: settings.batchSize,
      survey: survey(folder, settings, console), callingSettings: Phrase.option)
    if let found = algorithm ?? check.objective { settings = self.settings(found) }
    // What is found is told in any case.
    let forecast = Result { try check.addForecast(settings, folder) }
    try console.output(json ? String(decoding: check.json(), as: UTF8.self) : check.text)
    try forecast.get()
    return check.problems.isEmpty ? .success : .failure
  }

  /// Seconds before anything is said of how far it is.
  private static let patience = 2.0

  private func survey(
    _ folder: DataFolder, _ settings: TrainingConfiguration, _ console: Console
  ) -> PictureSurvey {
    let clock = ContinuousClock()
    let start = clock.now
    let now: @Sendable () -> Double = { start.duration(to: clock.now) / .seconds(1) }
    let line = Mutex(ProgressLine(unit: "image", rateUnit: "images", console: console, isQuiet: isQuiet))
    defer { line.withLock { $0.finish(now: now()) } }
    return folder.survey(threads: settings.threads) { done, total in
      guard now() > Self.patience else { return }
      line.withLock { $0.update(ProgressLine.State(done: done, total: total), now: now()) }
    }
  }
}
