/// What shells are told of the commands, from the same tables that parser and help read.
struct CompletionTable: Sendable {
  /// What may follow an option, or stand as an operand.
  enum Value: Equatable, Sendable {
    case none
    case choices([String])
    case path
    /// A number, or a name that only the user knows.
    case other
  }

  struct Option: Sendable {
    /// `--flip`, `--no-flip`
    let spellings: [String]
    let placeholder: String
    let value: Value
    let help: String
  }

  struct Operand: Sendable {
    let name: String
    let value: Value
  }

  struct Entry: Sendable {
    let words: [String]
    let summary: String
    let options: [Option]
    let operands: [Operand]
    var name: String { words.joined(separator: " ") }
  }

  let entries: [Entry]

  init(_ commands: [any Command]) { entries = commands.map { Self.entry($0) } }

  /// The first words of commands, each once, with what to say of them.
  var firstWords: [(word: String, summary: String)] {
    var seen: Set<String> = []
    let commands = entries.filter { seen.insert($0.words[0]).inserted }
      .map {
        (
          $0.words[0],
          $0.words.count == 1 ? $0.summary : secondWords(of: $0.words[0]).map(\.word).joined(separator: ", ")
        )
      }
    return commands + [(Program.helpWord, "list the options of a command")]
  }

  /// The words that begin commands of two.
  var families: [String] {
    var seen: Set<String> = []
    return entries.filter { $0.words.count > 1 }.map { $0.words[0] }.filter { seen.insert($0).inserted }
  }

  func secondWords(of first: String) -> [(word: String, summary: String)] {
    entries.filter { $0.words.count > 1 && $0.words[0] == first }.map { ($0.words[1], $0.summary) }
  }

  private static func entry<C: Command>(_ command: C) -> Entry {
    let options = command.options.flatMap(\.options).map { option in
      guard case .value(let placeholder) = option.form else {
        return Option(spellings: option.spellings, placeholder: "", value: .none, help: option.help)
      }
      return Option(spellings: option.spellings, placeholder: placeholder, value: value(placeholder), help: option.help)
    }
    let help = Option(spellings: ["--help"], placeholder: "", value: .none, help: "list the options")
    return Entry(
      words: command.words, summary: command.summary, options: options + [help],
      operands: command.operands.map { Operand(name: $0.name, value: operand($0.name)) })
  }

  /// Placeholders that stand for a path.
  private static let paths: Set<String> = ["DIR", "DATA", "RUN", "MODEL", "FILE", "PNG"]

  private static func value(_ placeholder: String) -> Value {
    if let choices = choices(placeholder) { return .choices(choices) }
    return placeholder.split(separator: "|").contains { paths.contains(String($0)) } ? .path : .other
  }

  /// Whatever stands without a name is a path, but for words out of a list.
  private static func operand(_ name: String) -> Value { choices(name).map(Value.choices) ?? .path }

  /// `AtoB|BtoA` are words to choose from, `FILE|RUN` stands for something.
  private static func choices(_ placeholder: String) -> [String]? {
    let words = placeholder.split(separator: "|").map(String.init)
    return words.count > 1 && words.contains { $0 != $0.uppercased() } ? words : nil
  }
}
