import Files
import NeuralNet
import ResNet
import UNet

/// The layers of the generators as ONNX operators, with weights from a file; dropout is absent.
///
/// Nodes are called after the PyTorch modules whose weights they use.
struct ONNXLayers {
  private(set) var graph: ONNXGraph
  private let file: WeightsFile
  private let normalization: NormalizationKind
  private let statistics: NormStatistics
  private let upsampling: UpsamplingKind

  /// ε of all normalisations.
  private static let epsilon: Float = 1e-5

  /// Layers of `network`, a generator whose tensors are those of `file`.
  init(_ file: WeightsFile, network: InferredNetwork, statistics: NormStatistics) {
    graph = ONNXGraph(name: network.architecture)
    (self.file, self.statistics) = (file, statistics)
    normalization = network.normalization
    upsampling = ModelMetadata(network).upsampling ?? .transposed
  }

  // MARK: - Networks

  /// A U-Net from input to output.
  ///
  /// A skip connection of the public code carries what its in-place leaky ReLU left, and the way up begins with a ReLU:
  /// ReLU(leaky(x)) = ReLU(x), so the concatenation may as well take x itself.
  mutating func unet(_ configuration: UNetConfiguration) throws {
    graph.input("input", channels: configuration.inputChannels)
    var skips = [try convolution("model.model.0", "input", kernel: 4, stride: 2, padding: 1)]
    for level in 1..<configuration.levels {
      let prefix = [LayoutTensor].unetPrefix(level) + ".model."
      let rectified = graph.node(
        "LeakyRelu", prefix + "0", [skips[level - 1]], ["alpha": .float(0.2)])
      var down = try convolution(prefix + "1", rectified, kernel: 4, stride: 2, padding: 1)
      if level < configuration.levels - 1 { down = try norm(prefix + "2", down) }
      skips.append(down)
    }
    var up = ""
    for level in (0..<configuration.levels).reversed() {
      let prefix = [LayoutTensor].unetPrefix(level) + ".model."
      let isInnermost = level == configuration.levels - 1
      // ReLU, way up and norm stand after the submodule, where there is one.
      let first = isInnermost || level == 0 ? 2 : 4
      var inner = skips[level]
      if !isInnermost { inner = graph.node("Concat", prefix + "concat", [inner, up], ["axis": .integer(1)]) }
      inner = graph.node("Relu", prefix + "\(first)", [inner])
      up = try wayUp(prefix + "\(first + 1)", inner, kernel: 4, outputPadding: 0)
      if level > 0 { up = try norm(prefix + "\(first + 2)", up) }
    }
    finish(up, channels: configuration.outputChannels)
  }

  /// A ResNet from input to output.
  mutating func resnet(_ configuration: ResNetConfiguration) throws {
    graph.input("input", channels: configuration.inputChannels)
    var last = try reflected("model.1", "input", kernel: 7)
    last = try relu("model.3", norm("model.2", last))
    for index in [4, 7] {
      last = try convolution("model.\(index)", last, kernel: 3, stride: 2, padding: 1)
      last = try relu("model.\(index + 2)", norm("model.\(index + 1)", last))
    }
    let second = configuration.dropout ? 6 : 5
    for block in 0..<configuration.blocks {
      let name = "model.\(10 + block)"
      var inner = try reflected(name + ".conv_block.1", last, kernel: 3)
      inner = try relu(name + ".conv_block.3", norm(name + ".conv_block.2", inner))
      inner = try reflected(name + ".conv_block.\(second)", inner, kernel: 3)
      inner = try norm(name + ".conv_block.\(second + 1)", inner)
      last = graph.node("Add", name, [last, inner])
    }
    let end = 10 + configuration.blocks
    for index in [end, end + 3] {
      last = try wayUp("model.\(index)", last, kernel: 3, outputPadding: 1)
      last = try relu("model.\(index + 2)", norm("model.\(index + 1)", last))
    }
    finish(try reflected("model.\(end + 7)", last, kernel: 7), channels: configuration.outputChannels)
  }

  // MARK: - Layers

  private mutating func finish(_ last: String, channels: Int) {
    _ = graph.node("Tanh", "tanh", [last], output: "output")
    graph.output("output", channels: channels)
  }

  private mutating func relu(_ name: String, _ input: String) -> String { graph.node("Relu", name, [input]) }

  private mutating func convolution(
    _ name: String, _ input: String, kernel: Int, stride: Int = 1, padding: Int = 0
  ) throws -> String {
    try graph.node(
      "Conv", name, [input] + weights(name),
      [
        "kernel_shape": .integers([kernel, kernel]), "strides": .integers([stride, stride]),
        "pads": .integers([Int](repeating: padding, count: 4)),
      ])
  }

  /// A convolution that keeps the size, on an image mirrored at its borders.
  private mutating func reflected(_ name: String, _ input: String, kernel: Int) throws -> String {
    let depth = Int64(kernel / 2)
    let pads = graph.constant("reflection_\(depth)", integers: [0, 0, depth, depth, 0, 0, depth, depth])
    let padded = graph.node("Pad", name + ".pad", [input, pads], ["mode": .text("reflect")])
    return try convolution(name, padded, kernel: kernel)
  }

  private mutating func wayUp(_ name: String, _ input: String, kernel: Int, outputPadding: Int) throws -> String {
    switch upsampling {
    case .transposed:
      return try graph.node(
        "ConvTranspose", name, [input] + weights(name),
        [
          "kernel_shape": .integers([kernel, kernel]), "strides": .integers([2, 2]),
          "pads": .integers([1, 1, 1, 1]), "output_padding": .integers([outputPadding, outputPadding]),
        ])
    case .resizeConvolution:
      let scales = graph.constant("double", floats: [1, 1, 2, 2])
      let doubled = graph.node(
        "Resize", name + ".resize", [input, "", scales],
        [
          "mode": .text("nearest"), "coordinate_transformation_mode": .text("asymmetric"),
          "nearest_mode": .text("floor"),
        ])
      return try reflected(name, doubled, kernel: 3)
    }
  }

  /// The norm called `name`; for batch norm with an image's own statistics, an instance norm with its γ and β.
  private mutating func norm(_ name: String, _ input: String) throws -> String {
    let epsilon = ["epsilon": ONNXGraph.Attribute.float(Self.epsilon)]
    switch normalization {
    case .none: return input
    case .instance:
      // Without parameters of its own: the channels are those of the convolution in front.
      let channels = try channels(before: name)
      let one = graph.constant("ones_\(channels)", floats: [Float](repeating: 1, count: channels))
      let zero = graph.constant("zeros_\(channels)", floats: [Float](repeating: 0, count: channels))
      return graph.node("InstanceNormalization", name, [input, one, zero], epsilon)
    case .batch where statistics == .image:
      return try graph.node("InstanceNormalization", name, [input] + weights(name), epsilon)
    case .batch:
      let running = try [name + ".running_mean", name + ".running_var"].map { try initializer($0) }
      return try graph.node("BatchNormalization", name, [input] + weights(name) + running, epsilon)
    }
  }

  /// The length of the bias of the convolution that stands before the norm `name`, one place down in its list.
  private func channels(before name: String) throws -> Int {
    let dot = name.lastIndex(of: ".") ?? name.startIndex
    let place = (Int(name[dot...].dropFirst()) ?? 0) - 1
    let bias = "\(name[..<dot]).\(place).bias"
    guard let shape = file[bias]?.shape, let channels = shape.first else {
      throw FileError(path: file.path, problem: "has no tensor \(FileError.quote(bias))")
    }
    return channels
  }

  // MARK: - Weights

  /// The weight, and the bias where there is one.
  private mutating func weights(_ name: String) throws -> [String] {
    let weight = try initializer(name + ".weight")
    return file[name + ".bias"] == nil ? [weight] : [weight, try initializer(name + ".bias")]
  }

  private mutating func initializer(_ name: String) throws -> String {
    guard let tensor = file[name] else {
      throw FileError(path: file.path, problem: "has no tensor \(FileError.quote(name))")
    }
    graph.initializer(name, tensor.shape) { [file] sink in
      if tensor.type == .float32 {
        try file.withBytes(of: name) { try sink.write($0) }
      } else {
        try file.floats(name).withUnsafeBytes { try sink.write($0) }
      }
    }
    return name
  }
}
