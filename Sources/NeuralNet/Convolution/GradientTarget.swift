/// Where the gradient of a convolution's weights goes.
///
/// Unchecked: pieces of a gradient are disjoint, and the parameters outlive the job that computes them.
struct GradientTarget: @unchecked Sendable {
  /// Packed like the weights.
  var gradients: UnsafeMutablePointer<Float>
  /// Whether it is added to what is there.
  var accumulates: Bool
  /// Applied to each piece of the gradient while it is in the cache; without `accumulates` the gradient is then stored
  /// nowhere, and its memory never touched.
  var update: AdamUpdate?
  /// Where the weights start among the parameters.
  var firstParameter: Int

  /// Whether pieces are computed in scratch.
  var usesScratch: Bool { update != nil && !accumulates }

  /// Puts `count` gradients from `piece` to their place, where pieces are not left in scratch.
  func store(_ piece: UnsafePointer<Float>, offset: Int, count: Int) {
    guard !usesScratch else { return }
    let place = gradients + offset
    if accumulates {
      for index in 0..<count { place[index] += piece[index] }
    } else {
      place.update(from: piece, count: count)
    }
  }

  /// Ends a piece: `count` gradients at `piece`, `offset` floats from the weights' start.
  package func finish(_ piece: UnsafePointer<Float>, offset: Int, count: Int, _ kernels: KernelTable) {
    update?.apply(firstParameter + offset, count, gradients: piece, kernels)
  }
}
