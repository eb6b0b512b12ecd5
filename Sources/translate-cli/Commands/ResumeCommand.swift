import Training

/// `translate-cli resume RUN`
struct ResumeCommand: Command {
  static let words = ["resume"]
  static let summary = "go on where the training of RUN stopped, bit for bit"
  static let discussion = """
    Only what is named here can change on the way; everything else is as RUN/config.json says.
    """
  static let operands = [Operand<Self>("RUN", \.run, "folder of a training run")]
  static let options = [
    OptionGroup<Self>(
      title: "Options",
      options: SettingChanges.options.map { $0.within(\Self.changes) } + [
        .text("data", \.data, placeholder: "DATA", "where the data lie now, if they have moved"),
        .quiet(\.isQuiet),
        .flag("json", \.json, "print what came out as JSON at the end"),
      ])
  ]
  static let memoryAdvice =
    "what was saved last is whole: go on with fewer --threads, or give the program more memory"
  static let examples = ["resume runs/facades", "resume runs/facades --epochs 200 --threads 8"]

  var run = ""
  var changes = SettingChanges()
  var data: String?
  var isQuiet = false
  var json = false

  func run(on console: Console) throws -> ExitCode {
    let session = try TrainingSession(resuming: run, data: data, change: changes.apply)
    return try TrainingDialogue(console: console, isQuiet: isQuiet, json: json).run(session)
  }
}
