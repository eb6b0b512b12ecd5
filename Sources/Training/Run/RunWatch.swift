import Foundation
import Images
import Weights

/// The diagnosis of a run, and RUN/alarms.csv, which is there once something was raised.
final class RunWatch {
  private var diagnosis: Diagnosis
  private let path: String
  private var table: TableLog?
  private var news: [TrainingAlarm] = []

  private static let columns = ["step", "alarm", "value", "threshold", "advice"]

  /// Watches a run.
  ///
  /// - Parameters:
  ///   - saved: where the run stood that goes on; its later alarms are dropped from the table
  /// - Throws: `FileError` where there is a table that cannot be read, or is none of these
  init(_ configuration: TrainingConfiguration, _ run: RunFolder, continuing saved: TrainingPosition?) throws {
    diagnosis = Diagnosis(configuration, resuming: saved?.diagnosis)
    path = run.alarms
    guard let saved, FileManager.default.fileExists(atPath: path) else { return }
    table = try TableLog(path: path, columns: Self.columns, continuingAfter: saved.step)
  }

  /// What a checkpoint keeps.
  var state: DiagnosisState { diagnosis.state }
  /// All that was raised in this run.
  var alarms: [TrainingAlarm] { diagnosis.state.alarms }
  /// Losses as people are shown them.
  var smoothed: [Double] { diagnosis.state.smoothed }

  /// Takes note of a step's losses.
  func observe(_ losses: [Double], step: Int) { news += diagnosis.observe(losses, step: step) }

  /// Takes note of a sheet and of the first held-out figure.
  func observe(_ rows: [[Picture]], heldOut: Double?, step: Int) {
    news += diagnosis.observe(rows, heldOut: heldOut, step: step)
  }

  /// What was raised since this was asked last; it is in the table now.
  ///
  /// - Throws: `FileError` where the table cannot be written
  func takeNews() throws -> [TrainingAlarm] {
    guard !news.isEmpty else { return [] }
    let table = try self.table ?? TableLog(path: path, columns: Self.columns, continuingAfter: nil)
    self.table = table
    defer { news = [] }
    for alarm in news {
      let advice = "\"" + alarm.advice.description.replacingOccurrences(of: "\"", with: "\"\"") + "\""
      let numbers = [alarm.value, alarm.threshold].map { String(format: "%.6g", $0) }
      try table.append(["\(alarm.step)", alarm.kind.rawValue] + numbers + [advice])
    }
    return news
  }
}
