/// How large a picture from outside may be; checked against a file's header before memory is taken.
public struct ImageLimit: Sendable, Equatable {
  /// Most pixels (width × height) a picture may have.
  public var pixels: Int

  /// Limits that can be asked for: no more pixels than 64 GB decoded.
  package static let range = 1...(1 << 34)
  /// What it is for, in help: a phrase without a full stop.
  package static let help = "refuse images of more pixels than this"

  /// A limit of so many pixels.
  public init(pixels: Int) {
    self.pixels = pixels
  }

  /// 2²⁸ (268 million) pixels: 16384 × 16384, at most 1 GB decoded.
  public static let `default` = ImageLimit(pixels: 1 << 28)
}
