import Files
import NeuralNet
import SuperResolution
import Translate
import Weights

/// The distance of two pictures in what VGG-19 sees of them: its 16th convolution before the rectifier (Wang et al., 2018,
/// section 3.3), compared by the L1 distance as in the public code.
final class FeatureLoss {
  /// Side in pixels of the smallest picture: what is left after halving it four times is two pixels wide.
  static let smallestSide = 32

  private let network: Network
  private let passes: PlannedExecutions
  private let processor: Processor
  /// What makes inputs of VGG-19 of what is compared: numbers · scale + offset.
  private let ofOutput: (scales: [Float], offsets: [Float])
  private let ofTarget = VGG19Features.normalization(of: -1...1)

  /// The network with the weights of a file, which lies in `arena` while it computes.
  ///
  /// - Parameters:
  ///   - width: channels of its first stage: a thin one serves to test
  ///   - values: what outputs call black and white
  ///   - precision: what its products are computed with
  /// - Throws: `FileError` where the file holds no VGG-19 under torchvision's names, or there is no memory
  init(
    _ path: String, width: Int = VGG19Features.width, seeing values: ClosedRange<Float>,
    precision: Precision = .float32, processor: Processor, in arena: Arena
  ) throws {
    ofOutput = VGG19Features.normalization(of: values)
    network = try VGG19Features.network(width: width)
    let file = try WeightsFile.open(path)
    do {
      try NetworkTensors.load(network, from: file)
    } catch let error as FileError {
      throw FileError(
        path: path, problem: "holds no VGG-19 for the feature loss: \(error.problem)",
        advice: "give torchvision's weights, such as vgg19-dcbb9e9d.pth")
    }
    guard network.parameters.areFinite else {
      throw FileError(
        path: path, problem: "has a weight of VGG-19 that is infinite or not a number", advice: "is it damaged?")
    }
    self.processor = processor
    passes = PlannedExecutions(
      network, .training(parameterGradients: false, inputGradient: true, precision: precision), processor, in: arena)
  }

  /// Bytes of the weights.
  var bytes: Int { network.parameters.storage * MemoryLayout<Float>.stride }

  /// Plans what pictures of `shape` (N, 3, H, W) need.
  func prepare(_ shape: Shape) throws { _ = try passes(Self.both(shape)) }

  /// The mean of |φ(output) − φ(target)|; its gradient by the output, times `weight`, is added to `gradient`.
  ///
  /// - Parameters:
  ///   - output: (N, 3, H, W)
  ///   - target: as many, −1 to 1
  ///   - gradient: shape of the output; added to
  func evaluate(
    _ output: TensorView<Float>, _ target: ImageBatch, gradient: MutableTensorView<Float>, weight: Float
  ) throws -> Double {
    let n = output.shape.n
    let pass = try passes(Self.both(output.shape))
    pass.input.images(0..<n).set(output, scaledBy: ofOutput.scales, plus: ofOutput.offsets)
    target.withView { pass.input.images(n..<2 * n).set($0, scaledBy: ofTarget.scales, plus: ofTarget.offsets) }
    pass.forward()
    pass.outputGradient.fill(0)
    let loss = L1Loss.evaluate(
      pass.output.images(0..<n), pass.output.images(n..<2 * n), gradient: pass.outputGradient.images(0..<n),
      weight: weight, pool: processor.pool)
    pass.backward()
    gradient.add(pass.inputGradient.images(0..<n), scaledBy: ofOutput.scales)
    return loss
  }

  private static func both(_ shape: Shape) -> Shape { Shape(2 * shape.n, shape.c, shape.h, shape.w) }
}

extension MutableTensorView<Float> {
  /// Sets this to `source` · scale + offset, with a scale and an offset for each channel.
  fileprivate func set(_ source: TensorView<Float>, scaledBy scales: [Float], plus offsets: [Float]) {
    precondition(shape == source.shape && scales.count == shape.c && offsets.count == shape.c, "tensors of one shape")
    for pixel in 0..<shape.pixels {
      let (from, to) = (source.base + pixel * source.stride, base + pixel * stride)
      for channel in 0..<shape.c { to[channel] = from[channel] * scales[channel] + offsets[channel] }
    }
  }

  /// Adds `other` · scale, with a scale for each channel.
  fileprivate func add(_ other: TensorView<Float>, scaledBy scales: [Float]) {
    precondition(shape == other.shape && scales.count == shape.c, "tensors of one shape")
    for pixel in 0..<shape.pixels {
      let (from, to) = (other.base + pixel * other.stride, base + pixel * stride)
      for channel in 0..<shape.c { to[channel] += from[channel] * scales[channel] }
    }
  }
}
