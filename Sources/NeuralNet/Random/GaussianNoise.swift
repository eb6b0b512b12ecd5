import Foundation

/// Normal random numbers by their place: the same whoever draws them, in whatever order and on however many threads.
package struct GaussianNoise: Sendable {
  private let key: UInt64

  /// The numbers of `key`; other keys have other numbers.
  package init(key: UInt64) { self.key = key }

  /// The number in a place, of mean 0 and deviation 1 (Box and Muller, 1958): within 6.7, since its two uniform numbers have
  /// 32 bits each.
  package subscript(place place: Int) -> Float {
    let bits = RandomGenerator.mix(key &+ UInt64(truncatingIfNeeded: place) &* 0x9E37_79B9_7F4A_7C15)
    // In (0, 1], where the logarithm is finite.
    let radius = (-2 * log(Double((bits >> 32) + 1) * 0x1p-32)).squareRoot()
    return Float(radius * cos(2 * Double.pi * Double(bits & 0xFFFF_FFFF) * 0x1p-32))
  }
}
