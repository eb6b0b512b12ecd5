import Foundation
import TestSupport
import Testing
@testable import DemoData
@testable import Files
@testable import NeuralNet
@testable import Training

/// Several ranks do what one process does.
@Suite struct RankTests {
  /// Weights after five steps equal those of one process to rounding, with unequal shares and a batch with fewer pictures than
  /// ranks; so do losses and pools. The same ranks once more give the same bytes.
  @Test(arguments: TrainingAlgorithm.registered, [2, 3]) func equalsOneProcess(
    _ algorithm: TrainingAlgorithm, ranks: Int
  ) throws {
    let scene = try RankScene(algorithm)
    let configuration = scene.configuration()
    try scene.train("one", ranks: 1, configuration)
    try scene.train("many", ranks: ranks, configuration)
    try scene.train("again", ranks: ranks, configuration)
    try scene.expectClose("many", "one")
    #expect(try TrainingScene.checkpoint(scene.run("many")) == TrainingScene.checkpoint(scene.run("again")))
    #expect(try TrainingScene.losses(scene.run("many")) == TrainingScene.losses(scene.run("again")))
  }

  /// Losses with a penalty, whose random points are drawn for the whole batch.
  @Test(arguments: [TrainingAlgorithm.paired, .unpaired, .generating]) func penaltiesEqualThoseOfOneProcess(
    _ algorithm: TrainingAlgorithm
  ) throws {
    let scene = try RankScene(algorithm)
    var configuration = scene.configuration()
    (configuration.ganMode, configuration.discriminatorNorm) = (.wgangp, NormalizationKind.none)
    try scene.train("one", ranks: 1, configuration)
    try scene.train("many", ranks: 3, configuration)
    try scene.expectClose("many", "one")
  }

  /// At batch 1 two ranks take a direction of CycleGAN's loss each, and three share two pictures of both; pools, of which each
  /// rank then has one alone, come together in the checkpoint, with which any number goes on.
  @Test(arguments: [(1, 2), (2, 3), (2, 4)]) func ranksShareTheDirections(batch: Int, ranks: Int) throws {
    let scene = try RankScene(.unpaired)
    var configuration = scene.configuration()
    (configuration.batchSize, configuration.steps) = (batch, 9)
    try scene.train("one", ranks: 1, configuration)
    try scene.train("many", ranks: ranks, configuration)
    try scene.train("again", ranks: ranks, configuration)
    try scene.expectClose("many", "one")
    #expect(try TrainingScene.checkpoint(scene.run("many")) == TrainingScene.checkpoint(scene.run("again")))
    try scene.train("parts", ranks: ranks, configuration, stopAfter: 4)
    try scene.resume("parts", ranks: ranks)
    #expect(try TrainingScene.checkpoint(scene.run("many")) == TrainingScene.checkpoint(scene.run("parts")))
    try scene.train("other", ranks: ranks, configuration, stopAfter: 5)
    try scene.resume("other", ranks: 1)
    try scene.expectClose("other", "one")

    (configuration.ganMode, configuration.discriminatorNorm) = (.wgangp, NormalizationKind.none)
    try scene.train("penalty-one", ranks: 1, configuration)
    try scene.train("penalty-many", ranks: ranks, configuration)
    try scene.expectClose("penalty-many", "penalty-one")
  }

  /// A run that two ranks have begun goes on with three, with one, and ends where it would have ended anyway.
  @Test(arguments: [TrainingAlgorithm.paired, .unpaired]) func resumesOnAnyNumber(_ algorithm: TrainingAlgorithm) throws
  {
    let scene = try RankScene(algorithm)
    let configuration = scene.configuration()
    try scene.train("one", ranks: 1, configuration)
    try scene.train("parts", ranks: 2, configuration, stopAfter: 2)
    try scene.resume("parts", ranks: 3) { $0.steps = 4 }
    try scene.resume("parts", ranks: 1) { $0.steps = 5 }
    try scene.expectClose("parts", "one")

    try scene.train("whole", ranks: 2, configuration)
    try scene.train("stopped", ranks: 2, configuration, stopAfter: 3)
    try scene.resume("stopped", ranks: 2)
    #expect(try TrainingScene.checkpoint(scene.run("whole")) == TrainingScene.checkpoint(scene.run("stopped")))
  }

  /// Pictures that one rank alone cannot read are left out of the whole batch, and told.
  @Test func damagedPicturesAreLeftOut() throws {
    let scene = try RankScene(.paired)
    let names = try NaturalOrder.sorted(FileManager.default.contentsOfDirectory(atPath: scene.data + "/train")) { $0 }
    var configuration = scene.configuration()
    configuration.skipDamaged = true
    for name in [names[1], names[4], names[5]] {
      let path = URL(fileURLWithPath: scene.data + "/train/" + name)
      let whole = try Data(contentsOf: path)
      try whole.prefix(whole.count / 2).write(to: path)
    }
    try scene.train("one", ranks: 1, configuration)
    try scene.train("many", ranks: 3, configuration)
    try scene.expectClose("many", "one")
    #expect(Checkpoint.position(scene.run("many") + "/checkpoint.safetensors")?.leftOut?.count == 3)
  }

  /// A picture that goes bad on the way ends all ranks in order, with everything saved.
  @Test func aPictureThatGoesBadEndsAllInOrder() throws {
    let scene = try RankScene(.paired)
    var configuration = scene.configuration()
    configuration.steps = 60
    let folder = scene.data + "/train"
    let error = #expect(throws: FileError.self) {
      // Nothing is kept of pictures that were read, and few batches are loaded ahead.
      try scene.train("run", ranks: 2, configuration, cacheBytes: 0) { progress in
        guard progress.event == .step, progress.step == 1 else { return }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
          try? Data().write(to: URL(fileURLWithPath: folder + "/" + name))
        }
      }
    }
    if let error { #expect(error.advice?.description.contains("all is saved") == true, "\(error)") }
    #expect(FileManager.default.fileExists(atPath: scene.run("run") + "/checkpoint.safetensors"))
  }

  /// A picture that takes another size on the way ends all ranks in order, with the sentence of a single process.
  @Test(arguments: [2, 4]) func aPictureThatChangesItsSizeEndsAllInOrder(ranks: Int) throws {
    let scene = try RankScene(.paired)
    var configuration = scene.configuration()
    (configuration.steps, configuration.preprocess) = (60, Preprocessing.none)
    let folder = scene.data + "/train"
    let names = try NaturalOrder.sorted(FileManager.default.contentsOfDirectory(atPath: folder)) { $0 }
    let larger = scene.folder + "/larger"
    try DemoData.writePaired(to: larger, count: 10, size: 128, seed: 3)
    let error = #expect(throws: FileError.self) {
      try scene.train("run", ranks: ranks, configuration, cacheBytes: 0) { progress in
        guard progress.event == .step, progress.step == 1 else { return }
        // Half of them, so that some batch holds both sizes whatever the order.
        for name in names.prefix(names.count / 2) {
          guard let data = FileManager.default.contents(atPath: larger + "/train/" + name) else { continue }
          try? data.write(to: URL(fileURLWithPath: folder + "/" + name), options: .atomic)
        }
      }
    }
    let sentence = try #require(error).description
    #expect(
      sentence.contains("is 128×128 in a batch of 64×64") || sentence.contains("is 64×64 in a batch of 128×128"),
      "\(sentence)")
    #expect(sentence.contains("batch size 1"), "\(sentence)")
    #expect(error?.path?.hasPrefix(folder) == true, "\(sentence)")
    #expect(FileManager.default.fileExists(atPath: scene.run("run") + "/checkpoint.safetensors"))
  }

  /// What ranks cannot share is refused before anything begins, and all ranks end.
  @Test func tooManyRanksAreRefused() throws {
    let scene = try RankScene(.paired)
    var configuration = scene.configuration()
    configuration.batchSize = 2
    let error = #expect(throws: ConfigurationError.self) { try scene.train("run", ranks: 3, configuration) }
    #expect(error?.setting == "batch-size")
    (configuration.batchSize, configuration.discriminatorNorm) = (4, .batch)
    let other = #expect(throws: ConfigurationError.self) { try scene.train("run", ranks: 3, configuration) }
    #expect(other?.problem.description.contains("batch normalisation") == true)
    #expect(!FileManager.default.fileExists(atPath: scene.run("run")))
  }

  @Test func partsOfBatches() {
    for size in 1...9 {
      for count in 1...5 {
        let ranges = (0..<count).map { BatchPart(index: $0, count: count).range(of: size) }
        #expect(ranges.flatMap { Array($0) } == Array(0..<size))
        #expect((ranges.map(\.count).max() ?? 0) == BatchPart(index: 0, count: count).most(of: size))
      }
    }
  }
}
