import Foundation

/// What a discriminator's logits are compared with.
public enum AdversarialLoss: String, Sendable, Codable, CaseIterable {
  /// Binary cross-entropy on logits (Goodfellow et al., 2014; Isola et al., 2017, equation 1).
  case vanilla
  /// Least squares (Mao et al., 2017).
  case lsgan
  /// Hinge (Lim and Ye, 2017).
  case hinge
  /// Wasserstein distance; the discriminator needs a gradient penalty (Gulrajani et al., 2017).
  case wgangp

  /// Who is trained, and on what.
  package enum Target: Sendable {
    /// The discriminator, on an image of the data.
    case discriminatorReal
    /// The discriminator, on a generated image.
    case discriminatorFake
    /// The generator, which wants its image taken for real.
    case generator
  }

  /// The mean loss over all logits and, written to `gradient`, its derivative times `weight`.
  ///
  /// - Parameters:
  ///   - prediction: logits, (N, 1, h, w)
  ///   - target: who is trained, and on what
  ///   - gradient: same shape; written
  ///   - weight: what the gradient is multiplied by; the loss that is returned is not
  package func evaluate(
    _ prediction: TensorView<Float>, _ target: Target, gradient: MutableTensorView<Float>, weight: Float = 1
  ) -> Double {
    precondition(prediction.shape == gradient.shape, "logits and gradient have one shape")
    let count = prediction.shape.count
    let scale = Double(weight) / Double(count)
    var sum = 0.0
    for pixel in 0..<prediction.shape.pixels {
      for channel in 0..<prediction.shape.c {
        let logit = Double(prediction.base[pixel * prediction.stride + channel])
        let (loss, slope) = term(logit, target)
        sum += loss
        gradient.base[pixel * gradient.stride + channel] = Float(slope * scale)
      }
    }
    return sum / Double(count)
  }

  /// Loss and derivative of one logit.
  private func term(_ logit: Double, _ target: Target) -> (loss: Double, slope: Double) {
    let isReal = target != .discriminatorFake
    switch self {
    case .vanilla:
      // log(1 + e^(∓x)), whose derivative is σ(x) − label
      let signed = isReal ? -logit : logit
      let loss = max(signed, 0) + log1p(exp(-abs(signed)))
      let sigmoid = 1 / (1 + exp(-logit))
      return (loss, isReal ? sigmoid - 1 : sigmoid)
    case .lsgan:
      let distance = logit - (isReal ? 1 : 0)
      return (distance * distance, 2 * distance)
    case .hinge:
      switch target {
      case .generator: return (-logit, -1)
      case .discriminatorReal: return logit < 1 ? (1 - logit, -1) : (0, 0)
      case .discriminatorFake: return logit > -1 ? (1 + logit, 1) : (0, 0)
      }
    case .wgangp: return isReal ? (-logit, -1) : (logit, 1)
    }
  }
}
