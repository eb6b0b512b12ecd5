/// `translate-cli completions bash|zsh|fish`
struct CompletionsCommand: Command {
  let words = ["completions"]
  let summary = "print what makes a shell complete commands, options and their values"
  let discussion = """
    In bash and zsh: source <(\(Program.name) completions bash), or zsh, in the file that the shell reads when it starts; in \
    fish: \(Program.name) completions fish | source.
    """
  let operands = [Operand<Self>(Shell.names.joined(separator: "|"), \.shell, "the shell")]
  let options: [OptionGroup<Self>] = []
  let examples = Shell.names.map { "completions \($0)" }

  var shell = ""

  func validate(given: Set<String>) throws(UsageError) {
    guard Shell(rawValue: shell) == nil else { return }
    throw .unknownChoice(option: "the shell", value: shell, choices: Shell.names)
  }

  func run(on console: Console) throws -> ExitCode {
    guard let shell = Shell(rawValue: shell) else { return .usage }
    try console.output(CompletionTable(CommandTable.commands).script(for: shell))
    return .success
  }
}
