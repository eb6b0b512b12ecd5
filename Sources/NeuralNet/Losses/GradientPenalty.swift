import KernelArguments

/// The gradient penalty that keeps a Wasserstein discriminator near Lipschitz 1 (Gulrajani et al., 2017, equation 3):
/// the mean over images of (‖∇ₓ Σ D(x)‖₂ − 1)².
///
/// A discriminator without normalisation is a chain of linear maps and rectifiers, y = s ∘ (W x + b) with slopes s that
/// do not change around x. Its gradient by x is g = W₁ᵀ b₁ with b = s ∘ (the gradient of y): linear in every W. So with
/// u, the penalty's derivative by g, the derivative by the weights of one layer is that of the scalar u · g, which is
/// what a second forward pass with u as its input, the same slopes and no biases would give: the weight gradient of the
/// product of that pass's layer input with b. Biases move g nowhere that a derivative could see.
public final class GradientPenalty {
  /// The discriminator whose parameters are used.
  public let network: Network
  private let processor: Processor
  private let arena: Arena
  private let plan: Plan

  /// Plans the penalty for images of `shape`.
  ///
  /// - Parameters:
  ///   - network: a discriminator without normalisation
  ///   - shape: (N, input channels, H, W)
  ///   - processor: what it runs on
  ///   - arena: where its tensors lie
  /// - Throws: `FileError` where the network normalises, the images are too small for it, or there is no memory
  public init(_ network: Network, shape: Shape, processor: Processor, arena: Arena = Arena()) throws {
    precondition(shape.c == network.inputChannels, "an image has as many channels as the network reads")
    self.network = network
    self.processor = processor
    self.arena = arena
    plan = try Plan(network, shape)
    try arena.require(plan.floats)
    _ = try network.parameters.gradients()
  }

  /// Where the images are written before each `evaluate`, which overwrites them: (N, input channels, H, W).
  ///
  /// For each image the paper draws α uniformly from [0, 1) and takes α · real + (1 − α) · fake.
  public var input: TensorView { plan.input.view(in: arena.base) }
  /// Bytes of activations, gradients and scratch.
  public var plannedBytes: Int { plan.floats * MemoryLayout<Float>.stride }

  /// `weight` times the penalty at `input`; its gradient by the weights is written to, or with `accumulates` added to,
  /// the network's gradients.
  public func evaluate(weight: Double, accumulates: Bool) -> Double {
    for layer in plan.layers { forward(layer, from: layer.forward, into: layer.output, hasBias: true) }
    outputGradient.fill(1)
    for layer in plan.layers.reversed() { backward(layer) }
    let penalty = differentiatePenalty(weight)
    for layer in plan.layers {
      weightGradient(layer, accumulates: accumulates)
      guard let tangent = layer.tangent else { continue }
      forward(layer, from: tangent.product, into: tangent.output, hasBias: false)
    }
    if !accumulates { clearBiasGradients() }
    return penalty
  }

  // MARK: - Passes

  private var outputGradient: TensorView { plan.outputGradient.view(in: arena.base) }
  /// ∇ₓ Σ D(x), then the penalty's derivative by it.
  private var inputGradient: TensorView { plan.inputGradient.view(in: arena.base) }

  /// The layer at x, or with `hasBias` false its linear part at the slopes that it has at x.
  private func forward(_ layer: Layer, from product: ProductPlan, into output: PlannedTensor, hasBias: Bool) {
    let bias = hasBias ? layer.bias.map { UnsafePointer(network.parameters.base + $0) } : nil
    let kernels = processor.kernels
    let base = arena.base
    processor.pool.run(product.pieces) { piece, worker in
      let (pixels, range) = product.run(
        piece, arena: base, weights: network.parameters.base + layer.weight, bias: bias,
        scratch: processor.scratch(of: worker), kernels: kernels)
      let place = view(output, pixels.firstPixel, range)
      if !hasBias {
        multiplyBySlopes(layer, place, pixels.firstPixel, pixels.pixels, range)
      } else if layer.slope != 1 {
        var pass = ActivationPass(input: place, first: RectifiedView(place, slope: layer.slope))
        pass.pixels = pixels.pixels
        pass.channels = range.count
        kernels.activate(pass)
      }
    }
  }

  /// From the gradient of the layer's output to the gradient of its sum, in place, and on to that of its input.
  private func backward(_ layer: Layer) {
    let base = arena.base
    let pixels = layer.gradient.shape.pixels
    processor.pool.run((pixels + Self.pixelsPerPiece - 1) / Self.pixelsPerPiece) { piece, _ in
      let first = piece * Self.pixelsPerPiece
      let channels = 0..<layer.gradient.shape.c
      multiplyBySlopes(
        layer, view(layer.gradient, first, channels), first, min(Self.pixelsPerPiece, pixels - first), channels)
    }
    processor.pool.run(layer.backward.pieces) { piece, worker in
      _ = layer.backward.run(
        piece, arena: base, weights: network.parameters.base + layer.weight, bias: nil,
        scratch: processor.scratch(of: worker), kernels: processor.kernels)
    }
  }

  /// s ∘ `place`; the output at x has the sign of the sum, which tells the slope.
  private func multiplyBySlopes(
    _ layer: Layer, _ place: PixelView, _ firstPixel: Int, _ pixels: Int, _ range: Range<Int>
  ) {
    guard layer.slope != 1 else { return }
    var pass = ActivationGradientPass(
      input: view(layer.output, firstPixel, range), first: RectifiedView(place, slope: layer.slope), output: place)
    pass.pixels = pixels
    pass.channels = range.count
    processor.kernels.activationGradient(pass, nil)
  }

  /// The penalty, and in place of g its derivative 2 · weight / N · (‖g‖ − 1) · g / ‖g‖ for each image; 0 where g is.
  private func differentiatePenalty(_ weight: Double) -> Double {
    let gradient = inputGradient
    let images = gradient.shape.n
    let penalties = (0..<images).map { image in
      let part = gradient.images(image..<image + 1)
      let norm = Self.norm(part)
      let factor = norm > 0 ? 2 * weight / Double(images) * (norm - 1) / norm : 0
      for pixel in 0..<part.shape.pixels {
        let place = part.base + pixel * part.stride
        for channel in 0..<part.shape.c { place[channel] *= Float(factor) }
      }
      return (norm - 1) * (norm - 1)
    }
    return weight * penalties.reduce(0, +) / Double(images)
  }

  private static func norm(_ view: TensorView) -> Double {
    var sum = 0.0
    for pixel in 0..<view.shape.pixels {
      let place = view.base + pixel * view.stride
      for channel in 0..<view.shape.c { sum += Double(place[channel]) * Double(place[channel]) }
    }
    return sum.squareRoot()
  }

  private func weightGradient(_ layer: Layer, accumulates: Bool) {
    guard let memory = network.parameters.gradientBase else { return }
    let base = arena.base
    processor.pool.run(layer.weightGradient.pieces) { piece, _ in
      layer.weightGradient.run(
        piece, arena: base, gradients: memory + layer.weight, accumulates: accumulates, kernels: processor.kernels)
    }
  }

  private func clearBiasGradients() {
    guard let memory = network.parameters.gradientBase else { return }
    for parameter in network.parameters.parameters where parameter.role == .bias {
      (memory + parameter.offset).update(repeating: 0, count: parameter.count)
    }
  }

  private func view(_ tensor: PlannedTensor, _ firstPixel: Int, _ range: Range<Int>) -> PixelView {
    PixelView(arena.base + tensor.offset + firstPixel * tensor.stride + range.lowerBound, stride: tensor.stride)
  }

  private static let pixelsPerPiece = 512
}
