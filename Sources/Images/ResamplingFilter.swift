import Foundation

/// How samples between pixels are found when a picture changes its size; each gives the bytes that Pillow gives.
package enum ResamplingFilter: String, Sendable, CaseIterable, Codable {
  /// The pixel in which the centre of the new pixel falls.
  case nearest
  /// Triangle of 1 pixel each side.
  case bilinear
  /// Keys' cubic convolution with a = −0.5, 2 pixels each side.
  case bicubic
  /// Sinc windowed by a sinc, 3 pixels each side.
  case lanczos

  /// Pixels to each side that weigh in when a picture keeps its size.
  var support: Double {
    switch self {
    case .nearest: 0
    case .bilinear: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The weight at a distance of `x` pixels.
  func weight(_ x: Double) -> Double {
    let distance = abs(x)
    switch self {
    case .nearest: return 1
    case .bilinear: return distance < 1 ? 1 - distance : 0
    case .bicubic:
      let a = -0.5
      if distance < 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
      return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * a : 0
    case .lanczos: return x >= -3 && x < 3 ? Self.sinc(x) * Self.sinc(x / 3) : 0
    }
  }

  private static func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
}

/// Which samples along one axis make up each new one, and with what weights.
struct ResamplingWeights {
  /// Bits behind the binary point of a weight: 8 are left for the sample, 2 for overshoot and sign.
  static let fractionBits: Int32 = 32 - 8 - 2

  /// First old sample of each new one.
  private(set) var first: [Int] = []
  /// How many old samples weigh in, for each new one.
  private(set) var count: [Int] = []
  /// `stride` weights for each new sample, of which `count` are used, in units of 2^−`fractionBits`.
  private(set) var weights: [Int32]
  /// Distance between the weights of two new samples.
  let stride: Int

  /// Weights that turn `old` samples into `new` ones; the filter is widened where the picture shrinks, so that every
  /// old sample counts. The arithmetic is that of `precompute_coeffs` in Pillow's Resample.c, in the same order.
  init(from old: Int, to new: Int, filter: ResamplingFilter) {
    let scale = Double(old) / Double(new)
    let filterScale = max(scale, 1)
    let support = filter.support * filterScale
    stride = Int(support.rounded(.up)) * 2 + 1
    weights = [Int32](repeating: 0, count: new * stride)
    first.reserveCapacity(new)
    count.reserveCapacity(new)
    var exact = [Double](repeating: 0, count: stride)
    let inverseScale = 1 / filterScale
    for i in 0..<new {
      let center = (Double(i) + 0.5) * scale
      let start = max(0, Int(center - support + 0.5))
      let end = min(old, Int(center + support + 0.5))
      var sum = 0.0
      for j in 0..<end - start {
        exact[j] = filter.weight((Double(j + start) - center + 0.5) * inverseScale)
        sum += exact[j]
      }
      for j in 0..<end - start {
        let weight = (sum == 0 ? exact[j] : exact[j] / sum) * Double(Int32(1) << Self.fractionBits)
        weights[i * stride + j] = Int32(weight < 0 ? weight - 0.5 : weight + 0.5)
      }
      first.append(start)
      count.append(end - start)
    }
  }
}
