import Files
import Images
import Synchronization
import Training

/// `translate-cli check DATA`
struct CheckCommand: Command {
  let words = ["check"]
  let summary = "say what training would see in DATA: pairs, sizes, channels, problems"
  let discussion = """
    Every image is decoded, since a damaged one may look whole from its beginning. Exit status 1 where something would \
    keep the training from starting, or stop it later.
    """
  let operands = [Operand<Self>("DATA", \.data, "folder of training images, laid out as train expects it")]
  let options: [OptionGroup<Self>] = {
    let objective = Option<Self>.algorithm(
      "objective", \.algorithm, standard: "what the folders look like", "what the images are to be used for")
    let settings = Settings.all.filter(\.concernsPictures).map { Option($0).within(\Self.settings) }
    let output: [Option<Self>] = [.quiet(\.isQuiet), .flag("json", \.json, "print JSON")]
    return [OptionGroup(title: "Options", options: [objective] + settings + output)]
  }()
  let examples = ["check facades", "check horse2zebra --objective unpaired --json"]

  var data = ""
  var algorithm: TrainingAlgorithm?
  /// The settings that decide how images are read; the others do not matter here.
  var settings = TrainingConfiguration.paired
  var isQuiet = false
  var json = false

  func validate(given: Set<String>) throws(UsageError) { try settings.validateForCommandLine(given) }

  func run(on console: Console) throws -> ExitCode {
    let folder = try DataFolder(
      data, needs: algorithm?.data, recursive: settings.recursive, limit: ImageLimit(pixels: settings.maxPixels)
    ).limited(to: settings.maxDatasetSize)
    let check = DataCheck(
      folder, preparation: ImagePreparation(settings), batchSize: settings.batchSize, survey: survey(folder, console),
      callingSettings: Phrase.option)
    try console.output(json ? String(decoding: check.json(), as: UTF8.self) : check.text)
    return check.problems.isEmpty ? .success : .failure
  }

  /// Seconds before anything is said of how far it is.
  private static let patience = 2.0

  private func survey(_ folder: DataFolder, _ console: Console) -> PictureSurvey {
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
