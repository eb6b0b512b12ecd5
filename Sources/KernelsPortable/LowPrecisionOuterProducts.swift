import CVectors
import KernelArguments

// Tiles of weight gradients in bfloat16. What is summed over are pixels, and a dot product takes two numbers that lie side by
// side: pairs of pixels are put together first, rounded on the way, for as many rows and columns as use them. Rows are what
// pixels are to other products then, and pairs of pixels what groups of channels are.

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
    let tiles = (product.rows + gatherTile - 1) / gatherTile
    let inputOffsets = left + groups * leftStride
    let outputOffsets = inputOffsets + tiles * gatherTile
    let weightOffsets = outputOffsets + tiles * gatherTile
    for place in 0..<tiles * gatherTile {
      // A tile that is not full computes its last row several times.
      let row = place < product.rows ? place : product.rows - 1
      inputOffsets[place] = Int32(truncatingIfNeeded: row)
      outputOffsets[place] = Int32(truncatingIfNeeded: row * panelWidth)
    }
    weightOffsets[0] = 0
    multiplyBFloats(
      LowPrecisionProduct(
        tiles: tiles, taps: 1, groups: groups, input: left, inputGroupStride: leftStride, inputOffsets: inputOffsets,
        inputTileStride: gatherTile, weights: right, weightOffsets: weightOffsets, output: product.output,
        outputOffsets: outputOffsets, columns: product.columns, accumulates: product.accumulates, bias: nil,
        weightSteps: product.right))
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
}
