import Foundation

/// In what colours a network thinks.
public enum ColourSpace: String, Sendable, CaseIterable {
  /// Red, green and blue as they are stored, or grey.
  case rgb
  /// From the lightness L of CIE L*a*b* to its a and b: networks that colour.
  case lab
}

/// CIE L*a*b* of sRGB with the white of D65 seen by the observer of 2°, with the constants of scikit-image (`rgb2lab`,
/// `lab2rgb`), so that networks of the public code for colouring mean the same.
///
/// Sources: IEC 61966-2-1 (sRGB), CIE 15:2004 (L*a*b*).
package enum Lab {
  /// What networks call 0 and 1 (`colorization_dataset.py` of the public pix2pix code): L / 50 − 1, a / 110, b / 110.
  static let lightnessScale = 50.0
  static let chromaScale = 110.0

  /// Rows: X, Y, Z of linear red, green and blue, each divided by that of white.
  private static let fromLinear: [SIMD3<Double>] = [
    SIMD3(0.412453, 0.357580, 0.180423) / 0.95047, SIMD3(0.212671, 0.715160, 0.072169),
    SIMD3(0.019334, 0.119193, 0.950227) / 1.08883,
  ]
  /// The inverse.
  private static let toLinear = inverse(fromLinear)

  private static func inverse(_ m: [SIMD3<Double>]) -> [SIMD3<Double>] {
    func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
      SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
    }
    let columns = [cross(m[1], m[2]), cross(m[2], m[0]), cross(m[0], m[1])]
    let determinant = (m[0] * columns[0]).sum()
    return (0..<3).map { row in
      SIMD3(columns[0][row], columns[1][row], columns[2][row]) / determinant
    }
  }

  private static func linear(_ value: Double) -> Double {
    value > 0.04045 ? pow((value + 0.055) / 1.055, 2.4) : value / 12.92
  }

  private static func stored(_ value: Double) -> Double {
    value > 0.0031308 ? 1.055 * pow(value, 1 / 2.4) - 0.055 : 12.92 * value
  }

  /// Linear intensities of all stored samples of 8 bits.
  private static let linearBytes = (0..<256).map { linear(Double($0) / 255) }

  static func linear(_ sample: UInt8) -> Double { linearBytes[Int(sample)] }
  static func linear(_ sample: UInt16) -> Double { linear(Double(sample) / 65535) }

  /// L (0 … 100), a and b of linear red, green and blue.
  static func lab(linear color: SIMD3<Double>) -> SIMD3<Double> {
    func f(_ t: Double) -> Double { t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116 }
    let x = f((fromLinear[0] * color).sum())
    let y = f((fromLinear[1] * color).sum())
    let z = f((fromLinear[2] * color).sum())
    return SIMD3(116 * y - 16, 500 * (x - y), 200 * (y - z))
  }

  /// Red, green and blue as stored, 0 … 1, of L, a and b; colours that a screen does not have become the nearest by
  /// cutting each off.
  package static func rgb(_ lab: SIMD3<Double>) -> SIMD3<Double> {
    func f(_ t: Double) -> Double { t > 0.2068966 ? t * t * t : (t - 16.0 / 116) / 7.787 }
    let y = (lab.x + 16) / 116
    let white = SIMD3(f(lab.y / 500 + y), f(y), f(max(0, y - lab.z / 200)))
    let color = SIMD3(
      stored((toLinear[0] * white).sum()), stored((toLinear[1] * white).sum()), stored((toLinear[2] * white).sum()))
    return color.clamped(lowerBound: .zero, upperBound: .one)
  }

  /// L (0 … 100), a and b of red, green and blue as stored, 0 … 1.
  package static func lab(_ color: SIMD3<Double>) -> SIMD3<Double> {
    lab(linear: SIMD3(linear(color.x), linear(color.y), linear(color.z)))
  }
}
