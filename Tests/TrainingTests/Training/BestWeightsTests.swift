import Foundation
import NeuralNet
import TestSupport
import Testing
@testable import Files
@testable import Training
@testable import Weights

/// Which weights a run keeps beside the latest.
@Suite struct BestWeightsTests {
  private static func metadata(_ path: String) throws -> ModelMetadata {
    try ModelMetadata(strings: SafetensorsFile(path: path).metadata, path: path)
  }

  /// The first column of metrics.csv and the column `name`.
  private static func metrics(_ run: String, _ name: String) throws -> [(step: Int, value: Double)] {
    let lines = try String(contentsOfFile: run + "/metrics.csv", encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: ",").map(String.init) }
    let column = try #require(lines[0].firstIndex(of: name))
    return try lines.dropFirst().map { (try #require(Int($0[0])), try #require(Double($0[column]))) }
  }

  @Test(arguments: [(TrainingAlgorithm.paired, nil, true), (.paired, "ssim", false), (.unpaired, nil, true)])
  func theBestOfAllMeasurementsIsKept(_ algorithm: TrainingAlgorithm, _ by: String?, _ lower: Bool) throws {
    let scene = try TrainingScene(algorithm, count: 3)
    var configuration = TrainingScene.configuration(algorithm)
    (configuration.steps, configuration.sampleEvery, configuration.bestBy) = (7, 2, by)
    let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    _ = try session.train()

    let name = by ?? (algorithm == .paired ? "l1" : "cycle")
    let rows = try Self.metrics(scene.run("run"), name)
    #expect(rows.map(\.step) == [1, 2, 4, 6, 7])
    let best = try #require(rows.min { lower ? $0.value < $1.value : $0.value > $1.value })
    #expect(session.best?.figure == name && session.best?.step == best.step)

    // The same weights as those of a run that ends there.
    configuration.steps = best.step
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("short")).train()
    for generator in session.model.generators.map(\.name) {
      let path = scene.run("run") + "/\(generator)_best.safetensors"
      let metadata = try Self.metadata(path)
      #expect(metadata.bestBy == name && metadata.step == best.step && metadata.role == generator)
      #expect(abs(try #require(metadata.bestFigure) - best.value) < 1e-5 * abs(best.value))
      let (kept, ended) = (
        try SafetensorsFile(path: path), try SafetensorsFile(path: scene.run("short") + "/\(generator).safetensors")
      )
      #expect(!kept.tensors.isEmpty)
      for tensor in kept.tensors where tensor.type == .float32 {
        #expect(try kept.floats(tensor.name) == ended.floats(tensor.name), "\(tensor.name)")
      }
    }
  }

  private static let figure = TrainingAlgorithm.HeldOutFigure(
    name: "l1", title: "L1", meaning: "", lowerIsBetter: true)

  /// A model whose first weight tells which one is saved.
  private struct Saving {
    let run: RunFolder
    let model: any TranslationModel
    let configuration: TrainingConfiguration
    var position: TrainingPosition

    init(_ path: String) throws {
      run = RunFolder(path)
      configuration = TrainingScene.configuration(.paired)
      var random = RandomGenerator(seed: 1)
      model = try configuration.algorithm.makeModel(configuration, Processor(threads: 1), &random)
      position = TrainingPosition(
        schedule: LearningRateSchedule(policy: .linear, constantEpochs: 1, decayEpochs: 1), random: [1, 2, 3, 4])
    }

    /// Measures `value` after `step`.
    mutating func measure(_ saver: RunSaver, _ value: Double, step: Int) throws {
      position.step = step
      model.generators[0].network.parameters.valuesToChange()[0] = Float(step)
      try saver.keepIfBest(value, of: figure, model, position)
    }

    /// The step whose weights are in the best file, by what they are and by what it says.
    func best() throws -> [Int] {
      let path = run.weights("generator_best")
      let store = model.generators[0].network.parameters
      let first = try #require(store.parameters.first { $0.offset == 0 })
      let values = try SafetensorsFile(path: path).floats(first.name)
      return [Int(values[0]), try #require(try metadata(path).step)]
    }
  }

  /// The best weights on the disk are never those of a step that the checkpoint does not know.
  @Test func aKilledRunHasTheBestOfItsCheckpoint() throws {
    let folder = try TemporaryFolder()
    var saving = try Saving(folder.path)
    let saver = try RunSaver(saving.run, saving.configuration, continuingAfter: nil)
    try saving.measure(saver, 0.5, step: 2)
    #expect(!FileManager.default.fileExists(atPath: saving.run.weights("generator_best")))
    try saving.measure(saver, 0.3, step: 4)
    try saving.measure(saver, 0.4, step: 6)
    try saver.save(saving.model, saving.position)
    #expect(try saving.best() == [4, 4])
    #expect(!FileManager.default.fileExists(atPath: saving.run.pendingBest("generator")))

    // Killed after a better one was measured, and before it was saved.
    try saving.measure(saver, 0.2, step: 8)
    #expect(try saving.best() == [4, 4])
    let waiting = try Data(contentsOf: URL(fileURLWithPath: saving.run.pendingBest("generator")))
    let second = try RunSaver(saving.run, saving.configuration, continuingAfter: 6)
    #expect(second.best == BestFigure(name: "l1", value: 0.3, step: 4))
    #expect(!FileManager.default.fileExists(atPath: saving.run.pendingBest("generator")))
    try saving.measure(second, 0.31, step: 10)
    try second.save(saving.model, saving.position)
    #expect(try saving.best() == [4, 4])

    // Killed between the checkpoint and the best weights.
    try waiting.write(to: URL(fileURLWithPath: saving.run.pendingBest("generator")))
    let third = try RunSaver(saving.run, saving.configuration, continuingAfter: 10)
    #expect(third.best == BestFigure(name: "l1", value: 0.2, step: 8))
    #expect(try saving.best() == [8, 8])

    // Of an older checkpoint, or by another figure, the file is none that counts.
    #expect(try RunSaver(saving.run, saving.configuration, continuingAfter: 7).best == nil)
    var other = saving.configuration
    other.bestBy = "psnr"
    #expect(try RunSaver(saving.run, other, continuingAfter: 10).best == nil)
  }

  /// What a run measures once more because it ends leaves no trace in where it stands.
  @Test func endingBetweenTwoMeasurementsChangesNothing() throws {
    let scene = try TrainingScene(.paired, count: 3)
    var configuration = TrainingScene.configuration(.paired)
    (configuration.steps, configuration.sampleEvery) = (8, 3)
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("whole")).train()
    configuration.steps = 4
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("parts")).train()
    _ = try TrainingSession(resuming: scene.run("parts")) { $0.steps = 8 }.train()
    #expect(try TrainingScene.checkpoint(scene.run("whole")) == TrainingScene.checkpoint(scene.run("parts")))
    #expect(try Self.metrics(scene.run("parts"), "l1").map(\.step) == [1, 3, 4, 6, 8])
  }

  /// Weights that do not move are measured alike every time.
  @Test func patienceEndsARun() throws {
    let scene = try TrainingScene(.paired, count: 3)
    var configuration = TrainingScene.configuration(.paired)
    (configuration.learningRate, configuration.sampleEvery, configuration.patience) = (1e-20, 2, 3)
    let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    #expect(try session.train() == .stalled)
    #expect(session.step == 6)
    #expect(session.best?.step == 1)
    let error = #expect(throws: FileError.self) { _ = try TrainingSession(resuming: scene.run("run")) }
    #expect(
      error?.description.hasSuffix(
        "has stopped since l1 was best after step 1 and not in 3 measurements since; raise patience to go on") == true,
      "\(String(describing: error))")
    let more = try TrainingSession(resuming: scene.run("run")) { $0.patience = 5 }
    #expect(try more.train() == .stalled)
    #expect(more.step == 10)

    configuration.patience = 5
    let whole = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("whole"))
    #expect(try whole.train() == .stalled)
    #expect(try scene.result("whole") == scene.result("run"))
    let free = try TrainingSession(resuming: scene.run("run")) { ($0.patience, $0.steps) = (nil, 11) }
    #expect(try free.train() == .finished)
  }

  @Test func whatCannotBeMeasuredIsRefused() throws {
    let scene = try TrainingScene(.paired, count: 3)
    try FileManager.default.removeItem(atPath: scene.data + "/val")
    var configuration = TrainingScene.configuration(.paired)
    configuration.patience = 2
    let error = #expect(throws: FileError.self) {
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    }
    #expect(error?.problem == "has no held-out pictures to measure")
    for (algorithm, names) in [(TrainingAlgorithm.paired, "l1 or psnr or ssim"), (.unpaired, "cycle")] {
      var other = TrainingScene.configuration(algorithm)
      other.bestBy = algorithm == .paired ? "cycle" : "l1"
      let refusal = #expect(throws: ConfigurationError.self) { try other.validate() }
      #expect(refusal?.setting == "best-by" && refusal?.advice == Phrase("give \(names)"))
    }
  }

  @Test func aBetterFigureIsANumber() {
    let higher = TrainingAlgorithm.HeldOutFigure(name: "psnr", title: "", meaning: "", lowerIsBetter: false)
    #expect(Self.figure.isBetter(2, than: nil) && Self.figure.isBetter(1, than: 2) && !Self.figure.isBetter(2, than: 2))
    #expect(higher.isBetter(3, than: 2) && !higher.isBetter(1, than: 2))
    #expect(!higher.isBetter(.infinity, than: 2) && !Self.figure.isBetter(.nan, than: nil))
  }

  /// What is said of the disk is what is there in the end, but for headers.
  @Test(arguments: [TrainingAlgorithm.paired, .unpaired])
  func theFootprintIsThatOfTheFiles(_ algorithm: TrainingAlgorithm) throws {
    let scene = try TrainingScene(algorithm, count: 3)
    var configuration = TrainingScene.configuration(algorithm)
    (configuration.epochs, configuration.decayEpochs, configuration.keepEvery) = (4, 1, 2)
    // Pools are full by then.
    configuration.poolSize = 2
    let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    let footprint = session.forecast.footprint
    #expect(footprint.keepsBest && footprint.snapshots == 2)
    _ = try session.train()
    var bytes = 0
    let names = try FileManager.default.contentsOfDirectory(atPath: scene.run("run")).filter {
      $0.hasSuffix(".safetensors")
    }
    for name in names {
      let file = try SafetensorsFile(path: scene.run("run") + "/" + name)
      bytes += file.tensors.reduce(0) { $0 + $1.byteRange.count }
    }
    #expect(names.count == 1 + 4 * session.model.generators.count)
    #expect(footprint.total == bytes)
    #expect(session.forecast.disk.contains { $0.name == "those of 2 epochs" })
  }
}
