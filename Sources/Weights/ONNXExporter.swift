import Files
import NeuralNet

/// Writes a generator as an ONNX model: its arithmetic as operators, its weights inside, batch, height and width open.
///
/// IR version 8, operator set 17. Same content, same bytes; docs/checkpoint-format.md tells the mapping.
package enum ONNXExporter {
  /// What Protocol Buffers allow for one message: 2 GiB less one byte.
  static let sizeLimit = Int(Int32.max)

  private static let intermediateVersion = 8
  private static let operatorSet = 17

  /// Field numbers of ModelProto.
  private enum Field {
    static let intermediateVersion = 1
    static let producer = 2
    static let documentation = 6
    static let graph = 7
    static let operatorSet = 8
    static let metadata = 14
  }

  /// Writes the generator in `file` to `path`, atomically.
  ///
  /// Numbers become single precision. No more than one tensor is in memory at a time.
  /// - Parameter statistics: whose statistics batch norms use; nil: as the file's metadata say, else those of the image
  /// - Returns: the network
  /// - Throws: `FileError` where the file holds no generator, the model would have 2 GiB or more, or the system refuses
  @discardableResult
  package static func write(
    _ file: WeightsFile, to path: String, statistics: NormStatistics? = nil
  ) throws -> any GeneratorConfiguration {
    let network = try ArchitectureInference.inferGenerator(file)
    let model = try model(file, network, statistics: statistics)
    guard model.count <= sizeLimit else {
      throw FileError(
        path: path, problem: "would have \(model.count) bytes, an ONNX file holds up to \(sizeLimit)",
        advice: "write a .safetensors or .pth instead, or train a smaller network (\(setting: "ngf"))")
    }
    try AtomicFile.write(to: path) { try model.write(to: $0) }
    return network
  }

  /// The ModelProto; the weights are read when it is written.
  static func model(
    _ file: WeightsFile, _ network: any GeneratorConfiguration, statistics: NormStatistics?
  ) throws -> ProtobufMessage {
    var metadata = try ModelMetadata(of: file, holding: network)
    let stated = metadata.normStatistics.flatMap(NormStatistics.init(rawValue:))
    let statistics = statistics ?? stated ?? .usual(of: network)
    metadata.normStatistics = network.normalization == .batch ? statistics.rawValue : nil

    var layers = try ONNXLayers(
      network.declaration().description, called: network.architecture, file, statistics: statistics)
    layers.output(0, channels: network.outputChannels, scale: network.scale)

    var operatorSet = ProtobufMessage()
    operatorSet.add(1, "")
    operatorSet.add(2, Self.operatorSet)
    var model = ProtobufMessage()
    model.add(Field.intermediateVersion, intermediateVersion)
    model.add(Field.producer, "Translate")
    model.add(Field.documentation, documentation(of: network, labels: metadata.labels ?? []))
    model.add(Field.graph, layers.graph.message)
    model.add(Field.operatorSet, operatorSet)
    for (key, value) in metadata.strings.sorted(by: { $0.key < $1.key }) where key != "format" {
      var entry = ProtobufMessage()
      entry.add(1, key)
      entry.add(2, value)
      model.add(Field.metadata, entry)
    }
    return model
  }

  /// What the channels behind the picture's are.
  private static func planes(of labels: [String], after channels: Int) -> String {
    ", then a channel for each of the labels \(LabelNames.list(labels)) (channel \(channels) on): 1 everywhere in that of "
      + "the label that is wanted, 0 in the others"
  }

  private static func documentation(of network: any LatentGeneratorConfiguration) -> String {
    "Generator \(network.architecture). input: (batch, \(network.inputChannels), 1, 1), normal random numbers, the last of them "
      + "0 or 1 for the labels that the metadata name. output: (batch, \(network.outputChannels), \(network.imageSize), "
      + "\(network.imageSize)), values -1 to 1."
  }

  private static func documentation(of network: any GeneratorConfiguration, labels: [String]) -> String {
    if let latent = network as? any LatentGeneratorConfiguration { return documentation(of: latent) }
    func kind(_ channels: Int) -> String {
      switch channels {
      case 1: "1 channel (grey)"
      case 3: "3 channels (RGB)"
      default: "\(channels) channels"
      }
    }
    let (low, high) = (Int(network.values.lowerBound), Int(network.values.upperBound))
    let multiple = network.sizeMultiple
    let size = network.scale == 1 ? "same size" : "\(network.scale) times as wide and high,"
    return "Image-to-image generator \(network.architecture). input: (batch, channels, height, width), "
      + "\(kind(network.inputChannels - labels.count)), values \(low) to \(high)"
      + (labels.isEmpty ? "" : planes(of: labels, after: network.inputChannels - labels.count))
      + (multiple > 1
        ? "; height and width must be multiples of \(multiple): pad by reflection and crop the output" : "")
      + ". output: \(kind(network.outputChannels)), \(size) "
      + (network is any EnlargerConfiguration ? "same range, to be clamped." : "and range.")
  }
}
