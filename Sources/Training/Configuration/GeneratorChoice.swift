/// A generator by the name that the field gives it: `unet_256`, `resnet_9blocks`.
public enum GeneratorChoice: Sendable, Equatable, Hashable, CustomStringConvertible {
  /// A U-Net that halves the resolution this many times: `unet_S` has log₂ S levels.
  case unet(levels: Int)
  /// A ResNet with this many residual blocks.
  case resnet(blocks: Int)

  /// The levels that a U-Net may have: `unet_32` … `unet_1024`.
  public static let unetLevels = 5...10
  /// The residual blocks that a ResNet may have.
  public static let resnetBlocks = 1...64

  /// The choice of that name; nil for a name that stands for none.
  public init?(_ name: String) {
    if name.hasPrefix("unet_"), let size = Self.decimal(name.dropFirst(5)), size > 0, size.nonzeroBitCount == 1,
      Self.unetLevels.contains(size.trailingZeroBitCount)
    {
      self = .unet(levels: size.trailingZeroBitCount)
    } else if name.hasPrefix("resnet_"), name.hasSuffix("blocks"),
      let blocks = Self.decimal(name.dropFirst(7).dropLast(6)), Self.resnetBlocks.contains(blocks)
    {
      self = .resnet(blocks: blocks)
    } else {
      return nil
    }
  }

  /// The name, as in `--generator`.
  public var description: String {
    switch self {
    case .unet(let levels): "unet_\(1 << levels)"
    case .resnet(let blocks): "resnet_\(blocks)blocks"
    }
  }

  /// The names most often used, for help and for suggestions.
  public static let usualNames =
    unetLevels.reversed().map { GeneratorChoice.unet(levels: $0).description } + ["resnet_9blocks", "resnet_6blocks"]

  /// A number of at most four digits without a sign or leading zero.
  private static func decimal(_ text: Substring) -> Int? {
    guard (1...4).contains(text.count), text.allSatisfy({ $0.isASCII && $0.isNumber }), text.first != "0" else {
      return nil
    }
    return Int(text)
  }
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
