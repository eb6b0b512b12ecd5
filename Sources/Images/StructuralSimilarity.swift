import Foundation

/// Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004) with a Gaussian window of 11 × 11 and σ = 1.5, as
/// scikit-image computes it with `gaussian_weights=True, use_sample_covariance=False, data_range=255` (65535 for 16 bits).
enum StructuralSimilarity {
  /// Side of the window.
  private static let side = 11
  /// (K₁ · L)² and (K₂ · L)² with the largest sample L, which keep the quotient finite in flat regions.
  private static func constants(_ peak: Double) -> (Double, Double) {
    ((0.01 * peak) * (0.01 * peak), (0.03 * peak) * (0.03 * peak))
  }

  /// The weights of one window position along one axis.
  private struct Window {
    var first: Int
    var weights: [Double]
  }

  /// The window positions along an axis: all at which the window lies within the picture.
  ///
  /// A picture shorter than the window has a position at each sample, with the weights that fall outside shared out
  /// among the others (scikit-image refuses such pictures).
  private static func windows(_ length: Int) -> [Window] {
    let radius = side / 2
    let gaussian = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (1.5 * 1.5)) }
    let isLong = length >= side
    return (isLong ? radius..<length - radius : 0..<length).map { center in
      let range = max(0, center - radius)...min(length - 1, center + radius)
      let weights = range.map { gaussian[$0 - center + radius] }
      let sum = weights.reduce(0, +)
      return Window(first: range.lowerBound, weights: weights.map { $0 / sum })
    }
  }

  /// The mean over all window positions and channels of two pictures of equal shape with at least one pixel.
  ///
  /// Weighted sums of x, y, x² + y² and xy are taken along rows, then along columns, as the four lanes of a vector.
  static func mean<Sample>(_ a: PixelSamples<Sample>, _ b: PixelSamples<Sample>) -> Double {
    let columns = windows(a.width)
    let rows = windows(a.height)
    let weights = columns.flatMap(\.weights)
    var total = 0.0
    a.pixels.withUnsafeBufferPointer { a0 in
      b.pixels.withUnsafeBufferPointer { b0 in
        weights.withUnsafeBufferPointer { weights in
          for channel in 0..<a.channels {
            total += sum(a0, b0, channel: channel, of: a.channels, width: a.width, columns, weights, rows)
          }
        }
      }
    }
    return total / Double(a.channels * columns.count * rows.count)
  }

  private static func sum<Sample: PixelSample>(
    _ a: UnsafeBufferPointer<Sample>, _ b: UnsafeBufferPointer<Sample>, channel: Int, of channels: Int, width: Int,
    _ columns: [Window], _ weights: UnsafeBufferPointer<Double>, _ rows: [Window]
  ) -> Double {
    let columnCount = columns.count
    let (c1, c2) = constants(Double(Sample.peak))
    // (width) products of one row; (11, columns) sums along the latest rows, row r at r modulo 11.
    var products = [SIMD4<Double>](repeating: .zero, count: width)
    var ring = [SIMD4<Double>](repeating: .zero, count: side * columnCount)
    var filled = 0
    var total = 0.0
    products.withUnsafeMutableBufferPointer { products in
      ring.withUnsafeMutableBufferPointer { ring in
        for window in rows {
          while filled < window.first + window.weights.count {
            for i in 0..<width {
              let x = Double(a[(filled * width + i) * channels + channel])
              let y = Double(b[(filled * width + i) * channels + channel])
              products[i] = SIMD4(x, y, x * x + y * y, x * y)
            }
            let target = filled % side * columnCount
            var weight = 0
            for (i, column) in columns.enumerated() {
              var sum = SIMD4<Double>.zero
              for tap in 0..<column.weights.count { sum += weights[weight + tap] * products[column.first + tap] }
              weight += column.weights.count
              ring[target + i] = sum
            }
            filled += 1
          }
          for i in 0..<columnCount {
            var sum = SIMD4<Double>.zero
            for tap in 0..<window.weights.count {
              sum += window.weights[tap] * ring[(window.first + tap) % side * columnCount + i]
            }
            let squares = sum.x * sum.x + sum.y * sum.y
            let product = sum.x * sum.y
            total += (2 * product + c1) * (2 * (sum.w - product) + c2) / ((squares + c1) * (sum.z - squares + c2))
          }
        }
      }
    }
    return total
  }
}
