import NeuralNet

/// The convolutions of VGG-19 (Simonyan and Zisserman, 2015, table 1, column E) up to conv5_4 before its rectifier, under
/// torchvision's names: what the feature loss of ESRGAN looks at.
package enum VGG19Features {
  /// Convolutions of each stage, and how many times as many channels as those of the first they have; 2×2 max pooling lies between stages.
  private static let stages = [(2, 1), (2, 2), (4, 4), (4, 8), (4, 8)]
  /// Channels of the first stage.
  package static let width = 64

  /// The network (N, 3, H, W) → (N, 8 · width, ⌊H / 16⌋, ⌊W / 16⌋), all parameters 0.
  ///
  /// - Parameter width: channels of the first stage
  /// - Throws: `FileError` where there is no memory for its parameters
  package static func network(width: Int = width) throws -> Network {
    var builder = NetworkBuilder(inputChannels: 3)
    var last = builder.input
    // torchvision counts convolutions, rectifiers and poolings alike.
    var layer = 0
    for (stage, (count, times)) in stages.enumerated() {
      for place in 1...count {
        let isLast = stage == stages.count - 1 && place == count
        last = builder.convolution3("features.\(layer)", from: last, times * width, isLast ? .identity : .relu)
        layer += 2
      }
      guard stage < stages.count - 1 else { break }
      last = builder.maxPooling(last)
      layer += 1
    }
    return try builder.declaration(output: last).network()
  }

  private static let means: [Float] = [0.485, 0.456, 0.406]
  private static let deviations: [Float] = [0.229, 0.224, 0.225]

  /// What makes its input of a picture whose black and white are `values`: each channel times a scale, plus an offset.
  package static func normalization(of values: ClosedRange<Float>) -> (scales: [Float], offsets: [Float]) {
    let length = values.upperBound - values.lowerBound
    let scales = deviations.map { 1 / ($0 * length) }
    let offsets = zip(means, deviations).map { (-values.lowerBound / length - $0) / $1 }
    return (scales, offsets)
  }
}
