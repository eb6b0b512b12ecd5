import Foundation

/// The words of the command line, from which options are taken out one by one.
struct Words {
  private(set) var rest: [String]

  init(_ words: [String]) { rest = words }

  /// Takes out an option with a number.
  mutating func number(_ option: String) -> Int? {
    guard let place = rest.firstIndex(of: option), place + 1 < rest.count, let value = Int(rest[place + 1]) else {
      return nil
    }
    rest.removeSubrange(place...place + 1)
    return value
  }

  /// Takes out an option with one of the values of a type.
  mutating func choice<Value: RawRepresentable<String>>(_ option: String) -> Value? {
    guard let place = rest.firstIndex(of: option), place + 1 < rest.count, let value = Value(rawValue: rest[place + 1])
    else { return nil }
    rest.removeSubrange(place...place + 1)
    return value
  }

  /// Takes out an option without a value.
  mutating func flag(_ option: String) -> Bool {
    guard let place = rest.firstIndex(of: option) else { return false }
    rest.remove(at: place)
    return true
  }
}

func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
  print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

func pad(_ text: String, _ width: Int) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
