import PatchDisc
import ResNet
import UNet
import Weights

extension TrainingConfiguration {
  /// The network from input to output.
  public var generatorConfiguration: GeneratorConfiguration {
    generatorConfiguration(from: inputChannels, to: outputChannels)
  }

  /// Stride-2 layers of the PatchGAN in use; nil for the pixel discriminator.
  var patchLayers: Int? {
    switch discriminator {
    case .basic: 3
    case .layered: discriminatorLayers
    case .pixel: nil
    }
  }

  /// The chosen network from images of some channels to others.
  func generatorConfiguration(from inputChannels: Int, to outputChannels: Int) -> GeneratorConfiguration {
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

  /// The chosen discriminator of images of so many channels.
  func discriminatorConfiguration(channels: Int) -> DiscriminatorConfiguration {
    var network = DiscriminatorConfiguration()
    network.kind = patchLayers.map { .patch(layers: $0) } ?? .pixel
    network.inputChannels = channels
    network.filters = ndf
    network.normalization = discriminatorNorm ?? norm
    return network
  }
}
