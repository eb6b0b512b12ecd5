import NeuralNet
import Translate

/// The gradient penalty of WGAN-GP on random points between real and generated images (Gulrajani et al., 2017,
/// algorithm 1), weight 10 as in the paper.
final class InterpolatedPenalty {
  private let network: Network
  private let processor: Processor
  private let arena = Arena()
  private var known: [Shape: GradientPenalty] = [:]

  /// A penalty on `network`, which has no normalisation.
  init(_ network: Network, processor: Processor) {
    self.network = network
    self.processor = processor
  }

  /// Adds the penalty's gradients to those of the network.
  ///
  /// - Parameters:
  ///   - real: (N, C, H, W)
  ///   - fake: same shape
  ///   - random: draws a point between the two for each image
  /// - Throws: `FileError` where there is no memory or the network has a normalisation
  func addGradients(real: TensorView<Float>, fake: TensorView<Float>, random: inout RandomGenerator) throws {
    let penalty = try planned(real.shape)
    let shares = processor.drawn(real.shape.n) { Float(random.uniform()) }
    for image in 0..<real.shape.n {
      penalty.input.images(image..<image + 1).interpolate(
        real.images(image..<image + 1), fake.images(image..<image + 1), share: shares[image])
    }
    _ = penalty.evaluate(weight: Self.weight, accumulates: true)
  }

  /// The penalty on images of `shape` (N, C, H, W).
  ///
  /// - Throws: as `addGradients`
  @discardableResult func planned(_ shape: Shape) throws -> GradientPenalty {
    if let penalty = known[shape] { return penalty }
    if known.count >= PlannedExecutions.limit { known.removeAll() }
    let penalty = try GradientPenalty(network, shape: shape, processor: processor, arena: arena)
    known[shape] = penalty
    return penalty
  }

  private static let weight = 10.0

  /// Bytes of activations, gradients and scratch.
  var plannedBytes: Int { arena.bytes }
}

extension MutableTensorView<Float> {
  /// Sets this to `share · a + (1 − share) · b`.
  fileprivate func interpolate(_ a: TensorView<Float>, _ b: TensorView<Float>, share: Float) {
    for pixel in 0..<shape.pixels {
      let left = a.base + pixel * a.stride
      let right = b.base + pixel * b.stride
      let place = base + pixel * stride
      for channel in 0..<shape.c { place[channel] = right[channel] + share * (left[channel] - right[channel]) }
    }
  }
}
