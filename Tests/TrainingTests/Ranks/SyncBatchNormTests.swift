import Foundation
import Testing
@testable import Training

/// Several ranks with batch normalisation by the statistics of the whole batch do what one process does.
@Suite struct SyncBatchNormTests {
  private static func configuration(_ scene: RankScene) -> TrainingConfiguration {
    var configuration = scene.configuration()
    if scene.algorithm != .enlarge { configuration.norm = .batch }
    (configuration.discriminatorNorm, configuration.syncBatchNorm) = (.batch, true)
    return configuration
  }

  /// With unequal shares, one picture a rank and a batch with fewer pictures than ranks; the same command gives the same bytes.
  @Test(arguments: TrainingAlgorithm.registered, [2, 3]) func equalsOneProcess(
    _ algorithm: TrainingAlgorithm, ranks: Int
  ) throws {
    let scene = try RankScene(algorithm)
    let configuration = Self.configuration(scene)
    try scene.train("one", ranks: 1, configuration)
    try scene.train("many", ranks: ranks, configuration)
    try scene.train("again", ranks: ranks, configuration)
    try scene.expectClose("many", "one")
    #expect(try TrainingScene.checkpoint(scene.run("many")) == TrainingScene.checkpoint(scene.run("again")))
  }

  /// Where ranks take directions of CycleGAN's loss, alone or two of them one, running statistics too come together; the last
  /// batch of an epoch has one picture.
  @Test(arguments: [(1, 2), (2, 3), (2, 4)]) func ranksShareTheDirections(batch: Int, ranks: Int) throws {
    let scene = try RankScene(.unpaired, count: 9)
    var configuration = Self.configuration(scene)
    (configuration.batchSize, configuration.steps) = (batch, 7)
    try scene.train("one", ranks: 1, configuration)
    try scene.train("many", ranks: ranks, configuration)
    try scene.expectClose("many", "one")
    try scene.train("parts", ranks: ranks, configuration, stopAfter: 4)
    try scene.resume("parts", ranks: ranks)
    #expect(try TrainingScene.checkpoint(scene.run("many")) == TrainingScene.checkpoint(scene.run("parts")))
  }

  /// Resuming equals never having stopped, and any number of ranks goes on.
  @Test func resumesOnAnyNumber() throws {
    let scene = try RankScene(.paired)
    let configuration = Self.configuration(scene)
    try scene.train("one", ranks: 1, configuration)
    try scene.train("parts", ranks: 2, configuration, stopAfter: 2)
    try scene.resume("parts", ranks: 3) { $0.steps = 4 }
    try scene.resume("parts", ranks: 1) { $0.steps = 5 }
    try scene.expectClose("parts", "one")
    try scene.train("whole", ranks: 3, configuration)
    try scene.train("stopped", ranks: 3, configuration, stopAfter: 3)
    try scene.resume("stopped", ranks: 3)
    #expect(try TrainingScene.checkpoint(scene.run("whole")) == TrainingScene.checkpoint(scene.run("stopped")))
  }

  /// Unasked, each rank has statistics of its own; in one process the setting changes no weight.
  @Test func statisticsAreOfARankUnlessAsked() throws {
    let scene = try RankScene(.paired)
    var configuration = Self.configuration(scene)
    try scene.train("asked", ranks: 1, configuration)
    configuration.syncBatchNorm = false
    try scene.train("one", ranks: 1, configuration)
    try scene.train("many", ranks: 2, configuration)
    let (asked, one) = (try scene.tensors("asked"), try scene.tensors("one"))
    #expect(asked == one)
    let apart = try scene.closeness("many", "one").filter { !$0.holds }
    #expect(apart.contains { $0.what.contains("adam") } && apart.contains { $0.what.contains("running") })
  }
}
