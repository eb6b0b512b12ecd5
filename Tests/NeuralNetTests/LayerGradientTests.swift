import Testing
@testable import NeuralNet
@testable import PatchDisc
@testable import ResNet
@testable import UNet

/// Every kind of layer, forward and backward, over random shapes against the plain reference in Double.
@Suite struct LayerGradientTests {
  struct Geometry: CustomTestStringConvertible, Sendable {
    var name: String
    var geometry: ConvolutionGeometry
    var testDescription: String { name }
  }

  static let geometries = [
    Geometry(name: "1×1", geometry: .convolution(kernel: 1)),
    Geometry(name: "3×3 reflected", geometry: .convolution(kernel: 3, padding: 1, paddingMode: .reflection)),
    Geometry(name: "3×3 zero", geometry: .convolution(kernel: 3, padding: 1)),
    Geometry(name: "3×3 stride 2", geometry: .convolution(kernel: 3, stride: 2, padding: 1)),
    Geometry(name: "4×4", geometry: .convolution(kernel: 4, padding: 1)),
    Geometry(name: "4×4 stride 2", geometry: .convolution(kernel: 4, stride: 2, padding: 1)),
    Geometry(name: "7×7 reflected", geometry: .convolution(kernel: 7, padding: 3, paddingMode: .reflection)),
    Geometry(name: "transposed 3×3", geometry: .transposed(kernel: 3, stride: 2, padding: 1, outputPadding: 1)),
    Geometry(name: "transposed 4×4", geometry: .transposed(kernel: 4, stride: 2, padding: 1)),
    Geometry(
      name: "upsampled 3×3",
      geometry: .convolution(kernel: 3, padding: 1, paddingMode: .reflection, upsampling: 2)),
  ]
  static let channels = [1, 3, 5, 17, 64, 65]

  /// Every number of input channels with every geometry; outputs, extents and batches are drawn.
  @Test(arguments: geometries) func convolution(_ layer: Geometry) throws {
    let processor = try Processor(threads: 2)
    var random = RandomGenerator(seed: 11)
    for inputs in Self.channels {
      let outputs = Self.channels[random.integer(below: Self.channels.count)]
      let largest = inputs * outputs > 300 ? 5 : 9
      let shape = Shape(
        1 + random.integer(below: 2), inputs, Self.extent(layer.geometry, largest, &random),
        Self.extent(layer.geometry, largest, &random))
      var builder = NetworkBuilder(inputChannels: inputs)
      let output = builder.value(channels: outputs)
      builder.convolution("layer", layer.geometry, from: builder.input, hasBias: true, to: (output, .identity))
      var check = GradientCheck(try builder.build(output: output), shape, seed: random.next())
      try check.run("\(layer.name) \(shape) → \(outputs)", processor: processor)
    }
  }

  /// The smallest images that each geometry takes, down to a single pixel.
  @Test(arguments: geometries) func smallestImages(_ layer: Geometry) throws {
    let processor = try Processor(threads: 2)
    let smallest = try #require((1...9).first { layer.geometry.outputExtent($0) != nil })
    for (inputs, outputs) in [(1, 1), (17, 65), (65, 5), (64, 64)] {
      let shape = Shape(1, inputs, smallest, smallest)
      var builder = NetworkBuilder(inputChannels: inputs)
      let output = builder.value(channels: outputs)
      builder.convolution("layer", layer.geometry, from: builder.input, hasBias: true, to: (output, .leakyRelu))
      var check = GradientCheck(try builder.build(output: output), shape, seed: UInt64(inputs))
      try check.run("\(layer.name) \(shape) → \(outputs)", processor: processor)
    }
  }

  /// Each normalisation with each activation; for batch normalisation with one and with two groups.
  @Test(arguments: [NormalizationKind.batch, .instance, .none], [Activation.identity, .relu, .leakyRelu, .tanh])
  func normalizationAndActivation(normalization: NormalizationKind, activation: Activation) throws {
    let processor = try Processor(threads: 2)
    for (index, outputs) in Self.channels.enumerated() {
      let shape = Shape(2, 3, 4 + index, 5)
      var builder = NetworkBuilder(inputChannels: shape.c)
      let output = builder.value(channels: outputs)
      builder.convolution(
        "layer", .convolution(kernel: 3, padding: 1), from: builder.input, hasBias: normalization == .none,
        normalization: (normalization, "norm"), to: (output, activation))
      var check = GradientCheck(try builder.build(output: output), shape, seed: UInt64(index))
      check.mode.groups = 1 + index % 2
      try check.run("\(normalization) \(activation) \(outputs)", processor: processor)
    }
  }

  /// Two outputs of one block in the halves of a buffer, with slopes of their own.
  @Test(arguments: [NormalizationKind.batch, .instance, .none])
  func concatenatedOutputs(normalization: NormalizationKind) throws {
    let processor = try Processor(threads: 2)
    for outputs in Self.channels {
      var builder = NetworkBuilder(inputChannels: 3)
      let joined = builder.concatenation(outputs, outputs)
      builder.convolution(
        "layer", .convolution(kernel: 4, stride: 2, padding: 1), from: builder.input, hasBias: true,
        normalization: (normalization, "norm"), to: (joined.first, .leakyRelu), and: (joined.second, .relu))
      var check = GradientCheck(try builder.build(output: joined.whole), Shape(2, 3, 9, 8), seed: UInt64(outputs))
      try check.run("\(normalization), halves of \(outputs)", processor: processor)
    }
  }

  /// Dropout, then a residual whose source has two readers.
  ///
  /// From three channels on: with one, the second normalisation takes out nearly all that the first one's shift does.
  @Test(arguments: [NormalizationKind.batch, .instance, .none])
  func dropoutAndResidual(normalization: NormalizationKind) throws {
    let processor = try Processor(threads: 2)
    for width in Self.channels.dropFirst() {
      var builder = NetworkBuilder(inputChannels: 3)
      let first = builder.value(channels: width)
      let inner = builder.value(channels: width)
      let sum = builder.value(channels: width)
      let geometry = ConvolutionGeometry.convolution(kernel: 3, padding: 1, paddingMode: .reflection)
      builder.convolution("a", .convolution(kernel: 1), from: builder.input, hasBias: true, to: (first, .relu))
      builder.convolution(
        "b", geometry, from: first, hasBias: normalization == .none, normalization: (normalization, "bn"),
        hasDropout: true, to: (inner, .relu))
      builder.convolution(
        "c", geometry, from: inner, hasBias: normalization == .none, normalization: (normalization, "cn"),
        residual: first, to: (sum, .identity))
      var check = GradientCheck(try builder.build(output: sum), Shape(2, 3, 5, 4), seed: UInt64(width))
      check.dropoutKey = 77
      try check.run("\(normalization), \(width) channels", processor: processor)
    }
  }

  /// Whole networks with everything at once.
  @Test func networks() throws {
    let processor = try Processor(threads: 2)
    for upsampling in UpsamplingKind.allCases {
      var residual = ResNetConfiguration(blocks: 2)
      residual.filters = 4
      residual.dropout = true
      residual.upsampling = upsampling
      var check = GradientCheck(try residual.network(), Shape(1, 3, 12, 8), seed: 3)
      check.dropoutKey = 5
      check.tolerance = 1e-4
      try check.run("ResNet, \(upsampling)", processor: processor)

      var levels = UNetConfiguration(levels: 6)
      levels.filters = 2
      levels.upsampling = upsampling
      levels.normalization = .none
      check = GradientCheck(try levels.network(), Shape(1, 3, 64, 64), seed: 4)
      check.dropoutKey = 6
      check.tolerance = 1e-4
      try check.run("U-Net, \(upsampling)", processor: processor)
    }
    var patch = DiscriminatorConfiguration()
    patch.filters = 4
    patch.kind = .patch(layers: 2)
    var check = GradientCheck(try patch.network(), Shape(2, 6, 19, 17), seed: 5)
    try check.run("PatchGAN", processor: processor)
  }

  private static func extent(
    _ geometry: ConvolutionGeometry, _ largest: Int, _ random: inout RandomGenerator
  ) -> Int {
    let possible = (1...largest).filter { geometry.outputExtent($0) != nil }
    return possible[random.integer(below: possible.count)]
  }
}
