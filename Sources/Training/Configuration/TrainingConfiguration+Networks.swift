import NeuralNet
import PatchDisc
import ResNet
import UNet

/// The settings of one generator, whatever its family.
public enum GeneratorConfiguration: Sendable, Equatable, Codable {
  /// A U-Net.
  case unet(UNetConfiguration)
  /// A ResNet.
  case resnet(ResNetConfiguration)

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

extension TrainingConfiguration {
  /// The network from input to output (pix2pix's only one, CycleGAN's forward one).
  public var generatorConfiguration: GeneratorConfiguration {
    makeGenerator(inputChannels: inputChannels, outputChannels: outputChannels)
  }

  /// CycleGAN's network from output back to input.
  public var reverseGeneratorConfiguration: GeneratorConfiguration {
    makeGenerator(inputChannels: outputChannels, outputChannels: inputChannels)
  }

  /// The network that judges outputs: pix2pix shows it input and output together, CycleGAN the output alone.
  public var discriminatorConfiguration: DiscriminatorConfiguration {
    let (pair, overflow) = inputChannels.addingReportingOverflow(outputChannels)
    // A sum that is none is refused where a network is made of it.
    return makeDiscriminator(channels: objective == .unpaired ? outputChannels : overflow ? 0 : pair)
  }

  /// CycleGAN's network that judges images of the input domain.
  public var reverseDiscriminatorConfiguration: DiscriminatorConfiguration {
    makeDiscriminator(channels: inputChannels)
  }

  /// Stride-2 layers of the PatchGAN in use; nil for the pixel discriminator.
  var patchLayers: Int? {
    switch discriminator {
    case .basic: 3
    case .layered: discriminatorLayers
    case .pixel: nil
    }
  }

  private func makeGenerator(inputChannels: Int, outputChannels: Int) -> GeneratorConfiguration {
    switch generator {
    case .unet(let levels):
      var network = UNetConfiguration(levels: levels)
      network.inputChannels = inputChannels
      network.outputChannels = outputChannels
      network.filters = ngf
      network.normalization = norm
      network.dropout = dropout
      network.upsampling = upsample
      return .unet(network)
    case .resnet(let blocks):
      var network = ResNetConfiguration(blocks: blocks)
      network.inputChannels = inputChannels
      network.outputChannels = outputChannels
      network.filters = ngf
      network.normalization = norm
      network.dropout = dropout
      network.upsampling = upsample
      return .resnet(network)
    }
  }

  private func makeDiscriminator(channels: Int) -> DiscriminatorConfiguration {
    var network = DiscriminatorConfiguration()
    network.kind = patchLayers.map { .patch(layers: $0) } ?? .pixel
    network.inputChannels = channels
    network.filters = ndf
    network.normalization = discriminatorNorm ?? norm
    return network
  }
}
