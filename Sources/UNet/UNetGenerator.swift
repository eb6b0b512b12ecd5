import NeuralNet

/// The U-Net generator of pix2pix (Isola et al., 2017, section 3.2.1 and appendix 6.1.1): an encoder and a decoder with
/// skip connections at every level.
///
/// What a level passes on, it writes straight into its half of the concatenated buffer that the decoder reads, and once
/// more with the encoder's leaky ReLU for the level below.
extension UNetConfiguration {
  /// The network (N, input channels, H, W) → (N, output channels, H, W); H and W are multiples of 2^levels.
  package func declaration() throws -> NetworkDeclaration {
    try validate()
    var builder = NetworkBuilder(inputChannels: inputChannels)
    let output = builder.value(channels: outputChannels)
    Assembly(configuration: self).addLevel(0, from: builder.input, to: (output, .tanh), &builder)
    return try builder.declaration(output: output)
  }
}

private struct Assembly {
  let configuration: UNetConfiguration

  /// Channels that level `level` (0: outermost) passes down.
  private func channels(_ level: Int) -> Int { configuration.filters * min(8, 1 << level) }

  /// Adds level `level` and all within it.
  func addLevel(
    _ level: Int, from input: Value, to output: (value: Value, activation: Activation),
    _ builder: inout NetworkBuilder
  ) {
    let isOutermost = level == 0
    let isInnermost = level == configuration.levels - 1
    let kind = configuration.normalization
    let width = channels(level)
    let path = UNetConfiguration.path(ofLevel: level) + ".model."
    let downName = path + (isOutermost ? "0" : "1")
    let downNorm = isOutermost || isInnermost ? nil : (kind: kind, name: path + "2")
    let upName = path + (isInnermost || isOutermost ? "3" : "5")
    let upNorm = isOutermost ? nil : (kind: kind, name: path + (isInnermost ? "4" : "6"))
    let hasBias = kind != .batch

    let down = ConvolutionGeometry.convolution(kernel: 4, stride: 2, padding: 1)
    let inner: Value
    if isInnermost {
      inner = builder.value(channels: width)
      builder.convolution(downName, down, from: input, hasBias: hasBias, to: (inner, .relu))
    } else {
      let joined = builder.concatenation(width, width)
      let below = builder.value(channels: width)
      builder.convolution(
        downName, down, from: input, hasBias: hasBias, normalization: downNorm, to: (below, .leakyRelu),
        and: (joined.first, .relu))
      addLevel(level + 1, from: below, to: (joined.second, .relu), &builder)
      inner = joined.whole
    }
    builder.convolution(
      upName, up, from: inner, hasBias: isOutermost || hasBias, normalization: upNorm,
      hasDropout: configuration.dropout && hasDropout(level), to: output)
  }

  /// Dropout follows the decoder side of the levels that neither change the width nor are innermost.
  private func hasDropout(_ level: Int) -> Bool { level >= 4 && level < configuration.levels - 1 }

  private var up: ConvolutionGeometry {
    switch configuration.upsampling {
    case .transposed: .transposed(kernel: 4, stride: 2, padding: 1)
    case .resizeConvolution:
      .convolution(kernel: 3, padding: 1, paddingMode: .reflection, upsampling: 2)
    }
  }
}
