import CVectors
import KernelArguments

extension Kernels {
  /// Runs a dot product.
  package static func multiply(_ product: DotProduct) {
    for tile in 0..<product.tiles {
      var row = 0
      while row < product.rows {
        #if KERNELS_AVX512
          multiplyTile(product, tile, row)
        #else
          // Four pixels × three rows at a time, a register each: those of a whole tile do not fit 16.
          multiplyHalfTile(product, tile, row)
          if row + 3 < product.rows { multiplyHalfTile(product, tile, row + 3) }
        #endif
        row += rowTile
      }
    }
  }

  #if KERNELS_AVX512
    @inline(__always) private static func multiplyTile(_ product: DotProduct, _ tile: Int, _ row: Int) {
      if product.rows - row <= 3 { return multiplyHalfTile(product, tile, row) }
      var p0 = SixRows(), p1 = SixRows(), p2 = SixRows(), p3 = SixRows()
      sum(product, tile, row, &p0, &p1, &p2, &p3)
      finishHalf(product, tile, row, p0.first, p1.first, p2.first, p3.first)
      finishHalf(product, tile, row + 3, p0.last, p1.last, p2.last, p3.last)
    }
  #endif

  @inline(__always) private static func multiplyHalfTile(_ product: DotProduct, _ tile: Int, _ row: Int) {
    var p0 = ThreeRows(), p1 = ThreeRows(), p2 = ThreeRows(), p3 = ThreeRows()
    sum(product, tile, row, &p0, &p1, &p2, &p3)
    finishHalf(product, tile, row, p0, p1, p2, p3)
  }

  /// Adds the products of some rows and four pixels, a register of columns at a time.
  @inline(__always)
  private static func sum<Rows: DotRows>(
    _ product: DotProduct, _ tile: Int, _ row: Int, _ p0: inout Rows, _ p1: inout Rows, _ p2: inout Rows,
    _ p3: inout Rows
  ) {
    let input = product.input
    let columns = product.columns
    var offsets = product.inputOffsets + tile * product.inputTileStride
    // Pixels are too short for the processor to see where the next one lies.
    let ahead = row == 0 && tile + 1 < product.tiles ? product.inputTileStride : 0
    for tap in 0..<product.taps {
      defer { offsets += dotTile }
      if offsets[0] < 0 { continue }
      let x0 = input + Int(offsets[0]), x1 = input + Int(offsets[1])
      let x2 = input + Int(offsets[2]), x3 = input + Int(offsets[3])
      if ahead > 0 { prefetch(offsets + ahead, input, columns) }
      var weights = product.weights + Int(product.weightOffsets[tap]) + row * panelWidth
      var column = 0
      while column < columns {
        let end = min(columns, column &+ panelWidth)
        var place = weights
        while column < end {
          let rows = Rows(place)
          p0.add(rows, loadPart(x0, column))
          p1.add(rows, loadPart(x1, column))
          p2.add(rows, loadPart(x2, column))
          p3.add(rows, loadPart(x3, column))
          column &+= DotVector.scalarCount
          place += DotVector.scalarCount
        }
        weights += product.weightPanelStride
      }
    }
  }

  /// Asks for the pixels of a tap of the next tile.
  @inline(__always)
  private static func prefetch(_ offsets: UnsafePointer<Int32>, _ input: UnsafePointer<Float>, _ columns: Int) {
    let x0 = input + Int(offsets[0]), x1 = input + Int(offsets[1])
    let x2 = input + Int(offsets[2]), x3 = input + Int(offsets[3])
    for column in stride(from: 0, to: columns, by: lanes) {
      vector_prefetch(x0 + column)
      vector_prefetch(x1 + column)
      vector_prefetch(x2 + column)
      vector_prefetch(x3 + column)
    }
  }

  @inline(__always)
  private static func finishHalf(
    _ product: DotProduct, _ tile: Int, _ row: Int, _ p0: ThreeRows, _ p1: ThreeRows, _ p2: ThreeRows, _ p3: ThreeRows
  ) {
    finish(product, tile, row, laneSums(p0.r0, p1.r0, p2.r0, p3.r0))
    finish(product, tile, row + 1, laneSums(p0.r1, p1.r1, p2.r1, p3.r1))
    finish(product, tile, row + 2, laneSums(p0.r2, p1.r2, p2.r2, p3.r2))
  }

  @inline(__always)
  private static func finish(_ product: DotProduct, _ tile: Int, _ row: Int, _ sums: SIMD4<Float>) {
    guard row < product.rows else { return }
    let outputs = product.outputOffsets + tile * dotTile
    let output = product.output + row
    let p0 = output + Int(outputs[0]), p1 = output + Int(outputs[1])
    let p2 = output + Int(outputs[2]), p3 = output + Int(outputs[3])
    // All are read before any is written: a tile that is not full names its last pixel several times.
    let start =
      product.accumulates
      ? SIMD4(p0.pointee, p1.pointee, p2.pointee, p3.pointee) : SIMD4(repeating: product.bias.map { $0[row] } ?? 0)
    let result = start + sums
    p0.pointee = result[0]
    p1.pointee = result[1]
    p2.pointee = result[2]
    p3.pointee = result[3]
  }
}

// One register where that is half a vector: twelve sums of whole ones would not fit. Without fused multiply-adds the
// longer sums of shorter vectors would cost digits that are scarce already.
#if KERNELS_AVX2 || arch(arm64)
  private typealias DotVector = SIMD8<Float>
#else
  private typealias DotVector = SIMD16<Float>
#endif

@inline(__always) private func loadPart(_ pointer: UnsafePointer<Float>, _ index: Int) -> DotVector {
  UnsafeRawPointer(pointer + index).loadUnaligned(as: DotVector.self)
}

/// The partial sums of one pixel for some rows of the weights, or a register of columns of these rows.
///
/// Three rows and their sums for four pixels take 15 registers: one is left for the pixel that they meet.
private protocol DotRows {
  /// Zeros.
  init()
  /// A register of columns of each row.
  init(_ weights: UnsafePointer<Float>)
  /// `self += rows · x`
  mutating func add(_ rows: Self, _ x: DotVector)
}

private struct ThreeRows: DotRows {
  var r0 = DotVector()
  var r1 = DotVector()
  var r2 = DotVector()

  @inline(__always) init() {}

  @inline(__always) init(_ weights: UnsafePointer<Float>) {
    r0 = loadPart(weights, 0)
    r1 = loadPart(weights, panelWidth)
    r2 = loadPart(weights, 2 * panelWidth)
  }

  @inline(__always) mutating func add(_ rows: ThreeRows, _ x: DotVector) {
    r0 = r0.plusProduct(rows.r0, x)
    r1 = r1.plusProduct(rows.r1, x)
    r2 = r2.plusProduct(rows.r2, x)
  }
}

#if KERNELS_AVX512
  private struct SixRows: DotRows {
    var first = ThreeRows()
    var last = ThreeRows()

    @inline(__always) init() {}

    @inline(__always) init(_ weights: UnsafePointer<Float>) {
      first = ThreeRows(weights)
      last = ThreeRows(weights + 3 * panelWidth)
    }

    @inline(__always) mutating func add(_ rows: SixRows, _ x: DotVector) {
      first.add(rows.first, x)
      last.add(rows.last, x)
    }
  }
#endif

extension DotVector {
  /// `self + a · b`, fused where the processor can.
  @inline(__always) fileprivate func plusProduct(_ a: DotVector, _ b: DotVector) -> DotVector {
    #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
      addingProduct(a, b)
    #else
      self + a * b
    #endif
  }
}

/// The sum over the lanes of each of four pixels.
@inline(__always)
private func laneSums(_ p0: DotVector, _ p1: DotVector, _ p2: DotVector, _ p3: DotVector) -> SIMD4<Float> {
  #if KERNELS_AVX2 || arch(arm64)
    let fours = foldTwice(p0, p1, p2, p3)
  #else
    let fours = foldTwice(
      p0.lowHalf + p0.highHalf, p1.lowHalf + p1.highHalf, p2.lowHalf + p2.highHalf, p3.lowHalf + p3.highHalf)
  #endif
  return fours.evenHalf + fours.oddHalf
}

/// Two numbers of each pixel's eight lanes: sums of neighbours, then of neighbours among these.
@inline(__always)
private func foldTwice(_ p0: SIMD8<Float>, _ p1: SIMD8<Float>, _ p2: SIMD8<Float>, _ p3: SIMD8<Float>) -> SIMD8<Float> {
  let first = SIMD8(lowHalf: p0.evenHalf + p0.oddHalf, highHalf: p1.evenHalf + p1.oddHalf)
  let second = SIMD8(lowHalf: p2.evenHalf + p2.oddHalf, highHalf: p3.evenHalf + p3.oddHalf)
  return SIMD8(lowHalf: first.evenHalf + first.oddHalf, highHalf: second.evenHalf + second.oddHalf)
}
