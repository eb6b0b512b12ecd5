import DemoData
import Foundation

/// `translate-cli demo-data KIND DIR`
struct DemoDataCommand: Command {
  let words: [String]
  let summary: String
  let discussion: String
  let operands = [Operand<Self>("DIR", \.drawing.folder, "folder to draw to")]
  let options = [DemoDrawing.options.within(\Self.drawing)]
  let memoryAdvice = "choose a smaller --size, or give the program more memory"
  let examples: [String]
  private let write: @Sendable (String, Int, Int, UInt64, (Int, Int) -> Void) throws -> Void

  var drawing = DemoDrawing()

  private init(
    _ kind: String, _ summary: String, _ discussion: String = "", example: String,
    _ write: @escaping @Sendable (String, Int, Int, UInt64, (Int, Int) -> Void) throws -> Void
  ) {
    words = ["demo-data", kind]
    (self.summary, self.discussion, self.write) = (summary, discussion, write)
    examples = ["demo-data \(kind) \(example)"]
  }

  /// Every kind.
  static let all = [
    DemoDataCommand(
      "paired", "draw a small paired data set: rows of town houses and their label maps",
      example: "demo/houses --count 100 --size 128"
    ) { try DemoData.writePaired(to: $0, count: $1, size: $2, seed: $3, progress: $4) },
    DemoDataCommand(
      "labelled", "draw a small paired data set with labels: the same town houses by day, dusk and night",
      """
      Each of the sub-folders day, dusk and night holds all of the houses: --count is for each of them. Train with \
      --labels folders and --direction BtoA.
      """, example: "demo/lights --count 60 --size 128"
    ) { try DemoData.writeLabelled(to: $0, count: $1, size: $2, seed: $3, progress: $4) },
    DemoDataCommand(
      "unpaired", "draw a small unpaired data set: landscapes in summer and in winter",
      example: "demo/seasons --count 100 --size 128"
    ) { try DemoData.writeUnpaired(to: $0, count: $1, size: $2, seed: $3, progress: $4) },
    DemoDataCommand(
      "shapes", "draw a small data set in classes: circles, crosses, squares and triangles",
      """
      Each class is a sub-folder: --count is for each of them. Train with train generate, and --labels folders to tell \
      them apart.
      """, example: "demo/shapes --count 500 --size 64"
    ) { try DemoData.writeShapes(to: $0, count: $1, size: $2, seed: $3, progress: $4) },
  ]

  func run(on console: Console) throws -> ExitCode { try drawing.draw(console, write) }
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
