import NeuralNet
import ResNet
import UNet

extension GeneratorConfiguration {
  /// The network that these settings describe, with all parameters 0.
  ///
  /// - Throws: `FileError` where there is no memory for it
  package func network() throws -> Network {
    switch self {
    case .unet(let configuration): try UNetGenerator.network(configuration)
    case .resnet(let configuration): try ResNetGenerator.network(configuration)
    }
  }

  /// How files describe it.
  package var inferred: InferredNetwork {
    switch self {
    case .unet(let configuration): .unet(configuration)
    case .resnet(let configuration): .resnet(configuration)
    }
  }
}
