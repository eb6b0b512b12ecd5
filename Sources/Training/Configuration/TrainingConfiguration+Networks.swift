import NeuralNet
import PatchDisc

extension TrainingConfiguration {
  /// The network from input to output (pix2pix's only one, CycleGAN's forward one).
  public var generatorConfiguration: any GeneratorConfiguration {
    makeGenerator(inputChannels: inputChannels, outputChannels: outputChannels)
  }

  /// CycleGAN's network from output back to input.
  public var reverseGeneratorConfiguration: any GeneratorConfiguration {
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

  private func makeGenerator(inputChannels: Int, outputChannels: Int) -> any GeneratorConfiguration {
    var network = generator.configuration
    network.inputChannels = inputChannels
    network.outputChannels = outputChannels
    network.filters = ngf
    network.normalization = norm
    network.dropout = dropout
    network.upsampling = upsample
    return network
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
