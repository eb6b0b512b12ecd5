import Foundation
import Images

/// `translate-cli evaluate OUTPUT REFERENCE`
struct EvaluateCommand: Command {
  let words = ["evaluate"]
  let summary = "measure MAE, PSNR and SSIM of same-named PNGs"
  let discussion = """
    Colours are compared whatever opacity is. Where both images have opacity, its mean absolute error stands in a column of \
    its own.

    MAE is in grey levels (0 to 255, lower is better), PSNR in decibels and SSIM from -1 to 1 (higher is better); the \
    last line holds the plain means over all images. Two single files are compared whatever their names are.
    """
  let operands = [
    Operand<Self>("OUTPUT", \.output, "folder of images to measure, or one PNG"),
    Operand<Self>("REFERENCE", \.reference, "folder of images as they should be, or one PNG"),
  ]
  let options = [
    OptionGroup<Self>(
      title: "Options",
      options: [
        .flag("recursive", \.recursive, "read sub-folders too"),
        .choice("half", \.half, standard: "the whole image", "which half of side-by-side references counts"),
        .maxPixels(\.limit.pixels),
        .flag("json", \.json, "print JSON"),
      ])
  ]
  let examples = [
    "evaluate translated facades/val_targets", "evaluate photos facades/val --half left",
    "evaluate a.png b.png --json",
  ]

  var output = ""
  var reference = ""
  var recursive = false
  var half: ImageHalf?
  var limit = ImageLimit.default
  var json = false

  func run(on console: Console) throws -> ExitCode {
    let evaluation = try FolderEvaluation.evaluate(
      outputs: output, references: reference, recursive: recursive, referenceHalf: half, limit: limit)
    try console.output(json ? jsonText(evaluation) : text(evaluation))
    for (names, what) in [(evaluation.withoutReference, "reference"), (evaluation.withoutOutput, "output")] {
      guard let first = names.first else { continue }
      console.error(
        "\(names.count) \(names.count == 1 ? "image has" : "images have") no \(what) and counted nothing: \(first)"
          + (names.count > 1 ? ", …" : ""))
    }
    return .success
  }

  private func text(_ evaluation: FolderEvaluation) -> String {
    let rows = evaluation.files.map { ($0.name, $0.metrics) } + [("mean of \(evaluation.files.count)", evaluation.mean)]
    let width = rows.map(\.0.count).max() ?? 0
    let hasOpacity = evaluation.mean.opacityError != nil
    func line(_ name: String, _ mae: String, _ psnr: String, _ ssim: String, _ opacity: String) -> String {
      func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
      }
      return Console.printable(name.padding(toLength: width, withPad: " ", startingAt: 0)) + right(mae, 10)
        + right(psnr, 10)
        + right(ssim, 9) + (hasOpacity ? right(opacity, 13) : "") + "\n"
    }
    return line("", "MAE", "PSNR dB", "SSIM", "opacity MAE")
      + rows.map { name, metrics in
        line(
          name, String(format: "%.4f", metrics.meanAbsoluteError), String(format: "%.3f", metrics.psnr),
          String(format: "%.4f", metrics.ssim), metrics.opacityError.map { String(format: "%.4f", $0) } ?? "-")
      }.joined()
  }
}
