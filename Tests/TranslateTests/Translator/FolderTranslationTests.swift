import TestSupport
import Foundation
import Testing
@testable import Files
@testable import Images
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
    // The largest picture is alone.
    #expect(try names(scene.path("out1")) == ["img10.png"])
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

  /// Runs and gives what it refuses, relative to the scene; nothing may have been written.
  private func refusal(
    _ scene: ModelScene, _ translator: Translator, _ input: String, _ output: String,
    _ settings: (inout FolderTranslation) -> Void = { _ in }
  ) throws -> String? {
    func contents() throws -> [String: Data?] {
      let files = FileManager.default
      return Dictionary(
        uniqueKeysWithValues: try files.subpathsOfDirectory(atPath: scene.folder.path).map {
          ($0, files.contents(atPath: scene.path($0)))
        })
    }
    let before = try contents()
    var translation = FolderTranslation(scene.path(input), to: scene.path(output))
    settings(&translation)
    let error = #expect(throws: FileError.self) { _ = try translation.run(translator) }
    #expect(try contents() == before)
    return error?.description.replacingOccurrences(of: scene.folder.path + "/", with: "")
  }

  private func copy(_ scene: ModelScene, _ from: String, _ to: String) throws {
    try FileManager.default.copyItem(atPath: scene.path(from), toPath: scene.path(to))
  }

  @Test func noTwoPicturesShareAnOutput() throws {
    let (scene, translator) = try scene()
    try copy(scene, "in/img1.png", "in/img1.PNG")
    let clash = "in/img1.png: would be written to out/img1.png, and so would in/img1.PNG"
    // On a disk that folds case the two are one file already.
    guard try FileManager.default.contentsOfDirectory(atPath: scene.path("in")).contains("img1.PNG") else { return }
    #expect(try refusal(scene, translator, "in", "out") == clash + "; rename one of them")
    // Shards run at the same time: each looks at all.
    for index in 1...2 {
      #expect(
        try refusal(scene, translator, "in", "out") { $0.shard = Shard(index: index, count: 2) } == clash
          + "; rename one of them")
    }
    try copy(scene, "in/img2.png", "in/img2.Png")
    #expect(try refusal(scene, translator, "in", "out") == clash + "; 1 more clash like this; rename one of them")
    for name in ["img1.PNG", "img2.Png"] { try FileManager.default.removeItem(atPath: scene.path("in/" + name)) }
    try copy(scene, "in/img1.png", "in/IMG1.png")
    #expect(
      try refusal(scene, translator, "in", "out")
        == "in/img1.png: would be written to out/img1.png, which many disks take for out/IMG1.png, where in/IMG1.png "
        + "goes; rename one of them")
  }

  /// Names that a disk may take for one, alone and as folders that are still to be made.
  @Test(arguments: [
    ("Stra\u{DF}e", "STRASSE"), ("caf\u{E9}", "cafe\u{301}"), ("\u{3A3}", "\u{3C2}"), ("a/x", "A/x"), ("a/X", "A/x"),
    ("b/a/x", "b/A/x"),
  ])
  func namesAreComparedAsDisksDo(one: String, other: String) throws {
    let translation = FolderTranslation("in", to: "out-" + UUID().uuidString)
    let items = [one, other, "else"].map {
      FolderTranslation.Item(source: "in/\($0).png", target: "\(translation.output)/\($0).png", name: $0)
    }
    #expect(throws: FileError.self) { try translation.requirePlaces(items) }
    #expect(throws: Never.self) { try translation.requirePlaces([items[0], items[2]]) }
  }

  /// Two names of one folder.
  @Test func linkedFoldersAreOnePlace() throws {
    let (scene, translator) = try scene()
    for folder in ["out/sub", "in/other"] {
      try FileManager.default.createDirectory(atPath: scene.path(folder), withIntermediateDirectories: true)
    }
    try copy(scene, "in/sub/deep.png", "in/other/deep.png")
    try FileManager.default.createSymbolicLink(atPath: scene.path("out/other"), withDestinationPath: "sub")
    let refused = try refusal(scene, translator, "in", "out") { $0.recursive = true }
    #expect(
      refused?.hasPrefix("in/sub/deep.png: would be written to out/sub/deep.png, which many disks take for ") == true)
  }

  @Test func noPictureThatIsReadIsWrittenOver() throws {
    let (scene, translator) = try scene()
    let refused =
      "in/sub: lies inside the input folder and holds 1 of the pictures in it, which would be translated as well, or "
      + "written over; choose an output folder outside of \(scene.path("in")); if they are translations of an "
      + "earlier run, ask for skip existing, or remove them"
    let recursive = { (translation: inout FolderTranslation) in translation.recursive = true }
    try copy(scene, "in/img1.png", "in/sub/img1.png")
    try FileManager.default.removeItem(atPath: scene.path("in/sub/deep.png"))
    try FileManager.default.createSymbolicLink(atPath: scene.path("linked"), withDestinationPath: "in/sub")
    let wanted = refused.replacingOccurrences(of: scene.folder.path + "/", with: "")
    #expect(try refusal(scene, translator, "in", "in/sub", recursive) == wanted)
    #expect(try refusal(scene, translator, "in", "linked", recursive) == "linked" + wanted.dropFirst("in/sub".count))
    // The inputs lie inside the output folder under the same relative names.
    try FileManager.default.createDirectory(atPath: scene.path("in/in"), withIntermediateDirectories: true)
    try copy(scene, "in/img1.png", "in/in/img1.png")
    #expect(
      try refusal(scene, translator, "in", "", recursive)
        == "in/img1.png: is one of the pictures to translate, and would be written over; choose another output folder")
  }

  /// Links of both kinds from the output to the input, for a folder and for one picture.
  @Test(arguments: [true, false]) func linkedOutputsAreInputs(isHard: Bool) throws {
    let (scene, translator) = try scene()
    try FileManager.default.createDirectory(atPath: scene.path("out"), withIntermediateDirectories: true)
    if isHard {
      #expect(link(scene.path("in/img2.png"), scene.path("out/img1.png")) == 0)
    } else {
      #expect(symlink("../in/img2.png", scene.path("out/img1.png")) == 0)
    }
    let refused =
      "out/img1.png: is the same file as in/img2.png, one of the pictures to translate, and would be written over; "
      + "choose another output folder"
    #expect(try refusal(scene, translator, "in", "out") == refused)
    #expect(try refusal(scene, translator, "in", "out") { $0.skipsExisting = true } == refused)
    // The one picture that is read is another.
    #expect(try FolderTranslation(scene.path("in/img1.png"), to: scene.path("out")).run(translator).translated == 1)
    try FileManager.default.removeItem(atPath: scene.path("out/img1.png"))
    #expect(symlink("../in/img1.png", scene.path("out/img1.png")) == 0)
    #expect(try refusal(scene, translator, "in/img1.png", "out") != nil)
  }

  /// A run into a new folder inside the input, stopped early, goes on: its own pictures are not translated again.
  @Test func outputsOfAnEarlierRunAreNoInputs() throws {
    let (scene, translator) = try scene()
    var translation = FolderTranslation(scene.path("in"), to: scene.path("in/sub/out"))
    translation.recursive = true
    #expect(try translation.run(translator, shouldStop: { true }).translated == 1)
    translation.skipsExisting = true
    let summary = try translation.run(translator)
    #expect(summary.translated == 4 && summary.skipped == 1 && summary.total == 5)
    #expect(try translation.run(translator).skipped == 5)
    #expect(
      try names(scene.path("in/sub/out")) == ["img1.png", "img10.png", "img11.png", "img2.png", "sub/deep.png"])
    // Somebody's own picture among them is not passed over in silence.
    try copy(scene, "in/img1.png", "in/sub/out/mine.png")
    #expect(
      try refusal(scene, translator, "in", "in/sub/out") { ($0.recursive, $0.skipsExisting) = (true, true) }
        == "in/sub/out/mine.png: lies in the output folder, and is no translation of a picture outside of it; choose an "
        + "output folder outside of in")
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
      ("empty", "holds no PNG; ask for recursive if they are in sub-folders"),
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
