import Files
import NeuralNet

/// Everything that determines a ResNet generator's parameters and arithmetic (Johnson et al., 2016).
package struct ResNetConfiguration: Sendable, Equatable, Codable {
  /// Residual blocks between encoder and decoder: 6 or 9 in the paper; one of `blockCounts`.
  package var blocks: Int
  /// Channels of the input image.
  package var inputChannels = 3
  /// Channels of the output image.
  package var outputChannels = 3
  /// Channels after the first convolution (ngf); four times this in the residual blocks.
  package var filters = 64
  /// Normalisation of the hidden layers.
  package var normalization = NormalizationKind.instance
  /// Whether each residual block drops half of its activations while training.
  package var dropout = false
  /// How the decoder doubles the resolution.
  package var upsampling = UpsamplingKind.transposed

  /// A configuration with the published defaults.
  package init(blocks: Int) { self.blocks = blocks }

  /// Blocks that a network can be made with.
  package static let blockCounts = 1...1024
  /// Blocks that a run can train.
  package static let trainedBlocks = 1...64
}

extension ResNetConfiguration: TranslationGeneratorConfiguration {
  /// What sentences call it.
  package static let title = "ResNet"

  /// What its depth counts.
  package static let depthName = (key: "blocks", words: "residual blocks")

  /// Names for help and suggestions.
  package static var usualNames: [String] { [9, 6].map { ResNetConfiguration(blocks: $0).architecture } }

  /// `resnet_Nblocks`
  package init?(architecture name: String) {
    guard name.hasPrefix("resnet_"), name.hasSuffix("blocks"),
      let blocks = name.dropFirst(7).dropLast(6).plainNumber, Self.trainedBlocks.contains(blocks)
    else { return nil }
    self.init(blocks: blocks)
  }

  /// The name in options and metadata.
  package var architecture: String { "resnet_\(blocks)blocks" }

  /// Residual blocks.
  package var depth: Int? { blocks }

  /// Two halvings.
  package var sizeMultiple: Int { 4 }
  /// A quarter of it is mirrored by one pixel, which takes two.
  package var smallestImage: Int { 8 }

  /// Checks that a network can be made with these numbers.
  ///
  /// - Throws: `FileError` for the first with which none can
  package func validate() throws(FileError) {
    try FileError.require(blocks, in: Self.blockCounts, "blocks of a ResNet")
    try FileError.require(inputChannels, in: ChannelLimit.channels, "input channels")
    try FileError.require(outputChannels, in: ChannelLimit.channels, "output channels")
    try FileError.require(filters, in: ChannelLimit.channels, "channels after the first convolution")
  }

  /// The network whose tensors a file holds; nil where they begin none of this family.
  ///
  /// - Throws: `FileError` where such a network begins and something in it is wrong
  package static func recognized(in evidence: NetworkEvidence) throws(FileError) -> ResNetConfiguration? {
    guard evidence.has("model.10.conv_block.1.weight") else { return nil }
    let blocks = evidence.count(from: 10) { "model.\($0).conv_block.1.weight" }
    var network = ResNetConfiguration(blocks: blocks)
    (network.filters, network.inputChannels) = try evidence.firstConvolution("model.1.weight", kernel: 7)
    network.outputChannels = try evidence.convolution("model.\(17 + blocks).weight")[0]
    // Dropout moves the second convolution of a block on by one place.
    network.dropout =
      evidence.has("model.10.conv_block.6.weight") && !evidence.has("model.10.conv_block.5.weight")
    // A transposed convolution is (in, out), so wider in front; a plain one (out, in).
    let up = try evidence.convolution("model.\(10 + blocks).weight")
    network.upsampling = up[0] < up[1] ? .resizeConvolution : .transposed
    network.normalization = try evidence.normalization(norm: "model.2", bias: "model.1.bias")
    return network
  }
}
