import Parallel
import Testing

@testable import NeuralNet

/// The copy of a side with few channels.
@Suite struct ThinSideTests {
  private static func packing(_ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry) -> PackedWeights {
    PackedWeights(
      inputChannels: inputs, outputChannels: outputs, taps: geometry.taps, isTransposed: geometry.isTransposed)
  }

  @Test func whichLayersHaveOne() {
    let seven = ConvolutionGeometry.convolution(kernel: 7, padding: 3, paddingMode: .reflection)
    let four = ConvolutionGeometry.convolution(kernel: 4, stride: 2, padding: 1)
    let up = ConvolutionGeometry.transposed(kernel: 4, stride: 2, padding: 1)
    func suits(_ geometry: ConvolutionGeometry, _ inputs: Int, _ outputs: Int) -> Bool {
      ThinSide.suits(geometry, Self.packing(inputs, outputs, geometry))
    }
    #expect(suits(seven, 3, 64) && suits(seven, 64, 3) && suits(four, 6, 64) && suits(up, 128, 3))
    #expect(!suits(seven, 64, 64) && !suits(seven, 9, 64))
    #expect(!suits(.convolution(kernel: 1), 3, 64), "one tap has no row of taps")
    #expect(!suits(four, 64, 3), "a small grid that is read with a stride has no neighbours side by side")
  }

  /// Every pixel that a tap sees, border included, lies where the tap looks for it.
  @Test(arguments: [
    ConvolutionGeometry.convolution(kernel: 3, padding: 1, paddingMode: .reflection),
    .convolution(kernel: 4, stride: 2, padding: 1),
  ])
  func copyWithBorder(_ geometry: ConvolutionGeometry) throws {
    let shape = Shape(2, 3, 6, 5)
    let source = PlannedTensor(shape: shape, offset: 16, stride: 4)
    let grid = LargeGrid(geometry, input: shape)
    let start = 16 + shape.pixels * 4
    let count = ThinSide.count(geometry, isLarge: true, shape, grid)
    let thin = ThinSide(geometry, of: source, isLarge: true, sources: grid, at: start, reversedWeights: nil)
    #expect(thin.target.shape.count == count)
    let memory = try AlignedMemory(count: start + count)
    for place in 0..<start { memory.base[place] = Float(place) }
    thin.fill(memory.base, WorkerPool(threads: 2))
    let padding = geometry.zeroPadding
    for image in 0..<2 {
      for row in 0..<thin.target.shape.h {
        for column in 0..<thin.target.shape.w {
          let (y, x) = (row - padding, column - padding)
          let isInside = grid.rows.indices.contains(y) && grid.columns.indices.contains(x)
          for channel in 0..<3 {
            let expected: Float =
              isInside ? Float(source.offset(image, grid.rows[y], grid.columns[x])) + Float(channel) : 0
            #expect(memory.base[Int(thin.target.offset(image, row, column)) + channel] == expected)
          }
        }
      }
    }
  }
}
