import Files
import Foundation
import Images
import NeuralNet
import Translate

/// What `precision` prints for a person: a row for each precision.
struct PrecisionTable {
  let text: String

  init(_ figures: PrecisionFigures) {
    let hasTruth = figures.rows.contains { $0.error.figures != nil }
    func number(_ value: Double?, _ format: String) -> String { value.map { String(format: format, $0) } ?? "-" }
    let heading = ["", "mean", "p99", "max", "PSNR dB"] + (hasTruth ? ["MAE to truth"] : []) + ["s/image"]
    let rows = figures.rows.map { row in
      let difference = row.difference.figures
      return [
        row.precision.rawValue, number(difference?.mean, "%.4f"), difference.map { "\($0.percentile99)" } ?? "-",
        difference.map { "\($0.largest)" } ?? "-", number(difference?.psnr, "%.3f"),
      ] + (hasTruth ? [number(row.error.figures?.mean, "%.4f")] : []) + [number(row.seconds, "%.4f")]
    }
    let table = [heading] + rows
    let widths = heading.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    text = table.map { cells in
      zip(cells, widths).enumerated().map { column, cell in
        let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + blanks : blanks + cell.0
      }.joined(separator: "  ") + "\n"
    }.joined()
  }
}

/// What `precision --json` prints.
struct PrecisionSummary: Encodable {
  /// One precision; what is not known is left out, an infinite PSNR too.
  struct Row: Encodable {
    var precision: String
    var meanAbsoluteDifference: Double?
    var percentile99: Int?
    var largestDifference: Int?
    var psnr: Double?
    var truthMeanAbsoluteError: Double?
    var secondsPerImage: Double?

    private enum CodingKeys: String, CodingKey {
      case precision, psnr
      case meanAbsoluteDifference = "mean_absolute_difference"
      case percentile99 = "percentile_99"
      case largestDifference = "largest_difference"
      case truthMeanAbsoluteError = "truth_mean_absolute_error"
      case secondsPerImage = "seconds_per_image"
    }
  }
  struct Failure: Encodable {
    var path: String?
    var problem: String
    var advice: String?
  }
  var images: Int
  /// Which half was translated.
  var half: String?
  var precisions: [Row]
  var failures: [Failure]
  var interrupted: Bool

  init(_ result: PrecisionComparison.Result, half: ImageHalf?) {
    (images, interrupted, self.half) = (result.images, result.isInterrupted, half?.rawValue)
    precisions = result.figures.rows.map { row in
      let difference = row.difference.figures
      return Row(
        precision: row.precision.rawValue, meanAbsoluteDifference: difference?.mean,
        percentile99: difference?.percentile99, largestDifference: difference?.largest,
        psnr: difference.flatMap { $0.psnr.isFinite ? $0.psnr : nil },
        truthMeanAbsoluteError: row.error.figures?.mean, secondsPerImage: row.seconds)
    }
    failures = result.failures.map { Failure(path: $0.path, problem: $0.problem, advice: $0.advice?.words) }
  }
}
