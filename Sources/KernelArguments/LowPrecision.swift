// The arguments of the low-precision kernels. Numbers of fewer bits lie in groups of four bytes: two bfloat16 numbers, two
// integers of sixteen bits or four of eight, of neighbouring channels. Weights lie in panels of 64 columns as those of single
// precision do, a group of rows in place of a row: `[panel][tap][group][64]`. Offsets count groups from the base pointer beside
// them.
//
// Where integers have sixteen bits, products read sixteen columns at a time, and weights lie so: `[panel][tap][4][group][16]`. Those
// of eight bits (wide integers: the inputs are widened, weights are not) take two bytes of a group, `[panel][tap][4][group][16][2]`.
// Scaled integers, from -4095 to 4095, have a step of their own for each pixel, behind its groups, and for each column of a tap,
// `[16]` floats in front of its groups.

/// Groups of two channels that a sum of scaled integers has room for.
package let scaledGroups = 64
/// The greatest scaled integer: 2 · `scaledGroups` products of two such are no more than 2³¹ − 1.
package let scaledMost = 4095

/// `output[pixel][column] = bias + Σ_tap Σ_channel input[pixel, tap][channel] · weights[tap][channel][column]`
/// for tiles of six pixels and the columns of one panel, in single precision.
package struct LowPrecisionProduct {
  /// Tiles of `gatherTile` pixels.
  package var tiles: Int
  /// Taps that each tile sums over.
  package var taps: Int
  /// Groups of channels that each tap sums over.
  package var groups: Int
  /// What the input offsets count from.
  package var input: UnsafePointer<Int32>
  /// From one group of an input pixel to the next.
  package var inputGroupStride: Int
  /// `[tile][tap][6]`; a negative first entry says that the tap sees nothing but padding in this tile.
  package var inputOffsets: UnsafePointer<Int32>
  /// Entries of `inputOffsets` from one tile to the next.
  package var inputTileStride: Int
  /// The panel's weights.
  package var weights: UnsafePointer<Int32>
  /// `[tap]`: where each tap's weights begin. In front of those of eight bits lie the sums of the tap's columns, `[64]`.
  package var weightOffsets: UnsafePointer<Int32>
  /// What the output offsets count from.
  package var output: UnsafeMutablePointer<Float>
  /// `[tile][6]`, in floats
  package var outputOffsets: UnsafePointer<Int32>
  /// Columns that are stored, 1 ... 64.
  package var columns: Int
  /// bfloat16 numbers alone: whether the sum begins with what the output holds; columns are a multiple of 16 then.
  package var accumulates: Bool
  /// `[64]` that it begins with otherwise; nil: 0.
  package var bias: UnsafePointer<Float>?
  /// Integers of eight bits in fours alone: the one that stands for 0 in the input.
  package var zeroPoint: Int32
  /// Integers of eight bits alone: what one step of the input is worth.
  package var step: Float
  /// Integers of eight bits alone: `[64]`, what one step of each column's weights is worth; any address otherwise.
  package var weightSteps: UnsafePointer<Float>

  /// A product of these extents over this memory.
  package init(
    tiles: Int, taps: Int, groups: Int, input: UnsafePointer<Int32>, inputGroupStride: Int = 1,
    inputOffsets: UnsafePointer<Int32>,
    inputTileStride: Int, weights: UnsafePointer<Int32>, weightOffsets: UnsafePointer<Int32>,
    output: UnsafeMutablePointer<Float>, outputOffsets: UnsafePointer<Int32>, columns: Int,
    accumulates: Bool = false, bias: UnsafePointer<Float>?, zeroPoint: Int32 = 0, step: Float = 1,
    weightSteps: UnsafePointer<Float>
  ) {
    self.tiles = tiles
    self.taps = taps
    self.groups = groups
    self.input = input
    self.inputGroupStride = inputGroupStride
    self.inputOffsets = inputOffsets
    self.inputTileStride = inputTileStride
    self.weights = weights
    self.weightOffsets = weightOffsets
    self.output = output
    self.outputOffsets = outputOffsets
    self.columns = columns
    self.accumulates = accumulates
    self.bias = bias
    self.zeroPoint = zeroPoint
    self.step = step
    self.weightSteps = weightSteps
  }
}

/// Rows and pairs of pixels that an `OuterProduct` of rounded numbers may have: what is put together for it stays in the
/// second-level cache.
package let roundedOuterLimits = (rows: 96, pairs: 256)
/// Floats of scratch for it: pairs of both sides, and tables of rows.
package let roundedOuterScratch =
  roundedOuterLimits.pairs / 2 * (panelWidth + roundedOuterLimits.rows) + 2 * roundedOuterLimits.rows + 1

/// Numbers of single precision on their way to fewer bits: `pixels` pixels of `channels` channels, a multiple of 16.
package struct NumberRounding {
  /// Pixels in this piece.
  package var pixels: Int
  /// Channels of each.
  package var channels: Int
  /// What is rounded.
  package var input: PixelView
  /// Where the groups of the first pixel go.
  package var output: UnsafeMutablePointer<Int32>
  /// Groups from one pixel to the next.
  package var outputStride: Int
  /// Integers of eight bits alone: steps in 1.
  package var inverseStep: Float
  /// Integers of eight bits alone: the one that stands for 0.
  package var zeroPoint: Float

  /// A pass over `pixels` pixels of `channels` channels.
  package init(
    pixels: Int, channels: Int, input: PixelView, output: UnsafeMutablePointer<Int32>, outputStride: Int,
    inverseStep: Float = 1, zeroPoint: Float = 0
  ) {
    self.pixels = pixels
    self.channels = channels
    self.input = input
    self.output = output
    self.outputStride = outputStride
    self.inverseStep = inverseStep
    self.zeroPoint = zeroPoint
  }
}

/// The weights of a panel on their way to fewer bits.
package struct WeightRounding {
  /// Taps, or anything else that the weights of the panel fall into.
  package var taps: Int
  /// Rows of each tap, a multiple of four.
  package var rows: Int
  /// `[tap][row][64]`, floats
  package var weights: UnsafePointer<Float>
  /// Floats from one tap to the next.
  package var weightStride: Int
  /// `[tap][group][64]`, or what is said above of integers; the sums of a tap's columns in front of integers in fours.
  package var output: UnsafeMutablePointer<Int32>
  /// Groups from one tap to the next.
  package var outputStride: Int
  /// Integers of eight bits alone: `[64]`, written: what one step of a column is worth; any address otherwise.
  package var steps: UnsafeMutablePointer<Float>

  /// A pass over a panel of these extents.
  package init(
    taps: Int, rows: Int, weights: UnsafePointer<Float>, weightStride: Int, output: UnsafeMutablePointer<Int32>,
    outputStride: Int, steps: UnsafeMutablePointer<Float>
  ) {
    self.taps = taps
    self.rows = rows
    self.weights = weights
    self.weightStride = weightStride
    self.output = output
    self.outputStride = outputStride
    self.steps = steps
  }
}
