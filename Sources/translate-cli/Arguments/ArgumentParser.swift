/// Reads what follows a command's words into `command`, which has the defaults.
///
/// `--name value` and `--name=value` are the same; the last of repeated options counts, so that a script can add to
/// its own defaults; after `--` everything is an operand.
///
/// - Parameter owners: the names of the commands that have an option written like this, to tell who meant another one
func parse<C: Command>(
  _ command: C, _ arguments: [String], owners: @escaping (String) -> [String] = { _ in [] }
) throws(UsageError) -> C {
  var parser = ArgumentParser(command, owners: owners)
  try parser.read(arguments)
  return try parser.finished()
}

private struct ArgumentParser<C: Command> {
  private let options: [Option<C>]
  private var command: C
  private var operands = [String]()
  private var seen = Set<String>()
  private let owners: (String) -> [String]

  init(_ command: C, owners: @escaping (String) -> [String]) {
    self.owners = owners
    self.command = command
    options = command.options.flatMap(\.options)
  }

  mutating func read(_ arguments: [String]) throws(UsageError) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        operands += rest
        return
      }
      if argument.hasPrefix("-"), argument.count > 1 {
        try readOption(argument, &rest)
      } else {
        operands.append(argument)
      }
    }
  }

  func finished() throws(UsageError) -> C {
    var command = command
    for (index, operand) in self.command.operands.enumerated() {
      guard index < operands.count, !operands[index].isEmpty else {
        throw .missingOperand(name: operand.name, help: operand.help)
      }
      command[keyPath: operand.property] = operands[index]
    }
    let known = command.operands.count
    for operand in operands.dropFirst(known) {
      guard let last = command.operands.last, last.repeats else { throw .extraOperand(operand) }
      guard !operand.isEmpty else { throw .missingOperand(name: last.name, help: last.help) }
      command[keyPath: last.property] = operand
    }
    for option in options where option.isRequired && !seen.contains(option.name) {
      throw .missingOption(option.invocation, help: option.help)
    }
    try command.validate(given: seen)
    return command
  }

  private mutating func readOption(_ argument: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let written = parts[0]
    let attached = parts.count > 1 ? parts[1] : nil
    guard let (option, isNegated) = find(written) else {
      if let replacement = PublicCodeWords.replacement(of: written) { throw .publicCode(option: written, replacement) }
      throw .unknownOption(
        written, known: options.flatMap(\.spellings) + ["--help"], elsewhere: owners(written))
    }
    seen.insert(option.name)
    switch option.form {
    case .flag, .toggle:
      if let attached { throw .unexpectedValue(option: written, value: attached) }
      try option.set(&command, isNegated ? "false" : "true")
    case .value(let placeholder):
      if let attached {
        try option.set(&command, attached)
      } else if let next = rest.first, !next.hasPrefix("--") {
        rest.removeFirst()
        try option.set(&command, next)
      } else {
        throw .missingValue(option: written, placeholder: placeholder)
      }
    }
  }

  private func find(_ written: String) -> (option: Option<C>, isNegated: Bool)? {
    for option in options {
      if written == "--" + option.name { return (option, false) }
      if option.form == .toggle, written == "--no-" + option.name { return (option, true) }
    }
    return nil
  }
}

extension Option {
  /// Every way to write its name.
  var spellings: [String] { form == .toggle ? ["--" + name, "--no-" + name] : ["--" + name] }

  /// The option with what follows it, as in usage lines.
  var invocation: String {
    switch form {
    case .value(let placeholder): "--\(name) \(placeholder)"
    case .flag, .toggle: spellings.joined(separator: ", ")
    }
  }
}
