import Files
import NeuralNet

/// The layers of a network as ONNX operators, with weights from a file.
///
/// Nodes are called after the PyTorch modules whose weights they use.
struct ONNXLayers {
  private(set) var graph: ONNXGraph
  private let file: WeightsFile
  private let statistics: NormStatistics
  /// The values by their names in ONNX.
  private var names: [NetworkDescription.Source: String] = [:]

  /// The layers of `network`, whose tensors are those of `file`, as a graph called `name`.
  ///
  /// - Throws: `FileError` where `file` lacks one of them
  init(_ network: NetworkDescription, called name: String, _ file: WeightsFile, statistics: NormStatistics) throws {
    graph = ONNXGraph(name: name)
    (self.file, self.statistics) = (file, statistics)
    for (place, channels) in network.inputs.enumerated() {
      names[.input(place)] = Self.numbered("input", place)
      graph.input(Self.numbered("input", place), channels: channels)
    }
    for (place, step) in network.steps.enumerated() {
      let output = network.outputs.firstIndex(of: .step(place)).map { Self.numbered("output", $0) }
      names[.step(place)] = try node(step, output: output ?? step.name)
    }
  }

  /// Declares an output of the network.
  mutating func output(_ place: Int, channels: Int, scale: Int) {
    graph.output(Self.numbered("output", place), channels: channels, scale: scale)
  }

  /// `input`, `input_2` …
  private static func numbered(_ name: String, _ place: Int) -> String { place == 0 ? name : "\(name)_\(place + 1)" }

  // MARK: - Layers

  /// Appends the operators of one layer; returns the name of what they make.
  private mutating func node(_ step: NetworkDescription.Step, output: String) throws -> String {
    let inputs = step.reads.compactMap { names[$0] }
    switch step.layer {
    case .convolution(let geometry, let weight, let bias):
      return try convolution(step.name, geometry, inputs[0], tensors: [weight] + (bias.map { [$0] } ?? []), output)
    case .batchNormalization(let scale, let shift, _, _, let epsilon) where statistics == .image:
      // Each image has statistics of its own, as in an instance norm.
      return try graph.node(
        "InstanceNormalization", step.name, inputs + initializers([scale, shift]), ["epsilon": .float(epsilon)],
        output: output)
    case .batchNormalization(let scale, let shift, let mean, let variance, let epsilon):
      return try graph.node(
        "BatchNormalization", step.name, inputs + initializers([scale, shift, mean, variance]),
        ["epsilon": .float(epsilon)], output: output)
    case .instanceNormalization(let channels, let epsilon):
      let one = graph.constant("ones_\(channels)", floats: [Float](repeating: 1, count: channels))
      let zero = graph.constant("zeros_\(channels)", floats: [Float](repeating: 0, count: channels))
      return graph.node(
        "InstanceNormalization", step.name, inputs + [one, zero], ["epsilon": .float(epsilon)], output: output)
    case .rectifier(0): return graph.node("Relu", step.name, inputs, output: output)
    case .rectifier(let slope):
      return graph.node("LeakyRelu", step.name, inputs, ["alpha": .float(slope)], output: output)
    case .learnedRectifier(let slope):
      return try graph.node("PRelu", step.name, inputs + [initializer(slope, perChannel: true)], output: output)
    case .tanh: return graph.node("Tanh", step.name, inputs, output: output)
    case .sum: return graph.node("Add", step.name, inputs, output: output)
    case .pixelShuffle(let factor):
      return graph.node(
        "DepthToSpace", step.name, inputs, ["blocksize": .integer(factor), "mode": .text("CRD")], output: output)
    case .pixelUnshuffle(let factor, let channels):
      // SpaceToDepth has another order of channels than PyTorch: a convolution with ones picks each number from its place.
      let taps = factor * factor
      let weights = (0..<channels * taps * taps).map { Float($0 / taps % taps == $0 % taps ? 1 : 0) }
      let picks = graph.constant("picks_\(channels)_\(factor)", floats: weights, [channels * taps, 1, factor, factor])
      return graph.node(
        "Conv", step.name, inputs + [picks],
        [
          "kernel_shape": .integers([factor, factor]), "strides": .integers([factor, factor]),
          "group": .integer(channels),
        ], output: output)
    case .enlarging(let method, let factor): return resize(step.name, inputs[0], method, factor, output: output)
    case .scaling(let factor):
      let constant = graph.constant("factor_\(factor)", floats: [factor])
      return graph.node("Mul", step.name, inputs + [constant], output: output)
    case .maxPooling(let size):
      return graph.node(
        "MaxPool", step.name, inputs,
        ["kernel_shape": .integers([size, size]), "strides": .integers([size, size])], output: output)
    case .concatenation: return graph.node("Concat", step.name, inputs, ["axis": .integer(1)], output: output)
    case .slice(let channels):
      let bounds = [channels.lowerBound, channels.upperBound, 1].map {
        graph.constant("channel_\($0)", integers: [Int64($0)])
      }
      return graph.node("Slice", step.name, inputs + bounds, output: output)
    }
  }

  /// Upsampling and reflection are operators of their own in front of the convolution.
  private mutating func convolution(
    _ name: String, _ geometry: ConvolutionGeometry, _ input: String, tensors: [String], _ output: String
  ) throws -> String {
    var input = input
    if geometry.upsampling > 1 { input = resize(name + ".resize", input, .nearest, geometry.upsampling) }
    let reflects = geometry.paddingMode == .reflection && geometry.padding > 0
    if reflects {
      let depth = Int64(geometry.padding)
      let pads = graph.constant("reflection_\(depth)", integers: [0, 0, depth, depth, 0, 0, depth, depth])
      input = graph.node("Pad", name + ".pad", [input, pads], ["mode": .text("reflect")])
    }
    var attributes: [String: ONNXGraph.Attribute] = [
      "kernel_shape": .integers([geometry.kernel, geometry.kernel]),
      "strides": .integers([geometry.stride, geometry.stride]),
      "pads": .integers([Int](repeating: reflects ? 0 : geometry.padding, count: 4)),
    ]
    if geometry.isTransposed {
      attributes["output_padding"] = .integers([geometry.outputPadding, geometry.outputPadding])
    }
    return try graph.node(
      geometry.isTransposed ? "ConvTranspose" : "Conv", name, [input] + initializers(tensors), attributes,
      output: output)
  }

  private mutating func resize(
    _ name: String, _ input: String, _ method: EnlargingMethod, _ factor: Int, output: String? = nil
  ) -> String {
    let scales = graph.constant("scales_\(factor)", floats: [1, 1, Float(factor), Float(factor)])
    let attributes: [String: ONNXGraph.Attribute] =
      switch method {
      case .nearest:
        [
          "mode": .text("nearest"), "coordinate_transformation_mode": .text("asymmetric"),
          "nearest_mode": .text("floor"),
        ]
      case .bilinear: ["mode": .text("linear"), "coordinate_transformation_mode": .text("half_pixel")]
      }
    return graph.node("Resize", name, [input, "", scales], attributes, output: output)
  }

  // MARK: - Weights

  private mutating func initializers(_ names: [String]) throws -> [String] { try names.map { try initializer($0) } }

  /// A tensor of the file; one that stands for channels takes part in arithmetic as [C, 1, 1].
  private mutating func initializer(_ name: String, perChannel: Bool = false) throws -> String {
    guard let tensor = file[name] else {
      throw FileError(path: file.path, problem: "has no tensor \(FileError.quote(name))")
    }
    graph.initializer(name, tensor.shape + (perChannel ? [1, 1] : [])) { [file] sink in
      if tensor.type == .float32 {
        try file.withBytes(of: name) { try sink.write($0) }
      } else {
        try file.floats(name).withUnsafeBytes { try sink.write($0) }
      }
    }
    return name
  }
}
