import Files
import NeuralNet

/// What can be told of one network in a file: which it is, its settings, its tensors.
public struct NetworkInspection: Sendable, Equatable, Codable {
  /// How the architecture became known.
  public enum Evidence: String, Sendable, Codable {
    /// The file says so, and its tensors agree.
    case metadata
    /// From names and shapes of the tensors.
    case tensors
  }

  /// What determines a network's shapes and arithmetic; nil where a kind of network has no such setting.
  package struct Settings: Sendable, Equatable, Codable {
    /// Normalisation of the hidden layers.
    package var norm: NormalizationKind
    /// Channels after the first convolution.
    package var filters: Int
    /// Channels of the input image.
    package var inputChannels: Int
    /// Channels of the output image; nil for a discriminator.
    package var outputChannels: Int?
    /// Whether activations are dropped in training; nil for a network without an encoder and a decoder.
    package var dropout: Bool?
    /// How the decoder doubles the resolution; nil for a network without one.
    package var upsampling: UpsamplingKind?
    /// How many times as wide and high as its input the output is; nil where it has the same size, or is none.
    package var scale: Int?
    /// How deep it is; nil where a family knows but one depth.
    package var depth: Depth?
  }

  /// How deep a network is, in what its family counts; JSON holds the number under the key.
  package struct Depth: Sendable, Equatable {
    /// `levels`, `blocks`, `layers`
    package var key: String
    /// What is counted: `levels`, `residual blocks` …
    package var words: String
    /// How many of them there are.
    package var count: Int
  }

  /// One tensor.
  public struct Tensor: Sendable, Equatable, Codable {
    /// Its PyTorch name.
    public var name: String
    /// Row-major lengths.
    public var shape: [Int]
    /// How its numbers are stored, as safetensors calls it: `F32`, `F16`, `BF16`, `I64` …
    public var type: String
    /// Its numbers.
    public var count: Int
    /// Whether gradients train it; running statistics are not.
    public var isTrained: Bool

    private enum CodingKeys: String, CodingKey {
      case name, shape, type, count
      case isTrained = "trained"
    }
  }

  /// What it is called beside other networks: `G`, `D_A`; nil: it is alone in its file.
  public var name: String?
  /// Its file.
  public var path: String?
  /// How the file stores tensors: `safetensors`, `pth (zip)`, `pth (legacy)`.
  public var form: String
  /// `unet_256`, `resnet_9blocks`, `n_layers_3`, `pixel` …; nil: no network that is known here.
  public var architecture: String?
  /// How the architecture became known.
  public var evidence: Evidence?
  /// Why the tensors are those of no network, though they begin like one.
  public var problem: String?
  /// Settings of a known network.
  package var settings: Settings?
  /// Whose statistics a generator's batch norms use when it is applied: `image` or `running`.
  public var normStatistics: String?
  /// The labels that a generator was trained with, in the order of their planes; nil: there are none.
  public var labels: [String]?
  /// Side of the square of input pixels that one logit of a discriminator sees.
  public var receptiveField: Int?
  /// Side of the smallest image that the network takes, in pixels; `apply` pads smaller ones.
  public var smallestImage: Int?
  /// What a generator's image sides are padded to multiples of, in pixels.
  public var sizeMultiple: Int?
  /// What the floating-point tensors hold: `f32`, `bf16`, `f16`, `f64`; `mixed`: not all the same; nil: there are none.
  public var precision: String?
  /// Numbers that gradients train; of an unknown network all.
  public var parameters: Int
  /// Bytes of all tensors.
  public var bytes: Int
  /// In the order of the network; of an unknown one in that of the file.
  public var tensors: [Tensor]
  /// What the file says about itself.
  public var metadata: [String: String]

  private enum CodingKeys: String, CodingKey {
    case name, path, form, architecture, evidence, problem, settings, labels, precision, parameters, bytes, tensors,
      metadata
    case normStatistics = "norm_statistics"
    case receptiveField = "receptive_field"
    case smallestImage = "smallest_image"
    case sizeMultiple = "size_multiple"
  }

  /// Looks at the tensors of `file`, which is called `name` among others.
  ///
  /// Tensors that are those of no network here are no error: they are listed, and ``problem`` says what is wrong.
  package init(_ file: WeightsFile, name: String? = nil) {
    self.name = name
    (path, form, metadata) = (file.path, file.form.rawValue, file.metadata)
    var network: (any NetworkConfiguration)?
    do {
      network = try ArchitectureInference.inferIfKnown(file)
    } catch {
      problem = (error as? FileError)?.problem ?? "\(error)"
    }
    // What was recognised can be declared.
    let declared = (try? network?.declaration().tensors) ?? []
    let ordered = network == nil ? file.tensors : declared.compactMap { file[$0.name] }
    precision = StoredPrecision.name(of: ordered)
    let untrained = Set(declared.filter { $0.role != .parameter }.map(\.name))
    // The products of shapes were checked when the file was opened.
    tensors = ordered.map {
      Tensor(
        name: $0.name, shape: $0.shape, type: $0.type.rawValue, count: $0.shape.reduce(1, *),
        isTrained: !untrained.contains($0.name))
    }
    parameters = tensors.reduce(0) { $1.isTrained ? $0 + $1.count : $0 }
    bytes = zip(tensors, ordered).reduce(0) { $0 + $1.0.count * $1.1.type.size }
    if let network { describe(network) }
  }

  private mutating func describe(_ network: any NetworkConfiguration) {
    architecture = network.architecture
    evidence = metadata["architecture"] == nil ? .tensors : .metadata
    let generator = network as? any GeneratorConfiguration
    let translator = network as? any TranslationGeneratorConfiguration
    let (key, words) = type(of: network).depthName
    settings = Settings(
      norm: network.normalization, filters: network.filters, inputChannels: network.inputChannels,
      outputChannels: generator?.outputChannels, dropout: translator?.dropout, upsampling: translator?.upsampling,
      scale: (network as? any EnlargerConfiguration)?.scale,
      depth: network.depth.map { Depth(key: key, words: words, count: $0) })
    if generator != nil { labels = metadata["labels"].flatMap(LabelNames.read) }
    (smallestImage, receptiveField) = (network.smallestImage, network.receptiveField)
    sizeMultiple = generator?.sizeMultiple
    if let generator, network.normalization == .batch {
      normStatistics = metadata["norm_statistics"] ?? NormStatistics.usual(of: generator).rawValue
    }
  }
}

extension NetworkInspection.Settings {
  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  /// Reads what `encode(to:)` writes.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    norm = try container.decode(NormalizationKind.self, forKey: Key("norm"))
    filters = try container.decode(Int.self, forKey: Key("filters"))
    inputChannels = try container.decode(Int.self, forKey: Key("input_channels"))
    outputChannels = try container.decodeIfPresent(Int.self, forKey: Key("output_channels"))
    dropout = try container.decodeIfPresent(Bool.self, forKey: Key("dropout"))
    upsampling = try container.decodeIfPresent(UpsamplingKind.self, forKey: Key("upsampling"))
    scale = try container.decodeIfPresent(Int.self, forKey: Key("scale"))
    for (key, words) in NetworkFamilies.all.map({ $0.depthName }) where depth == nil {
      depth = try container.decodeIfPresent(Int.self, forKey: Key(key)).map {
        NetworkInspection.Depth(key: key, words: words, count: $0)
      }
    }
  }

  /// Writes all that there is; the depth under the key of its family.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(norm, forKey: Key("norm"))
    try container.encode(filters, forKey: Key("filters"))
    try container.encode(inputChannels, forKey: Key("input_channels"))
    try container.encodeIfPresent(outputChannels, forKey: Key("output_channels"))
    try container.encodeIfPresent(dropout, forKey: Key("dropout"))
    try container.encodeIfPresent(upsampling, forKey: Key("upsampling"))
    try container.encodeIfPresent(scale, forKey: Key("scale"))
    if let depth { try container.encode(depth.count, forKey: Key(depth.key)) }
  }
}
