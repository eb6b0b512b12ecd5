import Files
import NeuralNet

/// Tells which network a file holds, from the names and shapes of its tensors and what it says about itself.
package enum ArchitectureInference {
  /// The network in `file`; each of its tensors is checked to be there and to have the shape that the network needs.
  ///
  /// Names and shapes decide wherever they can. What they cannot tell comes from the metadata: whether hidden layers
  /// with biases have an instance norm or none (instance without metadata), and whether a U-Net drops activations
  /// (it does without metadata, as published).
  /// - Throws: `FileError` naming the tensor, what was found and what was expected.
  package static func infer(_ file: WeightsFile) throws -> any NetworkConfiguration {
    guard let network = try inferIfKnown(file) else {
      let names = file.tensors.prefix(3).map { FileError.quote($0.name) }.joined(separator: ", ")
      throw FileError(
        path: file.path,
        problem: names.isEmpty
          ? "holds no tensors" : "holds no network that is known here; its tensors begin with \(names)",
        advice: "expected \(NetworkFamilies.titles) by the names of the public PyTorch code")
    }
    return network
  }

  /// The network in `file`, or nil where none of its tensors begins a network that is known here.
  ///
  /// - Throws: `FileError` as ``infer(_:)`` does, where a network begins and something in it is wrong.
  package static func inferIfKnown(_ file: WeightsFile) throws -> (any NetworkConfiguration)? {
    try Inference(file).network()
  }

  /// The generator in `file`.
  ///
  /// - Throws: `FileError`, also where the file holds a discriminator.
  package static func inferGenerator(_ file: WeightsFile) throws -> any GeneratorConfiguration {
    let network = try infer(file)
    guard let generator = network as? any GeneratorConfiguration else {
      throw FileError(
        path: file.path, problem: "holds a discriminator (\(network.architecture)), expected a generator",
        advice: "in the public PyTorch code generators are the files named *_net_G*.pth")
    }
    return generator
  }
}

/// The state of one inference.
private struct Inference {
  private let file: WeightsFile
  private let metadata: ModelMetadata
  private let evidence: NetworkEvidence

  init(_ file: WeightsFile) throws {
    self.file = file
    metadata = try ModelMetadata(strings: file.metadata, path: file.path)
    evidence = NetworkEvidence(
      path: file.path, statedNormalization: metadata.normalization, statedDropout: metadata.dropout,
      shapes: { file[$0]?.shape })
  }

  func network() throws -> (any NetworkConfiguration)? {
    for family in NetworkFamilies.all {
      guard let network = try family.recognized(in: evidence) else { continue }
      do {
        try network.validate()
      } catch {
        throw evidence.failure(error.problem, error.advice)
      }
      try checkTensors(of: network)
      try checkMetadata(of: network)
      return network
    }
    return nil
  }

  private func checkTensors(of network: any NetworkConfiguration) throws {
    var expected: Set<String> = []
    for tensor in try network.declaration().tensors {
      expected.insert(tensor.name)
      guard let found = file[tensor.name] else {
        if tensor.role == .batchCount { continue }
        throw evidence.missing(tensor.name, of: network.architecture)
      }
      // PyTorch before 0.4 had no scalars.
      let isScalar = tensor.role == .batchCount && found.shape == [1]
      guard found.shape == tensor.shape || isScalar else {
        throw evidence.failure(
          "tensor '\(tensor.name)' has shape \(found.shape), expected \(tensor.shape) in \(network.architecture)")
      }
      // `.half()` on a whole state dict makes floating-point numbers of the batch counts too.
      guard found.type.isFloatingPoint || tensor.role == .batchCount && found.type == .int64 else {
        throw evidence.failure(
          "tensor '\(tensor.name)' holds \(found.type.rawValue), expected floating-point numbers")
      }
    }
    if let stranger = file.tensors.first(where: { !expected.contains($0.name) }) {
      throw evidence.failure(
        "holds tensor \(FileError.quote(stranger.name)) of shape \(stranger.shape), which \(network.architecture) "
          + "with \(network.normalization.rawValue) norm does not have")
    }
  }

  /// What the file says about itself is what its tensors say.
  private func checkMetadata(of network: any NetworkConfiguration) throws {
    let actual = ModelMetadata(network).strings
    let stated = metadata.strings
    let keys = [
      "architecture", "norm", "filters", "input_channels", "output_channels", "dropout", "upsampling", "scale",
    ]
    for key in keys {
      guard let said = stated[key], let found = actual[key], said != found else { continue }
      throw evidence.failure(
        "its metadata say \(FileError.quote(said)) for '\(key)', but its tensors are those of '\(found)'")
    }
  }
}
