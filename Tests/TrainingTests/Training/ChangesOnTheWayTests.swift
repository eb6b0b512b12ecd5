import Foundation
import NeuralNet
import Testing
@testable import Files
@testable import Training

/// Settings and data that a run goes on with.
@Suite struct ChangesOnTheWayTests {
  private func start(_ algorithm: TrainingAlgorithm, _ scene: TrainingScene, _ run: String, steps: Int) throws {
    var configuration = TrainingScene.configuration(algorithm)
    configuration.steps = steps
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run(run)).train()
  }

  /// A change has the effect of that setting in config.json, from the next step on, and is noted there.
  @Test func changesTakeEffectAndAreNoted() throws {
    let scene = try TrainingScene(.paired)
    for run in ["changed", "edited", "plain"] { try start(.paired, scene, run, steps: 3) }
    _ = try TrainingSession(resuming: scene.run("changed")) {
      ($0.steps, $0.learningRate, $0.lambdaL1) = (5, 0.01, 10)
    }.train()
    // Stopped once more, nothing is changed and nothing noted but the number of steps.
    _ = try TrainingSession(resuming: scene.run("changed")) { $0.steps = 7 }.train()

    var description = try RunDescription.read(runFolder: scene.run("edited"))
    (description.configuration.learningRate, description.configuration.lambdaL1) = (0.01, 10)
    try description.write(runFolder: scene.run("edited"))
    _ = try TrainingSession(resuming: scene.run("edited")) { $0.steps = 7 }.train()
    _ = try TrainingSession(resuming: scene.run("plain")) { $0.steps = 7 }.train()
    #expect(try TrainingScene.checkpoint(scene.run("changed")) == TrainingScene.checkpoint(scene.run("edited")))
    #expect(try TrainingScene.losses(scene.run("changed")) == TrainingScene.losses(scene.run("edited")))
    let (changed, plain) = (
      try TrainingScene.losses(scene.run("changed")), try TrainingScene.losses(scene.run("plain"))
    )
    // The header and three steps are alike, the fourth one has another weight of the loss.
    #expect(changed.prefix(4) == plain.prefix(4) && changed[4] != plain[4])

    let history = try RunDescription.read(runFolder: scene.run("changed")).history
    #expect(
      history == [
        .init(step: 3, setting: "steps", from: .integer(3), to: .integer(5)),
        .init(step: 3, setting: "lambda_l1", from: .integer(100), to: .integer(10)),
        .init(step: 3, setting: "learning_rate", from: .number(0.0002), to: .number(0.01)),
        .init(step: 5, setting: "steps", from: .integer(5), to: .integer(7)),
      ])
  }

  /// A loss that was left out comes in, and one of another algorithm is refused.
  @Test func weightsOfLossesMayComeAndGo() throws {
    let scene = try TrainingScene(.unpaired, count: 3)
    try start(.unpaired, scene, "run", steps: 2)
    let error = #expect(throws: ConfigurationError.self) {
      _ = try TrainingSession(resuming: scene.run("run")) { ($0.steps, $0.lambdaL1) = (4, 7) }
    }
    #expect(error?.setting == "lambda-l1" && error?.problem == "is no setting of unpaired training")
    for (steps, identity) in [(4, 0.0), (6, 0.5)] {
      _ = try TrainingSession(resuming: scene.run("run")) { ($0.steps, $0.lambdaIdentity) = (steps, identity) }.train()
    }
    let rows = try TrainingScene.losses(scene.run("run")).dropFirst().map { $0.split(separator: ",") }
    // step, epoch, D_A, G_A, cycle_A, idt_A
    #expect(rows.map { $0[5] == "0" } == [false, false, true, true, false, false])
  }

  /// Other data are trained on from a new epoch, where they are named; else their change is refused.
  @Test(arguments: [TrainingAlgorithm.paired, .unpaired])
  func dataMayChange(_ algorithm: TrainingAlgorithm) throws {
    let (scene, more) = (try TrainingScene(algorithm, count: 3), try TrainingScene(algorithm, count: 5))
    // In the middle of the second epoch of three.
    try start(algorithm, scene, "run", steps: 4)
    for part in try FileManager.default.contentsOfDirectory(atPath: more.data) {
      let folder = "\(scene.data)/\(part)"
      try? FileManager.default.removeItem(atPath: folder)
      try FileManager.default.copyItem(atPath: "\(more.data)/\(part)", toPath: folder)
    }
    let error = #expect(throws: FileError.self) {
      _ = try TrainingSession(resuming: scene.run("run")) { $0.steps = 11 }
    }
    #expect(
      error?.description.hasSuffix(
        "the training data has changed: 5 images, but 3 when the run was saved; restore the data folder, or name it with "
          + "data to go on with these in a new epoch") == true, "\(String(describing: error))")
    _ = try TrainingSession(resuming: scene.run("run"), data: scene.data) { $0.steps = 6 }.train()
    // From there on as ever.
    _ = try TrainingSession(resuming: scene.run("run")) { $0.steps = 11 }.train()
    let epochs = try TrainingScene.losses(scene.run("run")).dropFirst().map { $0.split(separator: ",")[1] }
    #expect(epochs == ["1", "1", "1", "2", "3", "3", "3", "3", "3", "4", "4"])
    #expect(try RunDescription.read(runFolder: scene.run("run")).history.map(\.setting) == ["steps", "steps"])
    _ = try TrainingSession(resuming: scene.run("run"), data: more.data) { $0.steps = 12 }
    #expect(
      try RunDescription.read(runFolder: scene.run("run")).history.last
        == .init(step: 11, setting: "data", from: .text(scene.data), to: .text(more.data)))
  }

  @Test func noneTakesASettingAway() throws {
    let setting = try #require(Settings.all.first { $0.name == "steps" })
    var configuration = TrainingConfiguration.paired
    configuration.steps = 3
    try setting.set(&configuration, "none")
    #expect(configuration.steps == nil)
    #expect(throws: SettingTextError.noInteger) { try setting.set(&configuration, "nones") }
    // Where it is a value by itself, it stays one.
    let norm = try #require(Settings.all.first { $0.name == "discriminator-norm" })
    try norm.set(&configuration, "none")
    #expect(configuration.discriminatorNorm == NormalizationKind.none)
  }
}
