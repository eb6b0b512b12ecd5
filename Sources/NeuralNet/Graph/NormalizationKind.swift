/// Which normalisation follows the hidden convolutions of a network.
public enum NormalizationKind: String, Sendable, Codable, CaseIterable {
  /// Batch normalisation with learned scale and shift (Ioffe and Szegedy, 2015).
  case batch
  /// Instance normalisation without parameters (Ulyanov et al., 2016).
  case instance
  /// None; the convolutions have biases instead.
  case none
}

/// How a generator doubles the resolution in its decoder.
public enum UpsamplingKind: String, Sendable, Codable, CaseIterable {
  /// Transposed convolution with stride 2, as in the papers.
  case transposed
  /// Nearest-neighbour ×2, then reflection padding and a 3×3 convolution: no checkerboard (Odena et al., 2016).
  case resizeConvolution = "resize-conv"
}
