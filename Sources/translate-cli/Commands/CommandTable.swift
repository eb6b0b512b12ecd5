import Files
import Training

/// All commands, and from words to the one that is meant.
enum CommandTable {
  /// In the order of the overview, each with its defaults.
  static var commands: [any Command] {
    TrainingAlgorithm.registered.map { TrainCommand($0) } + others
  }

  private static var others: [any Command] {
    [
      ResumeCommand(), ApplyCommand(), GenerateCommand(), EvaluateCommand(), PrecisionCommand(), CheckCommand(),
      InspectCommand(),
      ConvertCommand(), ReportCommand(),
    ] + DemoDataCommand.all + [CompletionsCommand()]
  }

  /// The command that `arguments` begin with, and what follows its words.
  static func find(_ arguments: [String]) throws(UsageError) -> (command: any Command, rest: ArraySlice<String>) {
    guard let first = arguments.first else { throw .missingCommand }
    let commands = commands
    if let command = commands.first(where: { arguments.starts(with: $0.words) }) {
      return (command, arguments.dropFirst(command.words.count))
    }
    if first.hasPrefix("-") { throw .unknownOption(first, known: ["--help", "--version"], elsewhere: []) }
    let family = family(of: first)
    guard !family.isEmpty else {
      throw .unknownCommand(first, known: commands.map { $0.words[0] } + [Program.helpWord])
    }
    throw .incompleteCommand(first, word: arguments.dropFirst().first, known: family.map { $0.words[1] })
  }

  /// The commands of more than one word that begin with `word`.
  static func family(of word: String) -> [any Command] {
    commands.filter { $0.words.count > 1 && $0.words[0] == word }
  }

  /// The names of the commands that have an option written like this.
  static func names(having option: String) -> [String] {
    func has<C: Command>(_ command: C) -> Bool {
      command.options.contains { $0.options.contains { $0.isListed && $0.spellings.contains(option) } }
    }
    return commands.filter { has($0) }.map { $0.name }
  }
}
