/// Which algorithm computes which product: one rule over shapes, never over the number of threads, so that results are
/// the same on any machine with the same kernels.
package struct AlgorithmRule: Sendable {
  /// What is computed.
  package enum Purpose: Sendable, CaseIterable {
    case forward
    case dataGradient
    case weightGradient
  }

  /// Who decides.
  package enum Choice: Sendable, Equatable {
    /// The rule.
    case byShape
    /// Always tap by tap.
    case direct
    /// Always by transforms, with this many outputs of a tile along each axis, wherever they can run.
    case tiles(Int)
  }

  /// Who decides.
  package var choice: Choice

  /// The rule, or one algorithm for every layer, to test and to compare.
  package init(_ choice: Choice = .byShape) { self.choice = choice }

  /// Outputs of a tile along each axis for Winograd's algorithm; nil: direct.
  ///
  /// - Parameters:
  ///   - input: what the convolution reads, (N, C, H, W)
  ///   - output: what it writes
  func outputsPerTile(
    _ purpose: Purpose, _ geometry: ConvolutionGeometry, _ packing: PackedWeights, input: Shape, output: Shape
  ) -> Int? {
    guard Self.allows(geometry, packing) else { return nil }
    switch choice {
    case .direct: return nil
    case .tiles(let outputs): return outputs
    case .byShape: return nil
    }
  }

  /// Whether the transforms can run at all: whole vectors of channels, and weights with outputs along the columns.
  private static func allows(_ geometry: ConvolutionGeometry, _ packing: PackedWeights) -> Bool {
    packing.columns == .output && packing.inputChannels % 16 == 0 && packing.outputChannels % 16 == 0
      && geometry.kernel > 1 && geometry.taps <= TransformedFilters.maximumTaps
  }
}
