import Foundation
import TestSupport
import Testing

/// Whoever adds a file of reference numbers adds what makes it.
@Suite struct FixtureTests {
  @Test func everyFixtureSaysWhatMakesIt() throws {
    let readme = try String(contentsOf: fixtures.appendingPathComponent("README.md"), encoding: .utf8)
    let rows = readme.split(separator: "\n").compactMap { line -> (pattern: String, script: String)? in
      let words = line.split(separator: "`").map(String.init)
      return line.hasPrefix("| `") && words.count == 5 ? (words[1], words[3]) : nil
    }
    let files = try #require(FileManager.default.enumerator(atPath: fixtures.path)).compactMap { $0 as? String }
    let made = files.filter { file in
      [".safetensors", ".json", ".pth", ".png", ".onnx"].contains { file.hasSuffix($0) }
    }
    #expect(made.count > 100)
    for file in made { #expect(rows.contains { fnmatch($0.pattern, file, 0) == 0 }, "\(file) is in no row") }
    for (pattern, script) in rows {
      #expect(files.contains(script), "\(script) is missing")
      #expect(made.contains { fnmatch(pattern, $0, 0) == 0 }, "\(pattern) is no file")
    }
  }
}
