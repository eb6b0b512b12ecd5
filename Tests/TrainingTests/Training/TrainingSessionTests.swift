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
  @Test(arguments: [TrainingAlgorithm.paired, .unpaired, .enlarge])
  func stoppingAndResumingChangesNothing(_ algorithm: TrainingAlgorithm) throws {
    let scene = try TrainingScene(algorithm)
    var configuration = TrainingScene.configuration(algorithm)
    configuration.steps = 17
    configuration.sampleEvery = 6
    configuration.keepEvery = 1
    #expect(
      try TrainingSession(starting: configuration, data: scene.data, run: scene.run("whole")).train() == .finished)

    // Interrupted in the middle of an epoch, resumed with other numbers of threads.
    let first = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("parts"))
    #expect(try first.train(shouldStop: stopping(after: 5)) == .interrupted)
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

    let (whole, parts) = (try scene.result("whole"), try scene.result("parts"))
    #expect(whole == parts)
    // The latest, the best and those of two epochs.
    #expect(whole.generators.count == 4 * (algorithm == .unpaired ? 2 : 1))
  }

  @Test func aKilledRunGoesOnFromItsLastCheckpoint() throws {
    let scene = try TrainingScene(.paired)
    var configuration = TrainingScene.configuration(.paired)
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
    #expect(try TrainingScene.losses(scene.run("whole")) == TrainingScene.losses(scene.run("killed")))
    #expect(try TrainingScene.checkpoint(scene.run("whole")) == TrainingScene.checkpoint(scene.run("killed")))
  }

  @Test func everyFileIsThere() throws {
    let scene = try TrainingScene(.paired)
    var configuration = TrainingScene.configuration(.paired)
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
    #expect(events.count == 4)
    for name in [
      "config.json", "losses.csv", "metrics.csv", "checkpoint.safetensors", "generator.safetensors", "index.html",
      "samples/step-0000001.png", "samples/step-0000003.png", "samples/step-0000006.png",
    ] {
      #expect(FileManager.default.fileExists(atPath: scene.run("run") + "/" + name), "\(name)")
    }
    let log = try String(contentsOfFile: scene.run("run") + "/losses.csv", encoding: .utf8)
    #expect(log.hasPrefix("step,epoch,G_GAN,G_L1,D_real,D_fake,seconds,learning_rate\n1,1,"))
    #expect(log.split(separator: "\n").dropFirst().allSatisfy { $0.hasSuffix(",0.0002") })
    let sheet = try PNG.read(scene.run("run") + "/samples/step-0000006.png")
    #expect(sheet.width > 3 * 32)
  }

  @Test func divergenceIsSaidAndKeepsTheLastCheckpoint() throws {
    let scene = try TrainingScene(.paired)
    var configuration = TrainingScene.configuration(.paired)
    configuration.norm = .none
    configuration.steps = 3
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run")).train()
    let before = try TrainingScene.checkpoint(scene.run("run"))
    var description = try RunDescription.read(runFolder: scene.run("run"))
    description.configuration.learningRate = 100
    description.configuration.ganMode = .lsgan
    try description.write(runFolder: scene.run("run"))
    let session = try TrainingSession(resuming: scene.run("run")) { $0.steps = 60 }
    let error = #expect(throws: FileError.self) { _ = try session.train() }
    #expect(error?.description.contains("training has diverged: at step") == true, "\(String(describing: error))")
    #expect(error?.description.contains("the last good checkpoint is kept") == true)
    #expect(try TrainingScene.checkpoint(scene.run("run")) == before)
    // The page says so, too, and a resumed run begins again behind the checkpoint.
    let page = try String(contentsOfFile: scene.run("run") + "/index.html", encoding: .utf8)
    #expect(page.contains("Diverged at step") && page.contains("What was saved last is of step 3."))
    let rows = try String(contentsOfFile: scene.run("run") + "/losses.csv", encoding: .utf8)
    #expect(rows.split(separator: "\n").last?.contains(/nan|inf/) == true)
  }

  @Test func thePageOfAStoppedRunSaysSo() throws {
    let scene = try TrainingScene(.paired)
    var configuration = TrainingScene.configuration(.paired)
    configuration.steps = 4
    let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    #expect(try session.train(shouldStop: { true }) == .interrupted)
    func page() throws -> String { try String(contentsOfFile: scene.run("run") + "/index.html", encoding: .utf8) }
    #expect(try page().contains("Stopped after step 1 of 4") && page().contains("Everything is saved."))
    #expect(try page().contains("<dt>memory</dt>"))
    _ = try TrainingSession(resuming: scene.run("run")).train()
    #expect(try page().contains("Finished: all 4 steps are done."))
  }

  @Test func onlySomeSettingsMayChangeOnTheWay() throws {
    let scene = try TrainingScene(.paired)
    var configuration = TrainingScene.configuration(.paired)
    configuration.steps = 1
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run")).train()
    let error = #expect(throws: ConfigurationError.self) {
      _ = try TrainingSession(resuming: scene.run("run")) { ($0.steps, $0.ngf) = (2, 7) }
    }
    #expect(error?.setting == "ngf")
    #expect(
      error?.description
        == "ngf was 4 at the start of the run and cannot change on the way; "
        + "start a new run, with init from to keep the weights")
    #expect(
      Set(Settings.all.filter(\.mayChangeOnResume).map(\.name))
        == [
          "epochs", "decay-epochs", "steps", "skip-damaged", "threads", "save-every", "sample-every", "patience",
          "keep-every", "learning-rate", "lambda-l1", "lambda-a", "lambda-b", "lambda-identity", "stop-when-dead",
          "sync-batch-norm", "precision",
        ])
  }

  @Test func refusals() throws {
    let scene = try TrainingScene(.paired)
    var configuration = TrainingScene.configuration(.paired)
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

  /// Two reasons to measure at one step, a sample sheet and the plateau policy, make one row.
  @Test func metricsHoldOneRowAStep() throws {
    let scene = try TrainingScene(.paired, count: 3)
    var configuration = TrainingScene.configuration(.paired)
    configuration.learningRatePolicy = .plateau
    configuration.sampleEvery = 2
    configuration.steps = 6
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run")).train()
    let rows = try String(contentsOfFile: scene.run("run") + "/metrics.csv", encoding: .utf8).split(separator: "\n")
    #expect(rows.dropFirst().map { $0.prefix { $0 != "," } } == ["1", "2", "3", "4", "6"])
  }

  /// A table that this run did not write, or that cannot be read, is nobody's to replace.
  @Test(arguments: ["losses.csv", "metrics.csv"], ["folder", "foreign", "cut"])
  func tablesThatCannotBeReadStay(name: String, damage: String) throws {
    let scene = try TrainingScene(.paired, count: 3)
    var configuration = TrainingScene.configuration(.paired)
    configuration.steps = 2
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run")).train()
    let table = scene.run("run") + "/" + name
    let whole = try Data(contentsOf: URL(fileURLWithPath: table))
    let damaged = damage == "foreign" ? Data("time,value\n1,2\n".utf8) : whole.prefix(5)
    if damage == "folder" {
      try FileManager.default.removeItem(atPath: table)
      try FileManager.default.createDirectory(atPath: table, withIntermediateDirectories: true)
    } else {
      try scene.write(damaged, to: table)
    }
    let error = #expect(throws: FileError.self) { _ = try TrainingSession(resuming: scene.run("run")) { $0.steps = 3 } }
    #expect(error?.path == table)
    #expect(error?.advice == "restore it, or move it away to begin a new table")
    if damage == "folder" {
      #expect(FolderListing.isFolder(table))
    } else {
      #expect(try Data(contentsOf: URL(fileURLWithPath: table)) == damaged)
    }

    // Moved away, a new one begins; restored, it goes on.
    try FileManager.default.removeItem(atPath: table)
    _ = try TrainingSession(resuming: scene.run("run")) { $0.steps = 3 }
    try scene.write(whole + Data("what,is,this\n9,9".utf8), to: table)
    _ = try TrainingSession(resuming: scene.run("run")) { $0.steps = 3 }.train()
    let text = try String(contentsOfFile: table, encoding: .utf8)
    #expect(text.hasPrefix(String(decoding: whole, as: UTF8.self) + "what,is,this\n3,"))
    #expect(text.split(separator: "\n").count == whole.split(separator: UInt8(ascii: "\n")).count + 2)
  }

  /// A table of a version that told no learning rate goes on as it was.
  @Test func tablesWithoutLearningRatesGoOn() throws {
    let scene = try TrainingScene(.paired, count: 3)
    var configuration = TrainingScene.configuration(.paired)
    configuration.steps = 2
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run")).train()
    let table = scene.run("run") + "/losses.csv"
    let now = try String(contentsOfFile: table, encoding: .utf8).split(separator: "\n")
    let earlier = now.map { $0.split(separator: ",").dropLast().joined(separator: ",") + "\n" }.joined()
    try scene.write(Data(earlier.utf8), to: table)
    _ = try TrainingSession(resuming: scene.run("run")) { $0.steps = 4 }.train()
    let rows = try String(contentsOfFile: table, encoding: .utf8).split(separator: "\n")
    #expect(rows[0].hasSuffix(",seconds") && rows.count == 5)
    #expect(rows.allSatisfy { $0.split(separator: ",").count == 7 })
  }

  /// Half of what was is forgotten after 20 steps; a resumed run goes on with it.
  @Test func lossesAreSmoothedForPeople() throws {
    let scene = try TrainingScene(.paired, count: 3)
    var configuration = TrainingScene.configuration(.paired)
    configuration.steps = 40
    var steps: [TrainingProgress] = []
    func note(_ progress: TrainingProgress) { if progress.event == .step { steps.append(progress) } }
    let begun = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    _ = try begun.train(shouldStop: stopping(after: 33), report: note)
    _ = try TrainingSession(resuming: scene.run("run")).train(report: note)
    var smoothed = steps[0].losses.map(\.value)
    for (index, step) in steps.enumerated() {
      let share = max(1 / Double(index + 1), 1 - pow(2, -1.0 / 20))
      smoothed = zip(smoothed, step.losses).map { $0 + ($1.value - $0) * share }
      #expect(step.smoothedLosses.map(\.name) == step.losses.map(\.name))
      for (value, expected) in zip(step.smoothedLosses.map(\.value), smoothed) {
        #expect(abs(value - expected) <= 1e-9 * abs(expected))
      }
    }
    #expect(steps.count == 40)
  }

  /// There is something to resume soon after the start, and it changes nothing.
  @Test func aNewRunIsSavedSoon() throws {
    let scene = try TrainingScene(.paired, count: 3)
    var configuration = TrainingScene.configuration(.paired)
    configuration.steps = 5
    func saves(_ run: String, _ limits: SessionLimits) throws -> [Int] {
      let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run(run), limits: limits)
      var steps: [Int] = []
      _ = try session.train(report: { if $0.event == .saved { steps.append($0.step) } })
      return steps
    }
    var soon = SessionLimits()
    #expect(soon.firstSave == .seconds(60))
    soon.firstSave = .zero
    #expect(try saves("late", SessionLimits()) == [5])
    #expect(try saves("soon", soon) == [1, 5])
    #expect(try scene.result("late") == scene.result("soon"))
  }

  @Test func savesComeBeforeTheirTime() {
    let begin = ContinuousClock.now
    var schedule = SaveSchedule(SessionLimits(), isNew: true, begin: begin)
    #expect(!schedule.isDue(at: begin + .seconds(20), lastStep: .seconds(20)))
    #expect(schedule.isDue(at: begin + .seconds(40), lastStep: .seconds(21)))
    #expect(schedule.isDue(at: begin + .seconds(70), lastStep: .seconds(70)))
    schedule.saved(at: begin + .seconds(45))
    #expect(!schedule.isDue(at: begin + .seconds(940), lastStep: .seconds(2)))
    #expect(schedule.isDue(at: begin + .seconds(940), lastStep: .seconds(6)))
    let resumed = SaveSchedule(SessionLimits(), isNew: false, begin: begin)
    #expect(!resumed.isDue(at: begin + .seconds(800), lastStep: .seconds(1)))
    #expect(resumed.isDue(at: begin + .seconds(900), lastStep: .seconds(1)))
  }
}
