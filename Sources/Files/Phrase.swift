/// Words for a person that speak of settings: whoever shows them says how a setting is called there, a dash in front of
/// it on a command line, the caption of a field in a window.
///
///     "is larger than \(setting: "load-size", 286)"
public struct Phrase: Sendable, Equatable {
  fileprivate enum Piece: Sendable, Equatable {
    case words(String)
    case setting(String, caption: String?, value: String?)
  }

  private var pieces: [Piece] = []

  /// The phrase where a setting is called what `name` makes of its name, such as `crop-size`.
  public func text(callingSettings name: (String) -> String) -> String {
    pieces.map { piece in
      switch piece {
      case .words(let words): words
      case .setting(let setting, _, let value): name(setting) + (value.map { " " + $0 } ?? "")
      }
    }.joined()
  }

  /// The settings that it speaks of.
  public var settings: [String] {
    pieces.compactMap { if case .setting(let name, _, _) = $0 { name } else { nil } }
  }

  /// A phrase of words that speak of no setting.
  public init(_ words: String) { self.init(stringLiteral: words) }

  /// `phrases` one after another, with `separator` between them.
  package init(joining phrases: [Phrase], separator: String) {
    for (index, phrase) in phrases.enumerated() {
      if index > 0 { pieces.append(.words(separator)) }
      pieces += phrase.pieces
    }
    pieces = Self.merged(pieces)
  }

  /// Words that follow one another in one piece: phrases that read the same are equal.
  fileprivate static func merged(_ pieces: [Piece]) -> [Piece] {
    pieces.reduce(into: []) { merged, piece in
      if case .words(let more) = piece, case .words(let words) = merged.last {
        merged[merged.count - 1] = .words(words + more)
      } else {
        merged.append(piece)
      }
    }
  }

  /// A setting's name as plain words: `crop size`.
  public static func plain(_ setting: String) -> String { setting.split(separator: "-").joined(separator: " ") }
}

extension Phrase: CustomStringConvertible {
  /// The phrase with settings as plain words: their names, or what they are called here.
  public var description: String {
    pieces.map { piece in
      switch piece {
      case .words(let words): words
      case .setting(let name, let caption, let value):
        (caption ?? Self.plain(name)) + (value.map { " " + $0 } ?? "")
      }
    }.joined()
  }
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

    /// Adds another phrase with the settings in it.
    public mutating func appendInterpolation(_ phrase: Phrase) { pieces += phrase.pieces }

    /// The setting called `name`, with the value that it is to have; `caption` is what plain words call it, where its name
    /// does not read well.
    public mutating func appendInterpolation(
      setting name: String, _ value: (some CustomStringConvertible)? = String?.none, called caption: String? = nil
    ) {
      pieces.append(.setting(name, caption: caption, value: value.map { "\($0)" }))
    }
  }

  /// A phrase that speaks of no setting.
  public init(stringLiteral words: String) { pieces = [.words(words)] }
  /// A phrase of words and settings.
  public init(stringInterpolation: StringInterpolation) { pieces = Self.merged(stringInterpolation.pieces) }
}
