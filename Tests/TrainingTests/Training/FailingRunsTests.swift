import Foundation
import Images
import Testing
@testable import Files
@testable import NeuralNet
@testable import Training
@testable import Weights

/// Runs that are made to fail in each way that the diagnosis knows, and healthy ones, on which it is silent.
@Suite struct FailingRunsTests {
  private static let side = 32

  /// Pairs of coloured squares as side-by-side files.
  private final class Pairs {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("failing-\(UUID().uuidString)")
    var data: String { folder.appendingPathComponent("data").path }
    var run: String { folder.appendingPathComponent("run").path }

    /// `target` makes a target's sample of the input's, its place, and a number that is random for the square.
    typealias Target = (_ level: Int, _ x: Int, _ y: Int, _ random: Int) -> Int

    init(training: Int, heldOut: Int = 4, _ target: @escaping Target, heldOutTarget: Target? = nil) throws {
      try write("train", training, seed: 1, target)
      try write("val", heldOut, seed: 2, heldOutTarget ?? target)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func write(_ part: String, _ count: Int, seed: UInt64, _ target: Target) throws {
      let path = data + "/" + part
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      var random = RandomGenerator(seed: seed)
      for index in 0..<count {
        let levels = (0..<48).map { _ in 40 + random.integer(below: 176) }
        let others = (0..<48).map { _ in random.integer(below: 256) }
        let side = FailingRunsTests.side
        let pixels = (0..<side * 2 * side * 3).map { place -> UInt8 in
          let (x, y, channel) = (place / 3 % (2 * side), place / 3 / (2 * side), place % 3)
          let square = (y * 4 / side * 4 + x % side * 4 / side) * 3 + channel
          let level = x < side ? levels[square] : target(levels[square], x - side, y, others[square])
          return UInt8(min(max(level, 0), 255))
        }
        try PNG.write(Picture(width: 2 * side, height: side, channels: 3, pixels: pixels), to: "\(path)/\(index).png")
      }
    }

    /// Trains, and says what was raised and how it ended.
    func train(
      _ steps: Int, _ change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> (alarms: [TrainingAlarm], outcome: TrainingOutcome, step: Int) {
      var configuration = TrainingScene.configuration(.paired)
      configuration.loadSize = FailingRunsTests.side
      configuration.cropSize = FailingRunsTests.side
      configuration.dropout = false
      configuration.steps = steps
      configuration.epochs = 10_000
      configuration.saveEvery = 10_000
      configuration.sampleEvery = 50
      configuration.learningRate = 0.002
      change(&configuration)
      let session = try TrainingSession(starting: configuration, data: data, run: run)
      var told: [TrainingAlarm] = []
      let outcome = try session.train {
        false
      } report: {
        if case .alarm(let alarm) = $0.event { told.append(alarm) }
      }
      #expect(told == session.alarms)
      return (told, outcome, session.step)
    }
  }

  private static func inverted(_ level: Int, _ x: Int, _ y: Int, _ random: Int) -> Int { 255 - level }

  @Test func aHealthyRunIsSilent() throws {
    let pairs = try Pairs(training: 24, Self.inverted)
    let result = try pairs.train(1500)
    #expect(result.alarms == [] && result.outcome == .finished)
    #expect(!FileManager.default.fileExists(atPath: pairs.run + "/alarms.csv"))
  }

  /// Every pixel of a target is drawn anew: what a generator makes is told from it at a glance.
  @Test func theDiscriminatorWins() throws {
    let pairs = try Pairs(training: 12, { level, x, y, _ in (x * 7919 + y * 104729 + level * 31) % 97 * 2 })
    let result = try pairs.train(2500) { ($0.lambdaL1, $0.ngf, $0.ndf) = (10_000, 2, 16) }
    #expect(result.alarms.map(\.kind).contains(.discriminatorWon), "\(result)")
  }

  /// Targets that have nothing to do with the input: the best that can be done is their mean.
  @Test func theGeneratorCollapses() throws {
    let pairs = try Pairs(training: 100, { $3 })
    let result = try pairs.train(1000) { $0.lambdaL1 = 1000 }
    #expect(result.alarms.map(\.kind).contains(.generatorCollapsed), "\(result)")
  }

  /// Grey targets teach grey, where held-out ones have colours.
  @Test func picturesBecomeFlat() throws {
    let pairs = try Pairs(training: 12, { _, _, _, _ in 128 }, heldOutTarget: Self.inverted)
    let result = try pairs.train(500)
    #expect(result.alarms.map(\.kind).contains(.flatOutput), "\(result)")
  }

  @Test func coloursAreInverted() throws {
    let pairs = try Pairs(training: 24, Self.inverted, heldOutTarget: { level, _, _, _ in level })
    let result = try pairs.train(800)
    #expect(result.alarms.map(\.kind).contains(.invertedColours), "\(result)")
  }

  @Test func aGridIsLearnt() throws {
    let pairs = try Pairs(
      training: 24, { level, x, y, _ in 255 - level + ((x + y) % 2 == 0 ? 30 : -30) }, heldOutTarget: Self.inverted)
    let result = try pairs.train(800) { $0.lambdaL1 = 1000 }
    #expect(result.alarms.map(\.kind) == [.checkerboard], "\(result)")
  }

  @Test func onePairIsLearntByHeart() throws {
    let pairs = try Pairs(training: 1, { $3 })
    let result = try pairs.train(4000) { ($0.flip, $0.learningRate) = (false, 0.0002) }
    #expect(result.alarms.map(\.kind).contains(.overfitting), "\(result)")
  }

  @Test func nothingIsLearnt() throws {
    let pairs = try Pairs(training: 12, Self.inverted)
    let result = try pairs.train(1250) { $0.learningRate = 1e-12 }
    #expect(result.alarms.map(\.kind).contains(.noProgress), "\(result)")
  }

  @Test func lossesExplode() throws {
    let pairs = try Pairs(training: 12, Self.inverted)
    let result = try pairs.train(300) {
      ($0.learningRate, $0.norm, $0.ganMode, $0.stopWhenDead) = (0.5, NormalizationKind.none, .lsgan, true)
    }
    let alarm = try #require(result.alarms.first)
    #expect(alarm.kind == .explosion && result.outcome == .dead(alarm) && result.step == alarm.step, "\(result)")

    // It is saved, and goes on; what was told is not told again.
    let rows = try String(contentsOfFile: pairs.run + "/alarms.csv", encoding: .utf8)
    #expect(
      rows.wholeMatch(of: /step,alarm,value,threshold,advice\n\d+,explosion,[0-9.e+]+,1000,"start again with .*"\n/)
        != nil,
      "\(rows)")
    #expect(rows.contains("\"start again with a lower learning rate, or another gan mode or norm\""))
    let session = try TrainingSession(resuming: pairs.run) { $0.steps = alarm.step + 2 }
    #expect(session.alarms == result.alarms)
    var told = 0
    #expect(
      try session.train {
        false
      } report: {
        if case .alarm = $0.event { told += 1 }
      } == .finished)
    #expect(told == 0 && session.step == alarm.step + 2)
    #expect(try String(contentsOfFile: pairs.run + "/alarms.csv", encoding: .utf8) == rows)
  }

  /// Alarms, like everything else, do not depend on where a run was stopped.
  @Test func stoppedRunsAreToldTheSame() throws {
    let pairs = try Pairs(training: 24, Self.inverted, heldOutTarget: { level, _, _, _ in level })
    let whole = try pairs.train(500)
    #expect(whole.alarms.map(\.kind) == [.invertedColours])
    let table = try Data(contentsOf: URL(fileURLWithPath: pairs.run + "/alarms.csv"))
    let checkpoint = try TrainingScene.checkpoint(pairs.run)
    var configuration = try RunDescription.read(runFolder: pairs.run).configuration
    configuration.steps = 120
    _ = try TrainingSession(starting: configuration, data: pairs.data, run: pairs.run, overwrite: true).train()
    #expect(!FileManager.default.fileExists(atPath: pairs.run + "/alarms.csv"), "of the run before")
    for steps in [260, 333, 500] {
      _ = try TrainingSession(resuming: pairs.run) { $0.steps = steps }.train()
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: pairs.run + "/alarms.csv")) == table)
    #expect(try TrainingScene.checkpoint(pairs.run) == checkpoint)
  }

  @Test func unpairedHealthIsSilent() throws {
    let scene = try TrainingScene(.unpaired, count: 8)
    var configuration = TrainingScene.configuration(.unpaired)
    (configuration.steps, configuration.sampleEvery, configuration.dropout) = (500, 50, false)
    let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    _ = try session.train()
    #expect(session.alarms == [])
  }

  /// A learning rate of 5 ruins an unpaired run in one way or another: each alarm that it raises is a fatal one.
  @Test func anUnpairedRunIsHopeless() throws {
    let scene = try TrainingScene(.unpaired, count: 8)
    var configuration = TrainingScene.configuration(.unpaired)
    (configuration.steps, configuration.sampleEvery, configuration.learningRate) = (400, 50, 5)
    let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    _ = try? session.train()
    #expect(!session.alarms.isEmpty && session.alarms.allSatisfy(\.isFatal), "\(session.alarms)")
  }
}
