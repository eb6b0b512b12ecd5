/// A seeded generator of random numbers whose whole state can be saved: xoshiro256** (Blackman and Vigna, 2018).
///
/// Nothing in this package draws from a global generator: whoever needs randomness is handed one of these, so that the
/// same seed gives the same bytes and a saved state goes on exactly where it stopped.
package struct RandomGenerator: RandomNumberGenerator, Sendable, Equatable {
  /// The four state words, never all zero.
  package private(set) var state: (UInt64, UInt64, UInt64, UInt64)

  /// A generator whose state is spread from `seed` by SplitMix64, as the authors of xoshiro advise.
  ///
  /// `stream` gives independent generators for one seed: weights, data order, dropout …
  package init(seed: UInt64, stream: UInt64 = 0) {
    var mixer = seed ^ (stream &* 0xD1B5_4A32_D192_ED03)
    func next() -> UInt64 {
      mixer &+= 0x9E37_79B9_7F4A_7C15
      return RandomGenerator.mix(mixer)
    }
    state = (next(), next(), next(), next())
  }

  /// A generator that goes on from a saved state; nil where the state is all zero, which xoshiro cannot leave.
  package init?(state: (UInt64, UInt64, UInt64, UInt64)) {
    guard state != (0, 0, 0, 0) else { return nil }
    self.state = state
  }

  /// The next 64 random bits.
  package mutating func next() -> UInt64 {
    let result = Self.rotate(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = Self.rotate(state.3, 45)
    return result
  }

  /// A uniform number in [0, 1) with 53 random bits.
  package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A uniform integer in 0 ..< bound, without bias (Lemire, 2019); `bound` is at least 1.
  package mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "a random integer needs a positive bound")
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let threshold = (0 &- range) % range
      while product.low < threshold { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }

  /// A permutation of 0 ..< count (Fisher and Yates).
  package mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, integer(below: last + 1)) }
    return order
  }

  /// The finaliser of SplitMix64: a well-mixed function of 64 bits, also used to draw by position (dropout masks).
  package static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Whether both go on with the same numbers.
  package static func == (left: Self, right: Self) -> Bool { left.state == right.state }

  private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 { (value << bits) | (value >> (64 - bits)) }
}
