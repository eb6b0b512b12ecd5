import Files
import NeuralNet
import PatchDisc
import ResNet
import UNet

/// Tells which network a file holds, from the names and shapes of its tensors and what it says about itself.
public enum ArchitectureInference {
  /// The network in `file`; each of its tensors is checked to be there and to have the shape that the network needs.
  ///
  /// Names and shapes decide wherever they can. What they cannot tell comes from the metadata: whether hidden layers
  /// with biases have an instance norm or none (instance without metadata), and whether a U-Net drops activations
  /// (it does without metadata, as published).
  /// - Throws: `FileError` naming the tensor, what was found and what was expected.
  public static func infer(_ file: WeightsFile) throws -> InferredNetwork {
    guard let network = try inferIfKnown(file) else {
      let names = file.tensors.prefix(3).map { FileError.quote($0.name) }.joined(separator: ", ")
      throw FileError(
        path: file.path,
        problem: names.isEmpty
          ? "holds no tensors" : "holds no network that is known here; its tensors begin with \(names)",
        advice: "expected a U-Net or ResNet generator or a PatchGAN or PixelGAN discriminator by the names of the "
          + "public PyTorch code")
    }
    return network
  }

  /// The network in `file`, or nil where none of its tensors begins a network that is known here.
  ///
  /// - Throws: `FileError` as ``infer(_:)`` does, where a network begins and something in it is wrong.
  public static func inferIfKnown(_ file: WeightsFile) throws -> InferredNetwork? {
    try Inference(file).network()
  }

  /// The generator in `file`.
  ///
  /// - Throws: `FileError`, also where the file holds a discriminator.
  public static func inferGenerator(_ file: WeightsFile) throws -> InferredNetwork {
    let network = try infer(file)
    guard network.isGenerator else {
      throw FileError(
        path: file.path, problem: "holds a discriminator (\(network.architecture)), expected a generator",
        advice: "in the public PyTorch code generators are the files named *_net_G*.pth")
    }
    return network
  }
}

/// The state of one inference.
private struct Inference {
  let file: WeightsFile
  let metadata: ModelMetadata

  init(_ file: WeightsFile) throws {
    self.file = file
    metadata = try ModelMetadata(strings: file.metadata, path: file.path)
  }

  package func network() throws -> InferredNetwork? {
    let network: InferredNetwork
    if has("model.model.0.weight") {
      network = .unet(try unet())
    } else if has("model.10.conv_block.1.weight") {
      network = .resnet(try resnet())
    } else if has("net.0.weight") {
      network = .discriminator(try pixel())
    } else if has("model.0.weight"), has("model.2.weight") {
      network = .discriminator(try patch())
    } else {
      return nil
    }
    do {
      try network.validate()
    } catch {
      throw failure(error.problem, error.advice)
    }
    try checkTensors(of: network)
    try checkMetadata(of: network)
    return network
  }

  // MARK: - One kind of network each

  private func unet() throws -> UNetConfiguration {
    var levels = 1
    // A depth that no image needs ends the search in a file of endless names.
    while levels < 32, has([LayoutTensor].unetPrefix(levels) + ".model.1.weight") { levels += 1 }
    let possible = UNetConfiguration.levelCounts
    guard possible.contains(levels) else {
      throw failure(
        "holds a U-Net of \(levels) levels, expected \(possible.lowerBound) to \(possible.upperBound) "
          + "(unet_\(1 << possible.lowerBound) to unet_\(1 << possible.upperBound))")
    }
    var configuration = UNetConfiguration(levels: levels)
    (configuration.filters, configuration.inputChannels) = try firstConvolution("model.model.0.weight", kernel: 4)
    // The last convolution tells the way up: transposed 4×4, (in, out), or plain 3×3, (out, in).
    let last = try shape("model.model.3.weight")
    configuration.upsampling = last[2] == 3 ? .resizeConvolution : .transposed
    configuration.outputChannels = last[configuration.upsampling == .transposed ? 1 : 0]
    configuration.normalization = try normalization(norm: "model.model.1.model.2", bias: "model.model.1.model.1.bias")
    configuration.dropout = metadata.dropout ?? configuration.dropout
    return configuration
  }

  private func resnet() throws -> ResNetConfiguration {
    var blocks = 1
    while has("model.\(10 + blocks).conv_block.1.weight") { blocks += 1 }
    var configuration = ResNetConfiguration(blocks: blocks)
    (configuration.filters, configuration.inputChannels) = try firstConvolution("model.1.weight", kernel: 7)
    configuration.outputChannels = try shape("model.\(17 + blocks).weight")[0]
    configuration.dropout = has("model.10.conv_block.6.weight") && !has("model.10.conv_block.5.weight")
    // A transposed convolution is (in, out), so wider in front; a plain one (out, in).
    let up = try shape("model.\(10 + blocks).weight")
    configuration.upsampling = up[0] < up[1] ? .resizeConvolution : .transposed
    configuration.normalization = try normalization(norm: "model.2", bias: "model.1.bias")
    return configuration
  }

  private func patch() throws -> DiscriminatorConfiguration {
    var configuration = DiscriminatorConfiguration()
    (configuration.filters, configuration.inputChannels) = try firstConvolution("model.0.weight", kernel: 4)
    var layers = 1
    while has("model.\(3 * layers + 2).weight") { layers += 1 }
    // The count went one past the last hidden layer: the last convolution is numbered like one.
    guard layers > 1 else { throw missing("model.5.weight") }
    configuration.kind = .patch(layers: layers - 1)
    configuration.normalization = try normalization(norm: "model.3", bias: "model.2.bias")
    return configuration
  }

  private func pixel() throws -> DiscriminatorConfiguration {
    var configuration = DiscriminatorConfiguration()
    configuration.kind = .pixel
    (configuration.filters, configuration.inputChannels) = try firstConvolution("net.0.weight", kernel: 1)
    configuration.normalization = try normalization(norm: "net.3", bias: "net.2.bias")
    return configuration
  }

  // MARK: - Looking at tensors

  private func has(_ name: String) -> Bool { file[name] != nil }

  /// The shape of a convolution's weight: four lengths.
  private func shape(_ name: String) throws -> [Int] {
    guard let tensor = file[name] else { throw missing(name) }
    guard tensor.shape.count == 4 else {
      throw failure("tensor '\(name)' has shape \(tensor.shape), expected the four lengths of a convolution")
    }
    return tensor.shape
  }

  /// Filters and input channels, from the first convolution.
  private func firstConvolution(_ name: String, kernel: Int) throws -> (filters: Int, channels: Int) {
    let shape = try shape(name)
    guard shape[2...] == [kernel, kernel], shape.prefix(2).allSatisfy(ChannelLimit.channels.contains) else {
      throw failure("tensor '\(name)' has shape \(shape), expected [filters, channels, \(kernel), \(kernel)]")
    }
    return (shape[0], shape[1])
  }

  private func normalization(norm: String, bias: String) throws -> NormalizationKind {
    if has(norm + ".weight") || has(norm + ".running_mean") { return .batch }
    guard has(bias) else {
      throw failure(
        "has neither a norm '\(norm).weight' (batch) nor a bias '\(bias)' (instance or none)",
        "networks without norms and biases are not supported")
    }
    return metadata.normalization == NormalizationKind.none ? .none : .instance
  }

  // MARK: - Checking

  private func checkTensors(of network: InferredNetwork) throws {
    var expected: Set<String> = []
    for tensor in network.layout {
      expected.insert(tensor.name)
      guard let found = file[tensor.name] else {
        if tensor.role == .batchCount { continue }
        throw missing(tensor.name, of: network)
      }
      // PyTorch before 0.4 had no scalars.
      let isScalar = tensor.role == .batchCount && found.shape == [1]
      guard found.shape == tensor.shape || isScalar else {
        throw failure(
          "tensor '\(tensor.name)' has shape \(found.shape), expected \(tensor.shape) in \(network.architecture)")
      }
      // `.half()` on a whole state dict makes floating-point numbers of the batch counts too.
      guard found.type.isFloatingPoint || tensor.role == .batchCount && found.type == .int64 else {
        throw failure("tensor '\(tensor.name)' holds \(found.type.rawValue), expected floating-point numbers")
      }
    }
    if let stranger = file.tensors.first(where: { !expected.contains($0.name) }) {
      throw failure(
        "holds tensor \(FileError.quote(stranger.name)) of shape \(stranger.shape), which \(network.architecture) "
          + "with \(network.normalization.rawValue) norm does not have")
    }
  }

  /// What the file says about itself is what its tensors say.
  private func checkMetadata(of network: InferredNetwork) throws {
    let actual = ModelMetadata(network).strings
    let stated = metadata.strings
    for key in ["architecture", "norm", "filters", "input_channels", "output_channels", "dropout", "upsampling"] {
      guard let said = stated[key], let found = actual[key], said != found else { continue }
      throw failure("its metadata say \(FileError.quote(said)) for '\(key)', but its tensors are those of '\(found)'")
    }
  }

  private func missing(_ name: String, of network: InferredNetwork? = nil) -> FileError {
    failure("has no tensor '\(name)', expected" + (network.map { " in \($0.architecture)" } ?? " in such a network"))
  }

  private func failure(_ problem: String, _ advice: String? = "is the file complete, and of such a network?")
    -> FileError
  {
    FileError(path: file.path, problem: problem, advice: advice)
  }
}
