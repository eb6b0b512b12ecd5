import Foundation
import TestSupport
import Testing
@testable import Files
@testable import translate_cli

/// The library speaks of its own settings; the program names the options that set them.
@Suite struct ErrorWordsTests {
  @Test func settingsAreOptions() {
    let error = FileError(
      path: "out", problem: "is the input folder",
      advice: "choose another \(setting: "out", called: "output folder"), or \(setting: "batch-size", 1)")
    #expect(error.description == "out: is the input folder; choose another output folder, or batch size 1")
    #expect(error.words == "out: is the input folder; choose another --out, or --batch-size 1")
    #expect(error.advice?.settings == ["out", "batch-size"])
    let plain = FileError(path: "a", problem: "is not there")
    #expect(plain.words == plain.description)
  }

  /// Every setting that a text of the library speaks of is an option that some command has.
  @Test func everyOptionIsThere() throws {
    let help = CommandTable.commands.map { HelpText.text(of: $0) }.joined()
    var seen: Set<String> = []
    for target in Self.libraries {
      for (file, text) in try Self.sources(of: target) {
        for match in text.matches(of: /\\\(setting: "([a-z0-9-]+)"/) where file != "Phrase.swift" {
          let option = String(match.1).replacing(/^no-/, with: "")
          seen.insert(option)
          #expect(help.contains("-\(option)"), "\(file) speaks of \(option)")
        }
      }
    }
    #expect(seen.count > 10)
  }

  /// No target below the program knows how its options are spelt.
  @Test(arguments: libraries)
  func librariesNameNoOptions(target: String) throws {
    for (file, text) in try Self.sources(of: target) {
      #expect(text.firstMatch(of: /"[^"\n]*--[a-z]/) == nil, "\(target)/\(file)")
    }
  }

  private static let libraries = [
    "Files", "Parallel", "NeuralNet", "UNet", "ResNet", "PatchDisc", "Images", "Weights", "Translate", "Training",
  ]

  private static func sources(of target: String) throws -> [(file: String, text: String)] {
    let folder = fixtures.deletingLastPathComponent().appendingPathComponent("Sources/" + target)
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
    #expect(!files.isEmpty)
    return try files.map { ($0, try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)) }
  }
}
