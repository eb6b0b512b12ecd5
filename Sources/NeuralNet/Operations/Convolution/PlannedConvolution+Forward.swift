import KernelArguments

extension PlannedConvolution {
  func prepareParameters(_ pass: Pass) {
    guard let readyWeights else { return }
    product.prepare(
      weights: pass.parameter(operation.weight), ready: pass.ready[readyWeights].base, pass.processor)
  }

  func forward(_ pass: Pass) {
    if normalization?.statistics == .running { normalization?.useRunningStatistics(pass) }
    thinInput?.fill(pass.arena, pass.processor.pool)
    roundedInput?.fill(pass.arena, pass.processor)
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
    operation.activate(
      pass, pixels.count, pass.pixels(raw, start, range), affine: normalization?.affine(pass, group, range),
      dropout: dropout(pass, start, range), residual: residual.map { pass.pixels($0, start, range) },
      channels: range, to: (pass.pixels(first, start, range), operation.first.activation),
      and: operation.second.flatMap { output in
        second.map { (pass.pixels($0, start, range), output.activation) }
      })
  }

  func dropout(_ pass: Pass, _ firstPixel: Int, _ range: Range<Int>) -> DropoutMask? {
    drops
      ? Convolution.dropout(
        pass, index, pass.processor.placeInBatch(firstPixel, of: first.shape, groups: pass.mode.groups), range,
        channels: first.shape.c) : nil
  }
}

extension Convolution {
  /// What follows its products: normalises, drops, scales, adds and rectifies consecutive pixels.
  ///
  /// - Parameters:
  ///   - pixels: how many
  ///   - raw: what the products have made of them
  ///   - range: of the channels, those that the pixels begin with here
  ///   - first: where they go, which may be `raw`, and how they are rectified
  ///   - second: where they go a second time
  func activate(
    _ pass: Pass, _ pixels: Int, _ raw: PixelView, affine: ChannelAffine?, dropout: DropoutMask?, residual: PixelView?,
    channels range: Range<Int>, to first: (view: PixelView, activation: Activation),
    and second: (view: PixelView, activation: Activation)? = nil
  ) {
    let activation = ActivationPass(
      pixels: pixels, channels: range.count, input: raw, affine: affine, dropout: dropout, scale: scale,
      residual: residual, first: RectifiedView(first.view, slope: first.activation.slope),
      second: second.map { RectifiedView($0.view, slope: $0.activation.slope) },
      slopes: rectifier.map { pass.parameter($0.slope) + range.lowerBound })
    if !activation.isIdentity { pass.kernels.activate(activation) }
    if first.activation == .tanh { pass.kernels.tanh(first.view, pixels, range.count) }
  }

  /// Which numbers of the operation `index` are dropped, from a pixel on.
  ///
  /// - Parameter channels: of the whole tensor
  static func dropout(
    _ pass: Pass, _ index: Int, _ firstPixel: Int, _ range: Range<Int>, channels: Int
  ) -> DropoutMask {
    DropoutMask(
      key: RandomGenerator.mix(pass.dropoutKey &+ UInt64(index) &* 0x632B_E59B_D9B4_E019), firstPixel: firstPixel,
      firstChannel: range.lowerBound, channels: channels)
  }
}
