import Parallel

/// The L1 distance between images (Isola et al., 2017, equation 3): it keeps edges sharper than squares do.
package enum L1Loss {
  /// The mean of |a − b|; `weight · sign(a − b) / count` is added to `gradient`.
  ///
  /// - Parameters:
  ///   - a: (N, C, H, W)
  ///   - b: same shape
  ///   - gradient: of the loss by `a`, same shape; added to
  ///   - weight: what the gradient is multiplied by; the loss that is returned is not
  package static func evaluate(
    _ a: TensorView<Float>, _ b: TensorView<Float>, gradient: MutableTensorView<Float>, weight: Float, pool: WorkerPool
  ) -> Double {
    precondition(a.shape == b.shape && a.shape == gradient.shape, "images and gradient have one shape")
    let step = weight / Float(a.shape.count)
    let pieces = (a.shape.pixels + pixelsPerPiece - 1) / pixelsPerPiece
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: pieces) { sums in
      let shared = Shared((a: a, b: b, gradient: gradient, sums: sums))
      pool.run(pieces) { piece, _ in
        let (a, b, gradient, sums) = shared.value
        var sum: Float = 0
        for pixel in piece * pixelsPerPiece..<min((piece + 1) * pixelsPerPiece, a.shape.pixels) {
          let left = a.base + pixel * a.stride
          let right = b.base + pixel * b.stride
          let slope = gradient.base + pixel * gradient.stride
          for channel in 0..<a.shape.c {
            let distance = left[channel] - right[channel]
            sum += abs(distance)
            slope[channel] += distance > 0 ? step : distance < 0 ? -step : 0
          }
        }
        sums[piece] = Double(sum)
      }
      return sums.reduce(0, +) / Double(a.shape.count)
    }
  }

  private static let pixelsPerPiece = 1024
}
