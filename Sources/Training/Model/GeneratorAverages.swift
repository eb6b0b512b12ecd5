import Files
import NeuralNet
import Parallel
import Weights

/// The moving averages of a model's generators: they stand in for them wherever these are shown, measured or handed out.
final class GeneratorAverages {
  /// By the names of the networks.
  private let members: [(name: String, average: WeightAverage)]
  private let pool: WorkerPool
  private var areInPlace = false

  /// Averages that begin with the weights that `model` has by now.
  ///
  /// - Throws: `FileError` where there is no memory for them
  init(of model: any TranslationModel, decay: Double, _ pool: WorkerPool) throws {
    self.pool = pool
    let networks = model.networks.filter { trained in model.generators.contains { $0.network === trained.network } }
    members = try networks.map { ($0.name, try WeightAverage(of: $0.network.parameters, decay: decay)) }
  }

  /// Bytes of memory.
  var bytes: Int { members.reduce(0) { $0 + $1.average.bytes } }

  /// Takes in the weights after a step.
  func update() { for member in members { member.average.update(pool) } }

  /// Calls `body` while the averages are in the place of the generators' weights.
  func inPlace<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard !areInPlace else { return try body() }
    exchange()
    defer { exchange() }
    return try body()
  }

  private func exchange() {
    areInPlace.toggle()
    for member in members { member.average.exchange(pool) }
  }

  // MARK: - In checkpoints

  private static func prefix(_ name: String) -> String { "ema." + name + "." }

  /// What a checkpoint holds of them.
  var tensors: [SafetensorsWriter.Tensor] {
    members.flatMap { name, average in
      let prefix = Self.prefix(name)
      return NetworkTensors.packed(average.parameters, prefix: prefix, memory: average.values)
        + NetworkTensors.tensors(of: average.runningStatistics, prefix: prefix)
        + [.init(name: prefix + "updates", shape: [], integers: [Int64(average.updates)])]
    }
  }

  /// Takes back what `tensors` has written.
  ///
  /// - Throws: `FileError` where the file lacks something, or does not fit
  func load(from file: WeightsFile) throws {
    for (name, average) in members {
      let prefix = Self.prefix(name)
      try NetworkTensors.load(average.parameters, prefix: prefix, from: file, into: average.values)
      try NetworkTensors.load(&average.runningStatistics, prefix: prefix, from: file)
      let updates = try file.int64s(prefix + "updates").first ?? 0
      guard (0..<1 << 48).contains(updates) else {
        throw FileError(
          path: file.path, problem: "counts \(updates) updates of the average of \(name)", advice: "is it damaged?")
      }
      average.updates = Int(updates)
    }
  }
}

extension GeneratorAverages? {
  /// Calls `body` while the averages, where there are any, are in the place of the generators' weights.
  func inPlace<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard let self else { return try body() }
    return try self.inPlace(body)
  }
}
