import Foundation

extension String {
  /// The text with the five characters that mean something in HTML written as entities.
  package var htmlEscaped: String {
    var result = ""
    for character in unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}

/// Links from a page to files beside it, which hold wherever the folder is taken along with the page.
package enum PageLink {
  /// Letters, digits and marks that mean nothing in a URL.
  private static let plain = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

  /// The URL of a relative path; what means something in URLs or HTML is percent-encoded.
  package static func encoded(_ path: String) -> String {
    path.split(separator: "/", omittingEmptySubsequences: false)
      .map { $0.addingPercentEncoding(withAllowedCharacters: plain) ?? "" }.joined(separator: "/")
  }

  /// The path from `folder` to `target`, both relative to the working folder or absolute; empty where they are the same.
  ///
  /// Links on the way are followed first, since `..` leads out of where a link leads to.
  package static func relativePath(from folder: String, to target: String) -> String {
    let start = components(folder)
    let end = components(target)
    let shared = zip(start, end).prefix { $0 == $1 }.count
    return (Array(repeating: "..", count: start.count - shared) + end[shared...]).joined(separator: "/")
  }

  private static func components(_ path: String) -> [String] {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path.split(separator: "/").map(String.init)
  }
}
