import KernelArguments
import Testing
@testable import NeuralNet

/// The product kernels of every build against their definitions in Double: counts on both sides of every vector, tile and
/// panel, nothing written beyond the columns, nothing read that does not belong to the product.
@Suite struct ProductKernelTests {
  /// The largest error that was seen is 2.7e-7.
  private static let tolerance = 1e-6

  /// What Swift hands to a kernel, for as long as the kernel runs.
  private static func pointer<T>(_ values: [T]) -> UnsafeMutablePointer<T> {
    let pointer = UnsafeMutablePointer<T>.allocate(capacity: max(1, values.count))
    pointer.initialize(from: values, count: values.count)
    return pointer
  }

  /// Offsets `[tile][tap][place]` of pixels of the input; one tap of the first tile sees padding alone.
  private static func gather(
    _ input: GuardedPixels, tiles: Int, taps: Int, places: Int, _ random: inout RandomGenerator
  ) -> [Int32] {
    var offsets = (0..<tiles * taps * places).map { _ in input.offset(random.index(input.pixels)) }
    if taps > 1 { offsets[places] = -1 }
    return offsets
  }

  @Test(arguments: KernelTable.available, [1, 3, 15, 16, 17, 32, 33, 48, 49, 63, 64])
  func gathered(_ table: KernelTable, columns: Int) {
    var random = RandomGenerator(seed: 11)
    for channels in [1, 3, 16, 17, 65] {
      for (tiles, taps, accumulates, hasBias) in [
        (1, 1, false, false), (2, 4, false, true), (3, 3, true, false), (1, 9, true, true),
      ] {
        let name = "\(tiles) tiles, \(taps) taps, \(channels) channels, \(columns) columns, accumulates \(accumulates)"
        let input = GuardedPixels(11, channels, gap: 3) { _, _ in random.number() }
        let weights = GuardedPixels(taps * channels, columns, gap: panelWidth - columns) { _, _ in random.number() }
        let bias = GuardedPixels(1, columns, gap: panelWidth) { _, _ in random.number() }
        let output = GuardedPixels(tiles * gatherTile, columns, gap: 5) { _, _ in random.number() }
        let offsets = Self.gather(input, tiles: tiles, taps: taps, places: gatherTile, &random)
        var expected: [ExactSum] = []
        for pixel in 0..<output.pixels {
          for column in 0..<columns {
            var sum = ExactSum(accumulates ? output[pixel, column] : hasBias ? bias[0, column] : 0)
            for tap in 0..<taps {
              let tile = (pixel / gatherTile * taps + tap) * gatherTile
              if offsets[tile] < 0 { continue }
              let source = Int(offsets[tile + pixel % gatherTile]) / input.stride
              for channel in 0..<channels { sum += input[source, channel] * weights[tap * channels + channel, column] }
            }
            expected.append(sum)
          }
        }
        let inputs = Self.pointer(offsets), outputs = Self.pointer((0..<output.pixels).map { output.offset($0) })
        let panels = Self.pointer((0..<taps).map { weights.offset($0 * channels) })
        defer {
          inputs.deallocate()
          outputs.deallocate()
          panels.deallocate()
        }
        table.multiplyGathered(
          GatheredProduct(
            tiles: tiles, taps: taps, channels: channels, input: input.base, inputOffsets: inputs,
            inputTileStride: taps * gatherTile, weights: weights.base, weightOffsets: panels, output: output.base,
            outputOffsets: outputs, columns: columns, accumulates: accumulates,
            bias: hasBias ? UnsafePointer(bias.base) : nil))
        expect(name, output.values, expected, Self.tolerance)
        expectIntact(name, [output, input, weights, bias])
      }
    }
  }

  /// Tiles of four pixels behind those of six.
  @Test(arguments: KernelTable.available, [1, 16, 17, 40, 64]) func fours(_ table: KernelTable, columns: Int) {
    var random = RandomGenerator(seed: 15)
    for (tiles, fours, taps, accumulates) in [(0, 1, 1, false), (2, 1, 3, true), (1, 2, 2, false)] {
      let name = "\(tiles) sixes, \(fours) fours, \(taps) taps, \(columns) columns"
      let channels = 17
      let input = GuardedPixels(11, channels, gap: 3) { _, _ in random.number() }
      let weights = GuardedPixels(taps * channels, columns, gap: panelWidth - columns) { _, _ in random.number() }
      let output = GuardedPixels(6 * tiles + 4 * fours, columns, gap: 5) { _, _ in random.number() }
      let counts = [Int](repeating: 6, count: tiles) + [Int](repeating: 4, count: fours)
      var offsets: [Int32] = []
      var expected: [ExactSum] = []
      var first = 0
      for count in counts {
        let sources = (0..<taps * count).map { _ in random.index(input.pixels) }
        offsets += sources.map { input.offset($0) }
        for pixel in 0..<count {
          for column in 0..<columns {
            var sum = ExactSum(accumulates ? output[first + pixel, column] : 0)
            for tap in 0..<taps {
              for channel in 0..<channels {
                sum += input[sources[tap * count + pixel], channel] * weights[tap * channels + channel, column]
              }
            }
            expected.append(sum)
          }
        }
        first += count
      }
      let inputs = Self.pointer(offsets), outputs = Self.pointer((0..<output.pixels).map { output.offset($0) })
      let panels = Self.pointer((0..<taps).map { weights.offset($0 * channels) })
      defer {
        inputs.deallocate()
        outputs.deallocate()
        panels.deallocate()
      }
      table.multiplyGathered(
        GatheredProduct(
          tiles: tiles, taps: taps, channels: channels, input: input.base, inputOffsets: inputs,
          inputTileStride: taps * gatherTile, weights: weights.base, weightOffsets: panels, output: output.base,
          outputOffsets: outputs, columns: columns, accumulates: accumulates, bias: nil, fours: fours,
          weightsAhead: 64))
      expect(name, output.values, expected, Self.tolerance)
      expectIntact(name, [output, input, weights])
    }
  }

  @Test(arguments: KernelTable.available, [1, 3, 4, 6, 7, 9, 10, 13, 64]) func dot(_ table: KernelTable, rows: Int) {
    var random = RandomGenerator(seed: 12)
    let storedRows = (rows + rowTile - 1) / rowTile * rowTile
    for columns in [1, 3, 15, 16, 17, 33, 64, 65, 130] {
      for (tiles, taps, accumulates, hasBias) in [
        (1, 1, false, false), (2, 4, false, true), (3, 3, true, false), (1, 9, true, true),
      ] {
        let name = "\(tiles) tiles, \(taps) taps, \(columns) columns, \(rows) rows, accumulates \(accumulates)"
        // What the input holds beyond its columns meets weights of 0, and only has to be finite.
        let input = GuardedPixels(11, columns, gap: 3, mark: 1e30) { _, _ in random.number() }
        let panelCount = (columns + panelWidth - 1) / panelWidth
        let readColumns = (columns + 15) / 16 * 16
        let weights = GuardedPixels(panelCount * taps * storedRows, panelWidth) { line, lane in
          let column = line / (taps * storedRows) * panelWidth + lane
          if line % storedRows >= rows || column >= readColumns { return .nan }
          return column < columns ? random.number() : 0
        }
        let bias = GuardedPixels(1, rows) { _, _ in random.number() }
        let output = GuardedPixels(tiles * dotTile, rows, gap: 5) { _, _ in random.number() }
        let offsets = Self.gather(input, tiles: tiles, taps: taps, places: dotTile, &random)
        var expected: [ExactSum] = []
        for pixel in 0..<output.pixels {
          for row in 0..<rows {
            var sum = ExactSum(accumulates ? output[pixel, row] : hasBias ? bias[0, row] : 0)
            for tap in 0..<taps {
              let tile = (pixel / dotTile * taps + tap) * dotTile
              if offsets[tile] < 0 { continue }
              let source = Int(offsets[tile + pixel % dotTile]) / input.stride
              for column in 0..<columns {
                let line = (column / panelWidth * taps + tap) * storedRows + row
                sum += input[source, column] * weights[line, column % panelWidth]
              }
            }
            expected.append(sum)
          }
        }
        let inputs = Self.pointer(offsets), outputs = Self.pointer((0..<output.pixels).map { output.offset($0) })
        let panels = Self.pointer((0..<taps).map { weights.offset($0 * storedRows) })
        defer {
          inputs.deallocate()
          outputs.deallocate()
          panels.deallocate()
        }
        table.multiplyDot(
          DotProduct(
            tiles: tiles, taps: taps, columns: columns, rows: rows, input: input.base, inputOffsets: inputs,
            inputTileStride: taps * dotTile, weights: weights.base, weightOffsets: panels,
            weightPanelStride: taps * storedRows * panelWidth, output: output.base, outputOffsets: outputs,
            accumulates: accumulates, bias: hasBias ? UnsafePointer(bias.base) : nil))
        expect(name, output.values, expected, Self.tolerance)
        expectIntact(name, [output, input, weights, bias])
      }
    }
  }

  @Test(arguments: KernelTable.available, [1, 3, 15, 16, 17, 32, 33, 48, 49, 63, 64])
  func outer(_ table: KernelTable, columns: Int) {
    var random = RandomGenerator(seed: 13)
    for rows in [1, 2, 3, 4, 5, 6, 7, 13, 64] {
      for (pairs, accumulates) in [
        (0, false), (0, true), (1, false), (3, true), (17, false), (33, true), (128, false), (129, false), (300, true),
      ] {
        let name = "\(pairs) pairs, \(rows) rows, \(columns) columns, accumulates \(accumulates)"
        let left = GuardedPixels(9, rows, gap: 3) { _, _ in random.number() }
        let right = GuardedPixels(9, columns, gap: 2) { _, _ in random.number() }
        let output = GuardedPixels(rows, columns, gap: panelWidth - columns) { _, _ in random.number() }
        let sources = (0..<pairs).map { _ in (random.index(left.pixels), random.index(right.pixels)) }
        var expected: [ExactSum] = []
        for row in 0..<rows {
          for column in 0..<columns {
            var sum = ExactSum(accumulates ? output[row, column] : 0)
            for (a, b) in sources { sum += left[a, row] * right[b, column] }
            expected.append(sum)
          }
        }
        let lefts = Self.pointer(sources.map { left.offset($0.0) })
        let rights = Self.pointer(sources.map { right.offset($0.1) })
        defer {
          lefts.deallocate()
          rights.deallocate()
        }
        table.multiplyOuter(
          OuterProduct(
            pairs: pairs, rows: rows, columns: columns, left: left.base, leftOffsets: lefts, right: right.base,
            rightOffsets: rights, output: output.base, accumulates: accumulates))
        expect(name, output.values, expected, Self.tolerance)
        expectIntact(name, [output, left, right])
      }
    }
  }

  /// `Y = L · X · Rᵀ` with random matrices, a third of whose entries is 0.
  @Test(arguments: KernelTable.available, [16, 48, 64, 80, 144]) func transform(_ table: KernelTable, channels: Int) {
    var random = RandomGenerator(seed: 14)
    for (left, right) in [((6, 4), (6, 4)), ((4, 6), (4, 6)), ((2, 5), (3, 4)), ((1, 1), (1, 3))] {
      for (tiles, accumulates, hasBias) in [(1, false, false), (3, false, true), (2, true, false), (2, true, true)] {
        let name = "\(channels) channels, \(left), \(right), \(tiles) tiles, accumulates \(accumulates)"
        let l = Matrix(left, &random), r = Matrix(right, &random)
        let (ins, outs) = (left.1 * right.1, left.0 * right.0)
        let input = GuardedPixels(tiles * ins, channels, gap: 3) { _, _ in random.number() }
        let output = GuardedPixels(tiles * outs, channels, gap: 5) { _, _ in random.number() }
        let bias = GuardedPixels(1, channels) { _, _ in random.number() }
        let scratch = GuardedPixels(left.0 * right.1, panelWidth, value: nil)
        // Tiles share the places of the input, in another order than that of memory; the output has a table for each.
        let inputPlaces = (0..<ins).map { input.offset(ins - 1 - $0) }
        let outputPlaces = (0..<tiles * outs).map { $0 % 5 == 4 ? -1 : output.offset($0) }
        var expected: [ExactSum] = []
        for place in 0..<tiles * outs {
          let tile = place / outs, row = place % outs / right.0, column = place % right.0
          for channel in 0..<channels {
            let before = output[place, channel]
            var sum = ExactSum(outputPlaces[place] < 0 || accumulates ? before : hasBias ? bias[0, channel] : 0)
            for i in 0..<left.1 where outputPlaces[place] >= 0 {
              for j in 0..<right.1 {
                let source = tile * ins + Int(inputPlaces[i * right.1 + j]) / input.stride
                sum += l[row, i] * r[column, j] * input[source, channel]
              }
            }
            expected.append(sum)
          }
        }
        let ones = Self.pointer(inputPlaces), others = Self.pointer(outputPlaces)
        defer {
          ones.deallocate()
          others.deallocate()
        }
        table.transform(
          TileTransform(
            tiles: tiles, channels: channels, left: l.sparse, right: r.sparse, input: input.base,
            inputPlaces: TilePlaces(tileStride: ins * input.stride, table: ones, tableStride: 0), output: output.base,
            outputPlaces: TilePlaces(tileStride: 0, table: others, tableStride: outs),
            bias: hasBias ? UnsafePointer(bias.base) : nil, accumulates: accumulates, scratch: scratch.base))
        expect(name, output.values, expected, Self.tolerance)
        expectIntact(name, [output, input, bias, scratch])
      }
    }
  }

  /// Sixteen by sixteen: whole tiles are written, with zeros where the input has no rows, and nothing else.
  @Test(arguments: KernelTable.available, [1, 3, 15, 16, 17, 33, 63, 64])
  func transposeBlock(_ table: KernelTable, rows: Int) throws {
    var random = RandomGenerator(seed: 15)
    let writtenRows = (rows + 15) / 16 * 16
    let scratch = try AlignedMemory(count: 512)
    for columns in [1, 15, 16, 17, 33, 64] {
      let name = "\(rows) × \(columns)"
      let readColumns = (columns + 15) / 16 * 16
      let input = GuardedPixels(rows, readColumns, gap: panelWidth - readColumns) { _, _ in random.number() }
      let output = GuardedPixels(readColumns, writtenRows, gap: panelWidth - writtenRows, value: nil)
      table.transposeBlock(input.base, rows, columns, output.base, scratch.base)
      let expected = (0..<readColumns * writtenRows).map { index in
        index % writtenRows < rows ? Float(input[index % writtenRows, index / writtenRows]) : 0
      }
      #expect(output.values == expected, "\(name)")
      expectIntact(name, [output, input])
    }
  }
}

/// A random matrix, by rows and as the kernels take it.
private final class Matrix {
  private let entries: [[Double]]
  private let starts: UnsafeMutablePointer<Int32>
  private let indices: UnsafeMutablePointer<Int32>
  private let values: UnsafeMutablePointer<Float>
  let sparse: SparseMatrix

  init(_ extents: (rows: Int, columns: Int), _ random: inout RandomGenerator) {
    let count = extents.rows * extents.columns
    starts = .allocate(capacity: extents.rows + 1)
    indices = .allocate(capacity: count)
    values = .allocate(capacity: count)
    var entries: [[Double]] = []
    var used = 0
    for row in 0..<extents.rows {
      starts[row] = Int32(used)
      let line = (0..<extents.columns).map { _ in random.uniform() < 1 / 3 ? 0 : random.number() }
      for (column, value) in line.enumerated() where value != 0 {
        (indices[used], values[used]) = (Int32(column), value)
        used += 1
      }
      entries.append(line.map { Double($0) })
    }
    starts[extents.rows] = Int32(used)
    self.entries = entries
    sparse = SparseMatrix(
      rows: extents.rows, columns: extents.columns, starts: starts, indices: indices, values: values)
  }

  deinit {
    starts.deallocate()
    indices.deallocate()
    values.deallocate()
  }

  subscript(row: Int, column: Int) -> Double { entries[row][column] }
}
