import Foundation
import Images
import Weights

/// The pictures of a run that stay the same along the way: sample sheets, and figures on held-out pairs.
final class SampleWriter {
  private let store: ImageStore
  private let rows: [(input: Int, target: Int)]
  private let measured: Int
  private let folder: String
  private let metrics: TableLog?

  /// Rows of a sheet.
  private static let rowLimit = 6
  /// Held-out pairs that are measured.
  private static let measuredLimit = 16
  /// Digits of a step in a file name, so that names sort as numbers do.
  private static let digits = 7

  /// Samples from the held-out part of `data`, or from the training part where there is none.
  ///
  /// - Parameters:
  ///   - data: what is trained on
  ///   - configuration: how images are prepared
  ///   - run: where sheets and figures go
  ///   - lastStep: figures of later steps are dropped; nil: a new run
  init(_ data: DataFolder, _ configuration: TrainingConfiguration, _ run: RunFolder, continuingAfter lastStep: Int?)
    throws
  {
    let part = data.heldOut ?? data.training
    store = ImageStore(
      part: part, preparation: ImagePreparation(configuration).evaluation, limit: data.limit)
    let counts = store.counts
    let shown = min(Self.rowLimit, max(counts.inputs, counts.targets))
    rows = (0..<shown).map { ($0 % counts.inputs, $0 % counts.targets) }
    folder = run.samples
    let measures = configuration.objective == .paired && data.heldOut != nil
    measured = measures ? min(Self.measuredLimit, counts.inputs) : 0
    metrics =
      measures
      ? try TableLog(
        path: run.metrics, columns: ["step", "epoch", "l1", "psnr", "ssim"], continuingAfter: lastStep) : nil
  }

  /// Draws a sheet of `model`'s samples.
  ///
  /// - Returns: its path
  func writeSheet(_ model: any TranslationModel, step: Int) throws -> String {
    let pictures = try rows.map { row in
      let pair = try store.fixedPair(input: row.input, target: row.target)
      return try model.sample(input: pair.input, target: pair.target)
    }
    let number = String(step)
    let name = "step-" + String(repeating: "0", count: max(0, Self.digits - number.count)) + number + ".png"
    let path = (folder as NSString).appendingPathComponent(name)
    try PNG.write(
      SampleSheet.compose(rows: pictures, columnTitles: model.sampleTitles), to: path)
    return path
  }

  /// Measures `model` on held-out pairs and appends a row to metrics.csv.
  ///
  /// - Returns: the mean absolute error in [−1, 1]; nil where there is nothing to measure
  func measure(_ model: any TranslationModel, step: Int, epoch: Int) throws -> Double? {
    guard let metrics, measured > 0 else { return nil }
    var sums = (error: 0.0, psnr: 0.0, ssim: 0.0)
    for index in 0..<measured {
      let pair = try store.fixedPair(input: index)
      guard let output = try model.translation(of: pair.input) else { return nil }
      let figures = try ImageMetrics.compare(output, pair.target.image())
      sums.error += figures.meanAbsoluteError / 127.5
      sums.psnr += min(figures.psnr, 100)
      sums.ssim += figures.ssim
    }
    let count = Double(measured)
    try metrics.append(step: step, epoch: epoch, [sums.error / count, sums.psnr / count, sums.ssim / count])
    return sums.error / count
  }
}
