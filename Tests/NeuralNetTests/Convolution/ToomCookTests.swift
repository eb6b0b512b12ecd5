import Testing

@testable import NeuralNet

/// The minimal algorithms against the correlation that they compute.
@Suite struct ToomCookTests {
  @Test(arguments: 1...6, 1...4) func correlation(outputs m: Int, taps r: Int) {
    let algorithm = ToomCook(outputs: m, taps: r)
    #expect(algorithm.points == m + r - 1)
    #expect(algorithm.output.count == m && algorithm.output.allSatisfy { $0.count == algorithm.points })
    #expect(algorithm.kernel.count == algorithm.points && algorithm.kernel.allSatisfy { $0.count == r })
    #expect(algorithm.input.count == algorithm.points && algorithm.input.allSatisfy { $0.count == m + r - 1 })
    var random = RandomGenerator(seed: UInt64(10 * m + r))
    for _ in 0..<20 {
      let x = (0..<m + r - 1).map { _ in random.uniform() * 2 - 1 }
      let w = (0..<r).map { _ in random.uniform() * 2 - 1 }
      let products = zip(Self.multiply(algorithm.kernel, w), Self.multiply(algorithm.input, x)).map(*)
      let y = Self.multiply(algorithm.output, products)
      for output in 0..<m {
        let expected = (0..<r).reduce(0) { $0 + w[$1] * x[output + $1] }
        #expect(abs(y[output] - expected) < 1e-9, "F(\(m), \(r)), output \(output): \(y[output]) for \(expected)")
      }
    }
  }

  static func multiply(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
    matrix.map { zip($0, vector).reduce(0) { $0 + $1.0 * $1.1 } }
  }
}
