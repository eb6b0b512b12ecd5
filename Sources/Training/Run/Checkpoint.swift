import Files
import Foundation
import NeuralNet
import Weights

/// Where training stands, apart from the networks: what makes resuming equal to never having stopped.
struct TrainingPosition: Codable, Equatable {
  /// Optimiser steps done.
  var step = 0
  /// Where the data order stands; nil before the first batch.
  var sampler: SamplerState?
  /// How the learning rate has developed.
  var schedule: LearningRateSchedule
  /// The state words of the generator of dropout keys, penalties and image pools.
  var random: [UInt64]
  /// Sum and count of the figure that the plateau policy watches in this epoch.
  var epochFigure = 0.0
  var epochSteps = 0
  /// What was wrong with the pictures that were left out, by their paths below the data folder; nil where all could be
  /// read.
  var leftOut: [String: String]?
  /// What the diagnosis remembers; nil in checkpoints of versions without one.
  var diagnosis: DiagnosisState?
  /// The best held-out figure that was measured on schedule; nil before the first.
  var best: BestFigure?
}

/// The best value of a held-out figure so far.
struct BestFigure: Codable, Equatable {
  /// The figure's name.
  var name: String
  /// A finite number.
  var value: Double
  /// The step after which it was measured.
  var step: Int
  /// Measurements since that were no better.
  var measurementsSince = 0
}

extension TrainingPosition {
  /// The pictures that were left out, in natural order, and what was wrong with them.
  var leftOutPictures: [(path: String, problem: String)] {
    NaturalOrder.sorted((leftOut ?? [:]).map { (path: $0.key, problem: $0.value) }) { $0.path }
  }

  /// The generator of dropout keys, penalties and image pools.
  ///
  /// - Throws: `FileError` where its state, which `path` holds, is none
  func restoredRandom(_ path: String) throws -> RandomGenerator {
    guard let restored = RandomGenerator(state: (random[0], random[1], random[2], random[3])) else {
      throw FileError(path: path, problem: "its random state is damaged")
    }
    return restored
  }

  /// Takes note of a measurement on schedule.
  mutating func note(_ value: Double, of figure: TrainingAlgorithm.HeldOutFigure) {
    if figure.isBetter(value, than: best?.value) {
      best = BestFigure(name: figure.name, value: value, step: step)
    } else {
      best?.measurementsSince += 1
    }
  }

  /// Whether the counters of a file can be counted on: those that training adds to stay far from overflow.
  fileprivate var isPlausible: Bool {
    let range = 0..<1 << 48
    if let best, !range.contains(best.step) || !range.contains(best.measurementsSince) || !best.value.isFinite {
      return false
    }
    return range.contains(step) && range.contains(epochSteps) && random.count == 4 && schedule.isPlausible
  }
}

/// RUN/checkpoint.safetensors: networks, moments, random state and position in one file.
enum Checkpoint {
  private static let positionKey = "position"
  private static let formatKey = "format_version"
  private static let currentFormat = "1"

  /// What a checkpoint holds of `networks`.
  static func tensors(_ networks: [TrainedNetwork]) -> [SafetensorsWriter.Tensor] {
    var tensors: [SafetensorsWriter.Tensor] = []
    for trained in networks {
      let store = trained.network.parameters
      tensors += NetworkTensors.tensors(of: trained.network, prefix: trained.name + ".")
      let moments = "adam." + trained.name + "."
      tensors += NetworkTensors.packed(
        store, prefix: moments + "exp_avg.", memory: trained.optimizer.firstMoment)
      tensors += NetworkTensors.packed(
        store, prefix: moments + "exp_avg_sq.", memory: trained.optimizer.secondMoment)
      tensors.append(.init(name: moments + "step", shape: [], integers: [Int64(trained.optimizer.steps)]))
    }
    return tensors
  }

  /// Writes a checkpoint atomically.
  ///
  /// - Throws: `FileError` where it cannot be written
  static func write(
    _ networks: [TrainedNetwork], extra: [SafetensorsWriter.Tensor], position: TrainingPosition, to path: String
  ) throws {
    let tensors = extra + tensors(networks)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let json = String(decoding: try encoder.encode(position), as: UTF8.self)
    try SafetensorsWriter.write(
      tensors, metadata: [formatKey: currentFormat, "kind": WeightsFile.checkpointKind, positionKey: json], to: path)
  }

  /// Where the checkpoint at `path` stands, without reading its networks; nil where it does not say.
  static func position(_ path: String) -> TrainingPosition? {
    guard FileManager.default.fileExists(atPath: path), let file = try? SafetensorsFile(path: path),
      let json = file.metadata[positionKey]
    else { return nil }
    return try? JSONDecoder().decode(TrainingPosition.self, from: Data(json.utf8))
  }

  /// Reads a checkpoint into `networks`.
  ///
  /// - Returns: where training stood, and the file for what else is in it
  /// - Throws: `FileError` where the file is damaged or does not fit the networks
  static func read(_ path: String, into networks: [TrainedNetwork]) throws -> (TrainingPosition, WeightsFile) {
    let file = try WeightsFile.open(path)
    guard file.metadata[formatKey] == currentFormat, let json = file.metadata[positionKey] else {
      throw FileError(
        path: path, problem: "is no training checkpoint of this version", advice: "give the folder of a training run")
    }
    guard let position = try? JSONDecoder().decode(TrainingPosition.self, from: Data(json.utf8)),
      position.isPlausible
    else {
      throw FileError(
        path: path, problem: "its position is damaged",
        advice: "start a new run with \(setting: "init-from") to keep the weights")
    }
    for trained in networks {
      let store = trained.network.parameters
      try NetworkTensors.load(trained.network, prefix: trained.name + ".", from: file)
      let moments = "adam." + trained.name + "."
      try NetworkTensors.load(
        store, prefix: moments + "exp_avg.", from: file, into: trained.optimizer.firstMoment)
      try NetworkTensors.load(
        store, prefix: moments + "exp_avg_sq.", from: file, into: trained.optimizer.secondMoment)
      let steps = try file.int64s(moments + "step").first ?? 0
      guard steps >= 0, steps < 1 << 48 else {
        throw FileError(path: path, problem: "counts \(steps) steps of \(trained.name)", advice: "is it damaged?")
      }
      trained.optimizer.steps = Int(steps)
    }
    return (position, file)
  }
}
