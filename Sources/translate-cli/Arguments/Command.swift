/// One thing that the program does, with what the command line can say about it.
///
/// A command is a value whose properties are its settings: a table has it with the defaults, the operands and
/// options set them, `run` does the work.
protocol Command: Sendable {
  /// The words that call it: `["train", "paired"]`.
  var words: [String] { get }
  /// What it does, in a phrase.
  var summary: String { get }
  /// What else a user should know, in paragraphs.
  var discussion: String { get }
  /// What stands on the command line without a name, in this order.
  var operands: [Operand<Self>] { get }
  var options: [OptionGroup<Self>] { get }
  /// Whole command lines without the program's name.
  var examples: [String] { get }

  /// What helps where the memory does not suffice.
  var memoryAdvice: String { get }

  /// Refuses combinations of settings that cannot be, and options that would have no effect.
  ///
  /// - Parameter given: the names of the options that were on the command line
  func validate(given: Set<String>) throws(UsageError)

  /// Does the work.
  ///
  /// - Returns: how the program ends where nothing is thrown.
  func run(on console: Console) throws -> ExitCode
}

extension Command {
  var discussion: String { "" }
  var memoryAdvice: String { "give the program more memory" }
  var name: String { words.joined(separator: " ") }
  func validate(given: Set<String>) throws(UsageError) {}
}

/// Something on the command line without a name.
struct Operand<Target>: Sendable {
  /// How it is called in help and errors: DATA.
  let name: String
  let help: String
  let property: WritableKeyPath<Target, String> & Sendable
  /// Whether more of them may follow; `property` is set for each. Only the last operand can repeat.
  let repeats: Bool

  init(
    _ name: String, _ property: WritableKeyPath<Target, String> & Sendable, _ help: String, repeats: Bool = false
  ) {
    (self.name, self.property, self.help, self.repeats) = (name, property, help, repeats)
  }

  /// How it stands in usage lines.
  var usage: String { repeats ? "\(name) [\(name) …]" : name }
}
