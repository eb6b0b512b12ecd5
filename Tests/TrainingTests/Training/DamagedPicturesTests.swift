import Foundation
import Testing
@testable import Files
@testable import Images
@testable import Training

/// Pictures that cannot be read: before training, on the way, and left out.
@Suite struct DamagedPicturesTests {
  /// Nothing is known before the first step, and nothing is kept.
  private static let blind = {
    var limits = SessionLimits()
    (limits.survey, limits.cacheBytes) = (.zero, 0)
    return limits
  }()

  @Test func whatIsDamagedAtTheStartIsNamed() throws {
    let scene = try TrainingScene(.paired)
    let first = try scene.picture("train", 2)
    let second = try scene.picture("train", 4)
    let heldOut = try scene.picture("val", 0)
    let configuration = TrainingScene.configuration(.paired)
    let whole = try scene.cut(first)
    let one = #expect(throws: FileError.self) {
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    }
    #expect(one?.path == first && one?.problem == "is a PNG image that was cut off")
    try scene.cut(second)
    try scene.cut(heldOut)
    let several = #expect(throws: FileError.self) {
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    }
    #expect(several?.path == scene.data)
    #expect(
      several?.problem == "has 3 problems: "
        + [first, second, heldOut].map { "\($0) is a PNG image that was cut off" }
        .joined(separator: "; "))
    try scene.write(whole, to: first)
  }

  @Test func theSurveyLooksAtEveryPicture() throws {
    let scene = try TrainingScene(.paired)
    let damaged = [try scene.picture("train", 6), try scene.picture("val", 1)]
    for path in damaged { try scene.cut(path) }
    let folder = try DataFolder(scene.data)
    #expect(folder.problems == [])
    let survey = folder.survey(threads: 3)
    #expect(survey.checked == 11 && survey.total == 11)
    #expect(survey.damaged.map(\.path) == damaged)
    #expect(folder.survey(threads: 1) == survey)
    #expect(DataCheck(folder, survey: survey).problems.map(\.path) == damaged)
  }

  @Test func theSurveyKeepsToItsTime() throws {
    let scene = try TrainingScene(.paired)
    let session = try TrainingSession(
      starting: TrainingScene.configuration(.paired), data: scene.data, run: scene.run("run"), limits: Self.blind)
    #expect(session.survey.checked == 0 && session.survey.total == 7)
  }

  /// Saved, said, and mended: as if nothing had happened.
  @Test(arguments: [(TrainingAlgorithm.paired, 1), (.paired, 2), (.unpaired, 1)])
  func aPictureThatTurnsBadCostsNothing(algorithm: TrainingAlgorithm, batchSize: Int) throws {
    let scene = try TrainingScene(algorithm)
    var configuration = TrainingScene.configuration(algorithm)
    configuration.serial = true
    configuration.batchSize = batchSize
    configuration.steps = 13
    configuration.learningRatePolicy = .plateau
    _ = try TrainingSession(
      starting: configuration, data: scene.data, run: scene.run("whole"), limits: Self.blind
    ).train()

    // Read at the fourth (or seventh) step of the first epoch; three batches are prepared ahead.
    let badStep = batchSize == 1 ? 7 : 4
    let path = try scene.picture(algorithm == .paired ? "train" : "trainB", 6)
    var whole: Data?
    let session = try TrainingSession(
      starting: configuration, data: scene.data, run: scene.run("parts"), limits: Self.blind)
    if batchSize > 1 { whole = try scene.cut(path) }
    let error = #expect(throws: FileError.self) {
      _ = try session.train(report: { progress in
        if progress.step == 3, whole == nil { whole = try? scene.cut(path) }
      })
    }
    #expect(error?.path == path && error?.problem == "is a PNG image that was cut off")
    #expect(
      error?.advice?.description
        == "get the file again; all is saved at step \(badStep - 1), and resume goes on there; "
        + "skip damaged leaves out pictures that cannot be read")

    // As long as it is not mended, it is named before anything is done.
    let again = #expect(throws: FileError.self) { _ = try TrainingSession(resuming: scene.run("parts")) }
    #expect(again?.path == path)
    try scene.write(try #require(whole), to: path)
    let second = try TrainingSession(resuming: scene.run("parts"))
    #expect(second.step == badStep - 1)
    #expect(try second.train() == .finished)
    #expect(try scene.result("whole") == scene.result("parts"))
  }

  @Test func theVeryFirstPictureToo() throws {
    let scene = try TrainingScene(.paired)
    var configuration = TrainingScene.configuration(.paired)
    configuration.serial = true
    configuration.steps = 3
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("whole")).train()
    let path = try scene.picture("train", 0)
    let whole = try scene.cut(path)
    let session = try TrainingSession(
      starting: configuration, data: scene.data, run: scene.run("parts"), limits: Self.blind)
    #expect(throws: FileError.self) { _ = try session.train() }
    try scene.write(whole, to: path)
    #expect(try TrainingSession(resuming: scene.run("parts")).train() == .finished)
    #expect(try scene.result("whole") == scene.result("parts"))
  }

  /// Held-out pictures are in memory before the first step.
  @Test func aHeldOutPictureThatTurnsBadDoesNotMatter() throws {
    let scene = try TrainingScene(.paired)
    var configuration = TrainingScene.configuration(.paired)
    configuration.steps = 3
    let session = try TrainingSession(
      starting: configuration, data: scene.data, run: scene.run("run"), limits: Self.blind)
    for index in 0..<4 { try scene.cut(scene.picture("val", index)) }
    #expect(try session.train() == .finished)
  }

  // MARK: - Left out

  /// The same however often the run is stopped, whatever is known before, and at any number of threads.
  @Test(arguments: [(TrainingAlgorithm.paired, 1), (.paired, 3), (.unpaired, 1), (.unpaired, 2)])
  func leavingOutIsExact(algorithm: TrainingAlgorithm, batchSize: Int) throws {
    let scene = try TrainingScene(algorithm)
    var configuration = TrainingScene.configuration(algorithm)
    configuration.batchSize = batchSize
    configuration.epochs = 3
    configuration.decayEpochs = 2
    configuration.skipDamaged = true
    configuration.learningRatePolicy = .plateau
    let part = algorithm == .paired ? "train" : "trainA"
    for index in [0, 3, 6] { try scene.cut(scene.picture(part, index)) }
    try scene.write(Data("no picture".utf8), to: scene.picture(algorithm == .paired ? "train" : "trainB", 1))
    let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("whole"))
    #expect(session.survey.damaged.count == 4 && session.warnings.count == 4)
    #expect(try session.train() == .finished)
    var leftOut: [FileError] = []
    let parts = try TrainingSession(
      starting: configuration, data: scene.data, run: scene.run("parts"), limits: Self.blind)
    #expect(
      try parts.train(
        shouldStop: stopping(after: 4),
        report: { if case .leftOut(let error) = $0.event { leftOut.append(error) } }) == .interrupted)
    // Each is said once a session.
    #expect(Set(leftOut.compactMap(\.path)).count == leftOut.count)
    let resumed = try TrainingSession(resuming: scene.run("parts"), limits: Self.blind) { $0.threads = 1 }
    #expect(try resumed.train(shouldStop: stopping(after: 1)) == .interrupted)
    #expect(try TrainingSession(resuming: scene.run("parts")) { $0.threads = 3 }.train() == .finished)
    #expect(try scene.result("whole") == scene.result("parts"))

    if algorithm == .paired {
      // Three pictures of seven are left in each of five epochs.
      let steps = try scene.result("whole").losses.dropFirst().map { $0.split(separator: ",")[1] }
      if batchSize == 1 { #expect(steps == (1...5).flatMap { Array(repeating: "\($0)", count: 3) }) }
      #expect(Set(steps).count == 5)
    }
    for run in ["whole", "parts"] {
      let page = try String(contentsOfFile: scene.run(run) + "/index.html", encoding: .utf8)
      #expect(page.contains("<dt>damaged pictures left out</dt><dd>4</dd>"))
      #expect(page.contains("4 damaged pictures were left out"))
      #expect(page.contains("<th>\(part)/"))
    }
    #expect(
      throws: FileError(
        path: scene.run("parts"), problem: "has done all of its \(session.step) steps",
        advice: "raise \(setting: "epochs"), or give \(setting: "steps") to go on")
    ) { _ = try TrainingSession(resuming: scene.run("parts")) }
  }

  @Test func resumingMayBeginToLeaveOut() throws {
    let scene = try TrainingScene(.paired)
    var configuration = TrainingScene.configuration(.paired)
    configuration.serial = true
    configuration.steps = 9
    let path = try scene.picture("train", 6)
    let session = try TrainingSession(
      starting: configuration, data: scene.data, run: scene.run("run"), limits: Self.blind)
    try scene.cut(path)
    #expect(throws: FileError.self) { _ = try session.train() }
    let resumed = try TrainingSession(resuming: scene.run("run")) { $0.skipDamaged = true }
    #expect(resumed.warnings == ["\(path): is a PNG image that was cut off; it is left out"])
    #expect(try resumed.train() == .finished)
    #expect(try RunDescription.read(runFolder: scene.run("run")).configuration.skipDamaged)
  }

  @Test func samplesDoWithoutDamagedPictures() throws {
    let scene = try TrainingScene(.paired)
    var configuration = TrainingScene.configuration(.paired)
    configuration.skipDamaged = true
    configuration.steps = 1
    try scene.cut(scene.picture("val", 0))
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("some")).train()
    let sheet = try PNG.read(scene.run("some") + "/samples/step-0000001.png")
    for index in 1..<4 { try scene.cut(scene.picture("val", index)) }
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("none")).train()
    #expect(try FileManager.default.contentsOfDirectory(atPath: scene.run("none") + "/samples") == [])
    #expect(try scene.result("none").metrics == "step,epoch,l1,psnr,ssim\n")
    try scene.write(Data(), to: scene.picture("train", 0))
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("other")).train()
    #expect(sheet.height < 4 * 48 && sheet.height > 3 * 32)
  }

  @Test func nothingToTrainOnIsSaid() throws {
    let scene = try TrainingScene(.paired, count: 3)
    var configuration = TrainingScene.configuration(.paired)
    configuration.skipDamaged = true
    configuration.steps = 20
    let session = try TrainingSession(
      starting: configuration, data: scene.data, run: scene.run("late"), limits: Self.blind)
    for index in 0..<3 { try scene.cut(scene.picture("train", index)) }
    let late = #expect(throws: FileError.self) { _ = try session.train() }
    #expect(late?.problem == "and every other picture to train on cannot be read any more")
    let early = #expect(throws: FileError.self) {
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("early"))
    }
    #expect(early?.problem == "holds no picture to train on that can be read")
  }
}
