import Foundation
import TestSupport
import Testing
@testable import Files
@testable import translate_cli

/// The library speaks of its own settings; the program names the options that set them.
@Suite struct ErrorWordsTests {
  @Test func optionsStandBehindTheSentence() {
    let error = FileError(path: "out", problem: "is the input folder", advice: "choose another", settings: [.output])
    #expect(error.description == "out: is the input folder; choose another")
    #expect(error.words == "out: is the input folder; choose another (--out)")
    let plain = FileError(path: "a", problem: "is not there")
    #expect(plain.words == plain.description)
  }

  /// Every setting's option is one that some command has.
  @Test func everyOptionIsThere() {
    let help = CommandTable.commands.map { HelpText.text(of: $0) }.joined()
    for setting in FileError.Setting.allCases { #expect(help.contains(" \(setting.option)"), "\(setting)") }
  }

  /// No target below the program knows how its options are spelt.
  @Test(arguments: ["Files", "Parallel", "NeuralNet", "UNet", "ResNet", "PatchDisc", "Images", "Weights", "Translate"])
  func librariesNameNoOptions(target: String) throws {
    let folder = fixtures.deletingLastPathComponent().appendingPathComponent("Sources/" + target)
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
    #expect(!files.isEmpty)
    for file in files {
      let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      #expect(text.firstMatch(of: /"[^"\n]*--[a-z]/) == nil, "\(target)/\(file)")
    }
  }
}
