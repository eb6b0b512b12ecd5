import Foundation
import TestSupport
import Testing
@testable import DemoData
@testable import Files
@testable import NeuralNet
@testable import Training
@testable import Weights

/// Whole runs by one process and by ranks that are threads, on ten pictures: the last batch of an epoch holds two.
final class RankScene: Sendable {
  let folder: String
  let algorithm: TrainingAlgorithm
  var data: String { folder + "/data" }

  init(_ algorithm: TrainingAlgorithm, count: Int = 10) throws {
    self.algorithm = algorithm
    folder = NSTemporaryDirectory() + "ranks-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    switch algorithm.data {
    case .pairs, .oneSet: try DemoData.writePaired(to: data, count: count, size: 64, seed: 3)
    case .twoSets: try DemoData.writeUnpaired(to: data, count: count, size: 64, seed: 3)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func run(_ name: String) -> String { folder + "/" + name }

  /// Five steps of batches of four: two epochs' worth, of which the third step has two pictures.
  func configuration() -> TrainingConfiguration {
    var configuration = TrainingScene.configuration(algorithm)
    (configuration.batchSize, configuration.steps, configuration.norm) = (4, 5, .instance)
    configuration.discriminatorNorm = .instance
    configuration.threads = 1
    // At the usual rate five steps tell nothing: Adam's first ones take each number by the sign of its gradient, rounding
    // included, and portable kernels alone leave the weights of such a CycleGAN 7e-3 from those of AVX-512.
    configuration.learningRate = 1e-6
    configuration.lambdaIdentity = 0.5
    if algorithm == .generating {
      (configuration.cropSize, configuration.loadSize, configuration.latentSize) = (32, 32, 8)
      (configuration.instanceNoise, configuration.ema) = (0.1, 0.9)
      configuration.recursive = true
    }
    if algorithm == .enlarge { configuration.pixelSteps = 1 }
    return configuration
  }

  /// Trains with `ranks` ranks, or by one process where there is one.
  func train(
    _ name: String, ranks: Int, _ configuration: TrainingConfiguration, stopAfter: Int? = nil,
    cacheBytes: Int = 1 << 30, report: @escaping @Sendable (TrainingProgress) -> Void = { _ in }
  ) throws {
    let (data, run) = (data, run(name))
    var limits = SessionLimits()
    limits.cacheBytes = cacheBytes
    try go(ranks, stopAfter, limits, report) { [limits] ranks in
      try TrainingSession(starting: configuration, data: data, run: run, limits: limits, ranks: ranks)
    }
  }

  /// Goes on with a run.
  func resume(
    _ name: String, ranks: Int, change: @escaping @Sendable (inout TrainingConfiguration) -> Void = { _ in }
  ) throws {
    let run = run(name)
    try go(ranks, nil, SessionLimits(), { _ in }) {
      try TrainingSession(resuming: run, limits: SessionLimits(), ranks: $0, change: change)
    }
  }

  private func go(
    _ count: Int, _ stopAfter: Int?, _ limits: SessionLimits, _ report: @escaping @Sendable (TrainingProgress) -> Void,
    _ make: @escaping @Sendable (RankLeader?) throws -> TrainingSession
  ) throws {
    @Sendable func train(_ leader: RankLeader?) throws {
      _ = try make(leader).train(shouldStop: stopAfter.map { stopping(after: $0) } ?? { false }, report: report)
    }
    guard count > 1 else { return try train(nil) }
    let results = ThreadLink.run(count) { link in
      guard link.rank == 0 else { return try RankFollower(link, limits: limits).serve() }
      let leader = RankLeader(link)
      do {
        try train(leader)
      } catch {
        // As the program does: who can hear it is told, so that nobody waits.
        if !leader.dismiss() { throw error }
        throw Told(error: error)
      }
      #expect(leader.dismiss())
    }
    for rank in results.indices.reversed() where rank > 0 {
      if case .failure = results[0] { continue }
      try results[rank].get()
    }
    do { try results[0].get() } catch let told as Told { throw told.error }
  }

  /// An error of the first rank after which all others have ended in order.
  private struct Told: Error { var error: any Error }

  /// All tensors of a run's checkpoint with floats, in one row for each network or kind.
  func tensors(_ name: String) throws -> [String: [Float]] {
    let file = try SafetensorsFile(path: run(name) + "/checkpoint.safetensors")
    return file.tensors.reduce(into: [:]) { if let floats = try? file.floats($1.name) { $0[$1.name] = floats } }
  }

  /// How close a run's weights, running statistics, pools and losses are to another's. Moments tell every gradient on the way, and
  /// jump where rounding decides the sign of a difference that L1 looks at, or on which side of a rectifier a number lies:
  /// portable kernels leave them 1e-3 from those of AVX-512, while a part that is missing or counts twice moves them by half.
  func closeness(_ many: String, _ one: String) throws -> [Closeness] {
    let (actual, expected) = (try tensors(many), try tensors(one))
    #expect(Set(actual.keys) == Set(expected.keys))
    var networks: [String: (actual: [Float], expected: [Float])] = [:]
    for (name, numbers) in expected {
      var kind = name.split(separator: ".").prefix(name.hasPrefix("adam") ? 3 : 1).joined(separator: ".")
      if name.contains(".running_") { kind += " running" }
      networks[kind, default: ([], [])].actual += actual[name] ?? []
      networks[kind, default: ([], [])].expected += numbers
    }
    let rows = try [many, one].map { name in
      try TrainingScene.losses(run(name)).dropFirst().map { $0.split(separator: ",").compactMap { Float($0) } }
    }
    #expect(rows[0].count == rows[1].count)
    return networks.sorted { $0.key < $1.key }.map { name, numbers in
      Closeness(
        "\(algorithm.name) \(many) \(name)", numbers.actual, numbers.expected, name.hasPrefix("adam") ? 1e-2 : 1e-4)
    } + zip(rows[0], rows[1]).map { Closeness("losses of step \($1.first ?? 0)", $0, $1, 1e-3) }
  }

  /// Expects weights, pools and losses of two runs to be equal to rounding.
  func expectClose(_ many: String, _ one: String) throws {
    for closeness in try closeness(many, one) { #expect(closeness.holds, "\(closeness)") }
  }
}
