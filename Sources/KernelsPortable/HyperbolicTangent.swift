import KernelArguments

extension Kernels {
  /// Replaces every channel of `pixels` pixels by its hyperbolic tangent.
  package static func tanh(_ view: PixelView, pixels: Int, channels: Int) {
    // Pixels without gaps are one long row.
    let rows = view.stride == channels ? 1 : pixels
    let count = view.stride == channels ? pixels * channels : channels
    for row in 0..<rows {
      let place = view.base + row * view.stride
      var index = 0
      while index < count {
        let x = load(place, index, count: count - index)
        storeVector(hyperbolicTangent(x), place, index, count: count - index)
        index += lanes
      }
    }
  }

  /// tanh x, at most 2 units in the last place off. Near 0 a polynomial in x² (S. L. Moshier's for single precision in
  /// the Cephes library), elsewhere 1 − 2 / (1 + e²ˣ) for |x|.
  @inline(__always) private static func hyperbolicTangent(_ x: Vector) -> Vector {
    let isNegative = x .< 0
    let magnitude = x.replacing(with: -x, where: isNegative)
    let square = x * x
    var series = Vector(repeating: -5.70498872745e-3)
    series = Vector(repeating: 2.06390887954e-2).plus(series, square)
    series = Vector(repeating: -5.37397155531e-2).plus(series, square)
    series = Vector(repeating: 1.33314422036e-1).plus(series, square)
    series = Vector(repeating: -3.33332819422e-1).plus(series, square)
    let near = x.plus(series * square, x)
    let power = exponential((magnitude + magnitude).replacing(with: 40, where: magnitude .> 20))
    var far = Vector(repeating: 1) - 2 / (power + 1)
    far.replace(with: -far, where: isNegative)
    let result = near.replacing(with: far, where: magnitude .>= 0.625)
    // What is not a number must not become one.
    return result.replacing(with: x, where: x .!= x)
  }

  /// eˣ for 0 ≤ x ≤ 80: 2ⁿ times a polynomial for the rest, |rest| ≤ ½ ln 2 (also Moshier's).
  @inline(__always) private static func exponential(_ x: Vector) -> Vector {
    // Adding 1.5 · 2²³ rounds to an integer, which is then in the lowest bits.
    let shifter = Vector(repeating: 12_582_912)
    let shifted = shifter.plus(x, Vector(repeating: 1.442_695_04))
    let n = shifted - shifter
    let rest = x.plus(n, Vector(repeating: -0.693_359_375)).plus(n, Vector(repeating: 2.121_944_4e-4))
    var series = Vector(repeating: 1.9875691500e-4)
    series = Vector(repeating: 1.3981999507e-3).plus(series, rest)
    series = Vector(repeating: 8.3334519073e-3).plus(series, rest)
    series = Vector(repeating: 4.1665795894e-2).plus(series, rest)
    series = Vector(repeating: 1.6666665459e-1).plus(series, rest)
    series = Vector(repeating: 5.0000001201e-1).plus(series, rest)
    let fraction = (rest + 1).plus(series, rest * rest)
    let bits = unsafeBitCast(shifted, to: SIMD16<UInt32>.self) &<< 23 &+ 0x3F80_0000
    return fraction * unsafeBitCast(bits, to: Vector.self)
  }
}
