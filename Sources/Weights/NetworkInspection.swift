import Files
import NeuralNet
import PatchDisc

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
  public struct Settings: Sendable, Equatable, Codable {
    /// Normalisation of the hidden layers.
    public var norm: NormalizationKind
    /// Channels after the first convolution.
    public var filters: Int
    /// Channels of the input image.
    public var inputChannels: Int
    /// Channels of the output image; nil for a discriminator.
    public var outputChannels: Int?
    /// Whether activations are dropped in training; nil for a discriminator.
    public var dropout: Bool?
    /// How the way up doubles the resolution; nil for a discriminator.
    public var upsampling: UpsamplingKind?
    /// Halvings of the resolution in a U-Net.
    public var levels: Int?
    /// Residual blocks of a ResNet.
    public var blocks: Int?
    /// Hidden layers of a PatchGAN.
    public var layers: Int?

    private enum CodingKeys: String, CodingKey {
      case norm, filters, dropout, upsampling, levels, blocks, layers
      case inputChannels = "input_channels"
      case outputChannels = "output_channels"
    }
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
  public var settings: Settings?
  /// Whose statistics a generator's batch norms use when it is applied: `image` or `running`.
  public var normStatistics: String?
  /// Side of the square of input pixels that one logit of a discriminator sees.
  public var receptiveField: Int?
  /// Side of the smallest image that the network takes, in pixels; `apply` pads smaller ones.
  public var smallestImage: Int?
  /// What a generator's image sides are padded to multiples of, in pixels.
  public var sizeMultiple: Int?
  /// Numbers that gradients train; of an unknown network all.
  public var parameters: Int
  /// Bytes of all tensors.
  public var bytes: Int
  /// In the order of the network; of an unknown one in that of the file.
  public var tensors: [Tensor]
  /// What the file says about itself.
  public var metadata: [String: String]

  private enum CodingKeys: String, CodingKey {
    case name, path, form, architecture, evidence, problem, settings, parameters, bytes, tensors, metadata
    case normStatistics = "norm_statistics"
    case receptiveField = "receptive_field"
    case smallestImage = "smallest_image"
    case sizeMultiple = "size_multiple"
  }

  /// Looks at the tensors of `file`, which is called `name` among others.
  ///
  /// Tensors that are those of no network here are no error: they are listed, and ``problem`` says what is wrong.
  public init(_ file: WeightsFile, name: String? = nil) {
    self.name = name
    (path, form, metadata) = (file.path, file.form.rawValue, file.metadata)
    var network: InferredNetwork?
    do {
      network = try ArchitectureInference.inferIfKnown(file)
    } catch {
      problem = (error as? FileError)?.problem ?? "\(error)"
    }
    let layout = network?.layout ?? []
    let ordered = network == nil ? file.tensors : layout.compactMap { file[$0.name] }
    let untrained = Set(layout.filter { $0.role != .parameter }.map(\.name))
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

  private mutating func describe(_ network: InferredNetwork) {
    architecture = network.architecture
    evidence = metadata["architecture"] == nil ? .tensors : .metadata
    let described = ModelMetadata(network)
    var settings = Settings(
      norm: network.normalization, filters: described.filters ?? 0, inputChannels: described.inputChannels ?? 0,
      outputChannels: described.outputChannels, dropout: described.dropout, upsampling: described.upsampling)
    switch network {
    case .unet(let configuration):
      settings.levels = configuration.levels
      (smallestImage, sizeMultiple) = (1 << configuration.levels, 1 << configuration.levels)
    case .resnet(let configuration):
      settings.blocks = configuration.blocks
      // A quarter of it is mirrored by one pixel, which takes two.
      (smallestImage, sizeMultiple) = (8, 4)
    case .discriminator(let configuration):
      if case .patch(let layers) = configuration.kind { settings.layers = layers }
      receptiveField = PatchDiscriminator.receptiveField(configuration.kind)
      smallestImage = PatchDiscriminator.minimumExtent(configuration.kind)
    }
    self.settings = settings
    if network.isGenerator, network.normalization == .batch {
      normStatistics = metadata["norm_statistics"] ?? NormStatistics.image.rawValue
    }
  }
}
