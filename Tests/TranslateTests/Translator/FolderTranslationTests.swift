import Foundation
import NeuralNet
import Testing

@testable import Translate

@Suite struct FolderTranslationTests {
  /// A model, and a folder with five pictures of two sizes, one of them in a sub-folder, and a damaged one.
  private func scene() throws -> (ModelScene, Translator) {
    let scene = try ModelScene()
    let translator = try Translator(model: try scene.model("m.safetensors", ModelScene.unet()))
    try FileManager.default.createDirectory(atPath: scene.path("in/sub"), withIntermediateDirectories: true)
    for (index, name) in ["img1", "img2", "img10", "img11", "sub/deep"].enumerated() {
      let image = ModelScene.noise(index == 2 ? 80 : 64, 64, seed: UInt64(index))
      try PNG.write(image, to: scene.path("in/\(name).png"))
    }
    return (scene, translator)
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".png") }.sorted()
  }

  @Test func everyPictureIsTranslatedUnderItsName() throws {
    let (scene, translator) = try scene()
    var translation = FolderTranslation(scene.path("in"), to: scene.path("out"))
    translation.recursive = true
    translation.batchSize = 2
    let summary = try translation.run(translator)
    #expect(summary.translated == 5 && summary.failures.isEmpty && !summary.isInterrupted)
    #expect(try names(scene.path("out")) == ["img1.png", "img10.png", "img11.png", "img2.png", "sub/deep.png"])
    for name in ["img1", "img10", "sub/deep"] {
      let single = try translator.translate(PNG.read(scene.path("in/\(name).png")))
      #expect(try PNG.read(scene.path("out/\(name).png")) == single, "\(name)")
    }
  }

  /// Full batches, those that a change of size cuts short, and the filled one at the end: what becomes of a picture must
  /// not depend on its neighbours.
  @Test(arguments: [nil, 4, 5] as [Int?]) func batchesChangeNothing(_ batchSize: Int?) throws {
    let scene = try ModelScene()
    let translator = try Translator(model: try scene.model("m.safetensors", ModelScene.unet()))
    try FileManager.default.createDirectory(atPath: scene.path("in"), withIntermediateDirectories: true)
    for index in 0..<18 {
      let image = ModelScene.noise(index == 5 ? 96 : 64, 64, seed: UInt64(index))
      try PNG.write(image, to: scene.path("in/\(100 + index).png"))
    }
    var translation = FolderTranslation(scene.path("in"), to: scene.path("out"))
    translation.batchSize = batchSize
    let summary = try translation.run(translator)
    #expect(summary.translated == 18 && summary.failures.isEmpty)
    for name in try names(scene.path("out")) {
      let single = try translator.translate(PNG.read(scene.path("in/\(name)")))
      #expect(try PNG.read(scene.path("out/\(name)")) == single, "\(name)")
    }
  }

  @Test func damagedFilesAreToldAndPassedOver() throws {
    let (scene, translator) = try scene()
    try Data("no picture".utf8).write(to: URL(fileURLWithPath: scene.path("in/img5.png")))
    let summary = try FolderTranslation(scene.path("in"), to: scene.path("out")).run(translator)
    #expect(summary.translated == 4)
    #expect(summary.failures.map(\.path) == [scene.path("in/img5.png")])
    #expect(!FileManager.default.fileExists(atPath: scene.path("out/img5.png")))
  }

  @Test func shardsAreDisjointAndComplete() throws {
    let (scene, translator) = try scene()
    var seen: [String] = []
    for index in 1...3 {
      var translation = FolderTranslation(scene.path("in"), to: scene.path("out\(index)"))
      translation.shard = Shard(index: index, count: 3)
      _ = try translation.run(translator)
      seen += try names(scene.path("out\(index)"))
    }
    #expect(seen.sorted() == ["img1.png", "img10.png", "img11.png", "img2.png"])
    // Natural order: img1, img2, img10, img11.
    #expect(try names(scene.path("out1")) == ["img1.png", "img11.png"])
  }

  @Test(arguments: [0, -1, 1025, Int.min, Int.max]) func batchesThatCannotBe(size: Int) throws {
    let (scene, translator) = try scene()
    var translation = FolderTranslation(scene.path("in"), to: scene.path("out"))
    translation.batchSize = size
    let error = #expect(throws: FileError.self) { try translation.run(translator) }
    #expect(error?.description == "\(size) pictures in a batch cannot be; give 1 to 1024")
    #expect(!FileManager.default.fileExists(atPath: scene.path("out")))
  }

  @Test func existingTranslationsAreLeftAlone() throws {
    let (scene, translator) = try scene()
    try FileManager.default.createDirectory(atPath: scene.path("out"), withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: scene.path("out/img2.png")))
    var translation = FolderTranslation(scene.path("in"), to: scene.path("out"))
    translation.skipsExisting = true
    let summary = try translation.run(translator)
    #expect(summary.translated == 3 && summary.skipped == 1)
    #expect(try Data(contentsOf: URL(fileURLWithPath: scene.path("out/img2.png"))) == Data("mine".utf8))
  }

  @Test func theInputIsNeverOverwritten() throws {
    let (scene, translator) = try scene()
    for (input, output) in [("in", "in"), ("in", "in/../in/"), ("in/img1.png", "in")] {
      let error = #expect(throws: FileError.self) {
        _ = try FolderTranslation(scene.path(input), to: scene.path(output)).run(translator)
      }
      #expect(error?.problem == "is the input folder")
    }
  }

  @Test func halvesAndSideBySide() throws {
    let (scene, translator) = try scene()
    let pair = ModelScene.noise(128, 64, seed: 9)
    try PNG.write(pair, to: scene.path("pair.png"))
    var translation = FolderTranslation(scene.path("pair.png"), to: scene.path("out"))
    translation.half = .right
    translation.sideBySide = true
    #expect(try translation.run(translator).translated == 1)
    let output = try PNG.read(scene.path("out/pair.png"))
    #expect(output.leftHalf == pair.rightHalf)
    #expect(try output.rightHalf == translator.translate(pair.rightHalf))
  }

  @Test func stoppingKeepsWhatIsDone() throws {
    let (scene, translator) = try scene()
    let summary = try FolderTranslation(scene.path("in"), to: scene.path("out"))
      .run(translator, shouldStop: { true })
    #expect(summary.isInterrupted && summary.translated == 1)
    #expect(try names(scene.path("out")) == ["img1.png"])
  }

  @Test func nothingToDoIsSaid() throws {
    let (scene, translator) = try scene()
    try FileManager.default.createDirectory(atPath: scene.path("empty"), withIntermediateDirectories: true)
    let cases = [
      ("empty", "holds no PNG; add --recursive if they are in sub-folders"),
      ("missing", "is not there; give a folder of PNGs or one PNG"),
    ]
    for (input, text) in cases {
      let error = #expect(throws: FileError.self) {
        _ = try FolderTranslation(scene.path(input), to: scene.path("out")).run(translator)
      }
      #expect(error?.description == scene.path(input) + ": " + text)
    }
  }
}
