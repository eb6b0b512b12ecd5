/// What an operation does to its values before handing them on.
package enum Activation: Sendable, Equatable {
  /// `max(x, 0) + slope · min(x, 0)`: ReLU at 0, the discriminator's and encoder's leaky ReLU at 0.2, nothing at 1.
  case rectifier(slope: Float)
  /// tanh
  case tanh

  /// ReLU
  package static let relu = Activation.rectifier(slope: 0)
  /// Leaky ReLU with slope 0.2
  package static let leakyRelu = Activation.rectifier(slope: 0.2)
  /// Nothing
  package static let identity = Activation.rectifier(slope: 1)

  /// The slope below 0 of what is left to a rectifier: tanh is a pass of its own.
  var slope: Float {
    if case .rectifier(let slope) = self { return slope }
    return 1
  }
}
