import Parallel
import Translate
import Weights

/// `translate-cli generate MODEL --count N --out DIR`
struct GenerateCommand: Command {
  let words = ["generate"]
  let summary = "make pictures of noise"
  let discussion = """
    MODEL is a network of train generate, or one of PyTorch's DCGAN example. Pictures are PNGs with numbers for names; the \
    same seed makes the same pictures, and number n is the same however many are made. A network that was trained with \
    labels makes pictures of one of them, or with --label all of each, in sub-folders.
    """
  let operands = [Operand<Self>("MODEL", \.model, "folder of a training run, or a .safetensors or .pth file")]
  let options: [OptionGroup<Self>] = [
    OptionGroup<Self>(
      title: "Pictures",
      options: [
        .text(
          "out", \.generation.output, placeholder: "DIR", isRequired: true, "folder for the pictures"),
        .integer("count", \.generation.count, in: FolderGeneration.counts, "pictures to make, of each label"),
        .text("label", \.generation.label, placeholder: "NAME|all", "what they show, of a model with labels"),
        .integer("seed", \.generation.seed, "which pictures"),
        .flag(
          "interpolate", \.generation.interpolates,
          "make pictures on the way from the seed's first to its second, in equal steps"),
        .text("sheet", \.generation.sheet, placeholder: "FILE", "write a sheet of them as well, a PNG"),
      ]),
    OptionGroup<Self>(
      title: "Network",
      options: [
        .weights("weights", \.weights),
        .part(\.part),
      ]),
    OptionGroup<Self>(
      title: "Running",
      options: [
        .threads(\.threads),
        .quiet(\.isQuiet),
      ]),
  ]
  let examples = [
    "generate runs/shapes --count 100 --out shapes --label circle",
    "generate netG_epoch_24.pth --count 64 --out faces --sheet faces.png",
    "generate runs/shapes --count 12 --out way --label all --interpolate --sheet way.png",
  ]

  var model = ""
  var generation = FolderGeneration(to: "")
  var part: String?
  var weights: RunWeights?
  var threads: Int?
  var isQuiet = false

  func run(on console: Console) throws -> ExitCode {
    let generator = try PictureGenerator(model: model, part: part, weights: weights, threads: threads)
    let clock = ContinuousClock()
    let start = clock.now
    func now() -> Double { start.duration(to: clock.now) / .seconds(1) }
    var line = ProgressLine(unit: "image", rateUnit: "images", console: console, isQuiet: isQuiet)
    let interruption = Interruption.shared
    interruption.begin()
    var total = 0
    let written: Int
    do {
      defer { line.finish(now: now()) }
      written = try generation.run(generator, shouldStop: { interruption.isRequested }) { progress in
        total = progress.total
        line.update(ProgressLine.State(done: progress.done, total: progress.total), now: now())
      }
    }
    if !isQuiet {
      var words = "\(written) made in \(ProgressLine.duration(now())) in \(generation.output)"
      if let sheet = generation.sheet, written == total { words += "; see \(sheet)" }
      console.error(written < total ? words + ", stopped before the end" : words)
    }
    return written < total ? interruption.exitCode ?? .success : .success
  }
}
