import Foundation

/// What a discriminator's logits are compared with.
public enum AdversarialLoss: String, Sendable, Codable, CaseIterable {
  /// Binary cross-entropy on logits (Goodfellow et al., 2014; Isola et al., 2017, equation 1).
  ///
  /// The generator maximises log D, which does not saturate where it is found out.
  case vanilla
  /// The same with the generator that the theory of the game speaks of, which minimises log (1 − D) (Goodfellow et al., 2014,
  /// equation 1): its gradient vanishes where it is found out.
  case minimax
  /// Least squares (Mao et al., 2017).
  case lsgan
  /// Hinge (Lim and Ye, 2017).
  case hinge
  /// Wasserstein distance; the discriminator's weights are clipped after each of its steps (Arjovsky et al., 2017,
  /// algorithm 1).
  case wgan
  /// Wasserstein distance; the discriminator needs a gradient penalty (Gulrajani et al., 2017).
  case wgangp

  /// Whether the discriminator is told a label, which can be smoothed.
  package var hasLabels: Bool { self == .vanilla || self == .minimax || self == .lsgan }

  /// The largest absolute value that the discriminator's parameters may have; nil: any (Arjovsky et al., 2017, algorithm 1).
  package var weightLimit: Float? { self == .wgan ? 0.01 : nil }

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
  ///   - realLabel: what the discriminator is to say of an image of the data, a little below 1 for one-sided label smoothing
  ///     (Salimans et al., 2016, section 3.4); only losses with labels (`hasLabels`) know it
  package func evaluate(
    _ prediction: TensorView<Float>, _ target: Target, gradient: MutableTensorView<Float>, weight: Float = 1,
    realLabel: Double = 1
  ) -> Double {
    precondition(prediction.shape == gradient.shape, "logits and gradient have one shape")
    let count = prediction.shape.count
    let scale = Double(weight) / Double(count)
    var sum = 0.0
    for pixel in 0..<prediction.shape.pixels {
      for channel in 0..<prediction.shape.c {
        let logit = Double(prediction.base[pixel * prediction.stride + channel])
        let (loss, slope) = term(logit, target, realLabel)
        sum += loss
        gradient.base[pixel * gradient.stride + channel] = Float(slope * scale)
      }
    }
    return sum / Double(count)
  }

  /// Loss and derivative of one logit.
  private func term(_ logit: Double, _ target: Target, _ realLabel: Double) -> (loss: Double, slope: Double) {
    let isReal = target != .discriminatorFake
    let label = target == .discriminatorReal ? realLabel : isReal ? 1 : 0
    switch self {
    case .minimax where target == .generator:
      let loss = Self.crossEntropy(logit, label: 0)
      return (-loss.value, -loss.slope)
    case .vanilla, .minimax:
      let loss = Self.crossEntropy(logit, label: label)
      return (loss.value, loss.slope)
    case .lsgan:
      let distance = logit - label
      return (distance * distance, 2 * distance)
    case .hinge:
      switch target {
      case .generator: return (-logit, -1)
      case .discriminatorReal: return logit < 1 ? (1 - logit, -1) : (0, 0)
      case .discriminatorFake: return logit > -1 ? (1 + logit, 1) : (0, 0)
      }
    case .wgan, .wgangp: return isReal ? (-logit, -1) : (logit, 1)
    }
  }

  /// −label · log σ(x) − (1 − label) · log (1 − σ(x)), with log (1 + e^(∓x)) of what does not overflow; its derivative is
  /// σ(x) − label.
  private static func crossEntropy(_ logit: Double, label: Double) -> (value: Double, slope: Double) {
    let small = log1p(exp(-abs(logit)))
    let (real, fake) = (max(-logit, 0) + small, max(logit, 0) + small)
    return (label == 1 ? real : label == 0 ? fake : label * real + (1 - label) * fake, 1 / (1 + exp(-logit)) - label)
  }
}
