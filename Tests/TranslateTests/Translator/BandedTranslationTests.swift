import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Translate
@testable import Weights

/// Pictures for which there is too little memory, so that they go through the network with a scratch file.
@Suite struct BandedTranslationTests {
  /// What the process takes already, and a little more than the least that bands need.
  private static func memory(_ more: Int) throws -> Int { try #require(SystemMemory.resident) + more }

  @Test(arguments: [8, 16]) func theSameBytes(depth: Int) throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", ModelScene.unet(dropout: true))
    let shallow = ModelScene.noise(1400, 1210, seed: 3).withAlpha([UInt8](repeating: 7, count: 1400 * 1210))
    let image = depth == 8 ? shallow : shallow.converted(bitDepth: 16)
    var options = Translator.Options()
    options.dropout = true
    let whole = try Translator(model: model, options: options).translate(image, name: "a")
    // In memory some 60 MB of activations and tables, beside two pictures of 6 or 12 MB.
    options.memory = try Self.memory((depth == 8 ? 30 : 45) << 20)
    let translator = try Translator(model: model, options: options)
    var notices: [ScratchNotice] = []
    translator.onScratch = { notices.append($0) }
    #expect(try translator.translate(image, name: "a") == whole)
    #expect(notices.map(\.width) == [1400] && notices.first?.height == 1210)
    #expect(notices.first?.folder == ScratchFile.standardFolder && notices.first?.scratchBytes ?? 0 > 10 << 20)
    // A small one needs none.
    let small = ModelScene.noise(64, 64, seed: 4)
    _ = try translator.translate([small, small])
    #expect(notices.count == 1)
  }

  @Test func placesAndSizesThatCannotBe() throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", ModelScene.unet())
    let image = ModelScene.noise(1400, 1210, seed: 3)
    var options = Translator.Options()
    options.scratch = scene.path("none")
    options.memory = try Self.memory(30 << 20)
    let missing = #expect(throws: FileError.self) {
      _ = try Translator(model: model, options: options).translate(image)
    }
    #expect(missing?.path == scene.path("none") && missing?.problem == "is no folder for scratch files")
    options.memory = 1 << 20
    let little = #expect(throws: FileError.self) {
      _ = try Translator(model: model, options: options).translate(image)
    }
    #expect(
      little?.problem.contains("even with a scratch file, but may take only ") == true, "\(little?.problem ?? "")")
    options.memory = 0
    #expect(throws: FileError.self) { _ = try Translator(model: model, options: options) }
    options.memory = nil
    options.overlap = -1
    #expect(throws: FileError.self) { _ = try Translator(model: model, options: options) }
  }

  /// What ends a translation between two bands ends it; nothing of it is left.
  @Test func itCanBeStopped() throws {
    struct Stop: Error {}
    let scene = try ModelScene()
    let folder = try TemporaryFolder()
    var options = Translator.Options()
    options.memory = try Self.memory(30 << 20)
    options.scratch = folder.path
    let translator = try Translator(model: try scene.model("m.safetensors", ModelScene.unet()), options: options)
    var calls = 0
    #expect(throws: Stop.self) {
      _ = try translator.translate([ModelScene.noise(1400, 1210, seed: 3)], names: [], filledTo: 0) { _ in
        calls += 1
        if calls == 9 { throw Stop() }
      }
    }
    #expect(calls == 9)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }
}
