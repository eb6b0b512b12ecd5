import ResNet
import UNet

/// The settings of one generator, whatever its family.
public enum GeneratorConfiguration: Sendable, Equatable, Codable {
  /// A U-Net.
  case unet(UNetConfiguration)
  /// A ResNet.
  case resnet(ResNetConfiguration)

  /// The widest first convolution that is trained or applied.
  package static let mostFilters = 1024

  /// Channels of the input image.
  public var inputChannels: Int {
    switch self {
    case .unet(let network): network.inputChannels
    case .resnet(let network): network.inputChannels
    }
  }

  /// Channels of the output image.
  public var outputChannels: Int {
    switch self {
    case .unet(let network): network.outputChannels
    case .resnet(let network): network.outputChannels
    }
  }

  /// Channels after the first convolution.
  public var filters: Int {
    switch self {
    case .unet(let network): network.filters
    case .resnet(let network): network.filters
    }
  }

  /// The sizes that the network takes without padding are multiples of this many pixels.
  public var sizeMultiple: Int {
    switch self {
    case .unet(let network): 1 << min(max(network.levels, 0), 62)
    case .resnet: 4
    }
  }
}
