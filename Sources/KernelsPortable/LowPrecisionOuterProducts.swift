import CVectors
import KernelArguments

// Tiles of weight gradients in bfloat16. What is summed over are pixels, and a dot product takes two numbers that lie side by
// side: each pair of pixels is put together first, rounded on the way, for as many rows and columns as use them.

extension Kernels {
  /// Runs a weight gradient's product with both sides rounded to bfloat16, within `roundedOuterLimits`. Both are read up to the
  /// next multiple of 16.
  ///
  /// - Parameter scratch: `roundedOuterScratch` floats
  package static func multiplyOuterBFloats(_ product: OuterProduct, scratch: UnsafeMutablePointer<Float>) {
    let groups = (product.pairs + 1) / 2
    let right = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Int32.self)
    let left = right + groups * panelWidth
    let leftStride = (product.rows + lanes - 1) / lanes * lanes
    putTogether(product.right, product.rightOffsets, product, numbers: product.columns, right, stride: panelWidth)
    putTogether(product.left, product.leftOffsets, product, numbers: product.rows, left, stride: leftStride)
    let sums = LowPrecisionProduct(
      tiles: 1, taps: 1, groups: groups, input: left, inputOffsets: product.leftOffsets, inputTileStride: 0,
      weights: right, weightOffsets: product.rightOffsets, output: product.output,
      outputOffsets: product.rightOffsets, columns: product.columns, accumulates: product.accumulates, bias: nil,
      weightSteps: product.right)
    #if KERNELS_AVX512
      if product.columns > 2 * lanes {
        sixRows(sums, product.rows, leftStride, FourSums<BFloatProduct>.self)
      } else {
        sixRows(sums, product.rows, leftStride, TwoSums<BFloatProduct>.self)
      }
    #else
      for column in stride(from: 0, to: product.columns, by: lanes) {
        threeRows(sums, product.rows, leftStride, OneSum<BFloatProduct>.self, column)
      }
    #endif
  }

  /// Writes `[pair of pixels][number]` groups of two bfloat16 numbers; zeros stand beside an odd last pixel.
  @inline(__always)
  private static func putTogether(
    _ base: UnsafePointer<Float>, _ offsets: UnsafePointer<Int32>, _ product: OuterProduct, numbers: Int,
    _ output: UnsafeMutablePointer<Int32>, stride: Int
  ) {
    for group in 0..<product.pairs / 2 {
      let first = base + Int(offsets[2 * group]), second = base + Int(offsets[2 * group + 1])
      var number = 0
      while number < numbers {
        store(vector_bfloat_pairs(load(first, number), load(second, number)), output + group * stride, number)
        number += lanes
      }
    }
    guard product.pairs % 2 == 1 else { return }
    let last = base + Int(offsets[product.pairs - 1])
    var number = 0
    while number < numbers {
      store(vector_bfloat_pairs(load(last, number), Vector()), output + product.pairs / 2 * stride, number)
      number += lanes
    }
  }

  #if KERNELS_AVX512
    @inline(__always)
    private static func sixRows<Sums: LowPrecisionSums>(
      _ product: LowPrecisionProduct, _ rows: Int, _ leftStride: Int, _: Sums.Type
    ) {
      for row in stride(from: 0, to: rows, by: gatherTile) {
        let count = rows - row
        // Rows beyond the last are computed, from whatever is there, and not stored.
        var r0 = Sums(product, row * panelWidth, firstColumn: 0)
        var r1 = Sums(product, (count > 1 ? row + 1 : row) * panelWidth, firstColumn: 0)
        var r2 = Sums(product, (count > 2 ? row + 2 : row) * panelWidth, firstColumn: 0)
        var r3 = Sums(product, (count > 3 ? row + 3 : row) * panelWidth, firstColumn: 0)
        var r4 = Sums(product, (count > 4 ? row + 4 : row) * panelWidth, firstColumn: 0)
        var r5 = Sums(product, (count > 5 ? row + 5 : row) * panelWidth, firstColumn: 0)
        var left = product.input + row
        var right = product.weights
        for _ in 0..<product.groups {
          let b = Sums.Integers(right)
          r0.add(left[0], b)
          r1.add(left[1], b)
          r2.add(left[2], b)
          r3.add(left[3], b)
          r4.add(left[4], b)
          r5.add(left[5], b)
          left += leftStride
          right += panelWidth
        }
        let none = Sums.Integers()
        r0.store(product, none, row * panelWidth, firstColumn: 0)
        if count > 1 { r1.store(product, none, (row + 1) * panelWidth, firstColumn: 0) }
        if count > 2 { r2.store(product, none, (row + 2) * panelWidth, firstColumn: 0) }
        if count > 3 { r3.store(product, none, (row + 3) * panelWidth, firstColumn: 0) }
        if count > 4 { r4.store(product, none, (row + 4) * panelWidth, firstColumn: 0) }
        if count > 5 { r5.store(product, none, (row + 5) * panelWidth, firstColumn: 0) }
      }
    }
  #endif

  @inline(__always)
  private static func threeRows<Sums: LowPrecisionSums>(
    _ product: LowPrecisionProduct, _ rows: Int, _ leftStride: Int, _: Sums.Type, _ column: Int
  ) {
    for row in stride(from: 0, to: rows, by: 3) {
      let count = rows - row
      var r0 = Sums(product, row * panelWidth, firstColumn: column)
      var r1 = Sums(product, (count > 1 ? row + 1 : row) * panelWidth, firstColumn: column)
      var r2 = Sums(product, (count > 2 ? row + 2 : row) * panelWidth, firstColumn: column)
      var left = product.input + row
      var right = product.weights + column
      for _ in 0..<product.groups {
        let b = Sums.Integers(right)
        r0.add(left[0], b)
        r1.add(left[1], b)
        r2.add(left[2], b)
        left += leftStride
        right += panelWidth
      }
      let none = Sums.Integers()
      r0.store(product, none, row * panelWidth, firstColumn: column)
      if count > 1 { r1.store(product, none, (row + 1) * panelWidth, firstColumn: column) }
      if count > 2 { r2.store(product, none, (row + 2) * panelWidth, firstColumn: column) }
    }
  }
}
