import Foundation
import Images
import Weights

/// Sample sheets, and figures on held-out pictures, of a run.
final class SampleWriter {
  private let pictures: SamplePictures
  private let folder: String
  private let algorithm: TrainingAlgorithm
  private let metrics: TableLog?
  /// What was measured last, in the order of the algorithm; nil: nothing yet.
  private(set) var latest: [Double]?

  /// Digits of a step in a file name, so that names sort as numbers do.
  private static let digits = 7

  /// A writer that shows and measures `pictures`.
  ///
  /// - Parameters:
  ///   - algorithm: names what is shown and measured
  ///   - run: where sheets and figures go
  ///   - lastStep: figures of later steps are dropped; nil: a new run
  init(
    _ pictures: SamplePictures, of algorithm: TrainingAlgorithm, _ run: RunFolder, continuingAfter lastStep: Int?
  ) throws {
    self.algorithm = algorithm
    self.pictures = pictures
    folder = run.samples
    metrics =
      pictures.measures
      ? try TableLog(
        path: run.metrics, columns: ["step", "epoch"] + algorithm.heldOutFigures.map(\.name), continuingAfter: lastStep)
      : nil
  }

  /// Draws a sheet of `model`'s samples.
  ///
  /// - Returns: its path and its pictures; nil where there is no picture to show
  func writeSheet(_ model: any TranslationModel, step: Int) throws -> (path: String, rows: [[Picture]])? {
    guard !pictures.rows.isEmpty else { return nil }
    var labels: [String] = []
    let rows = try model.sheet(pictures.rows.count) { index in
      let pair = try pair(pictures.rows[index])
      labels += pair.input.labels.map { pictures.labels[$0] }
      return pair
    }
    let number = String(step)
    let name = "step-" + String(repeating: "0", count: max(0, Self.digits - number.count)) + number + ".png"
    let path = (folder as NSString).appendingPathComponent(name)
    try PNG.write(
      SampleSheet.compose(rows: rows, columnTitles: algorithm.sampleTitles, rowTitles: labels), to: path)
    return (path, rows)
  }

  /// Measures `model` on held-out pictures and appends a row to metrics.csv.
  ///
  /// - Returns: the figures, in the order of the algorithm; nil where there is nothing to measure
  func measure(_ model: any TranslationModel, step: Int, epoch: Int) throws -> [Double]? {
    guard let metrics, !pictures.measured.isEmpty else { return nil }
    let figures = try model.measure(pictures.measured.count) { try pair(pictures.measured[$0]) }
    try metrics.append(step: step, epoch: epoch, figures)
    latest = figures
    return figures
  }

  private func pair(_ row: (input: Int, target: Int)) throws -> (input: ImageBatch, target: ImageBatch) {
    let pair = try pictures.store.fixedPair(input: row.input, target: row.target)
    return (pair.input, pair.target)
  }
}
