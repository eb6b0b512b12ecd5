import Training

/// `translate-cli resume RUN`
struct ResumeCommand: Command {
  let words = ["resume"]
  let summary = "go on where the training of RUN stopped, bit for bit"
  let discussion = """
    Only what is named here can change on the way; everything else is as RUN/config.json says, whose history keeps what was \
    changed after which step.
    """
  let operands = [Operand<Self>("RUN", \.run, "folder of a training run")]
  let options: [OptionGroup<Self>] = {
    let settings = SettingChanges.options.map { $0.within(\Self.changes) }
    let others: [Option<Self>] = [
      .text(
        "data", \.data, placeholder: "DATA", "where the data lie now; with more or fewer images a new epoch begins"),
      .quiet(\.isQuiet),
      .flag("json", \.json, "print what came out as JSON at the end"),
    ]
    return [OptionGroup(title: "Options", options: settings + others)]
  }()
  let memoryAdvice =
    "what was saved last is whole: go on with fewer --threads, or give the program more memory"
  let examples = [
    "resume runs/facades", "resume runs/facades --epochs 200 --threads 8",
    "resume runs/facades --steps none --learning-rate 0.0001",
  ]

  var run = ""
  var changes = SettingChanges()
  var data: String?
  var isQuiet = false
  var json = false

  func run(on console: Console) throws -> ExitCode {
    try RankedTraining.run(on: console, isQuiet: isQuiet, json: json) { ranks in
      try TrainingSession(resuming: run, data: data, ranks: ranks, change: changes.apply)
    }
  }
}
