import NeuralNet

extension NetworkBuilder {
  /// Appends the layer that these networks consist of: 3×3 with a border of zeros and a bias, then a rectifier or, in its
  /// place, a residual.
  ///
  /// - Parameters:
  ///   - upsampling: how often each pixel is repeated along both axes before
  ///   - scale: what the result is multiplied by before `residual` is added
  ///   - output: where the result goes; nil: a value of its own
  ///   - copy: where it goes as well; nil: nowhere
  ///   - rectifier: the name of a rectifier with learned slopes that follows instead; nil: there is none
  /// - Returns: the result, of `channels` channels
  mutating func convolution3(
    _ name: String, from input: Value, _ channels: Int, _ activation: Activation = .identity, upsampling: Int = 1,
    scale: Float = 1, residual: Value? = nil, to output: Value? = nil, and copy: Value? = nil,
    learnedRectifier rectifier: String? = nil
  ) -> Value {
    let output = output ?? value(channels: channels)
    convolution(
      name, .convolution(kernel: 3, padding: 1, upsampling: upsampling), from: input, hasBias: true, scale: scale,
      residual: residual, to: (output, activation), and: copy.map { ($0, activation) }, learnedRectifier: rectifier)
    return output
  }
}
