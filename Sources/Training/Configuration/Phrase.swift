/// Words for a person that speak of settings: whoever shows them says how a setting is called there, a dash in front of
/// it on a command line, the caption of a field in a window.
///
///     "is larger than \(setting: "load-size", 286)"
public struct Phrase: Sendable, Equatable {
  fileprivate enum Piece: Sendable, Equatable {
    case words(String)
    case setting(String, value: String?)
  }

  private var pieces: [Piece] = []

  /// The phrase where a setting is called what `name` makes of its name, such as `crop-size`.
  public func text(callingSettings name: (String) -> String) -> String {
    pieces.map { piece in
      switch piece {
      case .words(let words): words
      case .setting(let setting, let value): name(setting) + (value.map { " " + $0 } ?? "")
      }
    }.joined()
  }

  /// The settings that it speaks of.
  public var settings: [String] {
    pieces.compactMap { if case .setting(let name, _) = $0 { name } else { nil } }
  }

  /// A setting's name as plain words: `crop size`.
  public static func plain(_ setting: String) -> String { setting.split(separator: "-").joined(separator: " ") }
}

extension Phrase: CustomStringConvertible {
  /// The phrase with the names of settings as plain words.
  public var description: String { text(callingSettings: Self.plain) }
}

extension Phrase: ExpressibleByStringInterpolation {
  /// Gathers words and settings.
  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var pieces: [Piece] = []

    /// Nothing gathered yet.
    public init(literalCapacity: Int, interpolationCount: Int) {}

    /// Adds words.
    public mutating func appendLiteral(_ literal: String) {
      if !literal.isEmpty { pieces.append(.words(literal)) }
    }

    /// Adds a value in words.
    public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      pieces.append(.words("\(value)"))
    }

    /// The setting called `name`, with the value that it is to have.
    public mutating func appendInterpolation(
      setting name: String, _ value: (some CustomStringConvertible)? = String?.none
    ) {
      pieces.append(.setting(name, value: value.map { "\($0)" }))
    }
  }

  /// A phrase that speaks of no setting.
  public init(stringLiteral words: String) { pieces = [.words(words)] }
  /// A phrase of words and settings.
  public init(stringInterpolation: StringInterpolation) { pieces = stringInterpolation.pieces }
}
