import NeuralNet

/// The discriminators of pix2pix and CycleGAN: a convolutional classifier of patches or of single pixels
/// (Isola et al., 2017, section 3.2.2).
public enum PatchDiscriminator {
  /// The network (N, input channels, H, W) → (N, 1, h, w), a logit for each patch.
  ///
  /// Parameter names and shapes are those of the public PyTorch code.
  /// - Throws: `FileError` where there is no such network, or no memory for its parameters
  public static func network(_ configuration: DiscriminatorConfiguration) throws -> Network {
    try configuration.validate()
    return switch configuration.kind {
    case .patch(let layers): try patch(configuration, layers: layers)
    case .pixel: try pixel(configuration)
    }
  }

  /// Side of the square of input pixels that one logit sees: 70 for three layers, 1 for the pixel discriminator.
  public static func receptiveField(_ kind: DiscriminatorConfiguration.Kind) -> Int {
    guard let layers = layers(kind) else { return 1 }
    // From the last layer back: a 4×4 kernel with stride s widens a field f to (f − 1) · s + 4.
    let afterStrideOne = (1 - 1) + 4
    let beforeLast = (afterStrideOne - 1) + 4
    return (0..<layers).reduce(beforeLast) { field, _ in (field - 1) * 2 + 4 }
  }

  /// The smallest image that gives a logit.
  public static func minimumExtent(_ kind: DiscriminatorConfiguration.Kind) -> Int {
    guard let layers = layers(kind) else { return 1 }
    // Two stride-1 layers each take one pixel; a 4×4 kernel on 2 padded pixels needs 3 to leave 2.
    return 3 << layers
  }

  /// The number of stride-2 layers, within what can be; nil for the pixel discriminator.
  private static func layers(_ kind: DiscriminatorConfiguration.Kind) -> Int? {
    guard case .patch(let layers) = kind else { return nil }
    let possible = DiscriminatorConfiguration.layerCounts
    return min(max(layers, possible.lowerBound), possible.upperBound)
  }

  private static func patch(_ configuration: DiscriminatorConfiguration, layers: Int) throws -> Network {
    var builder = NetworkBuilder(inputChannels: configuration.inputChannels)
    let hasBias = configuration.normalization != .batch
    func width(_ layer: Int) -> Int { configuration.filters * min(8, 1 << layer) }

    var last = builder.value(channels: configuration.filters)
    builder.convolution(
      "model.0", .convolution(kernel: 4, stride: 2, padding: 1), from: builder.input, hasBias: true,
      to: (last, .leakyRelu))
    for layer in 1..<layers + 1 {
      let next = builder.value(channels: width(layer))
      let place = 3 * layer - 1
      builder.convolution(
        "model.\(place)", .convolution(kernel: 4, stride: layer < layers ? 2 : 1, padding: 1), from: last,
        hasBias: hasBias, normalization: (configuration.normalization, "model.\(place + 1)"), to: (next, .leakyRelu))
      last = next
    }
    let output = builder.value(channels: 1)
    builder.convolution(
      "model.\(3 * layers + 2)", .convolution(kernel: 4, stride: 1, padding: 1), from: last, hasBias: true,
      to: (output, .identity))
    return try builder.build(output: output)
  }

  private static func pixel(_ configuration: DiscriminatorConfiguration) throws -> Network {
    var builder = NetworkBuilder(inputChannels: configuration.inputChannels)
    let hasBias = configuration.normalization != .batch
    let hidden = builder.value(channels: configuration.filters)
    let wide = builder.value(channels: 2 * configuration.filters)
    let output = builder.value(channels: 1)
    let pointwise = ConvolutionGeometry.convolution(kernel: 1)
    builder.convolution("net.0", pointwise, from: builder.input, hasBias: true, to: (hidden, .leakyRelu))
    builder.convolution(
      "net.2", pointwise, from: hidden, hasBias: hasBias, normalization: (configuration.normalization, "net.3"),
      to: (wide, .leakyRelu))
    builder.convolution("net.5", pointwise, from: wide, hasBias: hasBias, to: (output, .identity))
    return try builder.build(output: output)
  }
}
