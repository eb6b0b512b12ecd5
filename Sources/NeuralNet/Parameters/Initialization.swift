import Foundation

/// The distribution that initial weights are drawn from.
public enum InitializationKind: String, Sendable, Codable, CaseIterable {
  /// Normal with the gain as standard deviation.
  case normal
  /// Normal, scaled by fan-in and fan-out (Glorot and Bengio, 2010, equation 16).
  case xavier
  /// Normal, scaled by fan-in (He et al., 2015, equation 10).
  case kaiming
  /// Orthogonal rows or columns times the gain (Saxe et al., 2014).
  case orthogonal
}

extension ParameterStore {
  /// Draws all parameters: convolutions as `kind` says, γ normal around 1 with deviation `gain`, constants as declared.
  ///
  /// Fans follow PyTorch: axis 1 of the weight counts as input, for transposed convolutions too.
  package func initialize(_ kind: InitializationKind, gain: Double, random: inout RandomGenerator) {
    for parameter in parameters {
      let values: [Float]
      switch parameter.initialization {
      case .constant(let value): values = [Float](repeating: value, count: parameter.count)
      case .normalizationScale: values = Self.normal(parameter.count, mean: 1, deviation: gain, &random)
      case .convolutionWeight: values = Self.weights(parameter.shape, kind, gain, &random)
      }
      setFileOrder(parameter, values)
    }
  }

  /// Multiplies the weights of each convolution by what `scale` says of its name.
  package func scaleConvolutions(by scale: (String) -> Float) {
    for parameter in parameters where parameter.initialization == .convolutionWeight {
      let factor = scale(parameter.name)
      setFileOrder(parameter, fileOrder(parameter).map { $0 * factor })
    }
  }

  private static func weights(
    _ shape: [Int], _ kind: InitializationKind, _ gain: Double, _ random: inout RandomGenerator
  ) -> [Float] {
    let count = shape.reduce(1, *)
    let field = shape[2] * shape[3]
    let fanIn = Double(shape[1] * field)
    let fanOut = Double(shape[0] * field)
    switch kind {
    case .normal: return normal(count, mean: 0, deviation: gain, &random)
    case .xavier: return normal(count, mean: 0, deviation: gain * (2 / (fanIn + fanOut)).squareRoot(), &random)
    case .kaiming: return normal(count, mean: 0, deviation: (2 / fanIn).squareRoot(), &random)
    case .orthogonal:
      return orthogonal(rows: shape[0], columns: count / shape[0], &random).map { $0 * Float(gain) }
    }
  }

  /// Box and Muller (1958): two normal numbers from two uniform ones.
  private static func normal(
    _ count: Int, mean: Double, deviation: Double, _ random: inout RandomGenerator
  ) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in stride(from: 0, to: count, by: 2) {
        let radius = deviation * (-2 * log(1 - random.uniform())).squareRoot()
        let angle = 2 * Double.pi * random.uniform()
        buffer[index] = Float(mean + radius * cos(angle))
        if index + 1 < count { buffer[index + 1] = Float(mean + radius * sin(angle)) }
      }
      initialized = count
    }
  }

  /// A matrix with orthonormal rows, or columns where these are fewer: normal numbers, orthogonalised by two rounds of
  /// Gram and Schmidt, which is enough for single precision (Giraud et al., 2005).
  private static func orthogonal(rows: Int, columns: Int, _ random: inout RandomGenerator) -> [Float] {
    let isWide = columns >= rows
    let (vectors, length) = isWide ? (rows, columns) : (columns, rows)
    var matrix = normal(rows * columns, mean: 0, deviation: 1, &random)
    matrix.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for current in 0..<vectors {
        let vector = base + current * length
        for _ in 0..<2 {
          for earlier in 0..<current {
            let other = base + earlier * length
            let projection = dot(vector, other, length)
            for index in 0..<length { vector[index] -= projection * other[index] }
          }
        }
        let norm = dot(vector, vector, length).squareRoot()
        for index in 0..<length { vector[index] /= norm }
      }
    }
    guard !isWide else { return matrix }
    return (0..<rows * columns).map { matrix[$0 % columns * rows + $0 / columns] }
  }

  private static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
    var sums = SIMD16<Float>()
    var index = 0
    while index + 16 <= count {
      let left = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD16<Float>.self)
      let right = UnsafeRawPointer(b + index).loadUnaligned(as: SIMD16<Float>.self)
      sums += left * right
      index += 16
    }
    var sum = sums.sum()
    while index < count {
      sum += a[index] * b[index]
      index += 1
    }
    return sum
  }
}
