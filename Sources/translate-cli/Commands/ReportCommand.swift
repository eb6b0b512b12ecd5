import Training

/// `translate-cli report RUN`
struct ReportCommand: Command {
  static let words = ["report"]
  static let summary = "write RUN/index.html: curves, samples and settings of a training run"
  static let discussion = """
    Training writes the page by itself; this writes it anew, also while the training goes on. It opens from the disk and \
    loads nothing from elsewhere.
    """
  static let operands = [Operand<Self>("RUN", \.run, "folder of a training run")]
  static let options: [OptionGroup<Self>] = []
  static let examples = ["report runs/facades"]

  var run = ""

  func run(on console: Console) throws -> ExitCode {
    try Report.write(runFolder: run)
    return .success
  }
}
