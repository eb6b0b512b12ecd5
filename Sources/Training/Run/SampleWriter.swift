import Foundation
import Images
import Weights

/// Sample sheets, and figures on held-out pairs, of a run.
final class SampleWriter {
  private let pictures: SamplePictures
  private let folder: String
  private let metrics: TableLog?

  /// Digits of a step in a file name, so that names sort as numbers do.
  private static let digits = 7

  /// A writer that shows and measures `pictures`.
  ///
  /// - Parameters:
  ///   - run: where sheets and figures go
  ///   - lastStep: figures of later steps are dropped; nil: a new run
  init(_ pictures: SamplePictures, _ run: RunFolder, continuingAfter lastStep: Int?) throws {
    self.pictures = pictures
    folder = run.samples
    metrics =
      pictures.measures
      ? try TableLog(
        path: run.metrics, columns: ["step", "epoch", "l1", "psnr", "ssim"], continuingAfter: lastStep) : nil
  }

  /// Draws a sheet of `model`'s samples.
  ///
  /// - Returns: its path; nil where there is no picture to show
  func writeSheet(_ model: any TranslationModel, step: Int) throws -> String? {
    guard !pictures.rows.isEmpty else { return nil }
    let rows = try pictures.rows.map { row in
      let pair = try pictures.store.fixedPair(input: row.input, target: row.target)
      return try model.sample(input: pair.input, target: pair.target)
    }
    let number = String(step)
    let name = "step-" + String(repeating: "0", count: max(0, Self.digits - number.count)) + number + ".png"
    let path = (folder as NSString).appendingPathComponent(name)
    try PNG.write(
      SampleSheet.compose(rows: rows, columnTitles: model.sampleTitles), to: path)
    return path
  }

  /// Measures `model` on held-out pairs and appends a row to metrics.csv.
  ///
  /// - Returns: the mean absolute error in [−1, 1]; nil where there is nothing to measure
  func measure(_ model: any TranslationModel, step: Int, epoch: Int) throws -> Double? {
    guard let metrics, !pictures.measured.isEmpty else { return nil }
    var sums = (error: 0.0, psnr: 0.0, ssim: 0.0)
    for index in pictures.measured {
      let pair = try pictures.store.fixedPair(input: index)
      guard let output = try model.translation(of: pair.input) else { return nil }
      let figures = try ImageMetrics.compare(output, pair.target.image())
      sums.error += figures.meanAbsoluteError / 127.5
      sums.psnr += min(figures.psnr, 100)
      sums.ssim += figures.ssim
    }
    let count = Double(pictures.measured.count)
    try metrics.append(step: step, epoch: epoch, [sums.error / count, sums.psnr / count, sums.ssim / count])
    return sums.error / count
  }
}
