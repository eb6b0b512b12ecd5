import Files
import NeuralNet

/// The generator of DCGAN (Radford et al., 2016, section 3), which makes a picture of a few random numbers: transposed
/// convolutions with batch norm and ReLU, the first from 1×1 to 4×4, each of the others doubling, tanh at the end.
///
/// Names and layout are those of PyTorch's example. What is wanted of a picture is said beside the latent numbers, as one-hot
/// numbers of a label (Mirza and Osindero, 2014): to the network they are more input channels.
package struct DCGANGeneratorConfiguration: Sendable, Equatable, Codable {
  /// Layers that double, one of `doublingCounts`: 4 in the paper, for pictures of 64×64.
  package var doublings = 4
  /// Latent numbers and, behind them, one for each label: the channels of an input of 1×1.
  package var inputChannels = 100
  /// Channels of the picture.
  package var outputChannels = 3
  /// Channels before the last layer (ngf); they double from there to the input.
  package var filters = 64
  /// Normalisation of the hidden layers.
  package var normalization = NormalizationKind.batch

  /// The published network.
  package init() {}

  /// The one that makes square pictures of this side; nil where no network does.
  package init?(imageSize: Int) {
    guard let doublings = DCGANSize.doublings(imageSize) else { return nil }
    self.doublings = doublings
  }
}

extension DCGANGeneratorConfiguration: LatentGeneratorConfiguration {
  /// What sentences call it.
  package static let title = "DCGAN"
  /// What its depth counts.
  package static let depthName = (key: "doublings", words: "doublings")
  /// The sizes most often made.
  package static let usualNames = [64, 32, 128, 256].map { "dcgan_\($0)" }

  /// `dcgan_64` makes pictures of 64×64.
  package init?(architecture name: String) {
    guard name.hasPrefix("dcgan_"), let size = name.dropFirst(6).plainNumber else { return nil }
    self.init(imageSize: size)
  }

  /// The name in options and metadata.
  package var architecture: String { "dcgan_\(imageSize)" }
  /// Layers that double.
  package var depth: Int? { doublings }
  /// Side of its pictures.
  package var imageSize: Int { DCGANSize.imageSize(doublings) }

  /// Checks that a network can be made with these numbers.
  ///
  /// - Throws: `FileError` for the first with which none can
  package func validate() throws(FileError) {
    try DCGANSize.validate(doublings, filters: filters)
    try FileError.require(inputChannels, in: ChannelLimit.channels, "latent numbers")
    try FileError.require(outputChannels, in: ChannelLimit.channels, "output channels")
  }

  /// The network whose tensors a file holds; nil where they begin none of this family.
  ///
  /// - Throws: `FileError` where such a network begins and something in it is wrong
  package static func recognized(in evidence: NetworkEvidence) throws(FileError) -> DCGANGeneratorConfiguration? {
    // The discriminator has a convolution in the place of this one's first ReLU.
    guard evidence.has("main.0.weight"), evidence.has("main.3.weight"), !evidence.has("main.2.weight") else {
      return nil
    }
    var network = DCGANGeneratorConfiguration()
    let widest: Int
    (network.inputChannels, widest) = try evidence.firstConvolution("main.0.weight", kernel: 4)
    network.doublings = evidence.count(from: 1, limit: DCGANSize.doublingCounts.upperBound + 1) {
      "main.\(3 * $0).weight"
    }
    network.outputChannels = try evidence.convolution("main.\(3 * network.doublings).weight")[1]
    network.filters = try DCGANSize.filters(evidence, network.doublings, widest: widest)
    network.normalization = try evidence.normalization(norm: "main.1", bias: "main.0.bias")
    return network
  }

  /// The network (N, latent numbers and labels, 1, 1) → (N, channels, image size, image size).
  package func declaration() throws -> NetworkDeclaration {
    try validate()
    var builder = NetworkBuilder(inputChannels: inputChannels)
    var last = builder.input
    for layer in 0..<doublings {
      let next = builder.value(channels: filters << (doublings - 1 - layer))
      builder.convolution(
        "main.\(3 * layer)", layer == 0 ? DCGANSize.fromOnePixel : DCGANSize.doubling, from: last,
        hasBias: normalization != .batch, normalization: (normalization, "main.\(3 * layer + 1)"), to: (next, .relu))
      last = next
    }
    let output = builder.value(channels: outputChannels)
    builder.convolution(
      "main.\(3 * doublings)", DCGANSize.doubling, from: last, hasBias: false, to: (output, .tanh))
    return try builder.declaration(output: output)
  }
}

/// What generator and discriminator of DCGAN have in common: layers from one pixel to 4×4 and on to twice as much, or back.
enum DCGANSize {
  /// Doublings that a network can be made with: pictures of 8×8 to 1024×1024.
  static let doublingCounts = 1...8

  static let fromOnePixel = ConvolutionGeometry.transposed(kernel: 4, stride: 1, padding: 0)
  static let doubling = ConvolutionGeometry.transposed(kernel: 4, stride: 2, padding: 1)
  static let halving = ConvolutionGeometry.convolution(kernel: 4, stride: 2, padding: 1)
  static let toOnePixel = ConvolutionGeometry.convolution(kernel: 4)

  /// Side of pictures behind so many doublings.
  static func imageSize(_ doublings: Int) -> Int { 4 << min(max(doublings, 0), doublingCounts.upperBound) }

  /// How many doublings lead to a picture of this side; nil: none.
  static func doublings(_ imageSize: Int) -> Int? { doublingCounts.first { self.imageSize($0) == imageSize } }

  /// - Throws: `FileError` for the first number with which no network can be made
  static func validate(_ doublings: Int, filters: Int) throws(FileError) {
    try FileError.require(doublings, in: doublingCounts, "layers of a DCGAN that double or halve")
    try FileError.require(filters, in: ChannelLimit.channels, "channels at a picture's full size")
    try FileError.require(filters << (doublings - 1), in: ChannelLimit.channels, "channels of the widest layer")
  }

  /// Channels at the picture's side from those at the other.
  ///
  /// - Throws: `FileError` where channels cannot have doubled as often
  static func filters(
    _ evidence: NetworkEvidence, _ doublings: Int, widest: Int
  ) throws(FileError) -> Int {
    guard doublingCounts.contains(doublings), widest % (1 << (doublings - 1)) == 0 else {
      throw evidence.failure(
        "has \(widest) channels in its widest layer and \(doublings) layers that double or halve, expected channels that "
          + "double with every layer but one")
    }
    return widest >> (doublings - 1)
  }
}
