import Foundation
import NeuralNet
import Testing
@testable import Files
@testable import Training
@testable import Weights

/// Runs whose generators are averaged along the way.
@Suite struct GeneratorAveragesTests {
  /// The numbers of a file whose names stand behind `prefix`, by the rest of their names.
  private static func floats(_ path: String, prefix: String = "") throws -> [String: [Float]] {
    let file = try SafetensorsFile(path: path)
    return try file.tensors.filter { $0.name.hasPrefix(prefix) && $0.type == .float32 }.reduce(into: [:]) {
      $0[String($1.name.dropFirst(prefix.count))] = try file.floats($1.name)
    }
  }

  /// What is handed out is the average of the weights that the same run without one has after each of its steps.
  @Test(arguments: [TrainingAlgorithm.paired, .unpaired])
  func theAverageIsHandedOut(_ algorithm: TrainingAlgorithm) throws {
    let scene = try TrainingScene(algorithm, count: 3)
    var configuration = TrainingScene.configuration(algorithm)
    configuration.learningRate = 0.01
    var random = RandomGenerator(seed: configuration.seed, stream: RandomStream.weights.rawValue)
    let start = try algorithm.makeModel(configuration, Processor(threads: 1), &random)
    let names = start.generators.map(\.name)
    var expected: [String: [Double]] = [:]
    for generator in start.generators {
      let store = generator.network.parameters
      for parameter in store.parameters {
        expected[generator.name + parameter.name] = store.fileOrder(parameter).map(Double.init)
      }
    }
    let steps = 4
    for step in 1...steps {
      configuration.steps = step
      let session = try TrainingSession(
        starting: configuration, data: scene.data, run: scene.run("plain"), overwrite: true)
      _ = try session.train()
      let decay = min(0.5, Double(1 + step) / Double(10 + step))
      for name in names {
        for (key, values) in try Self.floats(scene.run("plain") + "/\(name).safetensors") {
          for (place, value) in values.enumerated() where expected[name + key] != nil {
            expected[name + key]?[place] *= decay
            expected[name + key]?[place] += (1 - decay) * Double(value)
          }
        }
      }
    }

    configuration.ema = 0.5
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("averaged")).train()
    var compared = 0
    for name in names {
      let path = scene.run("averaged") + "/\(name).safetensors"
      #expect(try SafetensorsFile(path: path).metadata["ema"] == "0.5")
      for (key, values) in try Self.floats(path) {
        guard let wanted = expected[name + key] else { continue }
        compared += 1
        let largest = wanted.reduce(0) { max($0, abs($1)) }
        let error = zip(values, wanted).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
        #expect(error <= 1e-6 * largest, "\(name) \(key): \(error) of \(largest)")
      }
    }
    #expect(compared == expected.count && compared > 10)
    // Averaging changes nothing of what learns.
    for network in start.networks {
      let prefix = network.name + "."
      let (with, without) = (
        try Self.floats(scene.run("averaged") + "/checkpoint.safetensors", prefix: prefix),
        try Self.floats(scene.run("plain") + "/checkpoint.safetensors", prefix: prefix)
      )
      #expect(!with.isEmpty && with == without, "\(prefix)")
    }
    #expect(try TrainingScene.losses(scene.run("averaged")) == TrainingScene.losses(scene.run("plain")))
    // But what is shown and measured is another network.
    #expect(
      try String(contentsOfFile: scene.run("averaged") + "/metrics.csv", encoding: .utf8)
        != String(contentsOfFile: scene.run("plain") + "/metrics.csv", encoding: .utf8))
    for name in names {
      #expect(
        try Self.floats(scene.run("averaged") + "/\(name)_best.safetensors")
          == Self.floats(scene.run("averaged") + "/\(name).safetensors"))
    }
  }

  /// Batch norms whose statistics are gathered, and several reasons to put the average in its place.
  @Test func stoppingAndResumingChangesNothing() throws {
    let scene = try TrainingScene(.paired)
    var configuration = TrainingScene.configuration(.paired)
    (configuration.ema, configuration.batchSize, configuration.norm) = (0.9, 2, .batch)
    (configuration.steps, configuration.sampleEvery, configuration.keepEvery) = (11, 3, 2)
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("whole")).train()
    let first = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("parts"))
    #expect(try first.train(shouldStop: stopping(after: 4)) == .interrupted)
    _ = try TrainingSession(resuming: scene.run("parts")) { $0.threads = 1 }.train()
    let (whole, parts) = (try scene.result("whole"), try scene.result("parts"))
    #expect(whole == parts)
    #expect(whole.generators.count == 3)
    let networks = try ModelInspection(scene.run("whole")).networks.map(\.name)
    #expect(networks == ["G", "D"])
  }

  @Test func anAverageThatIsNotThereIsNamed() throws {
    let scene = try TrainingScene(.paired, count: 3)
    var configuration = TrainingScene.configuration(.paired)
    configuration.steps = 1
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run")).train()
    var description = try RunDescription.read(runFolder: scene.run("run"))
    (description.configuration.ema, description.configuration.steps) = (0.9, 2)
    try description.write(runFolder: scene.run("run"))
    let error = #expect(throws: FileError.self) { _ = try TrainingSession(resuming: scene.run("run")) }
    #expect(error?.problem.contains("ema.G.model") == true, "\(String(describing: error))")
    for decay in [1, -0.1, .nan] {
      configuration.ema = decay
      #expect(throws: ConfigurationError.self) { try configuration.validate() }
    }
  }
}
