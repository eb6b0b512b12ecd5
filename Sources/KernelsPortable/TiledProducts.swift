import CVectors
import KernelArguments

// The accumulators of a tile stay in registers over all taps and channels: 6 × 64 fill 24 of AVX-512's 32 registers and
// need 10 loads per 24 multiply-adds. With 16 registers of 8 lanes, 6 × 16 is what fits. Loops take four steps a turn: where two
// threads share a core, what surrounds the multiply-adds costs as much as they do (docs/performance.md).

extension Kernels {
  /// Runs a gathered product.
  package static func multiply(_ product: GatheredProduct) {
    #if KERNELS_AVX512
      if product.columns > 2 * lanes {
        multiply(product, FourVectors.self, firstColumn: 0)
      } else if product.columns > lanes {
        multiply(product, TwoVectors.self, firstColumn: 0)
      } else {
        multiply(product, OneVector.self, firstColumn: 0)
      }
    #else
      var first = 0
      while first < product.columns {
        multiply(product, OneVector.self, firstColumn: first)
        first += lanes
      }
    #endif
  }

  @inline(__always)
  private static func multiply<Row: TileRow>(_ product: GatheredProduct, _: Row.Type, firstColumn: Int) {
    let output = product.output + firstColumn
    let bias = product.accumulates ? nil : product.bias.map { $0 + firstColumn }
    let accumulates = product.accumulates
    let columns = product.columns - firstColumn
    let channels = product.channels
    var ahead = WeightsAhead(
      product, firstColumn: firstColumn, columns: MemoryLayout<Row>.size / MemoryLayout<Float>.size)
    for tile in 0..<product.tiles {
      ahead.ask()
      let outputs = product.outputOffsets + tile * gatherTile
      @inline(__always) func start(_ row: Int) -> Row {
        if accumulates { return Row(partial: output + Int(outputs[row]), columns) }
        return bias.map { Row($0) } ?? Row()
      }
      var r0 = start(0), r1 = start(1), r2 = start(2), r3 = start(3), r4 = start(4), r5 = start(5)
      var offsets = product.inputOffsets + tile * product.inputTileStride
      for tap in 0..<product.taps {
        defer { offsets += gatherTile }
        if offsets[0] < 0 { continue }
        let x0 = product.input + Int(offsets[0]), x1 = product.input + Int(offsets[1])
        let x2 = product.input + Int(offsets[2]), x3 = product.input + Int(offsets[3])
        let x4 = product.input + Int(offsets[4]), x5 = product.input + Int(offsets[5])
        var weights = product.weights + Int(product.weightOffsets[tap]) + firstColumn
        @inline(__always) func add(_ channel: Int, _ row: Int) {
          let b = Row(weights + row * panelWidth)
          r0.add(x0[channel + row], b)
          r1.add(x1[channel + row], b)
          r2.add(x2[channel + row], b)
          r3.add(x3[channel + row], b)
          r4.add(x4[channel + row], b)
          r5.add(x5[channel + row], b)
        }
        var channel = 0
        while channel + 4 <= channels {
          add(channel, 0)
          add(channel, 1)
          add(channel, 2)
          add(channel, 3)
          channel += 4
          weights += 4 * panelWidth
        }
        while channel < channels {
          add(channel, 0)
          channel += 1
          weights += panelWidth
        }
      }
      r0.store(output + Int(outputs[0]), columns)
      r1.store(output + Int(outputs[1]), columns)
      r2.store(output + Int(outputs[2]), columns)
      r3.store(output + Int(outputs[3]), columns)
      r4.store(output + Int(outputs[4]), columns)
      r5.store(output + Int(outputs[5]), columns)
    }
    if product.fours > 0 { multiplyFours(product, Row.self, firstColumn: firstColumn) }
  }

  /// The tiles of four pixels.
  @inline(__always)
  private static func multiplyFours<Row: TileRow>(_ product: GatheredProduct, _: Row.Type, firstColumn: Int) {
    let output = product.output + firstColumn
    let bias = product.accumulates ? nil : product.bias.map { $0 + firstColumn }
    let accumulates = product.accumulates
    let columns = product.columns - firstColumn
    let channels = product.channels
    for tile in 0..<product.fours {
      let outputs = product.outputOffsets + product.tiles * gatherTile + tile * 4
      @inline(__always) func start(_ row: Int) -> Row {
        if accumulates { return Row(partial: output + Int(outputs[row]), columns) }
        return bias.map { Row($0) } ?? Row()
      }
      var r0 = start(0), r1 = start(1), r2 = start(2), r3 = start(3)
      var offsets =
        product.inputOffsets + product.tiles * product.inputTileStride
        + tile * (product.inputTileStride / gatherTile * 4)
      for tap in 0..<product.taps {
        defer { offsets += 4 }
        if offsets[0] < 0 { continue }
        let x0 = product.input + Int(offsets[0]), x1 = product.input + Int(offsets[1])
        let x2 = product.input + Int(offsets[2]), x3 = product.input + Int(offsets[3])
        var weights = product.weights + Int(product.weightOffsets[tap]) + firstColumn
        @inline(__always) func add(_ channel: Int, _ row: Int) {
          let b = Row(weights + row * panelWidth)
          r0.add(x0[channel + row], b)
          r1.add(x1[channel + row], b)
          r2.add(x2[channel + row], b)
          r3.add(x3[channel + row], b)
        }
        var channel = 0
        while channel + 4 <= channels {
          add(channel, 0)
          add(channel, 1)
          add(channel, 2)
          add(channel, 3)
          channel += 4
          weights += 4 * panelWidth
        }
        while channel < channels {
          add(channel, 0)
          channel += 1
          weights += panelWidth
        }
      }
      r0.store(output + Int(outputs[0]), columns)
      r1.store(output + Int(outputs[1]), columns)
      r2.store(output + Int(outputs[2]), columns)
      r3.store(output + Int(outputs[3]), columns)
    }
  }
}

/// The weights that are read next: as many as some columns read now, asked for by all tiles of six together.
private struct WeightsAhead {
  private var next: UnsafePointer<Float>
  private var lines: Int
  private let linesPerTile: Int

  @inline(__always) init(_ product: GatheredProduct, firstColumn: Int, columns: Int) {
    let rows = product.taps * product.channels
    next = product.weights + product.weightsAhead + firstColumn * rows
    lines = product.weightsAhead == 0 || product.tiles == 0 ? 0 : rows * columns / lanes
    linesPerTile = lines == 0 ? 0 : (lines + product.tiles - 1) / product.tiles
  }

  /// Asks for a tile's share.
  @inline(__always) mutating func ask() {
    let share = min(lines, linesPerTile)
    var line = 0
    while line < share {
      vector_prefetch_outer(next)
      next += lanes
      line += 1
    }
    lines -= share
  }
}

extension Kernels {
  /// Runs an outer product.
  package static func multiply(_ product: OuterProduct) {
    #if KERNELS_AVX512
      for row in stride(from: 0, to: product.rows, by: rowTile) {
        if product.columns > 2 * lanes {
          multiply(product, FourVectors.self, row, firstColumn: 0)
        } else if product.columns > lanes {
          multiply(product, TwoVectors.self, row, firstColumn: 0)
        } else {
          multiply(product, OneVector.self, row, firstColumn: 0)
        }
      }
    #else
      // Sixteen columns of a block of pixels, 8 KB, stay in the first-level cache for all rows.
      var block = product
      var done = 0
      repeat {
        block.pairs = min(pairsPerBlock, product.pairs - done)
        for column in stride(from: 0, to: product.columns, by: lanes) {
          for row in stride(from: 0, to: product.rows, by: rowTile) {
            multiply(block, OneVector.self, row, firstColumn: column)
          }
        }
        done += block.pairs
        block.leftOffsets += block.pairs
        block.rightOffsets += block.pairs
        block.accumulates = true
      } while done < product.pairs  // Sums of nothing are stored too.
    #endif
  }

  #if !KERNELS_AVX512
    private static let pairsPerBlock = 128
  #endif

  @inline(__always)
  private static func multiply<Row: TileRow>(_ product: OuterProduct, _: Row.Type, _ row: Int, firstColumn: Int) {
    let output = product.output + row * panelWidth + firstColumn
    let rows = product.rows - row
    let columns = product.columns - firstColumn
    let accumulates = product.accumulates
    @inline(__always) func start(_ tileRow: Int) -> Row {
      accumulates && tileRow < rows ? Row(partial: output + tileRow * panelWidth, columns) : Row()
    }
    var r0 = start(0), r1 = start(1), r2 = start(2), r3 = start(3), r4 = start(4), r5 = start(5)
    let left = product.left + row
    let right = product.right + firstColumn
    let leftOffsets = product.leftOffsets
    let rightOffsets = product.rightOffsets
    @inline(__always) func add(_ pair: Int) {
      let a = left + Int(leftOffsets[pair])
      let b = Row(right + Int(rightOffsets[pair]))
      r0.add(a[0], b)
      r1.add(a[1], b)
      r2.add(a[2], b)
      r3.add(a[3], b)
      r4.add(a[4], b)
      r5.add(a[5], b)
    }
    var pair = 0
    while pair + 4 <= product.pairs {
      add(pair)
      add(pair + 1)
      add(pair + 2)
      add(pair + 3)
      pair += 4
    }
    while pair < product.pairs {
      add(pair)
      pair += 1
    }
    r0.store(output, columns)
    if rows > 1 { r1.store(output + panelWidth, columns) }
    if rows > 2 { r2.store(output + 2 * panelWidth, columns) }
    if rows > 3 { r3.store(output + 3 * panelWidth, columns) }
    if rows > 4 { r4.store(output + 4 * panelWidth, columns) }
    if rows > 5 { r5.store(output + 5 * panelWidth, columns) }
  }
}
