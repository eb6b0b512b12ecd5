import NeuralNet

/// The residual generator of CycleGAN (Johnson et al., 2016; Zhu et al., 2017, appendix 7.2): two halvings of the
/// resolution, residual blocks at a quarter of it, two doublings.
///
/// A residual block is reflection padding → 3×3 → normalisation → ReLU (→ dropout) → reflection padding → 3×3 →
/// normalisation, added to what it read.
extension ResNetConfiguration {
  /// The network (N, input channels, H, W) → (N, output channels, H, W); H and W are multiples of 4, at least 8.
  package func declaration() throws -> NetworkDeclaration {
    try validate()
    var assembly = Assembly(self)
    assembly.addFirst()
    assembly.addHalvings()
    assembly.addResidualBlocks()
    assembly.addDoublings()
    return try assembly.finish()
  }
}

/// A network that grows in the order of the public code's layer list, whose indices name the parameters.
private struct Assembly {
  private let configuration: ResNetConfiguration
  private var builder: NetworkBuilder
  /// What the next layer reads.
  private var last: Value
  /// Its index in the layer list.
  private var index = 1

  /// Halvings of the resolution.
  private static let halvings = 2
  /// Layers from one convolution of the list to the next: itself, its normalisation, its ReLU.
  private static let layersPerConvolution = 3

  init(_ configuration: ResNetConfiguration) {
    self.configuration = configuration
    builder = NetworkBuilder(inputChannels: configuration.inputChannels)
    last = builder.input
  }

  private var hasBias: Bool { configuration.normalization != .batch }

  mutating func addFirst() { add(.convolution(kernel: 7, padding: 3, paddingMode: .reflection), configuration.filters) }

  mutating func addHalvings() {
    for level in 1...Self.halvings {
      add(.convolution(kernel: 3, stride: 2, padding: 1), configuration.filters << level)
    }
  }

  mutating func addDoublings() {
    let geometry: ConvolutionGeometry =
      switch configuration.upsampling {
      case .transposed: .transposed(kernel: 3, stride: 2, padding: 1, outputPadding: 1)
      case .resizeConvolution: .convolution(kernel: 3, padding: 1, paddingMode: .reflection, upsampling: 2)
      }
    for level in (0..<Self.halvings).reversed() { add(geometry, configuration.filters << level) }
  }

  mutating func addResidualBlocks() {
    let geometry = ConvolutionGeometry.convolution(kernel: 3, padding: 1, paddingMode: .reflection)
    // Within a block 0 and 4 are paddings and 3 is the ReLU; dropout takes a place of its own after it.
    let second = configuration.dropout ? 6 : 5
    for _ in 0..<configuration.blocks {
      let path = "model.\(index).conv_block."
      let inner = builder.value(channels: last.channels)
      let sum = builder.value(channels: last.channels)
      // The public code drops after the ReLU, which is the same: both only scale by factors that are not negative.
      builder.convolution(
        path + "1", geometry, from: last, hasBias: hasBias,
        normalization: (configuration.normalization, path + "2"), hasDropout: configuration.dropout,
        to: (inner, .relu))
      builder.convolution(
        path + "\(second)", geometry, from: inner, hasBias: hasBias,
        normalization: (configuration.normalization, path + "\(second + 1)"), residual: last, to: (sum, .identity))
      last = sum
      index += 1
    }
  }

  mutating func finish() throws -> NetworkDeclaration {
    let output = builder.value(channels: configuration.outputChannels)
    // One further: the last padding is a layer of its own.
    builder.convolution(
      "model.\(index + 1)", .convolution(kernel: 7, padding: 3, paddingMode: .reflection), from: last, hasBias: true,
      to: (output, .tanh))
    return try builder.declaration(output: output)
  }

  /// Convolution, normalisation and ReLU.
  private mutating func add(_ geometry: ConvolutionGeometry, _ channels: Int) {
    let next = builder.value(channels: channels)
    builder.convolution(
      "model.\(index)", geometry, from: last, hasBias: hasBias,
      normalization: (configuration.normalization, "model.\(index + 1)"), to: (next, .relu))
    last = next
    index += Self.layersPerConvolution
  }
}
