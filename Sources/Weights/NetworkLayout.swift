import Files
import NeuralNet
import PatchDisc
import ResNet
import UNet

/// A network that a file of weights can hold, with everything that determines its shapes.
public enum InferredNetwork: Sendable, Equatable {
  /// A U-Net generator.
  case unet(UNetConfiguration)
  /// A ResNet generator.
  case resnet(ResNetConfiguration)
  /// A discriminator.
  case discriminator(DiscriminatorConfiguration)

  /// The name that options and metadata use: `unet_256`, `resnet_9blocks`, `n_layers_3`, `pixel`.
  public var architecture: String {
    switch self {
    case .unet(let configuration): "unet_\(1 << min(max(configuration.levels, 0), 62))"
    case .resnet(let configuration): "resnet_\(configuration.blocks)blocks"
    case .discriminator(let configuration):
      switch configuration.kind {
      case .patch(let layers): "n_layers_\(layers)"
      case .pixel: "pixel"
      }
    }
  }

  /// Whether it makes images.
  public var isGenerator: Bool {
    if case .discriminator = self { false } else { true }
  }

  /// Normalisation of its hidden layers.
  public var normalization: NormalizationKind {
    switch self {
    case .unet(let configuration): configuration.normalization
    case .resnet(let configuration): configuration.normalization
    case .discriminator(let configuration): configuration.normalization
    }
  }

  /// Checks that there can be such a network.
  ///
  /// - Throws: `FileError` for the first number with which none can be made
  public func validate() throws(FileError) {
    switch self {
    case .unet(let configuration): try configuration.validate()
    case .resnet(let configuration): try configuration.validate()
    case .discriminator(let configuration): try configuration.validate()
    }
  }

  /// Its tensors in the order of PyTorch's state dict, by name and shape; traps where `validate` would throw.
  ///
  /// Convolution weights are (out, in, kh, kw), transposed ones (in, out, kh, kw). Source: `networks.py` of the public
  /// pix2pix and CycleGAN code; docs/checkpoint-format.md lists the names.
  public var layout: [LayoutTensor] {
    precondition((try? validate()) != nil, "there is no network of these numbers: see validate()")
    return switch self {
    case .unet(let configuration): .unet(configuration)
    case .resnet(let configuration): .resnet(configuration)
    case .discriminator(let configuration): .discriminator(configuration)
    }
  }
}

/// A tensor that a network has.
public struct LayoutTensor: Sendable, Equatable {
  /// Its PyTorch name.
  public let name: String
  /// Its row-major lengths.
  public let shape: [Int]
  /// What it is for.
  public let role: Role

  /// What a tensor is for.
  public enum Role: Sendable {
    /// Trained by gradients.
    case parameter
    /// A running statistic of a batch norm.
    case statistic
    /// How many batches a running statistic has seen: an I64 scalar, which old files lack.
    case batchCount
  }
}

extension [LayoutTensor] {
  /// Numbers that training changes by gradients.
  public var parameterCount: Int {
    reduce(0) { $1.role == .parameter ? $0 + $1.shape.reduce(1, *) : $0 }
  }

  fileprivate mutating func convolution(_ name: String, _ shape: [Int], bias: Int?) {
    append(LayoutTensor(name: name + ".weight", shape: shape, role: .parameter))
    if let bias { append(LayoutTensor(name: name + ".bias", shape: [bias], role: .parameter)) }
  }

  fileprivate mutating func norm(_ name: String, _ channels: Int, _ kind: NormalizationKind) {
    guard kind == .batch else { return }
    append(LayoutTensor(name: name + ".weight", shape: [channels], role: .parameter))
    append(LayoutTensor(name: name + ".bias", shape: [channels], role: .parameter))
    append(LayoutTensor(name: name + ".running_mean", shape: [channels], role: .statistic))
    append(LayoutTensor(name: name + ".running_var", shape: [channels], role: .statistic))
    append(LayoutTensor(name: name + ".num_batches_tracked", shape: [], role: .batchCount))
  }

  /// The prefix of a U-Net's level: `model`, `model.model.1`, then `.model.3` for each further one.
  static func unetPrefix(_ level: Int) -> String {
    level == 0 ? "model" : "model.model.1" + String(repeating: ".model.3", count: level - 1)
  }

  /// Levels nest, so their ways down stand outermost first and their ways up innermost first.
  fileprivate static func unet(_ configuration: UNetConfiguration) -> [LayoutTensor] {
    let (levels, norm) = (configuration.levels, configuration.normalization)
    let widths = (0..<levels).map { configuration.filters * Swift.min(1 << Swift.min($0, 3), 8) }
    let hasBias = norm != .batch
    func up(_ input: Int, _ output: Int) -> [Int] {
      configuration.upsampling == .transposed ? [input, output, 4, 4] : [output, input, 3, 3]
    }
    var tensors: [LayoutTensor] = []
    tensors.convolution(
      "model.model.0", [widths[0], configuration.inputChannels, 4, 4], bias: hasBias ? widths[0] : nil)
    for level in 1..<levels {
      let prefix = unetPrefix(level)
      tensors.convolution(
        prefix + ".model.1", [widths[level], widths[level - 1], 4, 4], bias: hasBias ? widths[level] : nil)
      if level < levels - 1 { tensors.norm(prefix + ".model.2", widths[level], norm) }
    }
    for level in (1..<levels).reversed() {
      let (prefix, output) = (unetPrefix(level), widths[level - 1])
      let isInnermost = level == levels - 1
      tensors.convolution(
        prefix + (isInnermost ? ".model.3" : ".model.5"), up(isInnermost ? widths[level] : 2 * widths[level], output),
        bias: hasBias ? output : nil)
      tensors.norm(prefix + (isInnermost ? ".model.4" : ".model.6"), output, norm)
    }
    tensors.convolution(
      "model.model.3", up(2 * widths[0], configuration.outputChannels), bias: configuration.outputChannels)
    return tensors
  }

  fileprivate static func resnet(_ configuration: ResNetConfiguration) -> [LayoutTensor] {
    let (filters, norm) = (configuration.filters, configuration.normalization)
    let hasBias = norm != .batch
    var tensors: [LayoutTensor] = []
    func add(_ index: Int, _ shape: [Int], _ output: Int) {
      tensors.convolution("model.\(index)", shape, bias: hasBias ? output : nil)
      tensors.norm("model.\(index + 1)", output, norm)
    }
    func up(_ input: Int, _ output: Int) -> [Int] {
      configuration.upsampling == .transposed ? [input, output, 3, 3] : [output, input, 3, 3]
    }
    add(1, [filters, configuration.inputChannels, 7, 7], filters)
    add(4, [2 * filters, filters, 3, 3], 2 * filters)
    add(7, [4 * filters, 2 * filters, 3, 3], 4 * filters)
    // Dropout between the two convolutions of a block moves the second one on by one place.
    let second = configuration.dropout ? 6 : 5
    for block in 0..<configuration.blocks {
      for index in [1, second] {
        let name = "model.\(10 + block).conv_block."
        tensors.convolution(
          name + String(index), [4 * filters, 4 * filters, 3, 3], bias: hasBias ? 4 * filters : nil)
        tensors.norm(name + String(index + 1), 4 * filters, norm)
      }
    }
    let end = 10 + configuration.blocks
    add(end, up(4 * filters, 2 * filters), 2 * filters)
    add(end + 3, up(2 * filters, filters), filters)
    tensors.convolution(
      "model.\(end + 7)", [configuration.outputChannels, filters, 7, 7], bias: configuration.outputChannels)
    return tensors
  }

  fileprivate static func discriminator(_ configuration: DiscriminatorConfiguration) -> [LayoutTensor] {
    let (filters, norm) = (configuration.filters, configuration.normalization)
    let hasBias = norm != .batch
    var tensors: [LayoutTensor] = []
    switch configuration.kind {
    case .pixel:
      tensors.convolution("net.0", [filters, configuration.inputChannels, 1, 1], bias: filters)
      tensors.convolution("net.2", [2 * filters, filters, 1, 1], bias: hasBias ? 2 * filters : nil)
      tensors.norm("net.3", 2 * filters, norm)
      tensors.convolution("net.5", [1, 2 * filters, 1, 1], bias: hasBias ? 1 : nil)
    case .patch(let layers):
      tensors.convolution("model.0", [filters, configuration.inputChannels, 4, 4], bias: filters)
      var width = filters
      for layer in 1...Swift.max(1, layers) {
        let next = filters * Swift.min(1 << Swift.min(layer, 3), 8)
        let index = 3 * layer - 1
        tensors.convolution("model.\(index)", [next, width, 4, 4], bias: hasBias ? next : nil)
        tensors.norm("model.\(index + 1)", next, norm)
        width = next
      }
      tensors.convolution("model.\(3 * Swift.max(1, layers) + 2)", [1, width, 4, 4], bias: 1)
    }
    return tensors
  }
}
