import Cluster
import Training

/// `translate-cli train NAME DATA --out RUN`, for each algorithm that is registered.
struct TrainCommand: Command {
  let algorithm: TrainingAlgorithm

  var words: [String] { ["train", algorithm.name] }
  var summary: String { algorithm.summary }
  var discussion: String {
    algorithm.discussion + " "
      + """
      Ctrl-C, or a lost connection, finishes the step, saves and says how to go on. The same command with the same seed \
      gives the same files, at any number of threads. Losses that are shown are smoothed: half of what was is forgotten \
      after 20 steps; losses.csv has those of every step.
      """
  }
  let operands = [Operand<Self>("DATA", \.data, "folder of training images")]
  var options: [OptionGroup<Self>] {
    let output = OptionGroup<Self>(
      title: "Output",
      options: [
        .text("out", \.out, placeholder: "RUN", isRequired: true, "folder for the run's files"),
        .flag("overwrite", \.overwrite, "throw away the run that RUN holds"),
        .quiet(\.isQuiet),
        .flag("json", \.json, "print what came out as JSON at the end"),
      ])
    return [output] + TrainingOptions.groups(for: algorithm).map { $0.within(\Self.configuration) }
  }
  let memoryAdvice =
    "choose a smaller --batch-size, --crop-size or network (--ngf, --ndf), or fewer --threads, or give the program more "
    + "memory"
  var examples: [String] {
    algorithm.examples.map { example in
      let settings = example.settings.map { " --\($0.name) \($0.value)" }.joined()
      return "\(name) \(example.data) --out \(example.run)" + settings
    }
  }

  var data = ""
  var out = ""
  var overwrite = false
  var isQuiet = false
  var json = false
  var configuration: TrainingConfiguration

  init(_ algorithm: TrainingAlgorithm) {
    self.algorithm = algorithm
    configuration = TrainingConfiguration(algorithm)
  }

  func validate(given: Set<String>) throws(UsageError) {
    try configuration.validateForCommandLine(given, ranks: Cluster.count())
    guard !isSamePlace(data, out) else {
      throw .malformed(option: "--out", value: out, expected: "another folder than DATA")
    }
  }

  func run(on console: Console) throws -> ExitCode {
    try RankedTraining.run(on: console, isQuiet: isQuiet, json: json) { ranks in
      try TrainingSession(
        starting: configuration, data: data, run: out, overwrite: overwrite, commandLine: console.commandLine,
        ranks: ranks)
    }
  }
}
