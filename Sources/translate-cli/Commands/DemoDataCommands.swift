import DemoData
import Foundation

/// `translate-cli demo-data paired DIR`
struct DemoPairedCommand: Command {
  let words = ["demo-data", "paired"]
  let summary = "draw a small paired data set: rows of town houses and their label maps"
  let operands = [Operand<Self>("DIR", \.drawing.folder, "folder to draw to")]
  let options = [DemoDrawing.options.within(\Self.drawing)]
  let memoryAdvice = "choose a smaller --size, or give the program more memory"
  let examples = ["demo-data paired demo/houses --count 100 --size 128"]

  var drawing = DemoDrawing()

  func run(on console: Console) throws -> ExitCode {
    try drawing.draw(console, DemoData.writePaired)
  }
}

/// `translate-cli demo-data labelled DIR`
struct DemoLabelledCommand: Command {
  let words = ["demo-data", "labelled"]
  let summary = "draw a small paired data set with labels: the same town houses by day, dusk and night"
  let discussion = """
    Each of the sub-folders day, dusk and night holds all of the houses: --count is for each of them. Train with --labels \
    folders and --direction BtoA.
    """
  let operands = [Operand<Self>("DIR", \.drawing.folder, "folder to draw to")]
  let options = [DemoDrawing.options.within(\Self.drawing)]
  let memoryAdvice = "choose a smaller --size, or give the program more memory"
  let examples = ["demo-data labelled demo/lights --count 60 --size 128"]

  var drawing = DemoDrawing()

  func run(on console: Console) throws -> ExitCode {
    try drawing.draw(console, DemoData.writeLabelled)
  }
}

/// `translate-cli demo-data unpaired DIR`
struct DemoUnpairedCommand: Command {
  let words = ["demo-data", "unpaired"]
  let summary = "draw a small unpaired data set: landscapes in summer and in winter"
  let operands = [Operand<Self>("DIR", \.drawing.folder, "folder to draw to")]
  let options = [DemoDrawing.options.within(\Self.drawing)]
  let memoryAdvice = "choose a smaller --size, or give the program more memory"
  let examples = ["demo-data unpaired demo/seasons --count 100 --size 128"]

  var drawing = DemoDrawing()

  func run(on console: Console) throws -> ExitCode {
    try drawing.draw(console, DemoData.writeUnpaired)
  }
}

/// What all kinds of demo data are told.
struct DemoDrawing: Sendable {
  static let options = OptionGroup<DemoDrawing>(
    title: "Options",
    options: [
      .integer("count", \.count, in: DemoData.counts, "training images; an eighth as many are held out"),
      .integer("size", \.size, in: DemoData.sizes, "side of an image in pixels"),
      .integer("seed", \.seed, "another seed draws other images, the same seed the same bytes"),
      .quiet(\.isQuiet),
    ])

  var folder = ""
  var count = 200
  var size = 256
  var seed: UInt64 = 0
  var isQuiet = false

  /// Draws with one of the functions of `DemoData`.
  func draw(
    _ console: Console, _ write: (String, Int, Int, UInt64, (Int, Int) -> Void) throws -> Void
  ) throws -> ExitCode {
    var line = ProgressLine(unit: "image", rateUnit: "images", console: console, isQuiet: isQuiet)
    let clock = ContinuousClock()
    let start = clock.now
    func now() -> Double { start.duration(to: clock.now) / .seconds(1) }
    defer { line.finish(now: now()) }
    try write(folder, count, size, seed) { done, total in
      line.update(ProgressLine.State(done: done, total: total), now: now())
    }
    return .success
  }
}
