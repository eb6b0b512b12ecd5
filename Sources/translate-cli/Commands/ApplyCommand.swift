import Files
import Foundation
import Images
import NeuralNet
import Parallel
import Synchronization
import Translate
import Weights

/// `translate-cli apply MODEL INPUT --out DIR`
struct ApplyCommand: Command {
  let words = ["apply"]
  let summary = "translate a folder of PNGs, or one PNG"
  let discussion = """
    MODEL says itself what network it holds. A translation has the size of its input, whatever it is, or \
    2 or 4 times that of a network that enlarges, and the same relative path. A file that cannot be read is named and passed over; the exit status is 1 then. A full disk ends the \
    command; --skip-existing goes on from there.

    A network that was trained on side-by-side files translates the half of such files that was its input, unless --half \
    says otherwise. INPUT - reads one PNG from the standard input, --out - writes one to the standard output.

    An image of any size gives the same translation in one piece, whether it fits into memory or not. --tile gives the same \
    too where --overlap reaches as far as the network sees and statistics are running ones; with less overlap squares \
    differ near their borders, where they fade into each other. A network whose normalisation takes the statistics of the \
    image (every instance norm, and batch norm with --norm-statistics image) translates in one piece whatever --tile says.
    """
  let operands = [
    Operand<Self>("MODEL", \.model, "folder of a training run, or a .safetensors or .pth file"),
    Operand<Self>("INPUT", \.translation.input, "folder of PNGs, one PNG, or - for the standard input"),
  ]
  let options: [OptionGroup<Self>] = [
    OptionGroup<Self>(
      title: "Files",
      options: [
        .text(
          "out", \.translation.output, placeholder: "DIR", isRequired: true,
          "folder for the translations; for one PNG also the file to write, or - for the standard output"),
        .flag("recursive", \.translation.recursive, "translate sub-folders too"),
        .flag("skip-existing", \.translation.skipsExisting, "leave out images whose translation is there already"),
        .choice(
          "color-space", \.settings.colourSpace, standard: "as the model says, else rgb",
          "what the network's numbers mean; lab: it makes a and b of L and colours grey images"),
        .choice("bit-depth", \.settings.bitDepth, standard: "as the image", "bits a sample of the translations"),
        .flag("side-by-side", \.translation.sideBySide, "write input and translation beside each other"),
        .flag("gallery", \.isGallery, "write DIR/index.html, which shows inputs and translations side by side"),
        .shard(
          "shard", \.translation.shard,
          "translate the I-th of N parts with as many pixels each: one line of a job array"),
        .flag(
          "claim", \.isShared, "share out what is missing among all workers on DIR, which come and go as they like"),
        .integer(
          "claim-timeout", \.claims.timeout, in: FolderTranslation.Claims.timeouts, placeholder: "SECONDS",
          "take a worker for dead that shows no sign of life for so long"),
        .flag("summary", \.isSummary, "translate nothing: add up what all workers have done, and what is missing"),
        .choice(
          "half", \.half, standard: "the input of the training, of images side by side as there; else whole",
          "which half of side-by-side images to translate"),
        .maxPixels(\.translation.limit.pixels),
      ]),
    OptionGroup<Self>(
      title: "Network",
      options: [
        .choice("direction", \.direction, standard: "as trained", "which generator of an unpaired run"),
        .text(
          "label", \.label, placeholder: "NAME",
          "what a network that was trained with labels makes of an image: one of them, or all, each in a sub-folder"),
        .weights("weights", \.weights),
        .text("part", \.part, placeholder: "KEY", "the state dict that is meant in a .pth that holds several"),
        .choice(
          "norm-statistics", \.settings.normStatistics, standard: "as the model says, else image",
          "whose statistics batch norm uses: the image's own, or those gathered in training"),
        .flag("dropout", \.settings.dropout, "keep dropout on: one of several outcomes"),
        .integer("seed", \.seed, "which outcome --dropout draws"),
        .integer(
          "tile", \.settings.tile, in: Translator.tiles,
          "translate larger images in squares of this side, in pixels; not where statistics are the image's own"),
        .integer(
          "overlap", \.settings.overlap, in: Translator.overlaps,
          "pixels seen around each square, rounded up to what the network halves [as far as it sees, at most 256]"),
      ]),
    OptionGroup<Self>(
      title: "Running",
      options: [
        .integer(
          "batch-size", \.translation.batchSize, in: FolderTranslation.batchSizes,
          "neighbours of one size that go as one batch [1; 4 for large networks and folders]"
        ),
        .integer("threads", \.settings.threads, in: WorkerPool.threadCounts, "threads that compute [one a core]"),
        .choice(
          "precision", \.settings.precision,
          "what products are computed with: single precision, or fewer bits, which are less exact; the command precision compares"
        ),
        .bytes(
          "memory", \.settings.memory, standard: "what the machine has left",
          "memory to take; an image that needs more goes over a scratch file, to the same result"),
        .text(
          "scratch", \.settings.scratch, placeholder: "DIR",
          "folder for scratch files, on a disk [the system's for temporary files]"),
        .quiet(\.isQuiet),
        .flag("json", \.json, "print what came out as JSON at the end"),
      ]),
  ]
  let memoryAdvice =
    "translate smaller images, or large ones with --tile, choose --batch-size 1 or fewer --threads, or give the program "
    + "more memory"
  let examples = [
    "apply runs/facades labels --out photos", "apply latest_net_G.pth photo.png --out translated.png",
    "apply runs/facades facades/val --half right --out photos",
    "apply runs/zebras horses --out zebras --direction AtoB --shard 3/16",
    "apply runs/facades labels --out photos --claim",
  ]

  var model = ""
  var translation = FolderTranslation("", to: "")
  var half: HalfChoice?
  var direction: Direction?
  var part: String?
  var label: String?
  var weights: RunWeights?
  var settings = Translator.Options()
  var seed: UInt64?
  var isGallery = false
  var isShared = false
  var claims = FolderTranslation.Claims()
  var isSummary = false
  var isQuiet = false
  var json = false

  func validate(given: Set<String>) throws(UsageError) {
    if seed != nil, !settings.dropout { throw .needs(option: "--seed", other: "--dropout") }
    if settings.overlap != nil, settings.tile == nil { throw .needs(option: "--overlap", other: "--tile") }
    if given.contains("claim-timeout"), !isShared { throw .needs(option: "--claim-timeout", other: "--claim") }
    for (option, isGiven) in [("--shard", translation.shard != nil), ("--summary", isSummary)] where isGiven && isShared
    {
      throw .excludes(option: "--claim", other: option)
    }
    if isSummary, translation.shard != nil { throw .excludes(option: "--summary", other: "--shard") }
    try validateStreams(given: given)
  }

  func run(on console: Console) throws -> ExitCode {
    var options = settings
    options.seed = seed ?? 0
    let translator = try Translator(
      model: model, direction: direction, part: part, weights: weights, options: options)
    if !isQuiet {
      announce(translator, on: console)
      translator.onScratch = { console.error(words($0)) }
    }
    var translation = translation
    translation.claims = isShared ? claims : nil
    translation.half = half?.half
    translation.labels = FolderTranslation.Labels(label, of: translator.labels)
    try translation.requireLabels(of: translator)
    if isSummary { return try summarize(translation, translator, console) }
    let gallery = isGallery ? try TranslationGallery(translation) : nil
    if usesStreams { return try runOnStreams(translation, translator, console) }
    if half == nil {
      translation.half = try translation.trainedHalf(of: translator)
      if let half = translation.half, !isQuiet {
        console.error(
          "\(translation.input) holds side-by-side images as in training: their \(half.rawValue) halves are translated; "
            + "--half says otherwise")
      }
    }
    if settings.precision != .float32, !isQuiet { console.error(precisionWords) }
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
    if json { try console.output(jsonText(Summary(summary))) }
    if let failure = summary.outputFailure {
      let written = summary.translated + summary.skipped + summary.others
      console.error(
        "\(Program.name) apply: \(failure.words); \(written) of \(summary.total) translations "
          + "are written, go on with the same command\(isShared ? "" : " and --skip-existing")")
    } else {
      try gallery?.write(model: model, failures: summary.failures)
      if !isQuiet { console.error(sentence(summary, seconds: now()) + (gallery.map { "; see \($0.path)" } ?? "")) }
    }
    if summary.isInterrupted, let code = interruption.exitCode { return code }
    return summary.failed == 0 && summary.outputFailure == nil ? .success : .failure
  }

  /// Failures that are told of as they happen, each in a line.
  private static let namedFailures = 100

  private var precisionWords: String {
    "products in \(settings.precision.rawValue), \(PackageVersion.kernels)"
      + (settings.precision == .int8 || Processor.kernelsInUse.haveLowPrecisionProducts
        ? "" : ": no faster than f32 here")
  }

  /// Says that squares were asked for and will not be.
  private func announce(_ translator: Translator, on console: Console) {
    guard settings.tile != nil, translator.usesImageStatistics else { return }
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

  /// What of an image is translated.
  enum HalfChoice: String, CaseIterable, Sendable {
    case left, right, whole

    var half: ImageHalf? { ImageHalf(rawValue: rawValue) }
  }

  /// What `--json` prints at the end.
  private struct Summary: Encodable {
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
}
