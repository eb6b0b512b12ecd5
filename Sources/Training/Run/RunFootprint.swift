import Files
import NeuralNet
import Weights

/// What a run keeps on disk of its networks, in bytes; tables, sheets and the report are small beside it.
package struct RunFootprint: Codable, Sendable, Equatable {
  /// Everything that resuming needs.
  package var checkpoint: Int
  /// The generators as they are handed out, all together.
  package var generators: Int
  /// Whether the best ones are kept, too.
  package var keepsBest: Bool
  /// How often they are kept at the end of an epoch, to the end of the run.
  package var snapshots: Int

  private enum CodingKeys: String, CodingKey {
    case checkpoint, generators, snapshots
    case keepsBest = "keeps_best"
  }

  /// All of it at the end of the run.
  package var total: Int {
    let sets = (keepsBest ? 2 : 1) + snapshots
    let (bytes, overflow) = generators.multipliedReportingOverflow(by: sets)
    return overflow ? .max : checkpoint + bytes
  }

  /// What is needed beside it for a moment: files are written beside the one that they replace, and the best weights wait
  /// for the checkpoint.
  package var whileSaving: Int { checkpoint + (keepsBest ? generators : 0) }

  /// The footprint of `model` in a run of so many epochs.
  ///
  /// - Parameter extra: bytes that a checkpoint holds beside networks, at most
  init(
    _ model: any TranslationModel, _ averages: GeneratorAverages?, extra: Int, keepsBest: Bool, epochs: Int,
    keepEvery: Int?
  ) {
    func bytes(_ tensors: [SafetensorsWriter.Tensor]) -> Int { tensors.reduce(0) { $0 + $1.byteCount } }
    checkpoint =
      bytes(Checkpoint.tensors(model.networks)) + bytes(averages?.tensors ?? []) + extra
    generators = model.generators.reduce(0) { $0 + bytes(NetworkTensors.tensors(of: $1.network)) }
    self.keepsBest = keepsBest
    snapshots = keepEvery.map { epochs / $0 } ?? 0
  }

  /// What it is made of.
  var parts: [Forecast.Part] {
    var parts = [
      Forecast.Part(name: "the checkpoint", bytes: checkpoint), Forecast.Part(name: "generators", bytes: generators),
    ]
    if keepsBest { parts.append(Forecast.Part(name: "the best ones", bytes: generators)) }
    if snapshots > 0 {
      let (bytes, overflow) = generators.multipliedReportingOverflow(by: snapshots)
      parts.append(Forecast.Part(name: "those of \(snapshots) epochs", bytes: overflow ? .max >> 8 : bytes))
    }
    return parts + [Forecast.Part(name: "while it saves", bytes: whileSaving)]
  }
}
