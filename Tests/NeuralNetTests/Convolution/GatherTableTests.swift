import Testing

@testable import NeuralNet

/// What the tables say against the definition of a convolution.
@Suite struct GatherTableTests {
  /// Which input offset each tap of each output pixel reads; 0: the row of zeros.
  private typealias Reads = [Int32: [Int: Int32]]

  @Test(arguments: TransformGridTests.geometries + [.convolution(kernel: 1), .convolution(kernel: 7, padding: 3)])
  func everyPixelOnce(_ geometry: ConvolutionGeometry) throws {
    for (height, width, images, tile, pixels) in [(5, 7, 2, 6, 16), (8, 4, 1, 4, 1000), (3, 3, 3, 6, 1)] {
      let input = PlannedTensor(shape: Shape(images, 3, height, width), offset: 64, stride: 5)
      guard let h = geometry.outputExtent(height), let w = geometry.outputExtent(width) else { continue }
      let output = PlannedTensor(shape: Shape(images, 2, h, w), offset: 10_000, stride: 3)
      let grid = LargeGrid(geometry, input: input.shape)
      let table = GatherTable(
        geometry, geometry.isTransposed ? .toLarge : .toSmall, from: input, to: output, sources: grid,
        imagesPerGroup: 1, pixelsPerPiece: pixels, tile: tile)
      let actual = Self.reads(table)
      #expect(actual.keys.sorted() == Self.pixels(output).map { output.offset($0.0, $0.1, $0.2) }.sorted())
      for (image, row, column) in Self.pixels(output) {
        let expected = Self.definition(geometry, input, grid, image, row, column)
        let found = actual[output.offset(image, row, column)] ?? [:]
        // A tap may be listed as zeros, or left out.
        #expect(found.filter { $0.value > 0 } == expected, "\(geometry), pixel \((image, row, column))")
      }
      // Pieces are bands that follow each other and cross no image.
      var next = 0
      for piece in table.pieces {
        #expect(piece.firstPixel == next)
        next += piece.pixels
        #expect(piece.firstPixel / (h * w) == (next - 1) / (h * w))
      }
      #expect(next == output.shape.pixels)
    }
  }

  private static func pixels(_ tensor: PlannedTensor) -> [(Int, Int, Int)] {
    (0..<tensor.shape.pixels).map {
      ($0 / (tensor.shape.h * tensor.shape.w), $0 / tensor.shape.w % tensor.shape.h, $0 % tensor.shape.w)
    }
  }

  private static func reads(_ table: GatherTable) -> Reads {
    var reads: Reads = [:]
    for segment in table.segments {
      for (number, tile) in segment.tiles.enumerated() {
        for (place, tap) in table.taps[segment.taps].enumerated() {
          let first = segment.firstInput + (number * segment.taps.count + place) * table.tile
          let isLeftOut = table.inputOffsets.base[first] < 0
          for pixel in 0..<table.tile {
            let target = table.outputOffsets.base[tile * table.tile + pixel]
            let source = isLeftOut ? 0 : table.inputOffsets.base[first + pixel]
            reads[target, default: [:]][tap] = source
          }
        }
      }
    }
    return reads
  }

  private static func definition(
    _ geometry: ConvolutionGeometry, _ input: PlannedTensor, _ grid: LargeGrid, _ image: Int, _ row: Int, _ column: Int
  ) -> [Int: Int32] {
    var reads: [Int: Int32] = [:]
    let padding = geometry.isTransposed ? geometry.padding : geometry.zeroPadding
    func source(_ position: Int, _ tap: Int, _ axis: [Int], _ extent: Int) -> Int? {
      if geometry.isTransposed {
        let distance = position + padding - tap
        guard distance >= 0, distance % geometry.stride == 0 else { return nil }
        return distance / geometry.stride < extent ? distance / geometry.stride : nil
      }
      let large = position * geometry.stride - padding + tap
      return axis.indices.contains(large) ? axis[large] : nil
    }
    for tap in 0..<geometry.taps {
      guard let y = source(row, tap / geometry.kernel, grid.rows, input.shape.h),
        let x = source(column, tap % geometry.kernel, grid.columns, input.shape.w)
      else { continue }
      reads[tap] = input.offset(image, y, x)
    }
    return reads
  }
}
