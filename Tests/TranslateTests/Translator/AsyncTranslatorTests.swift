import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import Translate

@Suite struct AsyncTranslatorTests {
  @Test func picturesAreThoseOfATranslator() async throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", ModelScene.unet())
    let translator = try await AsyncTranslator(model: model)
    let images = (0..<4).map { ModelScene.noise(64, 64, seed: $0) }
    // From many tasks at once: a Translator would trap.
    let outputs = try await withThrowingTaskGroup(of: (Int, Picture).self) { group in
      for (index, image) in images.enumerated() { group.addTask { (index, try await translator.translate(image)) } }
      return try await group.reduce(into: [Int: Picture]()) { $0[$1.0] = $1.1 }
    }
    let plain = try Translator(model: model)
    for (index, image) in images.enumerated() { #expect(try outputs[index] == plain.translate(image)) }
    #expect(try await translator.translate(images) == plain.translate(images))
  }

  @Test func errorsAreThoseOfATranslator() async throws {
    await #expect(throws: FileError.self) { try await AsyncTranslator(model: "/nowhere") }
    let scene = try ModelScene()
    let translator = try await AsyncTranslator(model: scene.model("m.safetensors", ModelScene.unet()))
    await #expect(throws: FileError.self) {
      try await translator.translate(Picture(width: 0, height: 0, channels: 3, pixels: []))
    }
  }

  @Test func cancelledPicturesAreNotBegun() async throws {
    let scene = try ModelScene()
    let translator = try await AsyncTranslator(model: scene.model("m.safetensors", ModelScene.unet()))
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await translator.translate(ModelScene.noise(64, 64, seed: 1))
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func tilesStopInBetween() throws {
    let scene = try ModelScene()
    var options = Translator.Options()
    (options.tile, options.overlap) = (64, 0)
    let translator = try Translator(
      model: scene.model("m.safetensors", ModelScene.unet(), statistics: "running"), options: options)
    var tiles = 0
    #expect(throws: CancellationError.self) {
      try translator.translate([ModelScene.noise(200, 200, seed: 1)], names: [], filledTo: 0) { _ in
        tiles += 1
        if tiles == 3 { throw CancellationError() }
      }
    }
    #expect(tiles == 3)
  }

  // MARK: - Folders

  private func folder(_ scene: ModelScene, count: Int) throws -> FolderTranslation {
    try FileManager.default.createDirectory(atPath: scene.path("in"), withIntermediateDirectories: true)
    for index in 0..<count {
      try PNG.write(ModelScene.noise(64, 64, seed: UInt64(index)), to: scene.path("in/\(1000 + index).png"))
    }
    var folder = FolderTranslation(scene.path("in"), to: scene.path("out"))
    folder.batchSize = 1
    return folder
  }

  private func outputs(_ scene: ModelScene) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scene.path("out")).sorted()
  }

  @Test func aFolderTellsOfEveryPicture() async throws {
    let scene = try ModelScene()
    let translator = try await AsyncTranslator(model: scene.model("m.safetensors", ModelScene.unet()))
    let folder = try folder(scene, count: 5)
    try Data("no picture".utf8).write(to: URL(fileURLWithPath: scene.path("in/1002.png")))
    var done: [Int] = []
    var failures: [String?] = []
    for try await progress in folder.progress(with: translator) {
      #expect(progress.total == 5)
      done.append(progress.done)
      if let failure = progress.failure { failures.append(failure.path) }
    }
    #expect(done == Array(1...5) && failures == [scene.path("in/1002.png")])
    #expect(try outputs(scene) == ["1000.png", "1001.png", "1003.png", "1004.png"])
    await #expect(throws: FileError.self) {
      for try await _ in FolderTranslation("/nowhere", to: scene.path("out")).progress(with: translator) {}
    }
  }

  /// What has been written is whole, all of it was told of, and a second run does the rest.
  @Test(.timeLimit(.minutes(1))) func cancellationKeepsWhatIsWritten() async throws {
    let scene = try ModelScene()
    let translator = try await AsyncTranslator(model: scene.model("m.safetensors", ModelScene.unet()))
    var folder = try folder(scene, count: 200)
    let task = Task { [folder] in
      var paths: [String] = []
      for try await progress in folder.progress(with: translator) {
        paths.append((progress.path as NSString).lastPathComponent)
        if paths.count == 3 { withUnsafeCurrentTask { $0?.cancel() } }
      }
      return paths
    }
    let paths = try await task.value
    #expect(paths.count >= 3 && paths.count < 200)
    #expect(try outputs(scene) == paths.sorted())
    for name in paths { #expect(try PNG.read(scene.path("out/" + name)).width == 64) }
    folder.skipsExisting = true
    let summary = try await translator.translate(folder)
    #expect(summary.skipped == paths.count && summary.translated == 200 - paths.count && !summary.isInterrupted)
  }

  @Test(.timeLimit(.minutes(1))) func aCancelledFolderSaysSo() async throws {
    let scene = try ModelScene()
    let translator = try await AsyncTranslator(model: scene.model("m.safetensors", ModelScene.unet()))
    let folder = try folder(scene, count: 200)
    let (begun, signal) = AsyncStream<Void>.makeStream()
    let task = Task { try await translator.translate(folder) { _ in signal.yield() } }
    for await _ in begun { break }
    task.cancel()
    let summary = try await task.value
    #expect(summary.isInterrupted && summary.translated > 0 && summary.translated < 200)
    #expect(try outputs(scene).count == summary.translated)
  }
}
