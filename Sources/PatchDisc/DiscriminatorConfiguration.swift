import Files
import NeuralNet

/// Everything that determines a discriminator's parameters and arithmetic (Isola et al., 2017, section 3.2.2).
public struct DiscriminatorConfiguration: Sendable, Equatable, Codable {
  /// Which discriminator looks at the image.
  public enum Kind: Sendable, Equatable, Codable {
    /// PatchGAN with this many stride-2 layers, one of `layerCounts`; 3 gives the 70×70 receptive field.
    case patch(layers: Int)
    /// 1×1 convolutions alone.
    case pixel
  }

  /// Which discriminator looks at the image.
  public var kind = Kind.patch(layers: 3)
  /// Channels of what it judges: input and output image together for pix2pix, one image for CycleGAN.
  public var inputChannels = 6
  /// Channels after the first convolution (ndf).
  public var filters = 64
  /// Normalisation of the hidden layers.
  public var normalization = NormalizationKind.batch

  /// A configuration with the published defaults.
  public init() {}

  /// Stride-2 layers that a PatchGAN can be made with.
  public static let layerCounts = 1...20

  /// Checks that a network can be made with these numbers.
  ///
  /// - Throws: `FileError` for the first with which none can
  public func validate() throws(FileError) {
    if case .patch(let layers) = kind {
      try FileError.require(layers, in: Self.layerCounts, "stride-2 layers of a discriminator")
    }
    try FileError.require(inputChannels, in: ChannelLimit.channels, "input channels")
    try FileError.require(filters, in: ChannelLimit.channels, "channels after the first convolution")
  }
}
