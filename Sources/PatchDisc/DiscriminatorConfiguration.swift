import Files
import NeuralNet

/// Everything that determines a discriminator's parameters and arithmetic (Isola et al., 2017, section 3.2.2).
package struct DiscriminatorConfiguration: Sendable, Equatable, Codable {
  /// Which discriminator looks at the image.
  package enum Kind: Sendable, Equatable, Codable {
    /// PatchGAN with this many stride-2 layers, one of `layerCounts`; 3 gives the 70×70 receptive field.
    case patch(layers: Int)
    /// 1×1 convolutions alone.
    case pixel
  }

  /// Which discriminator looks at the image.
  package var kind = Kind.patch(layers: 3)
  /// Channels of what it sees: input and output image together for pix2pix, one image for CycleGAN.
  package var inputChannels = 6
  /// Channels after the first convolution (ndf).
  package var filters = 64
  /// Normalisation of the hidden layers.
  package var normalization = NormalizationKind.batch

  /// A configuration with the published defaults.
  package init() {}

  /// Stride-2 layers that a PatchGAN can be made with.
  package static let layerCounts = 1...20
}

extension DiscriminatorConfiguration: NetworkConfiguration {
  /// What sentences call it.
  package static let title = "PatchGAN or PixelGAN"

  /// What its depth counts.
  package static let depthName = (key: "layers", words: "hidden layers")

  /// The name in options and metadata.
  package var architecture: String {
    switch kind {
    case .patch(let layers): "n_layers_\(layers)"
    case .pixel: "pixel"
    }
  }

  /// Stride-2 layers; nil for the pixel discriminator.
  package var depth: Int? {
    guard case .patch(let layers) = kind else { return nil }
    return layers
  }

  /// 70 for three layers, 1 for the pixel discriminator.
  package var receptiveField: Int? {
    guard let possibleLayers else { return 1 }
    // From the last layer back: a 4×4 kernel with stride s widens a field f to (f − 1) · s + 4.
    let afterStrideOne = (1 - 1) + 4
    let beforeLast = (afterStrideOne - 1) + 4
    return (0..<possibleLayers).reduce(beforeLast) { field, _ in (field - 1) * 2 + 4 }
  }

  /// Two stride-1 layers each take one pixel; a 4×4 kernel on 2 padded pixels needs 3 to leave 2.
  package var smallestImage: Int { possibleLayers.map { 3 << $0 } ?? 1 }

  /// The depth within what can be.
  private var possibleLayers: Int? {
    depth.map { min(max($0, Self.layerCounts.lowerBound), Self.layerCounts.upperBound) }
  }

  /// Checks that a network can be made with these numbers.
  ///
  /// - Throws: `FileError` for the first with which none can
  package func validate() throws(FileError) {
    if case .patch(let layers) = kind {
      try FileError.require(layers, in: Self.layerCounts, "stride-2 layers of a discriminator")
    }
    try FileError.require(inputChannels, in: ChannelLimit.channels, "input channels")
    try FileError.require(filters, in: ChannelLimit.channels, "channels after the first convolution")
  }

  /// The network whose tensors a file holds; nil where they begin none of this family.
  ///
  /// - Throws: `FileError` where such a network begins and something in it is wrong
  package static func recognized(in evidence: NetworkEvidence) throws(FileError) -> DiscriminatorConfiguration? {
    var network = DiscriminatorConfiguration()
    if evidence.has("net.0.weight") {
      network.kind = .pixel
      (network.filters, network.inputChannels) = try evidence.firstConvolution("net.0.weight", kernel: 1)
      network.normalization = try evidence.normalization(norm: "net.3", bias: "net.2.bias")
      return network
    }
    guard evidence.has("model.0.weight"), evidence.has("model.2.weight") else { return nil }
    (network.filters, network.inputChannels) = try evidence.firstConvolution("model.0.weight", kernel: 4)
    // The last convolution is numbered like one more hidden layer.
    let layers = evidence.count(from: 2) { "model.\(3 * $0 - 1).weight" }
    guard layers > 0 else { throw evidence.missing("model.5.weight") }
    network.kind = .patch(layers: layers)
    network.normalization = try evidence.normalization(norm: "model.3", bias: "model.2.bias")
    return network
  }
}
