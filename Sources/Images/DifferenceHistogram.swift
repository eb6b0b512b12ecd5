import Foundation

/// How far the samples of pictures lie apart, counted by their difference in grey levels of 8 bits.
///
/// Colours are compared whatever opacity is, as by `ImageMetrics`. All figures are those of all samples together.
package struct DifferenceHistogram: Sendable, Equatable {
  /// What the counts come to.
  package struct Figures: Sendable, Equatable {
    /// Mean absolute difference, 0 to 255.
    package var mean: Double
    /// The least difference that 99 % of the samples do not exceed.
    package var percentile99: Int
    /// The largest difference.
    package var largest: Int
    /// Peak signal-to-noise ratio in decibels, 10 log₁₀(255² / mean squared difference); infinite where nothing differs.
    package var psnr: Double
  }

  /// Samples with each difference.
  private var counts = [Int](repeating: 0, count: UInt8.peak + 1)

  /// No samples yet.
  package init() {}

  /// Takes in two pictures of one size; traps where sizes differ (a programmer's error). Where just one of them is grey it is
  /// taken as RGB; those of 16 bits are rounded to 8.
  package mutating func add(_ a: Picture, _ b: Picture) {
    precondition(a.width == b.width && a.height == b.height, "pictures of one size are compared")
    let channels = max(a.channels, b.channels)
    let (first, second) = (a.converted(channels: channels).pixels, b.converted(channels: channels).pixels)
    first.withUnsafeBufferPointer { first in
      second.withUnsafeBufferPointer { second in
        counts.withUnsafeMutableBufferPointer { counts in
          for i in first.indices { counts[abs(Int(first[i]) - Int(second[i]))] += 1 }
        }
      }
    }
  }

  /// What the counts come to; nil while there are no samples.
  package var figures: Figures? {
    let samples = counts.reduce(0, +)
    guard samples > 0 else { return nil }
    func sum(_ weight: (Int) -> Int) -> Double {
      Double(counts.enumerated().reduce(0) { $0 + weight($1.offset) * $1.element }) / Double(samples)
    }
    // Samples that may lie above the percentile.
    let most = samples / 100
    var (above, level) = (0, UInt8.peak)
    while level > 0, above + counts[level] <= most {
      above += counts[level]
      level -= 1
    }
    let peak = Double(UInt8.peak)
    return Figures(
      mean: sum { $0 }, percentile99: level, largest: counts.lastIndex { $0 > 0 } ?? 0,
      psnr: 10 * log10(peak * peak / sum { $0 * $0 }))
  }
}
