/// How a network is to be run.
package struct ExecutionMode: Sendable, Equatable {
  /// Whether activations are kept for a backward pass.
  package var keepsActivations = false
  /// Whether gradients are kept too, so that the gradient of the input can be differentiated once more.
  package var keepsGradients = false
  /// Whether batch normalisation uses running statistics instead of the batch's own.
  package var usesRunningStatistics = false
  /// Whether batch normalisation updates its running statistics.
  package var updatesRunningStatistics = false
  /// Whether dropout drops.
  package var drops = false
  /// Parts of the batch with batch statistics of their own, as if they were passed one after the other.
  package var groups = 1
  /// Whether the backward pass computes gradients of the parameters.
  package var needsParameterGradients = false
  /// Whether it computes the gradients of the inputs.
  package var needsInputGradient = false
  /// How many images of the inputs, from the first on, these gradients are computed for; nil: all.
  package var inputGradientImages: Int?
  /// Whether weights stay as they are for many runs, so that transformed copies are worth their memory.
  package var keepsTransformedWeights = true
  /// What products are computed with, where a layer's shape allows it; integers at inference alone.
  package var precision = Precision.float32

  /// Inference with per-image statistics, as pix2pix does when it was trained at batch 1.
  package init() {}

  /// Whether weights are transformed once for many runs.
  var hasReadyWeights: Bool { !keepsActivations && keepsTransformedWeights }

  /// A training pass.
  ///
  /// - Parameters:
  ///   - groups: parts of the batch with statistics of their own
  ///   - parameterGradients: whether gradients of the parameters are needed
  ///   - inputGradient: whether the gradients of the inputs are needed
  ///   - inputGradientImages: for how many images of them, from the first on; nil: all
  ///   - precision: what products are computed with; no integers
  package static func training(
    groups: Int = 1, parameterGradients: Bool = true, inputGradient: Bool = false, inputGradientImages: Int? = nil,
    precision: Precision = .float32
  ) -> ExecutionMode {
    var mode = ExecutionMode()
    mode.keepsActivations = true
    mode.updatesRunningStatistics = true
    mode.drops = true
    mode.groups = groups
    mode.needsParameterGradients = parameterGradients
    mode.needsInputGradient = inputGradient
    mode.inputGradientImages = inputGradientImages
    mode.precision = precision
    return mode
  }

  /// A pass whose input gradient is differentiated by the parameters (`GradientPenalty`).
  static let differentiatingInputGradient: ExecutionMode = {
    var mode = ExecutionMode()
    mode.keepsActivations = true
    mode.keepsGradients = true
    mode.needsInputGradient = true
    return mode
  }()
}
