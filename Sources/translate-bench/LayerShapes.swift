import NeuralNet

/// A convolution of the published networks, at the extent at which they run.
struct LayerShape: Sendable {
  var name: String
  var geometry: ConvolutionGeometry
  var inputChannels: Int
  var outputChannels: Int
  var extent: Int

  var outputExtent: Int { geometry.outputExtent(extent) ?? 0 }

  /// Name, channels, extent and kernel.
  var description: String {
    "\(name) \(inputChannels)→\(outputChannels) @\(extent) k\(geometry.kernel)s\(geometry.stride)"
  }

  /// Multiply-adds of a direct product for one image, padding included.
  var products: Int {
    let pixels = geometry.isTransposed ? extent * extent : outputExtent * outputExtent
    return pixels * geometry.kernel * geometry.kernel * inputChannels * outputChannels
  }

  static let all: [LayerShape] = unet + patch + resnet + enlarger + dcgan

  private static let down = ConvolutionGeometry.convolution(kernel: 4, stride: 2, padding: 1)
  private static let up = ConvolutionGeometry.transposed(kernel: 4, stride: 2, padding: 1)

  private static let unet =
    [(3, 64, 256), (64, 128, 128), (128, 256, 64), (256, 512, 32), (512, 512, 16), (512, 512, 8), (512, 512, 4)].map {
      LayerShape(name: "unet down", geometry: down, inputChannels: $0.0, outputChannels: $0.1, extent: $0.2)
    }
    + [
      (1024, 512, 2), (1024, 512, 4), (1024, 512, 8), (1024, 256, 16), (512, 128, 32), (256, 64, 64), (128, 3, 128),
    ].map { LayerShape(name: "unet up", geometry: up, inputChannels: $0.0, outputChannels: $0.1, extent: $0.2) }

  private static let patch = [
    LayerShape(name: "patch", geometry: down, inputChannels: 6, outputChannels: 64, extent: 256),
    LayerShape(
      name: "patch", geometry: .convolution(kernel: 4, padding: 1), inputChannels: 256, outputChannels: 512, extent: 32),
    LayerShape(
      name: "patch", geometry: .convolution(kernel: 4, padding: 1), inputChannels: 512, outputChannels: 1, extent: 31),
  ]

  private static let resnet = [
    LayerShape(
      name: "resnet in", geometry: .convolution(kernel: 7, padding: 3, paddingMode: .reflection), inputChannels: 3,
      outputChannels: 64, extent: 256),
    LayerShape(
      name: "resnet down", geometry: .convolution(kernel: 3, stride: 2, padding: 1), inputChannels: 64,
      outputChannels: 128, extent: 256),
    LayerShape(
      name: "resnet down", geometry: .convolution(kernel: 3, stride: 2, padding: 1), inputChannels: 128,
      outputChannels: 256, extent: 128),
    LayerShape(
      name: "residual", geometry: .convolution(kernel: 3, padding: 1, paddingMode: .reflection), inputChannels: 256,
      outputChannels: 256, extent: 64),
    LayerShape(
      name: "resnet up", geometry: .transposed(kernel: 3, stride: 2, padding: 1, outputPadding: 1),
      inputChannels: 256, outputChannels: 128, extent: 64),
    LayerShape(
      name: "resnet up", geometry: .transposed(kernel: 3, stride: 2, padding: 1, outputPadding: 1),
      inputChannels: 128, outputChannels: 64, extent: 128),
    LayerShape(
      name: "resnet out", geometry: .convolution(kernel: 7, padding: 3, paddingMode: .reflection), inputChannels: 64,
      outputChannels: 3, extent: 256),
  ]

  private static let enlarger = [
    LayerShape(
      name: "enlarger", geometry: .convolution(kernel: 3, padding: 1), inputChannels: 64, outputChannels: 64, extent: 64
    ),
    LayerShape(
      name: "enlarger out", geometry: .convolution(kernel: 3, padding: 1), inputChannels: 64, outputChannels: 3,
      extent: 256),
  ]

  private static let dcgan =
    [(64, 128, 32), (128, 256, 16), (256, 512, 8)].map {
      LayerShape(name: "dcgan down", geometry: down, inputChannels: $0.0, outputChannels: $0.1, extent: $0.2)
    }
    + [(512, 256, 4), (256, 128, 8), (128, 64, 16), (64, 3, 32)].map {
      LayerShape(name: "dcgan up", geometry: up, inputChannels: $0.0, outputChannels: $0.1, extent: $0.2)
    }
}
