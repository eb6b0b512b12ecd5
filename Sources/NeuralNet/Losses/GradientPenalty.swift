/// The gradient penalty that keeps a Wasserstein discriminator near Lipschitz 1 (Gulrajani et al., 2017, equation 3):
/// the mean over images of (‖∇ₓ Σ D(x)‖₂ − 1)².
///
/// It is a pass of the engine: forward and back to the input as always; then, with u the penalty's derivative by that
/// gradient g, the derivative of u · g by the weights along tangents (`Execution.tangent`).
package final class GradientPenalty {
  private let execution: Execution

  /// Plans the penalty for images of `shape`.
  ///
  /// - Parameters:
  ///   - network: a discriminator of convolutions and rectifiers without normalisation
  ///   - shape: (N, input channels, H, W)
  ///   - processor: what it runs on
  ///   - arena: where its tensors lie
  /// - Throws: `FileError` where the network normalises, the images are too small for it, or there is no memory
  package init(_ network: Network, shape: Shape, processor: Processor, arena: Arena = Arena()) throws {
    execution = try Execution(
      network, shape: shape, mode: .differentiatingInputGradient, processor: processor, arena: arena)
  }

  /// Where the images are written before each `evaluate`: (N, input channels, H, W).
  ///
  /// For each image the paper draws α uniformly from [0, 1) and takes α · real + (1 − α) · fake.
  package var input: MutableTensorView<Float> { execution.input }

  /// `weight` times the penalty at `input`; its gradient by the weights is written to, or with `accumulates` added to,
  /// the network's gradients.
  package func evaluate(weight: Double, accumulates: Bool) -> Double {
    execution.forward()
    execution.outputGradient.fill(1)
    execution.backward()
    let penalty = Self.differentiate(execution.inputTangent, weight)
    execution.tangent(accumulates: accumulates)
    return penalty
  }

  /// The penalty, and in place of g its derivative 2 · weight / N · (‖g‖ − 1) · g / ‖g‖ for each image; 0 where g is.
  private static func differentiate(_ gradient: MutableTensorView<Float>, _ weight: Double) -> Double {
    let images = gradient.shape.n
    let penalties = (0..<images).map { image in
      let part = gradient.images(image..<image + 1)
      let norm = norm(part)
      let factor = norm > 0 ? 2 * weight / Double(images) * (norm - 1) / norm : 0
      for pixel in 0..<part.shape.pixels {
        let place = part.base + pixel * part.stride
        for channel in 0..<part.shape.c { place[channel] *= Float(factor) }
      }
      return (norm - 1) * (norm - 1)
    }
    return weight * penalties.reduce(0, +) / Double(images)
  }

  private static func norm(_ view: MutableTensorView<Float>) -> Double {
    var sum = 0.0
    for pixel in 0..<view.shape.pixels {
      let place = view.base + pixel * view.stride
      for channel in 0..<view.shape.c { sum += Double(place[channel]) * Double(place[channel]) }
    }
    return sum.squareRoot()
  }
}
