import Files
import Foundation
import Images
import NeuralNet
import Synchronization
import Translate
import Weights

/// What `apply` does, and tells on the way and at the end.
extension ApplyCommand {
  func run(on console: Console) throws -> ExitCode {
    var options = choice.settings
    options.seed = seed ?? 0
    let translator = try Translator(
      model: choice.model, direction: choice.direction, part: choice.part, weights: choice.weights, options: options)
    if !isQuiet {
      announce(translator, on: console)
      translator.onScratch = { console.error(words($0)) }
    }
    var translation = translation
    translation.claims = isShared ? claims : nil
    translation.half = choice.half?.half
    translation.labels = FolderTranslation.Labels(choice.label, of: translator.labels)
    try translation.requireLabels(of: translator)
    if isSummary { return try summarize(translation, translator, console) }
    let gallery = isGallery ? try TranslationGallery(translation) : nil
    if usesStreams { return try runOnStreams(translation, translator, console) }
    if choice.half == nil {
      translation.half = try translation.trainedHalf(of: translator)
      if let half = translation.half, !isQuiet {
        console.error(GeneratorChoice.words(of: half, in: translation.input))
      }
    }
    if choice.settings.precision != .float32, !isQuiet { console.error(precisionWords) }
    let clock = ContinuousClock()
    let start = clock.now
    let now: @Sendable () -> Double = { start.duration(to: clock.now) / .seconds(1) }
    let failed = Mutex(0)
    let large = Mutex(PartProgress())
    let line = Mutex(ProgressLine(unit: "image", rateUnit: "images", console: console, isQuiet: isQuiet))
    if !isQuiet { translator.onScratch = { notice in line.withLock { $0.warn(words(notice)) } } }
    let interruption = Interruption.shared
    interruption.begin()
    let summary: FolderTranslation.Summary
    do {
      defer { line.withLock { $0.finish(now: now()) } }
      summary = try translation.run(translator, shouldStop: { interruption.isRequested }) { progress in
        line.withLock { line in
          // What ends everything is said at the end, with how to go on.
          if let failure = progress.failure, !failure.isOfOutput {
            let number = failed.withLock { count in
              count += 1
              return count
            }
            if number <= Self.namedFailures {
              line.warn("\(Program.name) apply: \(failure.words)")
            } else if number == Self.namedFailures + 1 {
              line.warn("\(Program.name) apply: more than \(Self.namedFailures) images failed, others are only counted")
            }
          }
          let remark =
            progress.waiting > 0
            ? "other workers are at \(progress.waiting)"
            : progress.part.map { part in large.withLock { $0.words(progress.path, part, now: now()) } } ?? ""
          line.update(ProgressLine.State(done: progress.done, total: progress.total, remark: remark), now: now())
        }
      }
    }
    if let foreign = ForeignPictures(summary.foreign) {
      console.error("warning: \(translation.input): \(foreign.count) left out; \(foreign.conversion.words)")
    }
    if json { try console.output(jsonText(TranslationReport(summary))) }
    if let failure = summary.outputFailure {
      let written = summary.translated + summary.skipped + summary.others
      console.error(
        "\(Program.name) apply: \(failure.words); \(written) of \(summary.total) translations "
          + "are written, go on with the same command\(isShared ? "" : " and --skip-existing")")
    } else {
      try gallery?.write(model: choice.model, failures: summary.failures)
      if !isQuiet { console.error(sentence(summary, seconds: now()) + (gallery.map { "; see \($0.path)" } ?? "")) }
    }
    if summary.isInterrupted, let code = interruption.exitCode { return code }
    return summary.failed == 0 && summary.outputFailure == nil ? .success : .failure
  }

  /// Failures that are told of as they happen, each in a line.
  private static let namedFailures = 100

  private var precisionWords: String {
    let precision = choice.settings.precision
    return "products in \(precision.rawValue), \(PackageVersion.kernels)"
      + (precision == .bfloat16 && !Processor.hasDotProducts(.bfloat16) ? ": hardly faster than f32 here" : "")
  }

  /// Says that squares were asked for and will not be.
  private func announce(_ translator: Translator, on console: Console) {
    guard choice.settings.tile != nil, translator.usesImageStatistics else { return }
    console.error(
      "statistics are those of the whole image, so images are translated in one piece, not in squares; --memory and "
        + "--scratch bound the memory")
  }

  /// Says that a picture takes longer, and why.
  private func words(_ notice: ScratchNotice) -> String {
    "an image of \(notice.width)×\(notice.height) pixels does not fit into memory: it is translated with a scratch file of "
      + "\(SystemMemory.text(notice.scratchBytes)) in \(notice.folder)"
  }

  private func sentence(_ summary: FolderTranslation.Summary, seconds: Double) -> String {
    var parts = ["\(summary.translated) translated in \(ProgressLine.duration(seconds)) to \(translation.output)"]
    if summary.skipped > 0 { parts.append("\(summary.skipped) there already") }
    if summary.others > 0 { parts.append("\(summary.others) by other workers") }
    if summary.failed > 0 {
      let rest = summary.failed > Self.namedFailures ? ", the first \(Self.namedFailures) of them are named above" : ""
      parts.append("\(summary.failed) failed\(rest)")
    }
    if summary.isInterrupted {
      parts.append("stopped before the end; go on with the same command\(isShared ? "" : " and --skip-existing")")
    }
    return parts.joined(separator: ", ")
  }
}

/// What `--json` prints at the end.
private struct TranslationReport: Encodable {
  struct Failure: Encodable {
    var path: String?
    var problem: String
    var advice: String?
  }
  var translated: Int
  var skipped: Int
  /// By other workers.
  var others: Int
  var failed: Int
  /// Of the first of them.
  var failures: [Failure]
  /// Pictures of other formats.
  var leftOut: [String]
  var interrupted: Bool

  private enum CodingKeys: String, CodingKey {
    case translated, skipped, others, failed, failures, interrupted
    case leftOut = "left_out"
  }

  init(_ summary: FolderTranslation.Summary) {
    translated = summary.translated
    skipped = summary.skipped
    others = summary.others
    failed = summary.failed
    failures = summary.failures.map { Failure(path: $0.path, problem: $0.problem, advice: $0.advice?.words) }
    leftOut = summary.foreign
    interrupted = summary.isInterrupted
  }
}
