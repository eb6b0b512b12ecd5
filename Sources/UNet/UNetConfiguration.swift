import Files
import NeuralNet

/// Everything that determines a U-Net generator's parameters and arithmetic.
public struct UNetConfiguration: Sendable, Equatable, Codable {
  /// Halvings of the resolution: 8 for unet_256, log₂ S for unet_S; one of `levelCounts`.
  public var levels: Int
  /// Channels of the input image.
  public var inputChannels = 3
  /// Channels of the output image.
  public var outputChannels = 3
  /// Channels after the first convolution (ngf); they double per level up to eight times this.
  public var filters = 64
  /// Normalisation of the hidden layers.
  public var normalization = NormalizationKind.batch
  /// Whether the inner levels drop half of their activations while training.
  public var dropout = true
  /// How the way up doubles the resolution.
  public var upsampling = UpsamplingKind.transposed

  /// A configuration with the published defaults.
  public init(levels: Int) { self.levels = levels }

  /// Levels that a network can be made with.
  public static let levelCounts = 5...20

  /// Checks that a network can be made with these numbers.
  ///
  /// - Throws: `FileError` for the first with which none can
  public func validate() throws(FileError) {
    try FileError.require(levels, in: Self.levelCounts, "levels of a U-Net")
    try FileError.require(inputChannels, in: ChannelLimit.channels, "input channels")
    try FileError.require(outputChannels, in: ChannelLimit.channels, "output channels")
    try FileError.require(filters, in: ChannelLimit.channels, "channels after the first convolution")
  }
}
