import Files
import NeuralNet

/// The discriminator of DCGAN (Radford et al., 2016, section 3): convolutions that halve with batch norm and leaky ReLU, and
/// one that makes a logit of what is left of the picture, 4×4.
///
/// Names and layout are those of PyTorch's example, whose sigmoid is a part of the loss here. It sees what a picture should
/// show as planes beside it, one for each label (Mirza and Osindero, 2014): to the network they are more input channels.
package struct DCGANDiscriminatorConfiguration: Sendable, Equatable, Codable {
  /// Layers that halve, one of `halvingCounts`: 4 in the paper, for pictures of 64×64.
  package var halvings = 4
  /// Channels of the picture and, behind them, a plane for each label.
  package var inputChannels = 3
  /// Channels behind the first layer (ndf); they double from there.
  package var filters = 64
  /// Normalisation of the hidden layers but the first.
  package var normalization = NormalizationKind.batch

  /// The published network.
  package init() {}

  /// The one for square pictures of this side; nil where there is none.
  package init?(imageSize: Int) {
    guard let halvings = DCGANSize.doublings(imageSize) else { return nil }
    self.halvings = halvings
  }

  /// Halvings that it can be made with: a second layer tells it from others.
  package static let halvingCounts = 2...DCGANSize.doublingCounts.upperBound
}

extension DCGANDiscriminatorConfiguration: NetworkConfiguration {
  /// What sentences call it.
  package static let title = "DCGAN"
  /// What its depth counts.
  package static let depthName = (key: "halvings", words: "halvings")

  /// The name in metadata.
  package var architecture: String { "dcgan_discriminator_\(imageSize)" }
  /// Layers that halve.
  package var depth: Int? { halvings }
  /// Side of the pictures that it judges.
  package var imageSize: Int { DCGANSize.imageSize(halvings) }
  /// The whole picture.
  package var smallestImage: Int { imageSize }

  /// Checks that a network can be made with these numbers.
  ///
  /// - Throws: `FileError` for the first with which none can
  package func validate() throws(FileError) {
    try FileError.require(halvings, in: Self.halvingCounts, "layers of a DCGAN's discriminator that halve")
    try DCGANSize.validate(halvings, filters: filters)
    try FileError.require(inputChannels, in: ChannelLimit.channels, "input channels")
  }

  /// The network whose tensors a file holds; nil where they begin none of this family.
  ///
  /// - Throws: `FileError` where such a network begins and something in it is wrong
  package static func recognized(
    in evidence: NetworkEvidence
  ) throws(FileError) -> DCGANDiscriminatorConfiguration? {
    guard evidence.has("main.0.weight"), evidence.has("main.2.weight") else { return nil }
    var network = DCGANDiscriminatorConfiguration()
    (network.filters, network.inputChannels) = try evidence.firstConvolution("main.0.weight", kernel: 4)
    // The last layer is numbered like one more that halves.
    network.halvings = evidence.count(from: 1, limit: halvingCounts.upperBound + 1) { "main.\(3 * $0 - 1).weight" }
    network.normalization = try evidence.normalization(norm: "main.3", bias: "main.2.bias")
    return network
  }

  /// The network (N, channels and labels, image size, image size) → (N, 1, 1, 1), a logit for each picture.
  package func declaration() throws -> NetworkDeclaration {
    try validate()
    var builder = NetworkBuilder(inputChannels: inputChannels)
    var last = builder.value(channels: filters)
    builder.convolution("main.0", DCGANSize.halving, from: builder.input, hasBias: false, to: (last, .leakyRelu))
    for layer in 1..<halvings {
      let next = builder.value(channels: filters << layer)
      let place = 3 * layer - 1
      builder.convolution(
        "main.\(place)", DCGANSize.halving, from: last, hasBias: normalization != .batch,
        normalization: (normalization, "main.\(place + 1)"), to: (next, .leakyRelu))
      last = next
    }
    let output = builder.value(channels: 1)
    builder.convolution(
      "main.\(3 * halvings - 1)", DCGANSize.toOnePixel, from: last, hasBias: false, to: (output, .identity))
    return try builder.declaration(output: output)
  }
}
