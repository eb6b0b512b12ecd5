import Files
import Foundation

/// Pictures of other formats than PNG that lie where PNGs were expected.
package struct ForeignPictures: Sendable, Equatable {
  /// Their paths, in natural order.
  package let paths: [String]

  /// Nil where there are none.
  package init?(_ paths: [String]) {
    guard !paths.isEmpty else { return nil }
    self.paths = paths
  }

  /// `12 JPEGs`, `1 BMP`, `3 pictures of other formats`
  package var count: String {
    let kinds = Set(paths.map(Self.kind))
    let one = kinds.count == 1 ? kinds.first : nil
    guard let one else { return "\(paths.count) pictures of other formats" }
    return paths.count == 1 ? "1 \(one)" : "\(paths.count) \(one)s"
  }

  /// What converts all of them, as a command line for ImageMagick; PNGs come to lie beside them.
  package var conversion: Phrase {
    let places = Set(paths.map { [($0 as NSString).deletingLastPathComponent, ($0 as NSString).pathExtension] })
      .map { ($0[0], $0[1]) }.sorted { $0 < $1 }
    let shown = places.prefix(Self.shownPlaces).map { folder, ending in
      (folder.isEmpty ? "" : Self.shellWord(folder) + "/") + "*." + ending
    }
    let more = places.count > shown.count ? " …" : ""
    return
      "convert \(paths.count == 1 ? "it" : "them") to PNG: mogrify -format png \(shown.joined(separator: " ") + more)"
  }

  /// Folders that the command names.
  private static let shownPlaces = 4

  private static func kind(_ path: String) -> String {
    let ending = (path as NSString).pathExtension.lowercased()
    return switch ending {
    case "jpg", "jpeg", "jpe", "jfif": "JPEG"
    case "tif", "tiff": "TIFF"
    case "webp": "WebP"
    default: ending.uppercased()
    }
  }

  /// `text` as a part of a word of a shell.
  private static func shellWord(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_./+=:,".unicodeScalars.contains($0))
    }
    return isPlain ? text : "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
