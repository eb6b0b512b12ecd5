import Files
import Foundation
import Images
import NeuralNet
import Parallel
import Synchronization
import Translate
import Weights

/// `translate-cli precision MODEL INPUT`
struct PrecisionCommand: Command {
  let words = ["precision"]
  let summary = "measure the accuracy and speed of bf16 and int8 against f32, on your images"
  let discussion = """
    Fewer bits (quantisation) are faster, and less exact: this tells how much, of a model and images of yours. Every image \
    is translated in memory in each precision of apply --precision; nothing is written. The table tells how \
    far bf16 and int8 are from f32, over all samples of all images, in grey levels from 0 to 255 after rounding to 8 bits: \
    the mean difference, the one that 99 % of the samples stay within (p99), the largest, and PSNR in decibels (higher is \
    better); then the seconds an image takes in the network, without reading the file and without the first image.

    Where the half of a side-by-side image is translated, the other half is taken for the truth: MAE to it stands beside.
    """
  let operands = [
    Operand<Self>("MODEL", \.choice.model, "folder of a training run, or a .safetensors or .pth file"),
    Operand<Self>("INPUT", \.comparison.input, "folder of PNGs, or one PNG"),
  ]
  let options: [OptionGroup<Self>] = [
    OptionGroup<Self>(
      title: "Files",
      options: [
        .integer(
          "count", \.comparison.count, in: PrecisionComparison.counts,
          "images to translate at most, spread evenly over the folder"),
        .flag("recursive", \.comparison.recursive, "take images of sub-folders too"),
      ] + GeneratorChoice.images.map { $0.within(\.choice) } + [.maxPixels(\.comparison.limit.pixels)]),
    OptionGroup<Self>(title: "Network", options: GeneratorChoice.network().map { $0.within(\.choice) }),
    OptionGroup<Self>(
      title: "Running",
      options: [
        .threads(\.choice.settings.threads),
        .quiet(\.isQuiet),
        .flag("json", \.json, "print JSON"),
      ]),
  ]
  let memoryAdvice = "compare smaller images, choose fewer --threads, or give the program more memory"
  let examples = ["precision runs/facades facades/val", "precision latest_net_G.pth photos --count 5 --json"]

  var choice = GeneratorChoice()
  var comparison = PrecisionComparison("")
  var isQuiet = false
  var json = false

  func run(on console: Console) throws -> ExitCode {
    let generator = try GeneratorModel(
      choice.model, direction: choice.direction, part: choice.part, weights: choice.weights)
    let translators = try PrecisionComparison.translators(generator, options: choice.settings)
    var comparison = comparison
    comparison.labels = FolderTranslation.Labels(choice.label, of: generator.labels)
    comparison.half = try choice.half.map { $0.half } ?? comparison.trainedHalf(of: generator)
    if choice.half == nil, let half = comparison.half, !isQuiet {
      console.error(GeneratorChoice.words(of: half, in: comparison.input))
    }
    let interruption = Interruption.shared
    interruption.begin()
    let result = try watched(comparison, translators, interruption, console)
    if json {
      try console.output(jsonText(PrecisionSummary(result, half: comparison.half)))
    } else if result.images > 0 {
      try console.output(PrecisionTable(result.figures).text)
    }
    if !isQuiet, result.images > 0 {
      console.error(
        "\(result.images) \(result.images == 1 ? "image" : "images") in each precision"
          + (result.isInterrupted ? ", stopped before the end" : ""))
    }
    if result.isInterrupted, let code = interruption.exitCode { return code }
    return result.failures.isEmpty ? .success : .failure
  }

  /// The comparison, told of on the way.
  private func watched(
    _ comparison: PrecisionComparison, _ translators: [Translator], _ interruption: Interruption, _ console: Console
  ) throws -> PrecisionComparison.Result {
    let clock = ContinuousClock()
    let start = clock.now
    let now = { start.duration(to: clock.now) / .seconds(1) }
    var line = ProgressLine(unit: "image", rateUnit: "images", console: console, isQuiet: isQuiet)
    var large = PartProgress()
    defer { line.finish(now: now()) }
    return try comparison.run(translators, shouldStop: { interruption.isRequested }) { progress in
      if let failure = progress.failure { line.warn("\(Program.name) precision: \(failure.words)") }
      // Only of a large image is there more to tell.
      let remark = progress.precision.map { precision in
        progress.part == 0
          ? precision.rawValue
          : large.words(
            "\(precision.rawValue) \((progress.path as NSString).lastPathComponent)", progress.part, now: now())
      }
      line.update(
        ProgressLine.State(done: progress.done, total: progress.total, remark: remark ?? ""), now: now())
    }
  }
}
