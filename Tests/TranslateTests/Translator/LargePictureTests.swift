import Foundation
import Synchronization
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import SuperResolution
@testable import Translate
@testable import UNet

/// What happens within one large picture: how far it is, that it can be stopped, and that its file or the scratch file
/// may fail on the way.
@Suite struct LargePictureTests {
  /// Ways through the network.
  enum Way: CaseIterable { case rows, bands, tiles, enlarger }

  /// A folder with one picture of 2 million pixels, and a translator that takes it on a way.
  private func scene(_ way: Way, opacity: Bool = false) throws -> (ModelScene, Translator) {
    let scene = try ModelScene()
    let (width, height) = way == .enlarger ? (1500, 1400) : (1600, 1320)
    let noise = ModelScene.noise(width, height, seed: 4)
    let picture = opacity ? noise.withAlpha([UInt8](repeating: 9, count: width * height)) : noise
    try OutputFolder.make(scene.path("in"))
    try PNG.write(picture, to: scene.path("in/a.png"))
    var options = Translator.Options()
    let configuration: any GeneratorConfiguration
    switch way {
    case .rows: configuration = ModelScene.unet()
    case .bands:
      configuration = ModelScene.unet()
      options.memory = try #require(SystemMemory.resident) + 60 << 20
    case .tiles:
      configuration = ModelScene.unet()
      (options.tile, options.overlap, options.normStatistics) = (512, 64, .running)
    case .enlarger:
      var network = CompactConfiguration()
      (network.filters, network.convolutions, network.scale) = (4, 1, 2)
      configuration = network
    }
    let model = try scene.model("m.safetensors", configuration)
    return (scene, try Translator(model: model, options: options))
  }

  private func written(_ scene: ModelScene) throws -> [String] {
    let files = FileManager.default
    guard files.fileExists(atPath: scene.path("out")) else { return [] }
    return try files.contentsOfDirectory(atPath: scene.path("out"))
  }

  @Test(arguments: Way.allCases) func partsAreTold(way: Way) throws {
    let (scene, translator) = try scene(way)
    let notices = Mutex(0)
    translator.onScratch = { _ in notices.withLock { $0 += 1 } }
    let told = Mutex<[FolderTranslation.Progress]>([])
    let summary = try FolderTranslation(scene.path("in"), to: scene.path("out")).run(
      translator,
      report: { progress in
        told.withLock { $0.append(progress) }
      })
    #expect(summary.translated == 1 && notices.withLock { $0 } == (way == .bands ? 1 : 0))
    let all = told.withLock { $0 }
    let parts = all.compactMap(\.part)
    #expect(parts.count >= 6, "\(parts)")
    #expect(parts == parts.sorted() && parts.first == 0 && parts.allSatisfy { 0...1 ~= $0 }, "\(parts)")
    #expect(try #require(parts.last) > 0.75 && zip(parts, parts.dropFirst()).allSatisfy { $1 - $0 < 0.5 }, "\(parts)")
    #expect(all.allSatisfy { $0.path == scene.path("in/a.png") && $0.done == ($0.part == nil ? 1 : 0) })
    #expect(all.last?.part == nil && all.filter { $0.part == nil }.count == 1)
  }

  @Test(arguments: Way.allCases) func stoppingWithinLeavesNothing(way: Way) throws {
    let (scene, translator) = try scene(way)
    for latest in [0, 0.3, 0.7] {
      let part = Mutex(-1.0)
      let summary = try FolderTranslation(scene.path("in"), to: scene.path("out")).run(
        translator, shouldStop: { part.withLock { $0 >= latest } },
        report: { progress in part.withLock { $0 = progress.part ?? 2 } })
      #expect(summary.isInterrupted && summary.translated == 0 && summary.failed == 0, "\(latest)")
      #expect(try written(scene).isEmpty)
      // It stopped where it was asked to.
      #expect(part.withLock { $0 } < 2)
    }
    // What was left of the pass does no harm to the next.
    let output = try translator.translate(PNG.read(scene.path("in/a.png")))
    #expect(try FolderTranslation(scene.path("in"), to: scene.path("out")).run(translator).translated == 1)
    #expect(try PNG.read(scene.path("out/a.png")) == output)
  }

  /// Changes of a picture while it is read, and after it was read once: opacity comes from the file a second time.
  enum Change: CaseIterable {
    case cutOff, otherSize, sameSize, text, gone

    func make(_ path: String) throws {
      switch self {
      case .cutOff: #expect(truncate(path, 1 << 20) == 0)
      case .otherSize: try PNG.write(ModelScene.noise(1600, 1310, seed: 1), to: path)
      case .sameSize:
        try PNG.write(
          ModelScene.noise(1600, 1320, seed: 1).withAlpha([UInt8](repeating: 1, count: 1600 * 1320)), to: path)
      case .text: try Data("no picture".utf8).write(to: URL(fileURLWithPath: path))
      case .gone: unlink(path)
      }
    }
  }

  @Test(arguments: Change.allCases) func changesOfThePictureAreTold(change: Change) throws {
    let (scene, translator) = try scene(.rows, opacity: true)
    let source = scene.path("in/a.png")
    try OutputFolder.make(scene.path("out"))
    try Data("before".utf8).write(to: URL(fileURLWithPath: scene.path("out/a.png")))
    var isDone = false
    let error = #expect(throws: FileError.self) {
      try translator.translate(
        source, to: scene.path("out/a.png"), name: "a", label: nil, half: nil, sideBySide: false, limit: .default
      ) { part in
        guard part > 0.5, !isDone else { return }
        isDone = true
        try change.make(source)
      }
    }
    #expect(isDone && error?.path == source, "\(error?.description ?? "")")
    #expect(error?.description.contains("\n") == false)
    if change == .otherSize || change == .sameSize { #expect(error?.problem == "has changed while it was read") }
    #expect(try written(scene) == ["a.png"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: scene.path("out/a.png"))) == Data("before".utf8))
  }

  @Test func aPictureThatBecomesShorterWhileItIsRead() throws {
    let (scene, translator) = try scene(.rows)
    let source = scene.path("in/a.png")
    let isDone = Mutex(false)
    let summary = try FolderTranslation(scene.path("in"), to: scene.path("out")).run(
      translator,
      report: { progress in
        guard let part = progress.part, part > 0, isDone.withLock({ !$0 }) else { return }
        isDone.withLock { $0 = true }
        // In place: the file stays the one that is open.
        #expect(truncate(source, 3 << 20) == 0)
      })
    #expect(summary.failed == 1 && summary.failures.first?.path == source, "\(summary.failures)")
    #expect(try written(scene).isEmpty)
  }

  /// The disk takes the scratch file and no more of it half-way: by a limit on the size of files that comes later.
  @Test func aScratchFileThatFillsOnTheWay() throws {
    let (scene, translator) = try scene(.bands)
    let before = signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit()
    #if os(Linux)
      let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    #else
      let resource = RLIMIT_FSIZE
    #endif
    #expect(getrlimit(resource, &limit) == 0)
    let usual = limit
    defer {
      var usual = usual
      setrlimit(resource, &usual)
      signal(SIGXFSZ, before)
    }
    let isDone = Mutex(false)
    let summary = try FolderTranslation(scene.path("in"), to: scene.path("out")).run(
      translator,
      report: { progress in
        guard let part = progress.part, part > 0.2, isDone.withLock({ !$0 }) else { return }
        isDone.withLock { $0 = true }
        var little = usual
        little.rlim_cur = 1 << 16
        #expect(setrlimit(resource, &little) == 0)
      })
    #expect(isDone.withLock { $0 } && summary.failed == 1 && summary.outputFailure == nil)
    let failure = try #require(summary.failures.first)
    #expect(failure.problem.hasPrefix("has no room for a scratch file of "), "\(failure)")
    #expect(failure.advice?.description == "raise the limit on the size of files (ulimit -f)")
    #expect(try written(scene).isEmpty)
  }
}
