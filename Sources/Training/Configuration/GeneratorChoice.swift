import NeuralNet
import ResNet
import UNet
import Weights

/// A generator by the name that the field gives it: `unet_256`, `resnet_9blocks`.
public struct GeneratorChoice: Sendable, Equatable, Hashable, CustomStringConvertible {
  /// A network of that name, with the published defaults.
  let configuration: any TranslationGeneratorConfiguration

  /// The choice of `configuration`'s name.
  init(_ configuration: any TranslationGeneratorConfiguration) { self.configuration = configuration }

  /// The choice of that name; nil for a name that stands for none.
  public init?(_ name: String) {
    guard let configuration = NetworkFamilies.translator(named: name) else { return nil }
    self.init(configuration)
  }

  /// A U-Net that halves the resolution this many times: `unet_S` has log₂ S levels.
  public static func unet(levels: Int) -> GeneratorChoice { GeneratorChoice(UNetConfiguration(levels: levels)) }

  /// A ResNet with this many residual blocks.
  public static func resnet(blocks: Int) -> GeneratorChoice { GeneratorChoice(ResNetConfiguration(blocks: blocks)) }

  /// The name, as in `--generator`.
  public var description: String { configuration.architecture }

  /// The names most often used, for help and for suggestions.
  public static let usualNames = NetworkFamilies.translators.flatMap { $0.usualNames }

  /// Whether they have the same name.
  public static func == (left: GeneratorChoice, right: GeneratorChoice) -> Bool {
    left.description == right.description
  }

  /// Adds the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension GeneratorChoice: Codable {
  /// Reads the name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let choice = GeneratorChoice(name) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no generator is called \(name)")
    }
    self = choice
  }

  /// Writes the name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
