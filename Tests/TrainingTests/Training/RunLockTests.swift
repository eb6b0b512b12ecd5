import Foundation
import Testing
@testable import Files
@testable import Training
@testable import Weights

/// One session at a time in a run folder, in this process too.
@Suite struct RunLockTests {
  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
  }

  @Test func aSecondSessionIsRefusedAndChangesNothing() throws {
    let scene = try TrainingScene(.paired, count: 3)
    let run = scene.run("run")
    var configuration = TrainingScene.configuration(.paired)
    configuration.steps = 4
    let first = try TrainingSession(starting: configuration, data: scene.data, run: run)
    let before = try names(run)
    #expect(before.contains(".lock"))
    for overwrite in [false, true] {
      let error = #expect(throws: FileError.self) {
        _ = try TrainingSession(starting: configuration, data: scene.data, run: run, overwrite: overwrite)
      }
      #expect(error?.path == run)
      #expect(error?.problem.hasPrefix("is in use: another session of this process trains in it since 2") == true)
    }
    // Before its first save too: not that it was stopped, and could be started again.
    let early = #expect(throws: FileError.self) { _ = try TrainingSession(resuming: run) }
    #expect(early?.problem.hasPrefix("is in use") == true)
    #expect(try names(run) == before)

    #expect(try first.train(shouldStop: stopping(after: 2)) == .interrupted)
    #expect(try !names(run).contains(".lock"))
    let second = try TrainingSession(resuming: run)
    let late = #expect(throws: FileError.self) { _ = try first.train() }
    #expect(late?.problem.hasPrefix("is in use") == true)
    #expect(try second.train() == .finished)
    let after = try scene.result("run")
    let changed = #expect(throws: FileError.self) { _ = try first.train() }
    #expect(changed?.problem == "has been changed since this session trained in it")
    #expect(try scene.result("run") == after)
  }

  @Test func aSessionMayGoOnAfterItsStop() throws {
    let scene = try TrainingScene(.paired, count: 3)
    var configuration = TrainingScene.configuration(.paired)
    configuration.steps = 6
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("whole")).train()
    let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("parts"))
    #expect(try session.train(shouldStop: stopping(after: 2)) == .interrupted)
    #expect(try session.train() == .finished)
    #expect(try scene.result("whole") == scene.result("parts"))
  }

  @Test func aFileThatIsLeftIsNoLock() throws {
    let scene = try TrainingScene(.paired, count: 3)
    let run = RunFolder(scene.run("run"))
    try run.make()
    try scene.write(Data(#"{"pid":1,"host":"x","since":1}"#.utf8), to: run.file(".lock"))
    let lock = try RunLock(run)
    #expect(lock.warning == nil)
    let note = try Data(contentsOf: URL(fileURLWithPath: run.file(".lock")))
    #expect(try JSONDecoder().decode(RunLock.Holder.self, from: note).pid == getpid())
  }

  @Test(arguments: [
    (#"{"pid":77,"host":"node 7\u001b[31m","since":0}"#, "is in use: process 77 on node 7"),
    ("no note", "is in use: another process trains in it"), ("", "is in use: another process trains in it"),
  ])
  func whoeverHoldsItIsNamed(note: String, problem: String) throws {
    let scene = try TrainingScene(.paired, count: 3)
    let run = RunFolder(scene.run("run"))
    try run.make()
    let lock = try RunLock(run)
    try withExtendedLifetime(lock) {
      // In place, since the lock belongs to the file.
      let handle = try #require(FileHandle(forWritingAtPath: run.file(".lock")))
      try handle.truncate(atOffset: 0)
      try handle.write(contentsOf: Data(note.utf8))
      try handle.close()
      let error = #expect(throws: FileError.self) { _ = try RunLock(run) }
      #expect(error?.problem.hasPrefix(problem) == true, "\(String(describing: error))")
      #expect(error?.description.contains("\u{1b}") == false)
    }
  }

  @Test func linksAndFoldersAreRefused() throws {
    let scene = try TrainingScene(.paired, count: 3)
    let run = RunFolder(scene.run("run"))
    try run.make()
    let elsewhere = scene.run("elsewhere")
    try scene.write(Data("mine".utf8), to: elsewhere)
    try FileManager.default.createSymbolicLink(atPath: run.file(".lock"), withDestinationPath: elsewhere)
    #expect(throws: FileError.self) { _ = try RunLock(run) }
    #expect(try String(contentsOfFile: elsewhere, encoding: .utf8) == "mine")
    try FileManager.default.removeItem(atPath: run.file(".lock"))
    try FileManager.default.createDirectory(atPath: run.file(".lock"), withIntermediateDirectories: true)
    #expect(throws: FileError.self) { _ = try RunLock(run) }
  }

  /// What cannot be started leaves no folder, and nothing in one that is there.
  @Test func refusalsLeaveNoTrace() throws {
    let scene = try TrainingScene(.paired, count: 3)
    try scene.cut(scene.picture("train", 1))
    let configuration = TrainingScene.configuration(.paired)
    #expect(throws: FileError.self) {
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    }
    #expect(!FileManager.default.fileExists(atPath: scene.run("run")))
    try RunFolder(scene.run("run")).make()
    #expect(throws: FileError.self) {
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    }
    #expect(try names(scene.run("run")) == [])
    #expect(throws: FileError.self) { _ = try TrainingSession(resuming: scene.run("run")) }
    #expect(try names(scene.run("run")) == [])
  }
}
