import Foundation

/// Whether two paths lead to the same place, links followed.
func isSamePlace(_ first: String, _ second: String) -> Bool {
  func place(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
  }
  return place(first) == place(second)
}

/// A value as JSON for other programs: sorted keys, a line break at its end; numbers that are none become null.
func jsonText(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
}
