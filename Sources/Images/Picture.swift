/// How many bits a sample has.
public enum BitDepth: String, Sendable, CaseIterable {
  /// 0 to 255.
  case eight = "8"
  /// 0 to 65535.
  case sixteen = "16"

  /// 8 or 16.
  public var bits: Int { self == .eight ? 8 : 16 }
}

/// One picture: samples of 8 or 16 bits as they stand in a PNG file, no colour management.
///
/// Its parts are fixed when it is made, so that whoever walks its samples by pointer can trust their number.
public struct Picture: Sendable, Equatable {
  /// The samples in their depth.
  package enum Content: Sendable, Equatable {
    case bytes(PixelSamples<UInt8>)
    case words(PixelSamples<UInt16>)
  }

  package let content: Content
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 (grey) or 3 (RGB).
  public let channels: Int

  package init(_ content: Content) {
    self.content = content
    switch content {
    case .bytes(let samples): (width, height, channels) = (samples.width, samples.height, samples.channels)
    case .words(let samples): (width, height, channels) = (samples.width, samples.height, samples.channels)
    }
  }

  /// A picture of 8 bits a sample; traps where their number does not fit the size (a programmer's error).
  ///
  /// - Parameters:
  ///   - pixels: `height × width × channels` samples, rows from top to bottom, channels interleaved
  ///   - alpha: `height × width` opacity samples, not multiplied into `pixels`; nil where the picture has none
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8], alpha: [UInt8]? = nil) {
    self.init(.bytes(PixelSamples(width: width, height: height, channels: channels, pixels: pixels, alpha: alpha)))
  }

  /// A picture of 16 bits a sample; traps where their number does not fit the size (a programmer's error).
  ///
  /// - Parameters:
  ///   - pixels16: `height × width × channels` samples, rows from top to bottom, channels interleaved
  ///   - alpha16: `height × width` opacity samples, not multiplied into `pixels16`; nil where the picture has none
  public init(width: Int, height: Int, channels: Int, pixels16: [UInt16], alpha16: [UInt16]? = nil) {
    self.init(.words(PixelSamples(width: width, height: height, channels: channels, pixels: pixels16, alpha: alpha16)))
  }

  /// Bits of a sample: 8 or 16.
  public var bitDepth: Int {
    switch content {
    case .bytes: 8
    case .words: 16
    }
  }

  /// `height × width × channels` samples of 8 bits, rows from top to bottom, channels interleaved; the nearest ones where
  /// the picture has 16 bits.
  public var pixels: [UInt8] {
    switch content {
    case .bytes(let samples): samples.pixels
    case .words(let samples): samples.pixels.map { UInt8(reducing: $0) }
    }
  }

  /// `height × width` opacity samples of 8 bits, not multiplied into the pixels; nil where the picture has none.
  public var alpha: [UInt8]? {
    switch content {
    case .bytes(let samples): samples.alpha
    case .words(let samples): samples.alpha.map { $0.map { UInt8(reducing: $0) } }
    }
  }

  /// Whether there is opacity.
  package var hasAlpha: Bool {
    switch content {
    case .bytes(let samples): samples.alpha != nil
    case .words(let samples): samples.alpha != nil
    }
  }

  /// Bytes that the samples take in memory.
  package var byteCount: Int { width * height * (channels + (hasAlpha ? 1 : 0)) * bitDepth / 8 }

  /// The same picture with 8 or 16 bits a sample: 16 bits are 257 times as many, 8 bits the nearest.
  public func converted(bitDepth: Int) -> Picture {
    precondition(bitDepth == 8 || bitDepth == 16, "a sample has 8 or 16 bits")
    switch content {
    case .bytes(let samples) where bitDepth == 16:
      return Picture(
        width: width, height: height, channels: channels, pixels16: samples.pixels.map { UInt16(widening: $0) },
        alpha16: samples.alpha.map { $0.map { UInt16(widening: $0) } })
    case .words where bitDepth == 8:
      return Picture(width: width, height: height, channels: channels, pixels: pixels, alpha: alpha)
    default: return self
    }
  }

  /// The same picture with other opacity samples, `height × width` of them, or with none; traps where there are more or
  /// fewer (a programmer's error).
  public func withAlpha(_ alpha: [UInt8]?) -> Picture {
    switch content {
    case .bytes(let samples): Picture(.bytes(samples.withAlpha(alpha)))
    case .words(let samples): Picture(.words(samples.withAlpha(alpha.map { $0.map { UInt16(widening: $0) } })))
    }
  }

  /// The same picture with the opacity of `other`, which has this size, or with none where that has none.
  package func withAlpha(of other: Picture) -> Picture {
    guard other.hasAlpha || hasAlpha else { return self }
    switch (content, other.content) {
    case (.words(let samples), .words(let others)): return Picture(.words(samples.withAlpha(others.alpha)))
    default: return withAlpha(other.alpha)
    }
  }

  /// Samples of a picture of this size; traps where there can be none of it (a programmer's error).
  package static func sampleCount(width: Int, height: Int, channels: Int) -> Int {
    // 2³¹ − 1 is the longest side that a PNG can have: sums of sides overflow nowhere.
    let sides = 0...Int(Int32.max)
    precondition(sides.contains(width) && sides.contains(height), "an image has 0 to 2³¹ − 1 pixels a side")
    let (count, overflow) = (width * height).multipliedReportingOverflow(by: channels)
    precondition(!overflow, "an image of this size has more samples than can be counted")
    return count
  }
}
