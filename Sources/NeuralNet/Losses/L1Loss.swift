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
  ///   - reading: what is made of the numbers of `b` before
  package static func evaluate(
    _ a: TensorView<Float>, _ b: TensorView<Float>, gradient: MutableTensorView<Float>, weight: Float, pool: WorkerPool,
    reading: Reading = Reading()
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
            let distance = left[channel] - reading(right[channel])
            sum += abs(distance)
            slope[channel] += distance > 0 ? step : distance < 0 ? -step : 0
          }
        }
        sums[piece] = Double(sum)
      }
      return sums.reduce(0, +) / Double(a.shape.count)
    }
  }

  /// A number · scale + offset.
  package struct Reading: Sendable {
    var scale: Float = 1
    var offset: Float = 0

    /// Each number as it is.
    package init() {}

    /// Of numbers that count from −1 to 1 what they are where black and white are `values`.
    package static func signed(as values: ClosedRange<Float>) -> Reading {
      var reading = Reading()
      reading.scale = (values.upperBound - values.lowerBound) / 2
      reading.offset = (values.upperBound + values.lowerBound) / 2
      return reading
    }

    /// What is made of `number`.
    package func callAsFunction(_ number: Float) -> Float { number * scale + offset }
  }

  private static let pixelsPerPiece = 1024
}
