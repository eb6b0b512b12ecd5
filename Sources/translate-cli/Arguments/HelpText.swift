import Foundation
import Images
import Training

/// Help, written from the same tables that the parser reads.
enum HelpText {
  private static let width = 100
  private static let nameColumn = 30

  /// What `translate-cli --help` prints.
  static func overview(of commands: [any Command]) -> String {
    let lines = commands.map { ($0.name + " " + operandNames($0), $0.summary) }
    return """
      \(Program.name) \(Program.version): image-to-image translation (\(methods)) on CPUs, PNG in, PNG out

      Usage: \(Program.name) COMMAND [arguments] [options]

      Commands:
      \(table(lines))

      \(Program.name) COMMAND --help, or help COMMAND, lists a command's options with their defaults; --version prints the
      version.
      Exit status: 0 all done, 1 something failed, 2 wrong command line, 130 or 143 stopped by a signal after saving.

      """
  }

  /// What `translate-cli COMMAND --help` prints.
  static func text<C: Command>(of command: C) -> String {
    var sections = [wrapped("\(Program.name) \(command.name): \(command.summary)", width, "  "), usage(of: command)]
    if !command.discussion.isEmpty {
      sections.append(
        command.discussion.components(separatedBy: "\n\n").map { wrapped($0, width, "") }.joined(separator: "\n\n"))
    }
    if !command.operands.isEmpty {
      sections.append("Arguments:\n" + table(command.operands.map { ($0.name, $0.help) }))
    }
    for group in command.options {
      let lines = group.options.filter(\.isListed).map { option in
        (option.invocation, option.help + (option.standard(command).map { " [\($0)]" } ?? ""))
      }
      sections.append(group.title + ":\n" + table(lines))
    }
    sections.append(
      "Examples:\n" + command.examples.map { "  \(Program.name) \($0)" }.joined(separator: "\n"))
    return sections.joined(separator: "\n\n") + "\n"
  }

  private static var methods: String { TrainingAlgorithm.registered.map(\.method).joined(separator: ", ") }

  private static func usage<C: Command>(of command: C) -> String {
    let required = command.options.flatMap(\.options).filter(\.isRequired).map(\.invocation)
    let parts = ["Usage:", Program.name, command.name, operandNames(command)] + required + ["[options]"]
    return parts.filter { !$0.isEmpty }.joined(separator: " ")
  }

  private static func operandNames<C: Command>(_ command: C) -> String {
    command.operands.map(\.usage).joined(separator: " ")
  }

  /// Two columns; a name that is too long for the first has its text below it.
  private static func table(_ lines: [(name: String, text: String)]) -> String {
    let indent = String(repeating: " ", count: nameColumn)
    return lines.map { name, text in
      let body = wrapped(text, width - nameColumn, indent)
      let padded = "  " + name
      return padded.count + 2 <= nameColumn
        ? padded.padding(toLength: nameColumn, withPad: " ", startingAt: 0) + body : padded + "\n" + indent + body
    }.joined(separator: "\n")
  }

  /// `text` in lines of at most `width` characters, all but the first after `indent`.
  private static func wrapped(_ text: String, _ width: Int, _ indent: String) -> String {
    var lines = [""]
    for word in text.split(separator: " ") {
      let line = lines[lines.count - 1]
      if line.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if line.count + 1 + word.count <= width {
        lines[lines.count - 1] = line + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.joined(separator: "\n" + indent)
  }
}
