import Foundation
import Testing
@testable import Files
@testable import Training

@Suite struct AsyncTrainingTests {
  private func configuration(steps: Int) -> TrainingConfiguration {
    var configuration = TrainingScene.configuration(.paired)
    configuration.steps = steps
    return configuration
  }

  @Test func everyStepIsToldAndNothingIsDifferent() async throws {
    let scene = try TrainingScene(.paired)
    let configuration = configuration(steps: 4)
    let (data, run) = (scene.data, scene.run("events"))
    var steps: [Int] = []
    for try await progress in TrainingSession.progress(of: {
      try TrainingSession(starting: configuration, data: data, run: run)
    }) where progress.event == .step { steps.append(progress.step) }
    #expect(steps == [1, 2, 3, 4])
    let plain = try TrainingSession(starting: configuration, data: data, run: scene.run("plain"))
    #expect(try plain.train() == .finished)
    #expect(try scene.result("events") == scene.result("plain"))
  }

  @Test func whatCannotBeMadeIsThrown() async throws {
    await #expect(throws: FileError.self) {
      _ = try await TrainingSession.train { try TrainingSession(resuming: "/nowhere") }
    }
  }

  /// The loop of a cancelled task ends when all is saved, and resuming goes on as if nothing had happened.
  @Test(.timeLimit(.minutes(2))) func cancellationSaves() async throws {
    let scene = try TrainingScene(.paired)
    let configuration = configuration(steps: 60)
    let (data, run) = (scene.data, scene.run("cancelled"))
    let task = Task {
      var last: TrainingProgress?
      for try await progress in TrainingSession.progress(of: {
        try TrainingSession(starting: configuration, data: data, run: run)
      }) {
        last = progress
        if progress.step == 2 { withUnsafeCurrentTask { $0?.cancel() } }
      }
      return last
    }
    let last = try #require(try await task.value)
    #expect(last.event == .saved && last.step >= 2 && last.step < 60)
    let outcome = try await TrainingSession.train { try TrainingSession(resuming: run) }
    #expect(outcome == .finished)
    _ = try TrainingSession(starting: configuration, data: data, run: scene.run("whole")).train()
    #expect(try scene.result("cancelled") == scene.result("whole"))
  }

  @Test(.timeLimit(.minutes(1))) func aCancelledSessionIsInterrupted() async throws {
    let scene = try TrainingScene(.paired)
    let configuration = configuration(steps: 1_000_000)
    let (data, run) = (scene.data, scene.run("cancelled"))
    let (begun, signal) = AsyncStream<Void>.makeStream()
    let task = Task {
      try await TrainingSession.train {
        try TrainingSession(starting: configuration, data: data, run: run)
      } report: { _ in
        signal.yield()
      }
    }
    for await _ in begun { break }
    task.cancel()
    #expect(try await task.value == .interrupted)
    #expect(FileManager.default.fileExists(atPath: run + "/checkpoint.safetensors"))
  }
}
