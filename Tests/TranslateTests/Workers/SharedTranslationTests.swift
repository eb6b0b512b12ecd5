import Foundation
import Synchronization
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import Translate
@testable import UNet

@Suite struct SharedTranslationTests {
  /// A folder of pictures with names of several kinds, each of which becomes one translation a label.
  private func scene() throws -> (ModelScene, String) {
    let scene = try ModelScene()
    for (index, name) in ["a1", "a2", "video 1/0001", "video 1/0002", "video 2/0001", "ü/片", "a10", "b"].enumerated() {
      let path = scene.path("in/\(name).png")
      try OutputFolder.make(forFile: path)
      try PNG.write(ModelScene.noise(64 + 16 * (index % 3), 64, seed: UInt64(index)), to: path)
    }
    return (scene, try scene.model("m.safetensors", ModelScene.unet()))
  }

  private func shared(_ scene: ModelScene, _ output: String = "out") -> FolderTranslation {
    var translation = FolderTranslation(scene.path("in"), to: scene.path(output))
    (translation.recursive, translation.claims) = (true, .init())
    return translation
  }

  private func files(_ folder: String) throws -> [String: Data] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".png") }
    return Dictionary(
      uniqueKeysWithValues: names.map { ($0, FileManager.default.contents(atPath: folder + "/" + $0) ?? Data()) })
  }

  @Test func workersShareEverythingOut() throws {
    let (scene, model) = try scene()
    var alone = shared(scene, "alone")
    alone.claims = nil
    #expect(try alone.run(Translator(model: model)).translated == 8)
    let summaries = Mutex<[FolderTranslation.Summary]>([])
    let translation = shared(scene)
    DispatchQueue.concurrentPerform(iterations: 3) { _ in
      do {
        var options = Translator.Options()
        options.threads = 1
        let summary = try translation.run(Translator(model: model, options: options))
        summaries.withLock { $0.append(summary) }
      } catch {
        Issue.record(error)
      }
    }
    let all = summaries.withLock { $0 }
    #expect(all.reduce(0) { $0 + $1.translated } == 8)
    #expect(all.allSatisfy { $0.translated + $0.others + $0.skipped == 8 && $0.failed == 0 && $0.outputFailure == nil })
    #expect(try files(scene.path("out")) == files(scene.path("alone")))
    #expect(try translation.workersSummary(Translator(model: model)).isComplete)
  }

  @Test func everyLabelIsShared() throws {
    let (scene, _) = try scene()
    var configuration = ModelScene.unet()
    configuration.inputChannels = 5
    let model = try scene.model("labelled.safetensors", configuration, labels: ["day", "night"])
    var translation = shared(scene)
    translation.labels = .each(["day", "night"])
    let translator = try Translator(model: model)
    let isStopped = Mutex(false)
    let first = try translation.run(
      translator, shouldStop: { isStopped.withLock(\.self) }, report: { _ in isStopped.withLock { $0 = true } })
    #expect(first.isInterrupted && first.translated >= 1 && first.translated < 16)
    let rest = try translation.run(translator)
    #expect(rest.translated == 16 - first.translated && rest.skipped == first.translated)
    #expect(try files(scene.path("out")).count == 16)
    let summary = try translation.workersSummary(translator)
    #expect(summary.isComplete && summary.total == 16 && summary.workers.map(\.ended) == [false, true])
  }

  /// Nothing missing: nothing is claimed, and nothing left behind but the record.
  @Test func aLateWorkerHasNothingToDo() throws {
    let (scene, model) = try scene()
    let translator = try Translator(model: model)
    #expect(try shared(scene).run(translator).translated == 8)
    let late = try shared(scene).run(translator)
    #expect(late.translated == 0 && late.skipped == 8 && late.others == 0)
    // What is lost meanwhile is made again, and that alone.
    try FileManager.default.removeItem(atPath: scene.path("out/a10.png"))
    #expect(try shared(scene).run(translator).translated == 1)
  }

  @Test func whatCannotBeSharedIsSaid() throws {
    let (scene, model) = try scene()
    let translator = try Translator(model: model)
    var parted = shared(scene)
    parted.shard = Shard(index: 1, count: 2)
    let error = #expect(throws: FileError.self) { try parted.run(translator) }
    #expect(error?.description.hasSuffix("leave out shard or claim") == true)
    var single = FolderTranslation(scene.path("in/a1.png"), to: scene.path("one.png"))
    single.claims = .init()
    #expect(throws: FileError.self) { try single.run(translator) }
    var hasty = shared(scene)
    hasty.claims?.timeout = 1
    #expect(throws: FileError.self) { try hasty.run(translator) }
    #expect(!FileManager.default.fileExists(atPath: scene.path("out")))
  }

  /// A place that takes no claims ends the work with a sentence.
  @Test func aFolderThatTakesNoClaims() throws {
    let (scene, model) = try scene()
    try OutputFolder.make(scene.path("out"))
    try Data().write(to: URL(fileURLWithPath: scene.path("out/" + ClaimFolder.name)))
    let error = #expect(throws: FileError.self) { try shared(scene).run(Translator(model: model)) }
    #expect(error?.description.contains(ClaimFolder.name) == true, "\(error?.description ?? "")")
  }
}
