import Files
import Images
import NeuralNet
import Weights

/// A generator that makes pictures of noise, and where it was trained with labels, of what a label names.
///
/// A picture depends on its latent numbers and its label alone, whatever others are made with it and on however many threads.
/// One generator is used by one thread at a time; inside, all processors work.
public final class PictureGenerator {
  /// The labels under one of which a picture is made; empty where the model was trained without.
  public let labels: [String]
  /// How many numbers a latent has.
  public let latentSize: Int
  /// Side of the square pictures.
  public let imageSize: Int
  package let model: GeneratorModel
  private let execution: Execution

  /// Pictures that are made at once: more make no better use of the weights.
  package static let batch = 16

  /// A generator with the weights of `path`: a run folder, a `.safetensors` or a `.pth`.
  ///
  /// - Parameters:
  ///   - part: the state dict in a nested `.pth`
  ///   - weights: which weights of a run; nil: the latest
  ///   - threads: that compute, one of `WorkerPool.threadCounts`; nil: one for each processor
  /// - Throws: `FileError` where there is no generator, or one that translates
  public convenience init(
    model path: String, part: String? = nil, weights: RunWeights? = nil, threads: Int? = nil
  ) throws {
    try self.init(GeneratorModel(path, part: part, weights: weights), threads: threads)
  }

  /// A generator at hand.
  ///
  /// - Throws: `FileError` where it translates, or there is no memory
  package init(_ model: GeneratorModel, threads: Int? = nil) throws {
    let configuration = try model.latentConfiguration()
    self.model = model
    labels = model.labels
    imageSize = configuration.imageSize
    latentSize = configuration.inputChannels - labels.count
    var mode = ExecutionMode()
    let stated = model.metadata.normStatistics.flatMap(NormStatistics.init(rawValue:))
    mode.usesRunningStatistics = (stated ?? .usual(of: configuration)) == .running
    execution = try Execution(
      model.network, shape: Shape(Self.batch, configuration.inputChannels, 1, 1), mode: mode,
      processor: Processor(threads: threads))
  }

  /// Makes a picture of each of `latents`.
  ///
  /// - Parameter label: what all of them show, one of `labels`, where there are any
  /// - Throws: `FileError` where the label is missing or none of the model's
  public func pictures(_ latents: [Latent], label: String? = nil) throws -> [Picture] {
    try pictures(latents, label: place(of: label))
  }

  /// The place of a label among those of the model; nil where it has none.
  ///
  /// - Throws: `FileError` where the label is missing, or none of the model's
  package func place(of label: String?) throws -> Int? {
    guard label != nil || labels.isEmpty else {
      throw FileError(
        path: model.path, problem: "makes pictures of what a label says: \(LabelNames.list(labels))",
        advice: "choose one with \(setting: "label"), or all of them with \(setting: "label", LabelNames.every)")
    }
    return try LabelNames.place(of: label, among: labels, of: model.path)
  }

  /// Makes a picture of each of `latents`; `label` is a place among `labels`.
  package func pictures(_ latents: [Latent], label: Int?) -> [Picture] {
    var pictures: [Picture] = []
    for first in stride(from: 0, to: latents.count, by: Self.batch) {
      let part = latents[first..<min(first + Self.batch, latents.count)]
      let input = execution.input
      // What is left of a last batch makes pictures that nobody looks at.
      input.fill(0)
      for (place, latent) in part.enumerated() {
        precondition(latent.values.count == latentSize, "as many numbers as the generator takes")
        let pixel = input.base + place * input.stride
        for (channel, number) in latent.values.enumerated() { pixel[channel] = number }
        if let label { pixel[latentSize + label] = Latent.labelValue }
      }
      execution.forward()
      pictures += part.indices.map { execution.output.images($0 - first..<$0 - first + 1).image() }
    }
    return pictures
  }
}

extension GeneratorModel {
  /// Its network as one that makes pictures of noise.
  ///
  /// - Throws: `FileError` where it makes pictures of pictures
  func latentConfiguration() throws(FileError) -> any LatentGeneratorConfiguration {
    guard let latent = configuration as? any LatentGeneratorConfiguration else {
      throw FileError(
        path: path, problem: "holds \(configuration.architecture), which makes pictures of pictures, not of noise",
        advice: "give pictures to it with the apply command")
    }
    return latent
  }

  /// Refuses a network that makes pictures of noise.
  ///
  /// - Throws: `FileError`
  func requireReadsPictures() throws(FileError) {
    guard configuration is any LatentGeneratorConfiguration else { return }
    throw FileError(
      path: path, problem: "holds \(configuration.architecture), which makes pictures of noise, not of pictures",
      advice: "make some with the generate command")
  }
}
