import NeuralNet
import SuperResolution
import Weights

/// A network that enlarges, by the name of its family: `srresnet`, `rrdb`, `compact`.
public struct EnlargerChoice: Sendable, Equatable, CustomStringConvertible {
  /// Its name.
  public let description: String
  /// The published network of that name.
  let configuration: any EnlargerConfiguration

  private init(_ configuration: any EnlargerConfiguration) {
    self.configuration = configuration
    description = configuration.architecture
  }

  /// The choice of that name; nil for a name that stands for none.
  public init?(_ name: String) {
    guard let found = NetworkFamilies.generator(named: name) as? any EnlargerConfiguration else { return nil }
    self.init(found)
  }

  /// SRResNet (Ledig et al., 2017).
  static let usual = EnlargerChoice(SRResNetConfiguration())

  /// Whether they have the same name.
  public static func == (left: Self, right: Self) -> Bool { left.description == right.description }
}

extension EnlargerChoice: SettingValue {
  private static let names = NetworkFamilies.enlargers.flatMap { $0.usualNames }
  package static var isWord: Bool { true }
  package static var placeholder: String { names.joined(separator: "|") }
  package init(settingText text: String) throws(SettingTextError) {
    guard let choice = EnlargerChoice(text) else { throw .unknown(choices: Self.names) }
    self = choice
  }
  package var settingText: String? { description }
}

extension EnlargerChoice: Codable {
  /// Reads the name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let choice = EnlargerChoice(name) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "no network that enlarges is called \(name)")
    }
    self = choice
  }

  /// Writes the name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
