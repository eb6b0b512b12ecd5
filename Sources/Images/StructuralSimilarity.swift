import Foundation

/// Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004) with a Gaussian window of 11 × 11 and σ = 1.5, as
/// scikit-image computes it with `gaussian_weights=True, use_sample_covariance=False, data_range=255` (65535 for 16 bits).
///
/// Rows come from top to bottom, some at a time. Weighted sums of x, y, x² + y² and xy are taken along rows, then along
/// columns, as the four lanes of a vector; what is kept of a channel is the sums along the latest 11 rows.
struct StructuralSimilarity {
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

  private let width: Int
  private let channels: Int
  private let peak: Double
  private let columns: [Window]
  private let rows: [Window]
  /// The weights of all `columns`, one after the other.
  private let weights: [Double]
  /// (width) products of one row.
  private var products: [SIMD4<Double>]
  /// For each channel (11, columns): row r at r modulo 11.
  private var rings: [[SIMD4<Double>]]
  /// For each channel: the sum over all window positions that are through.
  private var totals: [Double]
  /// Rows that have come.
  private var filled = 0
  /// Window positions along the rows that are through.
  private var finished = 0

  /// - Parameters:
  ///   - width: of the pictures, at least 1; so is `height`
  ///   - peak: the largest sample
  init(width: Int, height: Int, channels: Int, peak: Int) {
    (self.width, self.channels, self.peak) = (width, channels, Double(peak))
    columns = Self.windows(width)
    rows = Self.windows(height)
    weights = columns.flatMap(\.weights)
    products = [SIMD4<Double>](repeating: .zero, count: width)
    rings = [[SIMD4<Double>]](
      repeating: [SIMD4<Double>](repeating: .zero, count: Self.side * columns.count), count: channels)
    totals = [Double](repeating: 0, count: channels)
  }

  /// Takes in the next rows of both pictures.
  mutating func add<Sample>(_ a: PixelSamples<Sample>, _ b: PixelSamples<Sample>) {
    a.pixels.withUnsafeBufferPointer { a0 in
      b.pixels.withUnsafeBufferPointer { b0 in
        for row in 0..<a.height {
          for channel in 0..<channels { sumAlong(row, of: a0, b0, channel) }
          filled += 1
          while finished < rows.count, rows[finished].first + rows[finished].weights.count == filled {
            for channel in 0..<channels { totals[channel] += sum(rows[finished], channel) }
            finished += 1
          }
        }
      }
    }
  }

  /// The mean over all window positions and channels, once all rows have come.
  var mean: Double { totals.reduce(0, +) / Double(channels * columns.count * rows.count) }

  private mutating func sumAlong<Sample: PixelSample>(
    _ row: Int, of a: UnsafeBufferPointer<Sample>, _ b: UnsafeBufferPointer<Sample>, _ channel: Int
  ) {
    let target = filled % Self.side * columns.count
    products.withUnsafeMutableBufferPointer { products in
      for i in 0..<width {
        let x = Double(a[(row * width + i) * channels + channel])
        let y = Double(b[(row * width + i) * channels + channel])
        products[i] = SIMD4(x, y, x * x + y * y, x * y)
      }
      rings[channel].withUnsafeMutableBufferPointer { ring in
        weights.withUnsafeBufferPointer { weights in
          var weight = 0
          for (i, column) in columns.enumerated() {
            var sum = SIMD4<Double>.zero
            for tap in 0..<column.weights.count { sum += weights[weight + tap] * products[column.first + tap] }
            weight += column.weights.count
            ring[target + i] = sum
          }
        }
      }
    }
  }

  /// The sum over the window positions of one row.
  private func sum(_ window: Window, _ channel: Int) -> Double {
    let (c1, c2) = Self.constants(peak)
    let count = columns.count
    var total = 0.0
    rings[channel].withUnsafeBufferPointer { ring in
      for i in 0..<count {
        var sum = SIMD4<Double>.zero
        for tap in 0..<window.weights.count {
          sum += window.weights[tap] * ring[(window.first + tap) % Self.side * count + i]
        }
        let squares = sum.x * sum.x + sum.y * sum.y
        let product = sum.x * sum.y
        total += (2 * product + c1) * (2 * (sum.w - product) + c2) / ((squares + c1) * (sum.z - squares + c2))
      }
    }
    return total
  }
}
