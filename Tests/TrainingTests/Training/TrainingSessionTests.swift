import Foundation
import TestSupport
import Testing
@testable import DemoData
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Training

/// Whole runs on small drawn data: what stopping, resuming and threads must not change.
@Suite struct TrainingSessionTests {
  /// A temporary folder with a small data set.
  final class Scene {
    let folder: URL
    let data: String

    init(_ objective: TrainingObjective, count: Int = 7) throws {
      folder = FileManager.default.temporaryDirectory.appendingPathComponent("session-\(UUID().uuidString)")
      data = folder.appendingPathComponent("data").path
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      switch objective {
      case .paired: try DemoData.writePaired(to: data, count: count, size: 64, seed: 3)
      case .unpaired: try DemoData.writeUnpaired(to: data, count: count, size: 64, seed: 3)
      }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func run(_ name: String) -> String { folder.appendingPathComponent(name).path }
  }

  static func configuration(_ objective: TrainingObjective) -> TrainingConfiguration {
    var configuration = TrainingConfiguration(objective)
    configuration.generator = objective == .paired ? .unet(levels: 5) : .resnet(blocks: 2)
    configuration.ngf = 4
    configuration.ndf = 4
    configuration.loadSize = 40
    configuration.cropSize = 32
    configuration.poolSize = 3
    configuration.dropout = true
    configuration.sampleEvery = 1000
    configuration.threads = 2
    return configuration
  }

  /// What must be equal, byte by byte.
  static func bytes(_ run: String, _ objective: TrainingObjective) throws -> [Data] {
    let names = objective == .paired ? ["generator"] : ["generator_AtoB", "generator_BtoA"]
    return try names.map { try Data(contentsOf: URL(fileURLWithPath: "\(run)/\($0).safetensors")) }
  }

  /// A checkpoint byte by byte, metadata included: it knows no times and no paths.
  static func checkpoint(_ run: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: run + "/checkpoint.safetensors"))
  }

  /// Losses without the seconds.
  static func losses(_ run: String) throws -> [String] {
    try String(contentsOfFile: run + "/losses.csv", encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",").dropLast().joined(separator: ",")
    }
  }

  @Test(arguments: [TrainingObjective.paired, .unpaired])
  func stoppingAndResumingChangesNothing(_ objective: TrainingObjective) throws {
    let scene = try Scene(objective)
    var configuration = Self.configuration(objective)
    configuration.steps = 17
    #expect(
      try TrainingSession(starting: configuration, data: scene.data, run: scene.run("whole")).train() == .finished)

    // Interrupted in the middle of an epoch, resumed with other numbers of threads.
    var steps = 0
    let first = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("parts"))
    #expect(
      try first.train(
        shouldStop: {
          steps += 1
          return steps == 5
        }) == .interrupted)
    #expect(first.step == 5)
    let second = try TrainingSession(resuming: scene.run("parts")) {
      $0.threads = 1
      $0.steps = 12
    }
    #expect(try second.train() == .finished)
    let third = try TrainingSession(resuming: scene.run("parts")) {
      $0.threads = 3
      $0.steps = 17
    }
    #expect(try third.train() == .finished)

    #expect(try Self.bytes(scene.run("whole"), objective) == Self.bytes(scene.run("parts"), objective))
    #expect(try Self.checkpoint(scene.run("whole")) == Self.checkpoint(scene.run("parts")))
    #expect(try Self.losses(scene.run("whole")) == Self.losses(scene.run("parts")))
  }

  @Test func aKilledRunGoesOnFromItsLastCheckpoint() throws {
    let scene = try Scene(.paired)
    var configuration = Self.configuration(.paired)
    configuration.steps = 9
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("whole")).train()
    configuration.steps = 4
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("killed")).train()
    // Rows that a kill has left behind the checkpoint, the last one cut.
    let handle = try #require(FileHandle(forWritingAtPath: scene.run("killed") + "/losses.csv"))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("5,1,9,9,9,9,0.1\n6,1,9,9".utf8))
    try handle.close()
    _ = try TrainingSession(resuming: scene.run("killed")) { $0.steps = 9 }.train()
    #expect(try Self.losses(scene.run("whole")) == Self.losses(scene.run("killed")))
    #expect(try Self.checkpoint(scene.run("whole")) == Self.checkpoint(scene.run("killed")))
  }

  @Test func everyFileIsThere() throws {
    let scene = try Scene(.paired)
    var configuration = Self.configuration(.paired)
    configuration.steps = 6
    configuration.sampleEvery = 3
    let session = try TrainingSession(
      starting: configuration, data: scene.data, run: scene.run("run"), commandLine: ["a", "b"])
    var events: [TrainingProgress.Event] = []
    _ = try session.train {
      false
    } report: {
      if $0.event != .step { events.append($0.event) }
    }
    #expect(events.count == 3)
    for name in [
      "config.json", "losses.csv", "metrics.csv", "checkpoint.safetensors", "generator.safetensors", "index.html",
      "samples/step-0000003.png", "samples/step-0000006.png",
    ] {
      #expect(FileManager.default.fileExists(atPath: scene.run("run") + "/" + name), "\(name)")
    }
    let log = try String(contentsOfFile: scene.run("run") + "/losses.csv", encoding: .utf8)
    #expect(log.hasPrefix("step,epoch,G_GAN,G_L1,D_real,D_fake,seconds\n1,1,"))
    let sheet = try PNG.read(scene.run("run") + "/samples/step-0000006.png")
    #expect(sheet.width > 3 * 32)
  }

  @Test func divergenceIsSaidAndKeepsTheLastCheckpoint() throws {
    let scene = try Scene(.paired)
    var configuration = Self.configuration(.paired)
    configuration.norm = .none
    configuration.steps = 3
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run")).train()
    let before = try Self.checkpoint(scene.run("run"))
    let session = try TrainingSession(resuming: scene.run("run")) {
      $0.steps = 60
      $0.learningRate = 100
      $0.ganMode = .lsgan
    }
    let error = #expect(throws: FileError.self) { _ = try session.train() }
    #expect(error?.description.contains("training has diverged: at step") == true, "\(String(describing: error))")
    #expect(error?.description.contains("the last good checkpoint is kept") == true)
    #expect(try Self.checkpoint(scene.run("run")) == before)
  }

  @Test func refusals() throws {
    let scene = try Scene(.paired)
    var configuration = Self.configuration(.paired)
    configuration.steps = 1
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run")).train()
    let again = #expect(throws: FileError.self) {
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    }
    #expect(again?.problem == "holds another run")
    let finished = #expect(throws: FileError.self) { _ = try TrainingSession(resuming: scene.run("run")) }
    #expect(finished?.problem == "has done all of its 1 steps")
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"), overwrite: true)
    let unsaved = #expect(throws: FileError.self) { _ = try TrainingSession(resuming: scene.run("run")) }
    #expect(unsaved?.problem == "is not there: the run was stopped before its first save")
  }

  /// Without crops, both images of a CycleGAN step must have one size, since they are judged as one batch.
  @Test func unequalSizesOfTheTwoSetsAreNamed() throws {
    let scene = try Scene(.unpaired)
    let folder = scene.data + "/trainB"
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      try PNG.write(try PNG.read("\(folder)/\(name)").resized(width: 48, height: 64), to: "\(folder)/\(name)")
    }
    var configuration = Self.configuration(.unpaired)
    configuration.preprocess = Preprocessing.none
    let error = #expect(throws: FileError.self) {
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run")).train()
    }
    #expect(error?.problem.contains("is 48×64 where") == true, "\(String(describing: error))")
    #expect(error?.path?.hasPrefix(folder) == true)
  }

  /// Every adversarial loss, policy, preprocessing and network kind trains a few steps and changes its weights.
  @Test func optionsThatChangeTheArithmetic() throws {
    let scene = try Scene(.paired)
    let unpaired = try Scene(.unpaired, count: 5)
    var variants: [(String, TrainingConfiguration)] = []
    func add(_ name: String, _ objective: TrainingObjective = .paired, _ change: (inout TrainingConfiguration) -> Void)
    {
      var configuration = Self.configuration(objective)
      configuration.steps = 4
      change(&configuration)
      variants.append((name, configuration))
    }
    add("plain") { _ in }
    add("hinge") { $0.ganMode = .hinge }
    add("wgangp") {
      $0.ganMode = .wgangp
      $0.discriminatorNorm = NormalizationKind.none
    }
    add("batch of 3") { $0.batchSize = 3 }
    add("pixel") { $0.discriminator = .pixel }
    add("n_layers") {
      $0.discriminator = .layered
      $0.discriminatorLayers = 2
    }
    add("instance") { $0.norm = .instance }
    add("no norm") { $0.norm = .none }
    add("resize-conv") { $0.upsample = .resizeConvolution }
    add("direction") { $0.direction = .bToA }
    add("grey") {
      $0.inputChannels = 1
      $0.outputChannels = 3
    }
    add("no crop, no multiple") {
      $0.preprocess = .scaleWidth
      $0.loadSize = 50
      $0.cropSize = 32
    }
    add("resnet") { $0.generator = .resnet(blocks: 1) }
    add("unpaired unet", .unpaired) {
      $0.generator = .unet(levels: 5)
      $0.norm = .batch
    }
    add("unpaired without identity", .unpaired) {
      $0.lambdaIdentity = 0
      $0.inputChannels = 1
    }
    add("unpaired wgangp", .unpaired) {
      $0.ganMode = .wgangp
      $0.discriminatorNorm = NormalizationKind.none
    }
    add("unpaired resize-conv, batch of 2", .unpaired) {
      $0.upsample = .resizeConvolution
      $0.batchSize = 2
    }
    var seen: Set<String> = []
    for (name, configuration) in variants {
      let data = configuration.objective == .paired ? scene.data : unpaired.data
      let run = scene.run(name)
      #expect(try TrainingSession(starting: configuration, data: data, run: run).train() == .finished, "\(name)")
      let rows = try Self.losses(run)
      #expect(rows.count == 5, "\(name)")
      #expect(seen.insert(rows[1...].joined()).inserted, "\(name) trains like another variant")
    }
  }
}
