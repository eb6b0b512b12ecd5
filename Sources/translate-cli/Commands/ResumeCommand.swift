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
      options: [
        .integer("epochs", \.epochs, "epochs at the full learning rate, those done included"),
        .integer("decay-epochs", \.decayEpochs, "epochs after that, in which the linear policy lowers the rate"),
        .integer("steps", \.steps, "stop after so many optimiser steps, those done included"),
        .integer("save-every", \.saveEvery, placeholder: "EPOCHS", "epochs between two checkpoints"),
        .integer("sample-every", \.sampleEvery, placeholder: "STEPS", "steps between two sample sheets"),
        .text("data", \.data, placeholder: "DATA", "where the data lie now, if they have moved"),
        .skipDamaged(\.skipDamaged),
        .integer("threads", \.threads, "threads that compute; the result does not depend on it"),
        .quiet(\.isQuiet),
        .flag("json", \.json, "print what came out as JSON at the end"),
      ])
  ]
  static let memoryAdvice =
    "what was saved last is whole: go on with fewer --threads, or give the program more memory"
  static let examples = ["resume runs/facades", "resume runs/facades --epochs 200 --threads 8"]

  var run = ""
  var epochs: Int?
  var decayEpochs: Int?
  var steps: Int?
  var saveEvery: Int?
  var sampleEvery: Int?
  var threads: Int?
  var data: String?
  var skipDamaged = false
  var isQuiet = false
  var json = false

  func run(on console: Console) throws -> ExitCode {
    let session = try TrainingSession(resuming: run, data: data) { configuration in
      configuration.epochs = epochs ?? configuration.epochs
      configuration.decayEpochs = decayEpochs ?? configuration.decayEpochs
      configuration.steps = steps ?? configuration.steps
      configuration.saveEvery = saveEvery ?? configuration.saveEvery
      configuration.sampleEvery = sampleEvery ?? configuration.sampleEvery
      configuration.threads = threads ?? configuration.threads
      configuration.skipDamaged = skipDamaged || configuration.skipDamaged
    }
    return try TrainingDialogue(console: console, isQuiet: isQuiet, json: json).run(session)
  }
}
