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

  /// The rows of a sheet of `count` pairs.
  ///
  /// - Parameter pair: reads one of them
  func sheet(_ count: Int, of pair: SamplePair) throws -> [[Picture]]

  /// The figures of `count` held-out pairs together, in the order of `TrainingAlgorithm.heldOutFigures`.
  ///
  /// - Parameter pair: reads one of them
  func measure(_ count: Int, of pair: SamplePair) throws -> [Double]

  /// What a checkpoint holds apart from networks: image pools.
  var extraTensors: [SafetensorsWriter.Tensor] { get }

  /// Takes back what `extraTensors` has written.
  func loadExtra(from file: WeightsFile) throws

  /// What a checkpoint holds apart from networks of one of the independent parts of the loss, which may be computed elsewhere.
  func extraTensors(ofPart part: Int) -> [SafetensorsWriter.Tensor]

  /// Takes back what `extraTensors(ofPart:)` has written.
  func loadExtra(ofPart part: Int, from file: WeightsFile) throws

  /// Plans the passes of a step, and of a sample, for the largest images of a run: afterwards `plannedBytes` is what it needs.
  ///
  /// - Parameters:
  ///   - input: (N, C, H, W) of a batch's input
  ///   - target: likewise of its target
  /// - Throws: `FileError` where images of this size cannot be trained on, or there is no memory
  func prepare(input: Shape, target: Shape) throws

  /// Bytes of activations, gradients and scratch that are planned by now.
  var plannedBytes: Int { get }

  /// Bytes of gradients that are stored, since they are not applied as soon as they are known.
  var gradientBytes: Int { get }

  /// Bytes of `extraTensors` where they have grown as large as they can.
  func extraBytes(input: Shape, target: Shape) -> Int
}

/// Reads the input and the target of one of several rows of a sheet, or of several that are measured.
typealias SamplePair = (_ index: Int) throws -> (input: ImageBatch, target: ImageBatch)

extension TranslationModel {
  func check(_ batch: Batch) throws {}
  func prepare(input: Shape, target: Shape) throws {}
  var gradientBytes: Int { 0 }
  func extraBytes(input: Shape, target: Shape) -> Int { 0 }
  func measure(input: ImageBatch, target: ImageBatch) throws -> [Double] { [] }
  var extraTensors: [SafetensorsWriter.Tensor] { [] }
  func extraTensors(ofPart part: Int) -> [SafetensorsWriter.Tensor] { extraTensors }
  func loadExtra(ofPart part: Int, from file: WeightsFile) throws { try loadExtra(from: file) }

  /// A row for each pair.
  func sheet(_ count: Int, of pair: SamplePair) throws -> [[Picture]] {
    try (0..<count).map { index in
      let pair = try pair(index)
      return try sample(input: pair.input, target: pair.target)
    }
  }

  /// The means over all pairs.
  func measure(_ count: Int, of pair: SamplePair) throws -> [Double] {
    var sums: [Double] = []
    for index in 0..<count {
      let pair = try pair(index)
      let figures = try measure(input: pair.input, target: pair.target)
      sums = sums.isEmpty ? figures : zip(sums, figures).map { $0 + $1 }
    }
    return sums.map { $0 / Double(count) }
  }
  func loadExtra(from file: WeightsFile) throws {}
}

/// A generator's file in a run folder.
struct GeneratorFile {
  /// Without extension: `generator`, `generator_AtoB` …
  var name: String
  var network: Network
  var configuration: any GeneratorConfiguration
  /// Which way it translates; nil: it makes pictures of noise.
  var direction: Direction?
  /// The labels whose planes are its last input channels, in their order; empty: none.
  var labels: [String] = []
}
