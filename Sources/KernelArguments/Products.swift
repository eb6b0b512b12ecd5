// The arguments of the product kernels. Weights lie in blocks of 64 columns, "panels": [panel][tap][row][64], with zeros
// where the number of columns is no multiple of 64. Offsets count floats from the base pointer beside them.

/// Columns of a weight panel.
package let panelWidth = 64
/// Pixels that a gathered product computes at once.
package let gatherTile = 6
/// Pixels that a dot product computes at once.
package let dotTile = 4
/// Rows that dot and outer products compute at once.
package let rowTile = 6

/// `output[pixel][column] = start + Σ_tap Σ_channel input[pixel, tap][channel] · weights[tap][channel][column]`
/// for tiles of six pixels and the columns of one panel.
package struct GatheredProduct {
  /// Tiles of `gatherTile` pixels.
  package var tiles: Int
  /// Taps that each tile sums over.
  package var taps: Int
  /// Channels of the input that each tap sums over.
  package var channels: Int
  /// What the input offsets count from.
  package var input: UnsafePointer<Float>
  /// `[tile][tap][6]`; a negative first entry says that the tap sees nothing but padding in this tile.
  package var inputOffsets: UnsafePointer<Int32>
  /// Entries of `inputOffsets` from one tile to the next.
  package var inputTileStride: Int
  /// The panel's weights.
  package var weights: UnsafePointer<Float>
  /// `[tap]`: where each tap's `[channel][64]` begins.
  package var weightOffsets: UnsafePointer<Int32>
  /// What the output offsets count from.
  package var output: UnsafeMutablePointer<Float>
  /// `[tile][6]`
  package var outputOffsets: UnsafePointer<Int32>
  /// Columns that are stored, 1 ... 64.
  package var columns: Int
  /// Whether the sum begins with what the output holds.
  package var accumulates: Bool
  /// `[64]` that the sum begins with otherwise; nil: 0.
  package var bias: UnsafePointer<Float>?
  /// Tiles of four pixels that follow those of six in both lists of offsets.
  package var fours: Int
  /// Floats from the weights to as many that are read after them and asked for meanwhile; 0: none are.
  package var weightsAhead: Int

  /// A product of these extents over this memory; nothing is left out by default.
  package init(
    tiles: Int, taps: Int, channels: Int, input: UnsafePointer<Float>, inputOffsets: UnsafePointer<Int32>,
    inputTileStride: Int, weights: UnsafePointer<Float>, weightOffsets: UnsafePointer<Int32>,
    output: UnsafeMutablePointer<Float>, outputOffsets: UnsafePointer<Int32>, columns: Int, accumulates: Bool,
    bias: UnsafePointer<Float>?, fours: Int = 0, weightsAhead: Int = 0
  ) {
    self.tiles = tiles
    self.fours = fours
    self.weightsAhead = weightsAhead
    self.taps = taps
    self.channels = channels
    self.input = input
    self.inputOffsets = inputOffsets
    self.inputTileStride = inputTileStride
    self.weights = weights
    self.weightOffsets = weightOffsets
    self.output = output
    self.outputOffsets = outputOffsets
    self.columns = columns
    self.accumulates = accumulates
    self.bias = bias
  }
}

/// `output[pixel][row] = start + Σ_panel Σ_tap Σ_k input[pixel, tap][panel · 64 + k] · weights[panel][tap][row][k]`
/// for tiles of four pixels: the sum runs along the panels, so the weights serve without being transposed.
package struct DotProduct {
  /// Tiles of `dotTile` pixels.
  package var tiles: Int
  /// Taps that each tile sums over.
  package var taps: Int
  /// Values that each tap sums over, across the panels. The input is read up to the next multiple of 16, where the
  /// weights are 0; it must be finite there.
  package var columns: Int
  /// Output rows.
  package var rows: Int
  /// What the input offsets count from.
  package var input: UnsafePointer<Float>
  /// `[tile][tap][4]`; a negative first entry says that the tap sees nothing but padding in this tile.
  package var inputOffsets: UnsafePointer<Int32>
  /// Entries of `inputOffsets` from one tile to the next.
  package var inputTileStride: Int
  /// The first panel's weights for the first row; readable for six rows at each tap.
  package var weights: UnsafePointer<Float>
  /// `[tap]`: where each tap's `[row][64]` begins.
  package var weightOffsets: UnsafePointer<Int32>
  /// Floats from one panel to the next.
  package var weightPanelStride: Int
  /// What the output offsets count from.
  package var output: UnsafeMutablePointer<Float>
  /// `[tile][4]`
  package var outputOffsets: UnsafePointer<Int32>
  /// Whether the sum begins with what the output holds.
  package var accumulates: Bool
  /// `[rows]` that the sum begins with otherwise; nil: 0.
  package var bias: UnsafePointer<Float>?

  /// A product of these extents over this memory.
  package init(
    tiles: Int, taps: Int, columns: Int, rows: Int, input: UnsafePointer<Float>, inputOffsets: UnsafePointer<Int32>,
    inputTileStride: Int, weights: UnsafePointer<Float>, weightOffsets: UnsafePointer<Int32>, weightPanelStride: Int,
    output: UnsafeMutablePointer<Float>, outputOffsets: UnsafePointer<Int32>, accumulates: Bool,
    bias: UnsafePointer<Float>?
  ) {
    self.tiles = tiles
    self.taps = taps
    self.columns = columns
    self.rows = rows
    self.input = input
    self.inputOffsets = inputOffsets
    self.inputTileStride = inputTileStride
    self.weights = weights
    self.weightOffsets = weightOffsets
    self.weightPanelStride = weightPanelStride
    self.output = output
    self.outputOffsets = outputOffsets
    self.accumulates = accumulates
    self.bias = bias
  }
}

/// `output[row][column] (+)= Σ_pair left[pair][row] · right[pair][column]`: a tile of a weight gradient.
package struct OuterProduct {
  /// Pairs of pixels that are summed over.
  package var pairs: Int
  /// Rows that are stored; the left side is read up to the next multiple of six.
  package var rows: Int
  /// Columns that are stored, 1 ... 64; the right side is read up to the next multiple of 16.
  package var columns: Int
  /// What the left offsets count from.
  package var left: UnsafePointer<Float>
  /// `[pair]`
  package var leftOffsets: UnsafePointer<Int32>
  /// What the right offsets count from.
  package var right: UnsafePointer<Float>
  /// `[pair]`
  package var rightOffsets: UnsafePointer<Int32>
  /// `[row][64]`; columns that are not stored keep their value.
  package var output: UnsafeMutablePointer<Float>
  /// Whether the sum begins with what the output holds, instead of 0.
  package var accumulates: Bool

  /// A product of these extents over this memory.
  package init(
    pairs: Int, rows: Int, columns: Int, left: UnsafePointer<Float>, leftOffsets: UnsafePointer<Int32>,
    right: UnsafePointer<Float>, rightOffsets: UnsafePointer<Int32>, output: UnsafeMutablePointer<Float>,
    accumulates: Bool
  ) {
    self.pairs = pairs
    self.rows = rows
    self.columns = columns
    self.left = left
    self.leftOffsets = leftOffsets
    self.right = right
    self.rightOffsets = rightOffsets
    self.output = output
    self.accumulates = accumulates
  }
}
