// The arguments of passes over pixels: pixel p of a view begins `p · stride` floats after its base pointer.

/// Channels of consecutive pixels in memory.
package struct PixelView {
  /// The first channel of the first pixel.
  package var base: UnsafeMutablePointer<Float>
  /// Floats from one pixel to the next.
  package var stride: Int

  /// Pixels that begin at `base`.
  package init(_ base: UnsafeMutablePointer<Float>, stride: Int) {
    self.base = base
    self.stride = stride
  }

  /// The same view from pixel `pixel` on.
  package func advanced(toPixel pixel: Int) -> PixelView { PixelView(base + pixel * stride, stride: stride) }
}

/// A rectified copy of normalised values: `max(z, 0) + slope · min(z, 0)`.
package struct RectifiedView {
  /// Where the copy lies.
  package var view: PixelView
  /// 0 for ReLU, 1 for none.
  package var slope: Float

  /// A copy in `view`.
  package init(_ view: PixelView, slope: Float) {
    self.view = view
    self.slope = slope
  }
}

/// Which activations are dropped (Srivastava et al., 2014): drawn by position from a key, so that forward and backward
/// agree without storing a mask, whatever the order in which pixels are visited.
package struct DropoutMask {
  /// The key of this draw.
  package var key: UInt64
  /// The first pixel of this piece, counted over the whole tensor.
  package var firstPixel: Int
  /// The first channel of this piece, a multiple of sixteen.
  package var firstChannel: Int
  /// Channels of the whole tensor.
  package var channels: Int

  /// The mask that `key` draws for a tensor of `channels` channels, from a pixel and a channel on.
  package init(key: UInt64, firstPixel: Int, firstChannel: Int, channels: Int) {
    self.key = key
    self.firstPixel = firstPixel
    self.firstChannel = firstChannel
    self.channels = channels
  }
}

/// Per-channel parameters of a normalisation, `z = (x − mean) · scale + shift`.
package struct ChannelAffine {
  /// `[channels]`
  package var mean: UnsafePointer<Float>
  /// `[channels]`: γ / √(variance + ε)
  package var scale: UnsafePointer<Float>
  /// `[channels]`: β
  package var shift: UnsafePointer<Float>

  /// The given parameters.
  package init(mean: UnsafePointer<Float>, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>) {
    self.mean = mean
    self.scale = scale
    self.shift = shift
  }
}

/// One pass from a convolution's output to the activations that follow it.
package struct ActivationPass {
  /// Pixels in this piece.
  package var pixels: Int
  /// Channels of each pixel.
  package var channels: Int
  /// What is normalised and rectified.
  package var input: PixelView
  /// nil: z = x
  package var affine: ChannelAffine?
  /// nil: nothing is dropped; otherwise half is, and the rest doubled
  package var dropout: DropoutMask?
  /// What normalised values are multiplied by.
  package var scale: Float
  /// Added after that; nil: nothing.
  package var residual: PixelView?
  /// The first output; may be the input itself.
  package var first: RectifiedView
  /// A second output with another slope; nil: none.
  package var second: RectifiedView?
  /// `[channels]`: the slopes of the first output, one for each channel, instead of its own; nil: none
  package var slopes: UnsafePointer<Float>?

  /// A pass over `pixels` pixels of `channels` channels.
  package init(
    pixels: Int, channels: Int, input: PixelView, affine: ChannelAffine?, dropout: DropoutMask?, scale: Float,
    residual: PixelView?, first: RectifiedView, second: RectifiedView?, slopes: UnsafePointer<Float>? = nil
  ) {
    self.pixels = pixels
    self.channels = channels
    self.input = input
    self.affine = affine
    self.dropout = dropout
    self.scale = scale
    self.residual = residual
    self.first = first
    self.second = second
    self.slopes = slopes
  }

  /// Whether it would write what is there: only where its first output is its input.
  package var isIdentity: Bool {
    affine == nil && dropout == nil && scale == 1 && residual == nil && second == nil && first.slope == 1
      && slopes == nil && first.view.base == input.base
  }

  /// Whether several pixels can be taken as one: no channel has numbers of its own, and there are no gaps between pixels.
  package var canBeWidened: Bool {
    affine == nil && dropout == nil && slopes == nil && input.stride == channels && first.view.stride == channels
      && residual?.stride ?? channels == channels && second?.view.stride ?? channels == channels
  }

  /// The same with `count` pixels taken as one, whose channels fill vectors; pixels that are left over are left out.
  package func widened(by count: Int) -> ActivationPass {
    var wide = self
    wide.pixels = pixels / count
    wide.channels = channels * count
    wide.input.stride *= count
    wide.residual?.stride *= count
    wide.first.view.stride *= count
    wide.second?.view.stride *= count
    return wide
  }

  /// The same from a pixel on.
  package func dropping(pixels count: Int) -> ActivationPass {
    var rest = self
    rest.pixels -= count
    rest.input = input.advanced(toPixel: count)
    rest.residual = residual?.advanced(toPixel: count)
    rest.first.view = first.view.advanced(toPixel: count)
    if let second { rest.second?.view = second.view.advanced(toPixel: count) }
    rest.dropout?.firstPixel += count
    return rest
  }
}

/// What the backward pass of a normalisation by statistics of the data needs to know.
package struct NormalizationGradient {
  /// The normalisation of the forward pass.
  package var affine: ChannelAffine
  /// `[channels]`: 1 / √(variance + ε)
  package var inverseDeviation: UnsafePointer<Float>
  /// `[channels]`: mean of dz over the statistics' pixels; not read by the pass that sums dz up
  package var meanGradient: UnsafePointer<Float>
  /// `[channels]`: mean of dz · x̂; not read by the pass that sums it up
  package var meanGradientTimesNormalized: UnsafePointer<Float>

  /// The given parameters.
  package init(
    affine: ChannelAffine, inverseDeviation: UnsafePointer<Float>, meanGradient: UnsafePointer<Float>,
    meanGradientTimesNormalized: UnsafePointer<Float>
  ) {
    self.affine = affine
    self.inverseDeviation = inverseDeviation
    self.meanGradient = meanGradient
    self.meanGradientTimesNormalized = meanGradientTimesNormalized
  }
}

/// Passes from the gradients of the activations back to the gradient of the convolution's output.
package struct ActivationGradientPass {
  /// Pixels in this piece.
  package var pixels: Int
  /// Channels of each pixel.
  package var channels: Int
  /// Where the signs come from: with `affine` or `slopes`, the convolution's output; otherwise the first output of the
  /// forward pass.
  package var input: PixelView
  /// The normalisation of the forward pass; nil: none.
  package var affine: ChannelAffine?
  /// The mask of the forward pass.
  package var dropout: DropoutMask?
  /// What the forward pass multiplies by.
  package var scale: Float
  /// The first output's gradient and its slope.
  package var first: RectifiedView
  /// The second output's gradient and its slope; nil: none.
  package var second: RectifiedView?
  /// `[channels]`: 1 / √(variance + ε), for the passes that need the normalised value
  package var inverseDeviation: UnsafePointer<Float>?
  /// `[channels]`: mean of dz over the statistics' pixels; nil: 0, as with statistics that do not depend on the input
  package var meanGradient: UnsafePointer<Float>?
  /// `[channels]`: mean of dz · x̂
  package var meanGradientTimesNormalized: UnsafePointer<Float>?
  /// Where the gradient of the convolution's output is written; may be the first gradient itself.
  package var output: PixelView
  /// `[channels]`: the slopes of the first output, one for each channel, instead of its own; nil: none
  package var slopes: UnsafePointer<Float>?

  /// A pass over `pixels` pixels of `channels` channels.
  ///
  /// - Parameter normalization: what the normalisation by statistics of the data adds; nil: there is none
  package init(
    pixels: Int, channels: Int, input: PixelView, normalization: NormalizationGradient?, dropout: DropoutMask?,
    scale: Float,
    first: RectifiedView, second: RectifiedView?, output: PixelView, slopes: UnsafePointer<Float>? = nil
  ) {
    self.pixels = pixels
    self.channels = channels
    self.input = input
    affine = normalization?.affine
    inverseDeviation = normalization?.inverseDeviation
    meanGradient = normalization?.meanGradient
    meanGradientTimesNormalized = normalization?.meanGradientTimesNormalized
    self.dropout = dropout
    self.scale = scale
    self.first = first
    self.second = second
    self.output = output
    self.slopes = slopes
  }

  /// Whether it would write what is there.
  package var isIdentity: Bool {
    affine == nil && dropout == nil && scale == 1 && second == nil && first.slope == 1 && slopes == nil
      && first.view.base == output.base
  }

  /// Whether several pixels can be taken as one: no channel has numbers of its own, and there are no gaps between pixels.
  package var canBeWidened: Bool {
    affine == nil && dropout == nil && slopes == nil && input.stride == channels && first.view.stride == channels
      && output.stride == channels && second?.view.stride ?? channels == channels
  }

  /// The same with `count` pixels taken as one, whose channels fill vectors; pixels that are left over are left out.
  package func widened(by count: Int) -> ActivationGradientPass {
    var wide = self
    wide.pixels = pixels / count
    wide.channels = channels * count
    wide.input.stride *= count
    wide.first.view.stride *= count
    wide.second?.view.stride *= count
    wide.output.stride *= count
    return wide
  }

  /// The same from a pixel on.
  package func dropping(pixels count: Int) -> ActivationGradientPass {
    var rest = self
    rest.pixels -= count
    rest.input = input.advanced(toPixel: count)
    rest.first.view = first.view.advanced(toPixel: count)
    if let second { rest.second?.view = second.view.advanced(toPixel: count) }
    rest.output = output.advanced(toPixel: count)
    rest.dropout?.firstPixel += count
    return rest
  }
}

/// `output[pixel][channel] = start + Σ_source input[source + channel]`: the gradients of pixels that went to several places.
package struct PixelSums {
  /// What the sources count from.
  package var input: UnsafePointer<Float>
  /// `[pixels + 1]`: where each pixel's sources begin in `sources`
  package var starts: UnsafePointer<Int32>
  /// Offsets in floats from `input`.
  package var sources: UnsafePointer<Int32>
  /// The sums.
  package var output: PixelView
  /// Pixels of the output.
  package var pixels: Int
  /// Channels of each pixel.
  package var channels: Int
  /// Whether a sum begins with what the output holds, instead of 0.
  package var accumulates: Bool

  /// Sums for `pixels` pixels of `channels` channels.
  package init(
    input: UnsafePointer<Float>, starts: UnsafePointer<Int32>, sources: UnsafePointer<Int32>, output: PixelView,
    pixels: Int, channels: Int, accumulates: Bool
  ) {
    self.input = input
    self.starts = starts
    self.sources = sources
    self.output = output
    self.pixels = pixels
    self.channels = channels
    self.accumulates = accumulates
  }
}

/// One update of a range of weights by Adam (Kingma and Ba, 2015, algorithm 1).
package struct AdamPass {
  /// Weights in this piece.
  package var count: Int
  /// `[count]`
  package var weights: UnsafeMutablePointer<Float>
  /// `[count]`
  package var gradients: UnsafePointer<Float>
  /// `[count]`: the running mean of gradients
  package var firstMoment: UnsafeMutablePointer<Float>
  /// `[count]`: the running mean of their squares
  package var secondMoment: UnsafeMutablePointer<Float>
  /// 1 − β₁
  package var firstRate: Float
  /// 1 − β₂
  package var secondRate: Float
  /// learning rate / (1 − β₁ᵗ)
  package var stepSize: Float
  /// 1 / √(1 − β₂ᵗ)
  package var inverseSecondCorrection: Float
  /// Added to the root, after the correction.
  package var epsilon: Float

  /// An update of `count` weights.
  package init(
    count: Int, weights: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    firstMoment: UnsafeMutablePointer<Float>, secondMoment: UnsafeMutablePointer<Float>, firstRate: Float,
    secondRate: Float, stepSize: Float, inverseSecondCorrection: Float, epsilon: Float
  ) {
    self.count = count
    self.weights = weights
    self.gradients = gradients
    self.firstMoment = firstMoment
    self.secondMoment = secondMoment
    self.firstRate = firstRate
    self.secondRate = secondRate
    self.stepSize = stepSize
    self.inverseSecondCorrection = inverseSecondCorrection
    self.epsilon = epsilon
  }
}
