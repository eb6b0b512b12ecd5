import NeuralNet
import PatchDisc

extension TrainingConfiguration {
  /// The network from input, with the planes of its label, to output.
  package var generatorConfiguration: any GeneratorConfiguration {
    generatorConfiguration(from: conditionChannels, to: outputChannels)
  }

  /// Channels of an input image and the planes of its label, one for each that there is; 0 for a sum that is none, which is
  /// refused where a network is made of it.
  var conditionChannels: Int {
    let (channels, overflow) = inputChannels.addingReportingOverflow(labelNames.count)
    return overflow ? 0 : channels
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
  func generatorConfiguration(from inputChannels: Int, to outputChannels: Int) -> any GeneratorConfiguration {
    var network = generator.configuration
    network.inputChannels = inputChannels
    network.outputChannels = outputChannels
    network.filters = ngf
    network.normalization = norm
    network.dropout = dropout
    network.upsampling = upsample
    return network
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
