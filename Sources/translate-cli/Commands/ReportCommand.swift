import Training

/// `translate-cli report RUN`
struct ReportCommand: Command {
  let words = ["report"]
  let summary = "write RUN/index.html: curves, samples and settings of a training run"
  let discussion = """
    Training writes the page by itself; this writes it anew, also while the training goes on. It opens from the disk and \
    loads nothing from elsewhere.
    """
  let operands = [Operand<Self>("RUN", \.run, "folder of a training run")]
  let options: [OptionGroup<Self>] = []
  let examples = ["report runs/facades"]

  var run = ""

  func run(on console: Console) throws -> ExitCode {
    try Report.write(runFolder: run)
    return .success
  }
}
