import Files
import Training

/// What is wrong with a command line. The wording of all of them is here, and only here.
enum UsageError: Error, Equatable {
  case missingCommand
  case unknownCommand(String, known: [String])
  /// A first word such as `train` that needs another.
  case incompleteCommand(String, word: String?, known: [String])
  /// `elsewhere` lists the commands that have such an option.
  case unknownOption(String, known: [String], elsewhere: [String])
  /// An option of the public PyTorch code that is called otherwise here.
  case publicCode(option: String, PublicCodeWords.Replacement)
  case missingValue(option: String, placeholder: String)
  case unexpectedValue(option: String, value: String)
  case notAnInteger(option: String, value: String, range: String?)
  case notANumber(option: String, value: String)
  case unknownChoice(option: String, value: String, choices: [String])
  case missingOperand(name: String, help: String)
  case extraOperand(String)
  case missingOption(String, help: String)
  /// An option that would be ignored without another one.
  case needs(option: String, other: String)
  /// Two options of which only one makes sense.
  case excludes(option: String, other: String)
  case malformed(option: String, value: String, expected: String)
  case impossible(ConfigurationError)
}

extension UsageError: CustomStringConvertible {
  /// One sentence without the full stop.
  var description: String {
    switch self {
    case .missingCommand:
      "no command given"
    case .unknownCommand(let word, let known):
      "there is no command \(word)" + Self.suggestion(word, among: known)
    case .incompleteCommand(let first, nil, let known):
      "\(first) needs one more word: \(known.joined(separator: " or "))"
    case .incompleteCommand(let first, let word?, let known):
      "there is no command \(first) \(word); \(first) is followed by \(known.joined(separator: " or "))"
        + Self.suggestion(word, among: known)
    case .unknownOption(let option, let known, let elsewhere):
      if elsewhere.isEmpty {
        "there is no option \(option)" + Self.suggestion(option, among: known)
      } else {
        "\(option) is no option of this command, only of \(elsewhere.joined(separator: ", "))"
      }
    case .publicCode(let option, let replacement):
      PublicCodeWords.sentence(option, replacement)
    case .missingValue(let option, let placeholder):
      "\(option) needs a value: \(option) \(placeholder)"
    case .unexpectedValue(let option, let value):
      "\(option) takes no value, but \(value) was given"
    case .notAnInteger(let option, let value, let range):
      "\(option) needs a whole number" + (range.map { " " + $0 } ?? "") + ", not \(value)"
    case .notANumber(let option, let value):
      "\(option) needs a number, not \(value)"
    case .unknownChoice(let option, let value, let choices):
      "\(option) cannot be \(value); it is one of \(choices.joined(separator: ", "))"
        + Self.suggestion(value, among: choices)
    case .missingOperand(let name, let help):
      "\(name) is missing (\(help))"
    case .extraOperand(let word):
      "\(word) is one argument too many"
    case .missingOption(let option, let help):
      "\(option) is missing (\(help))"
    case .needs(let option, let other):
      "\(option) has no effect without \(other)"
    case .excludes(let option, let other):
      "\(option) and \(other) exclude each other"
    case .malformed(let option, let value, let expected):
      "\(option) needs \(expected), not \(value)"
    case .impossible(let error):
      error.text { "--" + $0 }
    }
  }

  private static func suggestion(_ word: String, among known: [String]) -> String {
    nearestWord(to: word, among: known).map { "; did you mean \($0)?" } ?? ""
  }
}
