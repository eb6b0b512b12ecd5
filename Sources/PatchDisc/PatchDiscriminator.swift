import NeuralNet

/// The discriminators of pix2pix and CycleGAN: a convolutional classifier of patches or of single pixels
/// (Isola et al., 2017, section 3.2.2).
extension DiscriminatorConfiguration {
  /// The network (N, input channels, H, W) → (N, 1, h, w), a logit for each patch.
  package func declaration() throws -> NetworkDeclaration {
    try validate()
    return switch kind {
    case .patch(let layers): try patch(layers: layers)
    case .pixel: try pixel()
    }
  }

  private func patch(layers: Int) throws -> NetworkDeclaration {
    var builder = NetworkBuilder(inputChannels: inputChannels)
    let hasBias = normalization != .batch
    func width(_ layer: Int) -> Int { filters * min(8, 1 << layer) }

    var last = builder.value(channels: filters)
    builder.convolution(
      "model.0", .convolution(kernel: 4, stride: 2, padding: 1), from: builder.input, hasBias: true,
      to: (last, .leakyRelu))
    for layer in 1..<layers + 1 {
      let next = builder.value(channels: width(layer))
      let place = 3 * layer - 1
      builder.convolution(
        "model.\(place)", .convolution(kernel: 4, stride: layer < layers ? 2 : 1, padding: 1), from: last,
        hasBias: hasBias, normalization: (normalization, "model.\(place + 1)"), to: (next, .leakyRelu))
      last = next
    }
    let output = builder.value(channels: 1)
    builder.convolution(
      "model.\(3 * layers + 2)", .convolution(kernel: 4, stride: 1, padding: 1), from: last, hasBias: true,
      to: (output, .identity))
    return try builder.declaration(output: output)
  }

  private func pixel() throws -> NetworkDeclaration {
    var builder = NetworkBuilder(inputChannels: inputChannels)
    let hasBias = normalization != .batch
    let hidden = builder.value(channels: filters)
    let wide = builder.value(channels: 2 * filters)
    let output = builder.value(channels: 1)
    let pointwise = ConvolutionGeometry.convolution(kernel: 1)
    builder.convolution("net.0", pointwise, from: builder.input, hasBias: true, to: (hidden, .leakyRelu))
    builder.convolution(
      "net.2", pointwise, from: hidden, hasBias: hasBias, normalization: (normalization, "net.3"),
      to: (wide, .leakyRelu))
    builder.convolution("net.5", pointwise, from: wide, hasBias: hasBias, to: (output, .identity))
    return try builder.declaration(output: output)
  }
}
