import Foundation
import Testing
@testable import Files
@testable import NeuralNet
@testable import Training

@Suite struct ForecastTests {
  @Test func samplesComeEarlyAndThenAtTheirMultiples() {
    func steps(_ every: Int, upTo last: Int) -> [Int] { (1...last).filter(SampleSchedule(every: every).isDue) }
    #expect(steps(400, upTo: 1300) == [1, 10, 30, 100, 200, 400, 800, 1200])
    #expect(steps(5000, upTo: 10_000) == [1, 10, 30, 100, 200, 400, 800, 1600, 3200, 5000, 10_000])
    #expect(steps(7, upTo: 30) == [1, 7, 14, 21, 28])
    #expect(steps(1, upTo: 3) == [1, 2, 3])
    for (every, last) in [(400, 1), (400, 399), (400, 1300), (5000, 10_000), (7, 30), (1, 3), (1000, 250), (200, 400)] {
      let drawn = Set(steps(every, upTo: last) + [last])
      #expect(SampleSchedule(every: every).count(upTo: last) == drawn.count, "\(every) \(last)")
    }
  }

  /// What was planned beforehand is what a run takes: no step and no sample plans more.
  @Test(arguments: [TrainingAlgorithm.paired, .unpaired], [false, true])
  func activationsAreForeseen(_ algorithm: TrainingAlgorithm, hasPenalty: Bool) throws {
    let scene = try TrainingScene(algorithm, count: 3)
    var configuration = TrainingScene.configuration(algorithm)
    configuration.steps = 3
    if hasPenalty { (configuration.ganMode, configuration.discriminatorNorm) = (.wgangp, NormalizationKind.none) }
    let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    let before = session.plannedBytes
    _ = try session.train()
    #expect(session.plannedBytes == before && before > 0)
    let names = session.forecast.memory.map(\.name)
    #expect(names.contains("earlier translations") == (algorithm == .unpaired))
  }

  /// The checkpoint and the generators are as large as foreseen, but for their headers.
  @Test(arguments: [TrainingAlgorithm.paired, .unpaired])
  func filesAreForeseen(_ algorithm: TrainingAlgorithm) throws {
    let scene = try TrainingScene(algorithm, count: 3)
    var configuration = TrainingScene.configuration(algorithm)
    configuration.steps = 4
    let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run"))
    _ = try session.train()
    func size(_ path: String) throws -> Int {
      try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }
    let disk = session.forecast.disk
    let checkpoint = try size(session.run.checkpoint)
    #expect((disk[0].bytes - 1000...disk[0].bytes + 80_000).contains(checkpoint), "\(checkpoint) \(disk[0])")
    let generators = try session.run.generators.reduce(0) { try $0 + size(session.run.weights($1)) }
    #expect((disk[1].bytes...disk[1].bytes + 20_000).contains(generators), "\(generators) \(disk[1])")
    #expect(session.forecast.steps == 4)
    #expect(disk.last?.name == "2 sample sheets")
  }

  @Test func whatClearlyDoesNotFitIsRefused() throws {
    let scene = try TrainingScene(.paired, count: 3)
    let data = try DataFolder(scene.data)
    let configuration = TrainingScene.configuration(.paired)
    let forecast = try Forecast(configuration, data)
    try forecast.requireMemory(nil)
    try forecast.requireMemory(forecast.leastMemory)
    let error = #expect(throws: FileError.self) { try forecast.requireMemory(forecast.leastMemory - 1) }
    #expect(error?.problem.contains("of memory for weights and moments") == true)
    #expect(error?.advice?.settings == ["batch-size", "crop-size", "ngf", "ndf"])
    // Pictures give way.
    #expect(forecast.memory.reduce(0) { $0 + $1.bytes } > forecast.leastMemory)

    var check = DataCheck(data)
    try check.addForecast(configuration, data)
    #expect(check.forecast == forecast && check.problems.isEmpty)
    #expect(check.text.contains("\nmemory: about ") && check.text.contains("\ndisk: about "))
  }

  @Test func theWholeTimeIsSaidOnce() throws {
    var forecast = DurationForecast()
    var said: [Double] = []
    for step in 1...100 {
      // The first steps are slow, and a sample comes between.
      let seconds = step <= 2 ? 5.0 : step == 7 ? 3 : 1
      if let answer = forecast.observe(seconds, remaining: 1000 - step) { said.append(answer) }
    }
    #expect(said == [10 + 9 + 3 + 988])
    var slow = DurationForecast()
    #expect((1...5).compactMap { slow.observe(20, remaining: 100 - $0) } == [2000])
  }
}
