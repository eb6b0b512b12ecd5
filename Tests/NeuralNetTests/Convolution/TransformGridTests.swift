import Testing

@testable import NeuralNet

/// Stride-1 correlations of the phases, tile by tile, against the convolution as a whole; one axis, since both are alike.
@Suite struct TransformGridTests {
  static let geometries: [ConvolutionGeometry] = [
    .convolution(kernel: 3, padding: 1), .convolution(kernel: 3, padding: 1, paddingMode: .reflection),
    .convolution(kernel: 3, padding: 1, paddingMode: .reflection, upsampling: 2),
    .convolution(kernel: 3, stride: 2, padding: 1), .convolution(kernel: 4, padding: 1),
    .convolution(kernel: 4, stride: 2, padding: 1), .transposed(kernel: 4, stride: 2, padding: 1),
    .transposed(kernel: 3, stride: 2, padding: 1, outputPadding: 1),
  ]

  @Test(arguments: geometries, 2...5) func phasesAddUp(_ geometry: ConvolutionGeometry, outputsPerTile m: Int) throws {
    var random = RandomGenerator(seed: 3)
    for (extent, sharesInputs) in [2, 3, 5, 8, 13].flatMap({ [($0, true), ($0, false)] }) {
      guard let output = geometry.outputExtent(extent) else { continue }
      let sources = LargeGrid(geometry, input: Shape(1, 1, extent, extent)).rows
      let axis = TransformAxis(
        geometry, geometry.isTransposed ? .toLarge : .toSmall, outputsPerTile: m, sharesInputs: sharesInputs,
        input: extent, output: output, sources: sources)
      let x = (0..<extent).map { _ in random.uniform() }
      let w = (0..<geometry.kernel).map { _ in random.uniform() }
      var actual = [Double](repeating: 0, count: output)
      for phase in axis.phases {
        let (reads, writes) = (axis.inputs[phase.input], axis.outputs[phase.output])
        #expect(reads.algorithm == writes.algorithm && phase.taps.count == reads.algorithm.taps.reduce(0, +))
        for (tile, places) in reads.places.enumerated() {
          let values = places.map { $0 < 0 ? 0 : x[$0] }
          for (place, y) in Self.apply(reads.algorithm, phase.taps.map { w[$0] }, values).enumerated() {
            let target = writes.places[tile][place]
            if target >= 0 { actual[target] += y }
          }
        }
      }
      let expected = Self.convolution(geometry, x, w, output, sources)
      for (place, value) in expected.enumerated() {
        #expect(abs(actual[place] - value) < 1e-12, "\(geometry), extent \(extent), output \(place)")
      }
      let covered = (0..<axis.tiles).flatMap { Array(axis.span(ofTile: $0)) }
      #expect(covered == Array(0..<output), "tiles follow each other without gaps")
    }
  }

  /// What an algorithm computes, by its definition.
  private static func apply(_ algorithm: AxisAlgorithm, _ w: [Double], _ x: [Double]) -> [Double] {
    var (y, firstTap, firstInput) = ([Double](), 0, 0)
    for taps in algorithm.taps {
      let own = (0..<algorithm.outputs).map { output in
        (0..<taps).reduce(0) { $0 + w[firstTap + $1] * x[firstInput + output + $1] }
      }
      firstTap += taps
      switch algorithm.shared {
      case .inputs: y += own
      case .outputs:
        y = y.isEmpty ? own : zip(y, own).map(+)
        firstInput += algorithm.outputs + taps - 1
      }
    }
    return y
  }

  /// The matrices compute what their algorithm says.
  @Test(arguments: [[1], [2], [3], [2, 1], [3, 2], [2, 1, 1]], [AxisAlgorithm.Shared.inputs, .outputs])
  func matrices(taps: [Int], shared: AxisAlgorithm.Shared) {
    var random = RandomGenerator(seed: 5)
    for m in 2...5 {
      let algorithm = AxisAlgorithm(outputs: m, taps: taps, shared: shared)
      let (input, kernel, output) = algorithm.matrices(algorithm.phases(rounded: false))
      #expect(input.count == algorithm.points && kernel.count == algorithm.points)
      #expect(output.allSatisfy { $0.count == algorithm.points })
      let x = (0..<(input.first?.count ?? 0)).map { _ in random.uniform() }
      let w = (0..<taps.reduce(0, +)).map { _ in random.uniform() }
      let products = zip(ToomCookTests.multiply(kernel, w), ToomCookTests.multiply(input, x)).map(*)
      let (actual, expected) = (ToomCookTests.multiply(output, products), Self.apply(algorithm, w, x))
      #expect(actual.count == expected.count)
      for (one, other) in zip(actual, expected) { #expect(abs(one - other) < 1e-12, "\(algorithm)") }
    }
  }

  private static func convolution(
    _ geometry: ConvolutionGeometry, _ x: [Double], _ w: [Double], _ output: Int, _ sources: [Int]
  ) -> [Double] {
    var result = [Double](repeating: 0, count: output)
    let small = geometry.isTransposed ? x.count : output
    let padding = geometry.isTransposed ? geometry.padding : geometry.zeroPadding
    for position in 0..<small {
      for (tap, weight) in w.enumerated() {
        let large = position * geometry.stride - padding + tap
        if geometry.isTransposed {
          if result.indices.contains(large) { result[large] += weight * x[position] }
        } else if sources.indices.contains(large) {
          result[position] += weight * x[sources[large]]
        }
      }
    }
    return result
  }

  /// Both axes: as many tiles as rows times columns, each unit between blocks that exist, points that follow each other.
  @Test(arguments: geometries, [true, false]) func blocks(_ geometry: ConvolutionGeometry, sharesInputs: Bool) throws {
    let input = Shape(2, 16, 9, 6)
    let output = Shape(
      2, 16, try #require(geometry.outputExtent(9)), try #require(geometry.outputExtent(6)))
    let grid = TransformGrid(
      geometry, geometry.isTransposed ? .toLarge : .toSmall, outputsPerTile: 3, sharesInputs: sharesInputs,
      input: input, output: output, sources: LargeGrid(geometry, input: input))
    #expect(grid.tiles == 2 * grid.rows.tiles * grid.columns.tiles)
    #expect(grid.units.count == grid.rows.phases.count * grid.columns.phases.count)
    #expect(grid.unitsOfOutput.flatMap(\.self).sorted() == Array(grid.units.indices))
    #expect(grid.units.map { $0.rowTaps.count * $0.columnTaps.count }.reduce(0, +) == geometry.taps)
    for blocks in [grid.inputs, grid.outputs] {
      #expect(zip(blocks, blocks.dropFirst()).allSatisfy { $1.firstPoint == $0.firstPoint + $0.points })
    }
  }

  /// Windows of their own waste no tile on the place by which the phases lie apart.
  @Test func ownWindows() {
    let up = ConvolutionGeometry.transposed(kernel: 4, stride: 2, padding: 1)
    func axis(sharesInputs: Bool) -> TransformAxis {
      TransformAxis(
        up, .toLarge, outputsPerTile: 4, sharesInputs: sharesInputs, input: 8, output: 16, sources: Array(0..<16))
    }
    #expect(axis(sharesInputs: true).tiles == 3)
    #expect(axis(sharesInputs: true).inputs.count == 1)
    #expect(axis(sharesInputs: false).tiles == 2)
    #expect(axis(sharesInputs: false).inputs.count == 2)
  }

  /// Phases of different lengths are one.
  @Test func mergedPhases() {
    let down = ConvolutionGeometry.convolution(kernel: 3, stride: 2, padding: 1)
    let axis = TransformAxis(
      down, .toSmall, outputsPerTile: 4, sharesInputs: true, input: 16, output: 8, sources: Array(0..<16))
    #expect(axis.phases.map(\.taps) == [[0, 2, 1]])
    #expect(axis.inputs.count == 1 && axis.inputs[0].algorithm.points == 9 && axis.inputs[0].places[0].count == 9)
    #expect(axis.outputs[0].places == [[0, 1, 2, 3], [4, 5, 6, 7]])
    let up = TransformAxis(
      down, .toLarge, outputsPerTile: 4, sharesInputs: true, input: 8, output: 16, sources: Array(0..<16))
    #expect(up.phases.map(\.taps) == [[2, 0, 1]])
    #expect(up.inputs[0].places[0].count == 5 && up.outputs[0].places[0].count == 8)
  }
}
