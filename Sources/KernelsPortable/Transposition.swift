import KernelArguments

extension Kernels {
  /// `output[column][row] = input[row][column]` for 64 columns and `rows` ≤ 64 rows of 64 floats; the output's further
  /// columns up to the next multiple of 16 are set to 0. `scratch` holds 512 floats, aligned to 64 bytes.
  package static func transposeBlock(
    _ input: UnsafePointer<Float>, rows: Int, columns: Int, _ output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    var row = 0
    while row < rows {
      var column = 0
      while column < columns {
        transpose16(
          input + row * panelWidth + column, rows: rows - row, output + column * panelWidth + row,
          scratch)
        column += lanes
      }
      row += lanes
    }
  }

  /// Sixteen by sixteen: four rounds of a perfect shuffle.
  @inline(__always)
  private static func transpose16(
    _ input: UnsafePointer<Float>, rows: Int, _ output: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let other = scratch + lanes * lanes
    for row in 0..<lanes { store(row < rows ? load(input, row * panelWidth) : Vector(), scratch, row * lanes) }
    shuffle(scratch, other)
    shuffle(other, scratch)
    shuffle(scratch, other)
    shuffle(other, scratch)
    for row in 0..<lanes { store(load(scratch, row * lanes), output, row * panelWidth) }
  }

  /// One round: rows `i` and `i + 8` are interleaved to rows `2 i` and `2 i + 1`.
  @inline(__always) private static func shuffle(_ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>) {
    for row in 0..<8 {
      let upper = load(input, row * lanes), lower = load(input, (row + 8) * lanes)
      var first = Vector(), second = Vector()
      first.evenHalf = upper.lowHalf
      first.oddHalf = lower.lowHalf
      second.evenHalf = upper.highHalf
      second.oddHalf = lower.highHalf
      store(first, output, 2 * row * lanes)
      store(second, output, (2 * row + 1) * lanes)
    }
  }
}
