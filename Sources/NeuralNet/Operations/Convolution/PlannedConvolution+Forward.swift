import KernelArguments

extension PlannedConvolution {
  func prepareParameters(_ pass: Pass) {
    guard case .transformed(let product) = product, let readyWeights else { return }
    product.prepare(
      weights: pass.parameter(operation.weight), transformedWeights: pass.ready[readyWeights].base,
      pass.processor)
  }

  func forward(_ pass: Pass) {
    if normalization?.statistics == .running { normalization?.useRunningStatistics(pass) }
    thinInput?.fill(pass.arena, pass.processor.pool)
    let gathers = normalization?.statistics == .data
    product.run(
      arena: pass.arena, weights: pass.parameter(operation.weight),
      ready: readyWeights.map { UnsafePointer(pass.ready[$0].base) },
      bias: operation.bias.map { pass.parameter($0) }, pass.processor
    ) { piece, pixels, channels in
      if gathers {
        normalization?.gatherMoments(pass, piece: piece, pixels: pixels, channels: channels)
      } else {
        activate(pass, into: first, pixels, channels, group: 0)
      }
    }
    guard gathers else { return }
    normalization?.combineMoments(pass)
    remake(pass, at: first)
  }

  /// Normalises the whole raw output.
  func remake(_ pass: Pass, at place: PlannedTensor) {
    let pieces = pieces
    pass.run(pieces.count) { piece, _ in
      let (group, pixels) = pieces[piece]
      activate(pass, into: place, pixels, 0..<first.shape.c, group: group)
    }
  }

  /// Normalises, drops, adds and rectifies a piece.
  private func activate(_ pass: Pass, into first: PlannedTensor, _ pixels: Range<Int>, _ range: Range<Int>, group: Int)
  {
    let start = pixels.lowerBound
    let place = pass.pixels(first, start, range)
    let activation = ActivationPass(
      pixels: pixels.count, channels: range.count, input: pass.pixels(raw, start, range),
      affine: normalization?.affine(pass, group, range), dropout: dropout(pass, start, range), scale: operation.scale,
      residual: residual.map { pass.pixels($0, start, range) },
      first: RectifiedView(place, slope: operation.first.activation.slope),
      second: operation.second.flatMap { output in
        second.map { RectifiedView(pass.pixels($0, start, range), slope: output.activation.slope) }
      })
    if !activation.isIdentity { pass.kernels.activate(activation) }
    if operation.first.activation == .tanh { pass.kernels.tanh(place, pixels.count, range.count) }
  }

  func dropout(_ pass: Pass, _ firstPixel: Int, _ range: Range<Int>) -> DropoutMask? {
    guard drops else { return nil }
    return DropoutMask(
      key: RandomGenerator.mix(pass.dropoutKey &+ UInt64(index) &* 0x632B_E59B_D9B4_E019), firstPixel: firstPixel,
      firstChannel: range.lowerBound, channels: first.shape.c)
  }
}
