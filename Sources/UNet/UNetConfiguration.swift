import NeuralNet

/// Everything that determines a U-Net generator's parameters and arithmetic.
public struct UNetConfiguration: Sendable, Equatable, Codable {
  /// Halvings of the resolution: 8 for unet_256, log₂ S for unet_S; at least 5.
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
}
