import Files
import Foundation
import Images
import Weights

/// All that the files of a run folder tell of it. What is damaged is told of in `notes`; only without settings is it no run.
struct RunRecord: Sendable {
  /// A sample sheet.
  struct Sheet: Equatable, Sendable {
    /// Its file name in samples/.
    var name: String
    /// Pixels; 0 where they cannot be read.
    var width = 0
    var height = 0
  }

  /// A setting that was changed on the way.
  struct Change: Equatable, Sendable {
    var step: Int
    var setting: String
    var from: String
    var to: String
  }

  /// The folder, as the user named it.
  var path: String
  /// The folder's name.
  var title: String
  var description: RunDescription
  var losses: History?
  var metrics: History?
  var alarms: Alarms?
  /// Oldest first.
  var sheets: [Sheet] = []
  /// The best held-out figure.
  var best: BestOfRun?
  var changes: [Change] = []
  /// Where the last checkpoint stands; nil where there is none.
  var position: TrainingPosition?
  /// Whether a session holds the folder.
  var isTraining = false
  /// What could not be read, a sentence each.
  var notes: [String] = []

  var algorithm: TrainingAlgorithm { description.configuration.algorithm }

  /// Reads the files in `path`.
  ///
  /// - Parameter isTraining: whether training goes on; nil: as the folder's lock says
  /// - Throws: `FileError` where there are no settings of a run
  init(_ path: String, isTraining: Bool? = nil) throws {
    let run = RunFolder(path)
    self.path = path
    title = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    description = try RunDescription.read(runFolder: path)
    self.isTraining = isTraining ?? RunLock.isHeld(run)
    losses = table("losses.csv", { try History(path: $0) }) { $0.skippedLines }
    metrics = table("metrics.csv", { try History(path: $0) }) { $0.skippedLines }
    alarms = table("alarms.csv", { try Alarms(path: $0) }) { $0.skippedLines }
    sheets = Self.sheets(in: run.samples)
    changes = description.history.map { change in
      Change(
        step: change.step, setting: change.setting.replacingOccurrences(of: "_", with: "-"), from: "\(change.from)",
        to: "\(change.to)")
    }
    position = Checkpoint.position(run.checkpoint)
    if position == nil, FileManager.default.fileExists(atPath: run.checkpoint) {
      notes.append("checkpoint.safetensors does not say where training stands: it is damaged, or of another version.")
    }
    best = BestOfRun(run, algorithm, metrics, &notes)
  }

  /// A table of the run; nil where there is none, or it is none.
  private mutating func table<Table>(
    _ name: String, _ read: (String) throws -> Table?, skippedLines: (Table) -> Int
  ) -> Table? {
    do {
      guard let table = try read(RunFolder(path).file(name)) else { return nil }
      let skipped = skippedLines(table)
      if skipped > 0 {
        notes.append(
          skipped == 1
            ? "1 line of \(name) is no row of it and was left out."
            : "\(skipped) lines of \(name) are no rows of it and were left out.")
      }
      return table
    } catch let error as FileError {
      notes.append("\(name) \(error.problem)" + (error.advice.map { "; \($0)." } ?? "."))
    } catch {
      notes.append("\(name) cannot be read.")
    }
    return nil
  }

  private static func sheets(in folder: String) -> [Sheet] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let drawn = names.filter { !$0.hasPrefix(".") && $0.lowercased().hasSuffix(".png") }
    return NaturalOrder.sorted(drawn) { $0 }.map { name in
      let header = try? PNG.header((folder as NSString).appendingPathComponent(name))
      return Sheet(name: name, width: header?.width ?? 0, height: header?.height ?? 0)
    }
  }
}

/// The best of a held-out figure in a run.
struct BestOfRun: Equatable, Sendable {
  /// The figure's name in metrics.csv.
  var name: String
  /// Its name in a heading.
  var title: String
  var value: Double
  var step: Int
  /// Whether the weights of that step are kept.
  var hasWeights: Bool
  /// The last value that was measured, and its step; nil where none is known.
  var latest: (step: Int, value: Double)?
  /// Measurements since the best one.
  var measurementsSince = 0

  static func == (first: Self, second: Self) -> Bool {
    (first.name, first.value, first.step, first.hasWeights) == (
      second.name, second.value, second.step, second.hasWeights
    )
  }

  /// What generator_best.safetensors says of itself, else the best row of metrics.csv; nil where nothing was measured.
  init?(_ run: RunFolder, _ algorithm: TrainingAlgorithm, _ metrics: History?, _ notes: inout [String]) {
    let files = RunFolder.generatorNames.map { run.weights(RunFolder.bestName($0)) }
    let kept = files.first(where: FileManager.default.fileExists(atPath:))
    let metadata = kept.flatMap { try? SafetensorsFile(path: $0).metadata }
    if let kept, metadata == nil { notes.append("\((kept as NSString).lastPathComponent) is damaged.") }
    let known = algorithm.heldOutFigures
    if let metadata, let name = metadata["best_by"], let value = metadata["best_figure"].flatMap(Double.init),
      value.isFinite, let step = metadata["step"].flatMap(Int.init)
    {
      (self.name, self.value, self.step, hasWeights) = (name, value, step, true)
    } else {
      let measured = known.first { figure in metrics?.index(of: figure.name) != nil }
      guard let measured, let metrics, let column = metrics.index(of: measured.name) else { return nil }
      let whole = metrics.whole(column)
      guard whole.count > 0 else { return nil }
      name = measured.name
      (value, step) = measured.lowerIsBetter ? (whole.low, whole.lowStep) : (whole.high, whole.highStep)
      hasWeights = false
    }
    title = known.first { [name] in $0.name == name }?.title ?? name
    guard let metrics, let column = metrics.index(of: name) else { return }
    latest = metrics.latest[column]
    measurementsSince = metrics.buckets.reduce(0) { [step] in $0 + ($1.firstStep > step ? $1.values[column].count : 0) }
  }
}
