import Foundation
import Images

/// A folder that is gone when the test is over.
package final class TemporaryFolder {
  /// Its path.
  package let path: String

  /// Makes the folder.
  package init() throws {
    path = NSTemporaryDirectory() + "translate-data-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of something in it.
  package func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Makes a folder in it.
  package func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: self(name), withIntermediateDirectories: true)
  }

  /// Writes a file, and the folders that it lies in.
  package func write(_ name: String, _ bytes: Data = Data("text".utf8)) throws {
    try makeFolder((name as NSString).deletingLastPathComponent)
    try bytes.write(to: URL(fileURLWithPath: self(name)))
  }

  /// A picture whose samples tell `tag` and the position, so that mix-ups show.
  package func image(_ name: String, width: Int = 8, height: Int = 4, channels: Int = 3, tag: Int = 0) throws {
    try makeFolder((name as NSString).deletingLastPathComponent)
    try PNG.write(Self.picture(width: width, height: height, channels: channels, tag: tag), to: self(name))
  }

  /// A picture of samples that tell `tag` and the position.
  package static func picture(width: Int, height: Int, channels: Int = 3, tag: Int = 0) -> Picture {
    let pixels = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ tag &* 31) }
    return Picture(width: width, height: height, channels: channels, pixels: pixels)
  }
}
