import Testing

@testable import NeuralNet
@testable import Training

/// Runs with products in bfloat16: reproducible as any, and close to those in single precision.
@Suite struct PrecisionTests {
  /// Wide enough for most of its layers to be rounded.
  private static func configuration(_ algorithm: TrainingAlgorithm) -> TrainingConfiguration {
    var configuration = TrainingScene.configuration(algorithm)
    (configuration.ngf, configuration.ndf) = (16, 16)
    configuration.precision = .bfloat16
    return configuration
  }

  /// Bit for bit, with other numbers of threads.
  @Test(arguments: TrainingAlgorithm.registered)
  func stoppingAndResumingChangesNothing(_ algorithm: TrainingAlgorithm) throws {
    let scene = try TrainingScene(algorithm)
    var configuration = Self.configuration(algorithm)
    configuration.steps = 6
    func train(_ name: String, stopAfter stop: Int? = nil) throws {
      let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run(name))
      if let stop { _ = try session.train(shouldStop: stopping(after: stop)) } else { _ = try session.train() }
    }
    try train("whole")
    try train("parts", stopAfter: 3)
    let resumed = try TrainingSession(resuming: scene.run("parts")) { $0.threads = 1 }
    #expect(resumed.configuration.precision == .bfloat16)
    #expect(try resumed.train() == .finished)
    #expect(try scene.result("parts") == scene.result("whole"))

    configuration.precision = .float32
    try train("single")
    #expect(try TrainingScene.checkpoint(scene.run("single")) != TrainingScene.checkpoint(scene.run("whole")))
  }

  /// The same pictures lead to nearly the same losses: of the first step, which rounding alone changes, and of the twenty that
  /// follow from it. In CycleGAN's two games Adam's first moves, of full length whatever the gradient, carry a difference on.
  @Test(arguments: [
    (TrainingAlgorithm.paired, 0.0009), (.enlarge, 0.003), (.unpaired, 0.04),
  ])
  func lossesStayClose(_ algorithm: TrainingAlgorithm, seen: Double) throws {
    let scene = try TrainingScene(algorithm)
    var configuration = Self.configuration(algorithm)
    configuration.steps = 20
    func losses(_ name: String, _ precision: Precision) throws -> [[Double]] {
      configuration.precision = precision
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run(name)).train()
      return try TrainingScene.losses(scene.run(name)).dropFirst().map { row in
        row.split(separator: ",").dropFirst(2).dropLast().compactMap { Double($0) }
      }
    }
    let (rounded, single) = (try losses("rounded", .bfloat16), try losses("single", .float32))
    #expect(rounded.count == 20 && single.count == 20)
    func distance(_ steps: Range<Int>) -> Double {
      let pairs = zip(rounded[steps].joined(), single[steps].joined())
      return pairs.reduce(0) { $0 + abs($1.0 - $1.1) } / pairs.reduce(0) { $0 + abs($1.1) }
    }
    #expect(distance(0..<1) < 0.002, "\(distance(0..<1)) of the first losses")
    #expect(distance(0..<20) < 2 * seen && distance(0..<20) > 0, "\(distance(0..<20)) of the losses")
  }
}
