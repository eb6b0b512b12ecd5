import Files
import Images
import NeuralNet
import Weights

/// What learns in a run of a `TrainingAlgorithm`: what one step does, and what is saved, sampled and measured of it.
///
/// Everything that training algorithms have in common is in `TrainingSession`.
protocol TranslationModel: AnyObject {
  /// The networks with their optimisers, as checkpoints name them.
  var networks: [TrainedNetwork] { get }
  /// The generators as they are handed out.
  var generators: [GeneratorFile] { get }

  /// Checks that a batch can be trained on, before anything is changed by it.
  ///
  /// - Throws: `FileError` that names the pictures that do not fit
  func check(_ batch: Batch) throws

  /// One step of the optimisers.
  ///
  /// - Parameters:
  ///   - batch: images in [−1, 1]
  ///   - learningRate: of all optimisers
  ///   - random: draws dropout masks, penalties and pools
  /// - Returns: the losses, in the order of `TrainingAlgorithm.losses`
  /// - Throws: `FileError` where images of this size cannot be trained on
  func step(_ batch: Batch, learningRate: Double, random: inout RandomGenerator) throws -> [Double]

  /// The figure among the losses that should fall, for the plateau policy.
  func figure(_ losses: [Double]) -> Double

  /// A row of pictures that shows how training goes, under `TrainingAlgorithm.sampleTitles`.
  func sample(input: ImageBatch, target: ImageBatch) throws -> [Picture]

  /// The figures of a held-out picture and its target, in the order of `TrainingAlgorithm.heldOutFigures`.
  func measure(input: ImageBatch, target: ImageBatch) throws -> [Double]

  /// What a checkpoint holds apart from networks: image pools.
  var extraTensors: [SafetensorsWriter.Tensor] { get }

  /// The bytes that `extraTensors` come to at most.
  var largestExtra: Int { get }

  /// Takes back what `extraTensors` has written.
  func loadExtra(from file: WeightsFile) throws
}

extension TranslationModel {
  func check(_ batch: Batch) throws {}
  func measure(input: ImageBatch, target: ImageBatch) throws -> [Double] { [] }
  var extraTensors: [SafetensorsWriter.Tensor] { [] }
  var largestExtra: Int { 0 }
  func loadExtra(from file: WeightsFile) throws {}
}

/// A generator's file in a run folder.
struct GeneratorFile {
  /// Without extension: `generator`, `generator_AtoB` …
  var name: String
  var network: Network
  var configuration: any GeneratorConfiguration
  /// Which way it translates.
  var direction: Direction
}
