import Foundation

/// `text` as a word of a shell's command line.
package func shellWord(_ text: String) -> String {
  let plain = text.unicodeScalars.allSatisfy {
    $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_./+=:,".unicodeScalars.contains($0))
  }
  return plain && !text.isEmpty ? text : "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
}
