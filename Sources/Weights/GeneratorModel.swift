import Files
import NeuralNet

/// A generator with its weights and what its file says about it.
package final class GeneratorModel {
  /// The file that it came from; nil: none.
  package let path: String?
  /// What determines its parameters and arithmetic.
  package let configuration: any GeneratorConfiguration
  /// What its file says about itself.
  package let metadata: ModelMetadata
  /// The network.
  package let network: Network

  /// The labels that it was trained with, in the order of their planes; empty: none.
  package var labels: [String] { metadata.labels ?? [] }

  /// Channels of the pictures that it reads: its input without the planes of labels.
  package var pictureChannels: Int { configuration.inputChannels - labels.count }

  /// Loads the generator that `path` means.
  ///
  /// - Parameters:
  ///   - path: a run folder, a `.safetensors` or a `.pth`; its architecture is read off its metadata, names and shapes
  ///   - direction: which generator of an unpaired run; checked against a file that says which way it translates
  ///   - part: the state dict in a nested `.pth`
  ///   - weights: which weights of a run; nil: the latest
  /// - Throws: `FileError` where there is no generator, or it translates the other way
  package convenience init(
    _ path: String, direction: Direction? = nil, part: String? = nil, weights: RunWeights? = nil
  ) throws {
    let source = try ModelSource(path, direction: direction, part: part, weights: weights)
    let file = try WeightsFile.open(source.file, part: source.part)
    try file.requireNoCheckpoint()
    try self.init(file)
    if let direction, let own = metadata.direction, own != direction.rawValue {
      throw FileError(
        path: source.file, problem: "translates \(own), not \(direction.rawValue)",
        advice: "ask for no \(setting: "direction"), or give the model of the other one")
    }
  }

  /// Loads the generator in an open file.
  ///
  /// - Throws: `FileError` where it holds no generator
  package init(_ file: WeightsFile) throws {
    configuration = try ArchitectureInference.inferGenerator(file)
    metadata = try ModelMetadata(strings: file.metadata, path: file.path)
    try Self.requireUsable(configuration, labels: metadata.labels ?? [], path: file.path)
    path = file.path
    network = try configuration.network()
    try NetworkTensors.load(network, from: file)
  }

  /// Refuses networks that no picture fits, before memory is taken for them.
  private static func requireUsable(
    _ configuration: any GeneratorConfiguration, labels: [String], path: String?
  ) throws {
    guard labels.count < configuration.inputChannels, labels.isEmpty || !(configuration is any EnlargerConfiguration)
    else {
      throw FileError(
        path: path,
        problem:
          "its metadata name \(labels.count) labels, which leave no picture of its \(configuration.inputChannels) "
          + "input channels", advice: "was the file edited by hand?")
    }
    let input = configuration.inputChannels - labels.count
    for (what, channels) in [("reads", input), ("makes", configuration.outputChannels)]
    where !(1...4).contains(channels) && !(what == "reads" && configuration is any LatentGeneratorConfiguration) {
      throw FileError(
        path: path,
        problem: "\(what) pictures of \(channels) channels, where PNGs have 1 to 4: grey or RGB, and opacity",
        advice: "give a generator for grey or RGB pictures")
    }
    guard ChannelLimit.filters.contains(configuration.filters) else {
      throw FileError(
        path: path,
        problem: "has \(configuration.filters) channels after the first convolution, expected 1 to "
          + "\(ChannelLimit.filters.upperBound)", advice: "is it damaged?")
    }
  }
}
