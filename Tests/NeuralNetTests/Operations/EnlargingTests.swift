import Testing
@testable import NeuralNet

@Suite struct EnlargingTests {
  @Test(arguments: [("nearest_2", 2), ("nearest_4", 4)]) func goldenNearest(name: String, factor: Int) throws {
    try OperationCheck.golden(name) { $0.enlarging($0.input, factor: factor, .nearest) }
  }

  @Test(arguments: [("bilinear_2", 2), ("bilinear_3", 3), ("bilinear_4", 4)])
  func goldenBilinear(name: String, factor: Int) throws {
    try OperationCheck.golden(name) { $0.enlarging($0.input, factor: factor, .bilinear) }
  }

  @Test(arguments: [(EnlargingMethod.nearest, 2), (.nearest, 3), (.bilinear, 2), (.bilinear, 3), (.bilinear, 4)])
  func centralDifferences(method: EnlargingMethod, factor: Int) throws {
    try OperationCheck.centralDifferences(Shape(2, 5, 3, 4)) { $0.enlarging($1, factor: factor, method) }
    try OperationCheck.centralDifferences(Shape(1, 2, 1, 2)) { $0.enlarging($1, factor: factor, method) }
  }

  @Test func refusesToKeepTheSize() {
    var builder = NetworkBuilder(inputChannels: 1)
    let output = builder.enlarging(builder.input, factor: 1, .nearest)
    #expect(throws: GraphError.self) { try builder.build(output: output) }
  }
}

extension Enlarging: PlainOperation {
  func run(
    _ inputs: [ReferenceNetwork.Tensor], parameters: [[Double]], _ distanceToKink: inout Double
  ) -> [ReferenceNetwork.Tensor] {
    let x = inputs[0]
    func parts(_ position: Int, _ extent: Int) -> [(Int, Double)] {
      guard method == .bilinear else { return [(position / factor, 1)] }
      let place = max(0, (Double(position) + 0.5) / Double(factor) - 0.5)
      let lower = Int(place)
      return [(lower, 1 - place + Double(lower)), (min(lower + 1, extent - 1), place - Double(lower))]
    }
    return [
      .make(Shape(x.shape.n, x.shape.c, x.shape.h * factor, x.shape.w * factor)) { n, c, h, w in
        var sum = 0.0
        for (y, a) in parts(h, x.shape.h) { for (z, b) in parts(w, x.shape.w) { sum += a * b * x[n, c, y, z] } }
        return sum
      }
    ]
  }
}
