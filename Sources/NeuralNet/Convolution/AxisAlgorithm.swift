import KernelArguments

/// What is computed of a tile along one axis: F(m, r) of one phase, or of several side by side, whose points follow each other.
///
/// A convolution of three taps that reads every second pixel is F(m, 2) of the even taps and m products of the odd one: 2m + 1
/// multiplications instead of 3m.
struct AxisAlgorithm: Hashable, Sendable {
  /// What several phases have in common.
  enum Shared {
    /// Each has inputs of its own, and all add to the same outputs.
    case outputs
    /// All read the same inputs, from the first on, and each has outputs of its own.
    case inputs
  }

  /// m: outputs of each phase
  let outputs: Int
  /// r of each phase
  let taps: [Int]
  let shared: Shared

  /// Multiplications of a tile.
  var points: Int { taps.reduce(0) { $0 + outputs + $1 - 1 } }

  /// F(m, r) of each phase.
  ///
  /// - Parameter rounded: whether what is transformed is rounded to bfloat16
  func phases(rounded: Bool) -> [ToomCook] {
    taps.map { ToomCook(outputs: outputs, taps: $0, rounded: rounded) }
  }

  /// The matrices of all `phases`, as those of one `ToomCook`: B `[points][inputs]`, G `[points][taps]`, Aᵀ `[outputs][points]`.
  func matrices(_ phases: [ToomCook]) -> (input: [[Double]], kernel: [[Double]], output: [[Double]]) {
    let kernel = Self.apart(phases.map(\.kernel))
    switch shared {
    case .outputs:
      return (Self.apart(phases.map(\.input)), kernel, Self.sideBySide(phases.map(\.output)))
    case .inputs:
      let transposed = phases.map { TransformMatrix.transposed($0.input) }
      return (
        TransformMatrix.transposed(Self.sideBySide(transposed)), kernel, Self.apart(phases.map(\.output))
      )
    }
  }

  /// What kernels need to know of the points of all `phases`; nil where they have no code for these.
  func pairedPoints(_ side: PairedPoints.Side, _ phases: [ToomCook]) -> PairedPoints? {
    guard var points = phases.first?.pairedPoints(side) else { return nil }
    if phases.count == 1 { return points }
    guard taps.dropFirst() == [1], 3...4 ~= outputs else { return nil }
    points.copies =
      switch (side, shared) {
      case (.input, .outputs), (.output, .inputs), (.outputGradient, .inputs): .apart
      case (.input, .inputs), (.outputGradient, .outputs): .shared
      case (.output, .outputs): .added
      }
    return points
  }

  /// Blocks along the diagonal.
  private static func apart(_ blocks: [[[Double]]]) -> [[Double]] {
    let widths = blocks.map { $0.first?.count ?? 0 }
    return blocks.enumerated().flatMap { index, block in
      let before = widths[..<index].reduce(0, +), behind = widths[(index + 1)...].reduce(0, +)
      return block.map { [Double](repeating: 0, count: before) + $0 + [Double](repeating: 0, count: behind) }
    }
  }

  /// Blocks beside each other, with zeros below those that have fewer rows.
  private static func sideBySide(_ blocks: [[[Double]]]) -> [[Double]] {
    (0..<(blocks.map(\.count).max() ?? 0)).map { row in
      blocks.flatMap { $0.indices.contains(row) ? $0[row] : [Double](repeating: 0, count: $0.first?.count ?? 0) }
    }
  }
}
