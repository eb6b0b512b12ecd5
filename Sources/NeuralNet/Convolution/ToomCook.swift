import KernelArguments

/// A minimal way to compute `m` neighbouring outputs of a correlation with `r` taps by `m + r − 1` multiplications
/// (Winograd, 1980, chapter V; Lavin and Gray, 2016): `y = Aᵀ · ((G · w) ⊙ (B · x))`.
///
/// The matrices come from polynomials that are multiplied by their values at small points and at ∞. More points save
/// more multiplications and lose more digits.
struct ToomCook {
  /// m
  let outputs: Int
  /// r
  let taps: Int
  /// Aᵀ: `[m][points]`
  let output: [[Double]]
  /// G: `[points][r]`
  let kernel: [[Double]]
  /// B: `[points][m + r − 1]`
  let input: [[Double]]
  /// All points but ∞; none where there is nothing to save.
  private let finitePoints: [Double]

  /// Multiplications, and inputs that are read.
  var points: Int { outputs + taps - 1 }

  /// - Parameter rounded: whether what is transformed is rounded to bfloat16
  init(outputs m: Int, taps r: Int, rounded: Bool = false) {
    outputs = m
    taps = r
    let count = m + r - 1
    guard r > 1, m > 1 else {
      // One tap, or one output: nothing to save.
      let identity = (0..<count).map { row in (0..<count).map { $0 == row ? 1.0 : 0 } }
      let ones = [[Double]](repeating: [1], count: count)
      output = r == 1 ? identity : [[Double](repeating: 1, count: count)]
      kernel = r == 1 ? ones : identity
      input = identity
      finitePoints = []
      return
    }
    let points = Self.points(m, r, rounded)
    finitePoints = points
    var output = [[Double]](repeating: [Double](repeating: 0, count: count), count: m)
    var kernel = [[Double]](repeating: [Double](repeating: 0, count: r), count: count)
    var input = kernel
    for (index, point) in points.enumerated() {
      let others = points.filter { $0 != point }
      let scale = others.reduce(1) { $0 * (point - $1) }
      var power = 1.0
      for degree in 0..<max(m, r) {
        if degree < m { output[degree][index] = power }
        if degree < r { kernel[index][degree] = power / scale }
        power *= point
      }
      input[index] = Self.polynomial(others) + [0]
    }
    output[m - 1][count - 1] = 1
    kernel[count - 1][r - 1] = 1
    input[count - 1] = Self.polynomial(points)
    self.output = output
    self.kernel = kernel
    self.input = input
  }

  /// Finite points: 0, then pairs ±p, then perhaps one more. Of those within ±4 whose pairs kernels know (`PairedPoints`), the ones
  /// that lost about the fewest digits, measured with random numbers, which is fewer than with small whole numbers. Where products
  /// are of bfloat16 numbers, others do.
  private static func points(_ m: Int, _ r: Int, _ rounded: Bool) -> [Double] {
    switch m + r - 1 {
    case 5: [0, 0.75, -0.75, 2]
    case 6: rounded ? [0, 0.75, -0.75, 1.5, -1.5] : [0, 0.625, -0.625, 1.5, -1.5]
    case 7: [0, 0.5, -0.5, 1.25, -1.25, 3]
    default: Array([0, 1, -1, 0.5, -2, 2, -0.5, 4, -0.25][..<(m + r - 2)])
    }
  }

  /// What kernels need to know of its points; nil where they have no code for these.
  func pairedPoints(_ side: PairedPoints.Side) -> PairedPoints? {
    guard taps > 1, 2...5 ~= outputs, 4...7 ~= points else { return nil }
    let finite = finitePoints.map { Float($0) }
    return PairedPoints(
      side: side, outputs: outputs, first: finite[1], second: finite.count > 4 ? finite[3] : nil,
      single: finite.count % 2 == 0 ? finite.last : nil)
  }

  /// The coefficients of `Π (x − root)`, the constant first.
  private static func polynomial(_ roots: [Double]) -> [Double] {
    roots.reduce([1.0]) { coefficients, root in
      var product = [0] + coefficients
      for (degree, value) in coefficients.enumerated() { product[degree] -= root * value }
      return product
    }
  }
}
