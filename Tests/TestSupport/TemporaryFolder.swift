import Foundation
import Images

/// A folder that is gone when the test is over.
public final class TemporaryFolder {
  /// Its path.
  public let path: String

  /// Makes the folder.
  public init() throws {
    path = NSTemporaryDirectory() + "translate-data-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of something in it.
  public func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Makes a folder in it.
  public func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: self(name), withIntermediateDirectories: true)
  }

  /// Writes a file, and the folders that it lies in.
  public func write(_ name: String, _ bytes: Data = Data("text".utf8)) throws {
    try makeFolder((name as NSString).deletingLastPathComponent)
    try bytes.write(to: URL(fileURLWithPath: self(name)))
  }

  /// A picture whose samples tell `tag` and the position, so that mix-ups show.
  public func image(_ name: String, width: Int = 8, height: Int = 4, channels: Int = 3, tag: Int = 0) throws {
    try makeFolder((name as NSString).deletingLastPathComponent)
    try PNG.write(Self.picture(width: width, height: height, channels: channels, tag: tag), to: self(name))
  }

  /// A picture of samples that tell `tag` and the position.
  public static func picture(width: Int, height: Int, channels: Int = 3, tag: Int = 0) -> Image {
    let pixels = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ tag &* 31) }
    return Image(width: width, height: height, channels: channels, pixels: pixels)
  }
}
