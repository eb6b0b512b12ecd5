import KernelArguments

extension PlannedConvolution {
  /// y = s ∘ (W x + b) with slopes s that do not change around x. Its gradient by x is g = Wᵀ r with r = s ∘ (the gradient
  /// of y), linear in W. So the derivative of u · g by W is that of a forward pass with u as its input, the same slopes
  /// and no bias: the weight gradient of the product of that pass's input with r. Biases move g nowhere that a
  /// derivative could see.
  func tangent(_ pass: BackwardPass) {
    guard let tangents else { return }
    let shared = pass.pass
    if let target = pass.target(operation.weight) {
      tangents.weights.run(arena: shared.arena, to: target, shared.processor)
    }
    if !pass.accumulates, let bias = operation.bias {
      for channel in 0..<first.shape.c { pass.addGradient(bias, channel, 0) }
    }
    guard let output = tangents.output else { return }
    let slope = operation.first.activation.slope
    tangents.product.run(
      arena: shared.arena, weights: shared.parameter(operation.weight), bias: nil, shared.processor
    ) { _, pixels, range in
      guard slope != 1 else { return }
      let place = shared.pixels(output, pixels.lowerBound, range)
      shared.kernels.activationGradient(
        ActivationGradientPass(
          pixels: pixels.count, channels: range.count, input: shared.pixels(first, pixels.lowerBound, range),
          normalization: nil, dropout: nil, scale: 1, first: RectifiedView(place, slope: slope), second: nil,
          output: place), nil)
    }
  }
}
