import Files
import Foundation
import Translate

/// `apply … --summary`: what all workers on one output folder have done.
extension ApplyCommand {
  /// Pictures that are named on the standard error.
  private static let namedPictures = 20

  func summarize(
    _ translation: FolderTranslation, _ translator: Translator, _ console: Console
  ) throws -> ExitCode {
    let summary = try translation.workersSummary(translator)
    try console.output(json ? jsonText(WorkersReport(summary)) : text(summary))
    for error in summary.unreadable { console.error("warning: \(error.words)") }
    for failure in summary.failures.prefix(Self.namedPictures) {
      console.error("\(Program.name) apply: " + (failure.path.map { $0 + ": " } ?? "") + failure.problem)
    }
    for path in summary.firstMissing.prefix(Self.namedPictures) {
      console.error("\(Program.name) apply: \(path): has no translation")
    }
    let unnamed =
      summary.failures.count + summary.missing - min(summary.failures.count, Self.namedPictures)
      - min(summary.firstMissing.count, Self.namedPictures)
    if unnamed > 0 { console.error("\(Program.name) apply: and \(unnamed) more") }
    if summary.hasClaims {
      console.error("workers are at it, or were killed: --claim goes on, and removes what they have left")
    }
    return summary.isComplete ? .success : .failure
  }

  private func text(_ summary: WorkersSummary) -> String {
    let rows = summary.workers.map { record in
      [
        record.worker, record.part, "\(record.translated)", "\(record.skipped)", "\(record.failed)",
        String(format: "%.1f", Double(record.pixels) * 1e-6), ProgressLine.duration(record.seconds),
        record.ended ? "" : "did not end",
      ]
    }
    let work = WorkersReport(summary)
    let total = [
      "all", "", "\(work.translated)", "", "\(work.failures)", String(format: "%.1f", Double(work.pixels) * 1e-6),
      ProgressLine.duration(work.seconds), "",
    ]
    let table = [["worker", "part", "translated", "there", "failed", "megapixels", "time", ""]] + rows + [total]
    let widths = (0..<8).map { column in table.map { $0[column].count }.max() ?? 0 }
    let lines = table.map { row in
      zip(row, widths).enumerated().map { column, cell in
        let gap = String(repeating: " ", count: cell.1 - cell.0.count)
        return column < 2 || column == 7 ? cell.0 + gap : gap + cell.0
      }.joined(separator: "  ").trimmingSuffix(" ")
    }
    var words = "\(summary.present) of \(summary.total) translated"
    if !summary.failures.isEmpty { words += ", \(summary.failures.count) failed" }
    if summary.missing > 0 { words += ", \(summary.missing) missing" }
    let parts = summary.workers.isEmpty ? [] : lines.map { Console.printable($0) } + [""]
    return (parts + [words, ""]).joined(separator: "\n")
  }
}

/// What `--summary --json` prints.
private struct WorkersReport: Encodable {
  var total: Int
  var present: Int
  var failed: Int
  var missing: Int
  var failedImages: [WorkerRecord.Failure]
  /// The first of them.
  var missingImages: [String]
  /// Added up over all workers.
  var translated: Int
  var failures: Int
  var pixels: Int
  var seconds: Double
  var workers: [WorkerRecord]

  private enum CodingKeys: String, CodingKey {
    case total, present, failed, missing, translated, failures, pixels, seconds, workers
    case failedImages = "failed_images"
    case missingImages = "missing_images"
  }

  init(_ summary: WorkersSummary) {
    (total, present, missing) = (summary.total, summary.present, summary.missing)
    failed = summary.failures.count
    (failedImages, missingImages, workers) = (summary.failures, summary.firstMissing, summary.workers)
    translated = workers.reduce(0) { $0 + $1.translated }
    failures = workers.reduce(0) { $0 + $1.failed }
    pixels = workers.reduce(0) { $0 + $1.pixels }
    seconds = workers.reduce(0) { $0 + $1.seconds }
  }
}

extension String {
  fileprivate func trimmingSuffix(_ character: Character) -> String {
    var text = self[...]
    while text.last == character { text.removeLast() }
    return String(text)
  }
}
