import KernelArguments
import Parallel

extension PlannedConvolution {
  func backward(_ pass: BackwardPass) {
    guard let gradients else { return }
    if let residual = gradients.residual { passGradient(pass.pass, from: gradients.first, to: residual) }
    activationGradients(pass, gradients)
    gradients.thinGradient?.fill(pass.pass.arena, pass.pass.processor.pool)
    gradients.rounded?.fill(pass.pass.arena, pass.pass.processor)
    // The data gradient needs the weights as they were.
    gradients.input?.run(
      arena: pass.pass.arena, weights: pass.pass.parameter(operation.weight), pass.pass.processor)
    guard let weights = gradients.weights, let target = pass.target(operation.weight) else { return }
    if let remade = gradients.remadeInput { pass.remake(remade) }
    weights.run(arena: pass.pass.arena, to: target, pass.pass.processor)
  }

  private func activationGradients(_ pass: BackwardPass, _ gradients: Gradients) {
    let channels = first.shape.c
    let pieces = pieces
    let sums = Shared(pass.pass.arena + gradients.sums)
    if operation.first.activation == .tanh { multiplyByTanhDerivative(pass.pass, gradients) }
    let normalizes = normalization?.statistics == .data
    if normalizes {
      pass.pass.run(pieces.count) { piece, _ in
        let place = sums.value + piece * channels
        pass.pass.kernels.gradientSums(
          gradientPass(pass.pass, gradients, pieces[piece]), place, place + pieces.count * channels)
      }
      normalization?.combineGradientSums(pass, sums.value, piecesPerGroup: pieces.perGroup)
    }
    let hasBiasGradient = operation.bias != nil && pass.pass.mode.needsParameterGradients && !normalizes
    pass.pass.run(pieces.count) { piece, _ in
      let gradientPass = gradientPass(pass.pass, gradients, pieces[piece])
      if gradientPass.slopes != nil, pass.pass.mode.needsParameterGradients {
        let place = sums.value + (pieces.count + piece) * channels
        pass.pass.kernels.slopeGradients(gradientPass, place)
      }
      guard hasBiasGradient || !gradientPass.isIdentity else { return }
      pass.pass.kernels.activationGradient(gradientPass, hasBiasGradient ? sums.value + piece * channels : nil)
    }
    guard pass.pass.mode.needsParameterGradients else { return }
    func sum(_ sums: UnsafePointer<Float>, _ channel: Int) -> Double {
      (0..<pieces.count).reduce(0.0) { $0 + Double(sums[$1 * channels + channel]) }
    }
    if let bias = operation.bias {
      // Before a normalisation by the data a bias has no effect: its gradient is 0 exactly.
      for channel in 0..<channels { pass.addGradient(bias, channel, hasBiasGradient ? sum(sums.value, channel) : 0) }
    }
    if let rectifier = operation.rectifier {
      let products = UnsafePointer(sums.value + pieces.count * channels)
      for channel in 0..<channels { pass.addGradient(rectifier.slope, channel, sum(products, channel)) }
    }
  }

  private func gradientPass(
    _ pass: Pass, _ gradients: Gradients, _ piece: (group: Int, pixels: Range<Int>)
  ) -> ActivationGradientPass {
    let start = piece.pixels.lowerBound
    let normalizes = normalization?.statistics == .data
    return ActivationGradientPass(
      pixels: piece.pixels.count, channels: first.shape.c,
      input: pass.pixels(normalizes || operation.rectifier != nil ? raw : first, start),
      normalization: normalizes ? normalization?.gradient(pass, group: piece.group) : nil,
      dropout: dropout(pass, start, 0..<first.shape.c), scale: operation.scale,
      first: RectifiedView(pass.pixels(gradients.first, start), slope: operation.first.activation.slope),
      second: operation.second.flatMap { output in
        gradients.second.map { RectifiedView(pass.pixels($0, start), slope: output.activation.slope) }
      }, output: pass.pixels(gradients.raw, start), slopes: operation.rectifier.map { pass.parameter($0.slope) })
  }

  private func multiplyByTanhDerivative(_ pass: Pass, _ gradients: Gradients) {
    let channels = first.shape.c
    pass.forEachPiece(ofPixels: first.shape.pixels, channels: channels) { pixels in
      let output = pass.pixels(first, pixels.lowerBound)
      let gradient = pass.pixels(gradients.first, pixels.lowerBound)
      // Pixels without gaps are one long row.
      let isRow = output.stride == channels && gradient.stride == channels
      for row in 0..<(isRow ? 1 : pixels.count) {
        let (values, slopes) = (output.base + row * output.stride, gradient.base + row * gradient.stride)
        for index in 0..<(isRow ? pixels.count * channels : channels) {
          slopes[index] *= 1 - values[index] * values[index]
        }
      }
    }
  }

  /// Hands the gradient of the sum to a residual that has a place of its own.
  private func passGradient(_ pass: Pass, from sum: PlannedTensor, to residual: (tensor: PlannedTensor, adds: Bool)) {
    let channels = sum.shape.c
    pass.forEachPiece(ofPixels: sum.shape.pixels, channels: channels) { pixels in
      let source = pass.pixels(sum, pixels.lowerBound)
      let target = pass.pixels(residual.tensor, pixels.lowerBound)
      for pixel in 0..<pixels.count {
        let (from, to) = (source.base + pixel * source.stride, target.base + pixel * target.stride)
        if residual.adds {
          for channel in 0..<channels { to[channel] += from[channel] }
        } else {
          to.update(from: from, count: channels)
        }
      }
    }
  }
}
