import KernelArguments
import Testing
@testable import NeuralNet

/// Transforms whose points come in pairs, by every build, against their matrices in Double.
@Suite struct PairedTransformKernelTests {
  /// F(m, r) of every number of points and outputs that kernels have code for, and those with a second phase.
  static let algorithms =
    [(2, 3), (3, 2), (2, 4), (3, 3), (4, 2), (3, 4), (4, 3), (5, 2), (4, 4), (5, 3)].map {
      AxisAlgorithm(outputs: $0, taps: [$1], shared: .outputs)
    }
    + [3, 4].flatMap { outputs in
      [AxisAlgorithm.Shared.inputs, .outputs].map { AxisAlgorithm(outputs: outputs, taps: [2, 1], shared: $0) }
    }

  private enum Step: CaseIterable {
    case input, output, outputGradient
  }

  @Test(arguments: KernelTable.available, algorithms)
  func matrices(_ table: KernelTable, algorithm: AxisAlgorithm) throws {
    let phases = algorithm.phases(rounded: false)
    let (input, _, output) = algorithm.matrices(phases)
    var random = RandomGenerator(seed: 41)
    for step in Step.allCases {
      let (matrix, side): ([[Double]], PairedPoints.Side) =
        switch step {
        case .input: (input, .input)
        case .output: (output, .output)
        case .outputGradient: (TransformMatrix.transposed(output), .outputGradient)
        }
      #expect(step == .output || matrix.count == algorithm.points)
      let paired = try #require(algorithm.pairedPoints(side, phases))
      let prepared = TransformMatrix(matrix, paired)
      let (reads, writes) = (matrix[0].count, matrix.count)
      for (channels, tiles, adds) in [(16, 1, false), (64, 3, true), (80, 2, false), (112, 2, true)] {
        let name = "\(algorithm) \(step), \(channels) channels, \(tiles) tiles"
        let x = GuardedPixels(tiles * reads * reads, channels, gap: 5) { _, _ in random.number() }
        let y = GuardedPixels(tiles * writes * writes, channels, gap: 3) { _, _ in random.number() }
        let bias = GuardedPixels(1, channels) { _, _ in random.number() }
        let isOutput = step == .output
        // A place that is left out, where the step may have such.
        let missing = isOutput ? writes * writes - 2 : -1
        let before = y.values
        let inputs = IndexTable((0..<x.pixels).map { x.offset($0) })
        let outputs = IndexTable(
          (0..<y.pixels).map { $0 % (writes * writes) == missing ? -1 : y.offset($0) })
        let scratch = GuardedPixels(
          TransformedWeights.transformScratch / panelWidth, panelWidth, value: nil)
        table.transform(
          TileTransform(
            tiles: tiles, channels: channels, left: prepared.sparse, right: prepared.sparse, input: x.base,
            inputPlaces: TilePlaces(tileStride: 0, table: inputs.base, tableStride: reads * reads), output: y.base,
            outputPlaces: TilePlaces(tileStride: 0, table: outputs.base, tableStride: writes * writes),
            bias: isOutput && !adds ? UnsafePointer(bias.base) : nil, accumulates: isOutput && adds,
            scratch: scratch.base, points: paired))
        var expected: [ExactSum] = []
        for place in 0..<y.pixels {
          let (tile, row, column) = (
            place / (writes * writes), place / writes % writes, place % writes
          )
          for channel in 0..<channels {
            let old = Double(before[place * channels + channel])
            if place % (writes * writes) == missing {
              expected.append(ExactSum(old))
              continue
            }
            var sum = ExactSum(isOutput ? (adds ? old : bias[0, channel]) : 0)
            for i in 0..<reads {
              for j in 0..<reads {
                sum += matrix[row][i] * matrix[column][j] * x[(tile * reads + i) * reads + j, channel]
              }
            }
            expected.append(sum)
          }
        }
        expect(name, y.values, expected, 2e-6)
        expectIntact(name, [x, y, bias, scratch])
      }
    }
  }

  /// Points that kernels have no code for, and what saves nothing.
  @Test func others() {
    for (outputs, taps) in [(2, 2), (6, 3), (5, 4), (1, 4), (4, 1)] {
      #expect(ToomCook(outputs: outputs, taps: taps).pairedPoints(.input) == nil, "F(\(outputs), \(taps))")
    }
    for (outputs, taps) in [(2, [2, 1]), (5, [2, 1]), (4, [3, 2]), (4, [2, 1, 1])] {
      let algorithm = AxisAlgorithm(outputs: outputs, taps: taps, shared: .outputs)
      #expect(algorithm.pairedPoints(.input, algorithm.phases(rounded: false)) == nil, "\(algorithm)")
    }
  }
}
