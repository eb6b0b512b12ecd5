import Files
import NeuralNet

/// Everything that determines a ResNet generator's parameters and arithmetic (Johnson et al., 2016).
public struct ResNetConfiguration: Sendable, Equatable, Codable {
  /// Residual blocks between the way down and the way up: 6 or 9 in the paper; one of `blockCounts`.
  public var blocks: Int
  /// Channels of the input image.
  public var inputChannels = 3
  /// Channels of the output image.
  public var outputChannels = 3
  /// Channels after the first convolution (ngf); four times this in the residual blocks.
  public var filters = 64
  /// Normalisation of the hidden layers.
  public var normalization = NormalizationKind.instance
  /// Whether each residual block drops half of its activations while training.
  public var dropout = false
  /// How the way up doubles the resolution.
  public var upsampling = UpsamplingKind.transposed

  /// A configuration with the published defaults.
  public init(blocks: Int) { self.blocks = blocks }

  /// Blocks that a network can be made with.
  public static let blockCounts = 1...1024

  /// Checks that a network can be made with these numbers.
  ///
  /// - Throws: `FileError` for the first with which none can
  public func validate() throws(FileError) {
    try FileError.require(blocks, in: Self.blockCounts, "blocks of a ResNet")
    try FileError.require(inputChannels, in: ChannelLimit.channels, "input channels")
    try FileError.require(outputChannels, in: ChannelLimit.channels, "output channels")
    try FileError.require(filters, in: ChannelLimit.channels, "channels after the first convolution")
  }
}
