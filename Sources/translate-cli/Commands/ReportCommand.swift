import Training

/// `translate-cli report RUN [RUN …]`
struct ReportCommand: Command {
  let words = ["report"]
  let summary = "write RUN/index.html: verdict, curves, samples and settings; or several runs side by side"
  let discussion = """
    Training writes the page by itself; this writes it anew, also while the training goes on. It opens from the disk and \
    loads nothing from elsewhere.

    Several runs are laid side by side in comparison.html in the folder of the first: their final figures, curves one over \
    the other, the settings in which they differ, and their latest sheets.
    """
  let operands = [Operand<Self>("RUN", \.nextRun, "folder of a training run", repeats: true)]
  let options = [
    OptionGroup<Self>(
      title: "Options",
      options: [
        .text(
          "out", \.out, placeholder: "FILE",
          "where the page goes [RUN/\(Report.fileName); the first RUN/\(Report.comparisonName) for several]"),
        .quiet(\.isQuiet),
      ])
  ]
  let examples = ["report runs/facades", "report runs/facades runs/facades-lsgan --out facades.html"]

  var runs: [String] = []
  var out: String?
  var isQuiet = false

  /// What is written here is one more run.
  private var nextRun: String {
    get { "" }
    set { runs.append(newValue) }
  }

  func run(on console: Console) throws -> ExitCode {
    let path =
      runs.count == 1
      ? try Report.write(runFolder: runs[0], to: out) : try Report.writeComparison(of: runs, to: out)
    if !isQuiet { console.error("the page is \(path)") }
    return .success
  }
}
