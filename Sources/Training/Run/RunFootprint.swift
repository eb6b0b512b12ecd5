import Files
import NeuralNet
import Weights

/// What a run keeps on disk of its networks, in bytes; tables, sheets and the report are small beside it.
package struct RunFootprint: Sendable, Equatable {
  /// Everything that resuming needs.
  package var checkpoint: Int
  /// The generators as they are handed out, all together.
  package var generators: Int
  /// Whether the best ones are kept, too.
  package var keepsBest: Bool
  /// How often they are kept at the end of an epoch, to the end of the run.
  package var snapshots: Int

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
  init(_ model: any TranslationModel, _ averages: GeneratorAverages?, keepsBest: Bool, epochs: Int, keepEvery: Int?) {
    func bytes(_ tensors: [SafetensorsWriter.Tensor]) -> Int { tensors.reduce(0) { $0 + $1.byteCount } }
    checkpoint =
      bytes(Checkpoint.tensors(model.networks)) + bytes(averages?.tensors ?? []) + model.largestExtra
    generators = model.generators.reduce(0) { $0 + bytes(NetworkTensors.tensors(of: $1.network)) }
    self.keepsBest = keepsBest
    snapshots = keepEvery.map { epochs / $0 } ?? 0
  }

  /// One line for a person.
  package var text: String {
    let size = SystemMemory.text
    var parts = ["checkpoint \(size(checkpoint))", "generator \(size(generators))"]
    if keepsBest { parts.append("best \(size(generators))") }
    if snapshots > 0 { parts.append("\(snapshots) earlier \(snapshots == 1 ? "one" : "ones") of \(size(generators))") }
    return parts.joined(separator: ", ")
      + "; \(size(total)) in all, \(size(whileSaving)) more while it saves, beside sample sheets"
  }
}
