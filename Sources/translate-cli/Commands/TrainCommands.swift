import Training

/// `translate-cli train paired DATA --out RUN`
struct TrainPairedCommand: Command {
  static let words = ["train", "paired"]
  static let summary = "learn A → B from pairs of images (pix2pix)"
  static let discussion = """
    DATA holds side-by-side PNGs (left half A, right half B), itself or in train; or A and B in two folders: A and B, \
    A/train and B/train, trainA and trainB, matched by name. A held-out part (val, test, valA and valB, testA and \
    testB) is used for samples and figures along the way. \(TrainingRun.manners)
    """
  static let operands = [Operand<Self>("DATA", \.run.data, "folder of training images")]
  static let options = TrainingRun.options(for: .paired).map { $0.within(\Self.run) }
  static let memoryAdvice = TrainingRun.memoryAdvice
  static let examples = [
    "train paired facades --out runs/facades --direction BtoA",
    "train paired maps --out small --generator unet_128 --crop-size 128 --ngf 32",
  ]

  var run = TrainingRun(.paired)

  func validate(given: Set<String>) throws(UsageError) { try run.validate(given) }
  func run(on console: Console) throws -> ExitCode { try run.start(console) }
}

/// `translate-cli train unpaired DATA --out RUN`
struct TrainUnpairedCommand: Command {
  static let words = ["train", "unpaired"]
  static let summary = "learn A → B and B → A from two sets of images (CycleGAN)"
  static let discussion = """
    DATA holds trainA and trainB, or A and B. A held-out part (testA and testB, valA and valB) is used for samples along \
    the way. \(TrainingRun.manners)
    """
  static let operands = [Operand<Self>("DATA", \.run.data, "folder of training images")]
  static let options = TrainingRun.options(for: .unpaired).map { $0.within(\Self.run) }
  static let memoryAdvice = TrainingRun.memoryAdvice
  static let examples = [
    "train unpaired horse2zebra --out runs/zebras",
    "train unpaired seasons --out small --generator resnet_6blocks --ngf 32",
  ]

  var run = TrainingRun(.unpaired)

  func validate(given: Set<String>) throws(UsageError) { try run.validate(given) }
  func run(on console: Console) throws -> ExitCode { try run.start(console) }
}

/// What both kinds of training are told.
struct TrainingRun: Sendable {
  static let manners = """
    Ctrl-C, or a lost connection, finishes the step, saves and says how to go on. The same command with the same seed gives the same files, \
    at any number of threads.
    """

  static let memoryAdvice =
    "choose a smaller --batch-size, --crop-size or network (--ngf, --ndf), or fewer --threads, or give the program more "
    + "memory"

  static func options(for objective: TrainingObjective) -> [OptionGroup<TrainingRun>] {
    let output = OptionGroup<TrainingRun>(
      title: "Output",
      options: [
        .text("out", \.out, placeholder: "RUN", isRequired: true, "folder for the run's files"),
        .flag("overwrite", \.overwrite, "throw away the run that RUN holds"),
        .quiet(\.isQuiet),
        .flag("json", \.json, "print what came out as JSON at the end"),
      ])
    return [output] + TrainingOptions.groups(for: objective).map { $0.within(\TrainingRun.configuration) }
  }

  var data = ""
  var out = ""
  var overwrite = false
  var isQuiet = false
  var json = false
  var configuration: TrainingConfiguration

  init(_ objective: TrainingObjective) { configuration = TrainingConfiguration(objective) }

  func validate(_ given: Set<String>) throws(UsageError) {
    try configuration.validateForCommandLine(given)
    guard !isSamePlace(data, out) else {
      throw .malformed(option: "--out", value: out, expected: "another folder than DATA")
    }
  }

  func start(_ console: Console) throws -> ExitCode {
    let session = try TrainingSession(
      starting: configuration, data: data, run: out, overwrite: overwrite, commandLine: console.commandLine)
    return try TrainingDialogue(console: console, isQuiet: isQuiet, json: json).run(session)
  }
}
