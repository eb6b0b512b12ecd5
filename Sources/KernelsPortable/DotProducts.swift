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
          // Four pixels × three rows at a time: the accumulators of a whole tile do not fit 16 registers.
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
      var r0 = FourPixels(), r1 = FourPixels(), r2 = FourPixels(), r3 = FourPixels(), r4 = FourPixels()
      var r5 = FourPixels()
      sum(product, tile, row) { weights, x in
        r0.add(load(weights, 0), x)
        r1.add(load(weights, panelWidth), x)
        r2.add(load(weights, 2 * panelWidth), x)
        r3.add(load(weights, 3 * panelWidth), x)
        r4.add(load(weights, 4 * panelWidth), x)
        r5.add(load(weights, 5 * panelWidth), x)
      }
      finish(product, tile, row, r0.sums)
      finish(product, tile, row + 1, r1.sums)
      finish(product, tile, row + 2, r2.sums)
      finish(product, tile, row + 3, r3.sums)
      finish(product, tile, row + 4, r4.sums)
      finish(product, tile, row + 5, r5.sums)
    }
  #endif

  @inline(__always) private static func multiplyHalfTile(_ product: DotProduct, _ tile: Int, _ row: Int) {
    var r0 = FourPixels(), r1 = FourPixels(), r2 = FourPixels()
    sum(product, tile, row) { weights, x in
      r0.add(load(weights, 0), x)
      r1.add(load(weights, panelWidth), x)
      r2.add(load(weights, 2 * panelWidth), x)
    }
    finish(product, tile, row, r0.sums)
    finish(product, tile, row + 1, r1.sums)
    finish(product, tile, row + 2, r2.sums)
  }

  /// Calls `add` with sixteen columns of the weights and of four pixels at a time.
  @inline(__always)
  private static func sum(
    _ product: DotProduct, _ tile: Int, _ row: Int, _ add: (UnsafePointer<Float>, FourPixels) -> Void
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
      let next = offsets + ahead
      let n0 = input + Int(next[0]), n1 = input + Int(next[1]), n2 = input + Int(next[2]), n3 = input + Int(next[3])
      var weights = product.weights + Int(product.weightOffsets[tap]) + row * panelWidth
      var column = 0
      while column < columns {
        let end = min(columns, column + panelWidth)
        var lane = 0
        while column < end {
          vector_prefetch(n0 + column)
          vector_prefetch(n1 + column)
          vector_prefetch(n2 + column)
          vector_prefetch(n3 + column)
          add(
            weights + lane,
            FourPixels(load(x0, column), load(x1, column), load(x2, column), load(x3, column)))
          column += lanes
          lane += lanes
        }
        weights += product.weightPanelStride
      }
    }
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

/// Sixteen columns of four pixels, or the partial sums of one row over them.
private struct FourPixels {
  var p0 = Vector()
  var p1 = Vector()
  var p2 = Vector()
  var p3 = Vector()

  @inline(__always) init() {}

  @inline(__always) init(_ p0: Vector, _ p1: Vector, _ p2: Vector, _ p3: Vector) {
    self.p0 = p0
    self.p1 = p1
    self.p2 = p2
    self.p3 = p3
  }

  @inline(__always) mutating func add(_ weight: Vector, _ x: FourPixels) {
    p0.addProduct(weight, x.p0)
    p1.addProduct(weight, x.p1)
    p2.addProduct(weight, x.p2)
    p3.addProduct(weight, x.p3)
  }

  /// The sum over the lanes, for each pixel.
  @inline(__always) var sums: SIMD4<Float> {
    let eights = Self.fold(p0.lowHalf + p0.highHalf, p1.lowHalf + p1.highHalf)
    let others = Self.fold(p2.lowHalf + p2.highHalf, p3.lowHalf + p3.highHalf)
    let fours = SIMD8(lowHalf: eights.evenHalf + eights.oddHalf, highHalf: others.evenHalf + others.oddHalf)
    return fours.evenHalf + fours.oddHalf
  }

  /// Pairwise sums of `a`, then of `b`.
  @inline(__always) private static func fold(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> {
    SIMD8(lowHalf: a.evenHalf + a.oddHalf, highHalf: b.evenHalf + b.oddHalf)
  }
}
