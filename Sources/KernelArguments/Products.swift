// The arguments of the product kernels. Weights lie in blocks of 64 columns, "panels": [panel][tap][row][64], with zeros
// where the number of columns is no multiple of 64. Offsets count floats from the base pointer beside them.

/// Columns of a weight panel.
public let panelWidth = 64
/// Pixels that a gathered product computes at once.
public let gatherTile = 6
/// Pixels that a dot product computes at once.
public let dotTile = 4
/// Rows that dot and outer products compute at once.
public let rowTile = 6

/// `output[pixel][column] = start + Σ_tap Σ_channel input[pixel, tap][channel] · weights[tap][channel][column]`
/// for tiles of six pixels and the columns of one panel.
public struct GatheredProduct {
  /// Tiles of `gatherTile` pixels.
  public var tiles = 0
  /// Taps that each tile sums over.
  public var taps = 0
  /// Channels of the input that each tap sums over.
  public var channels = 0
  /// What the input offsets count from.
  public var input: UnsafePointer<Float>
  /// `[tile][tap][6]`; a negative first entry says that the tap sees nothing but padding in this tile.
  public var inputOffsets: UnsafePointer<Int32>
  /// Entries of `inputOffsets` from one tile to the next.
  public var inputTileStride = 0
  /// The panel's weights.
  public var weights: UnsafePointer<Float>
  /// `[tap]`: where each tap's `[channel][64]` begins.
  public var weightOffsets: UnsafePointer<Int32>
  /// What the output offsets count from.
  public var output: UnsafeMutablePointer<Float>
  /// `[tile][6]`
  public var outputOffsets: UnsafePointer<Int32>
  /// Columns that are stored, 1 ... 64.
  public var columns = panelWidth
  /// Whether the sum begins with what the output holds.
  public var accumulates = false
  /// `[64]` that the sum begins with otherwise; nil: 0.
  public var bias: UnsafePointer<Float>?

  /// A product over nothing yet.
  public init(
    input: UnsafePointer<Float>, inputOffsets: UnsafePointer<Int32>, weights: UnsafePointer<Float>,
    weightOffsets: UnsafePointer<Int32>, output: UnsafeMutablePointer<Float>, outputOffsets: UnsafePointer<Int32>
  ) {
    self.input = input
    self.inputOffsets = inputOffsets
    self.weights = weights
    self.weightOffsets = weightOffsets
    self.output = output
    self.outputOffsets = outputOffsets
  }
}

/// `output[pixel][row] = start + Σ_panel Σ_tap Σ_k input[pixel, tap][panel · 64 + k] · weights[panel][tap][row][k]`
/// for tiles of four pixels: the sum runs along the panels, so the weights serve without being transposed.
public struct DotProduct {
  /// Tiles of `dotTile` pixels.
  public var tiles = 0
  /// Taps that each tile sums over.
  public var taps = 0
  /// Values that each tap sums over, across the panels. The input is read up to the next multiple of 16, where the
  /// weights are 0; it must be finite there.
  public var columns = 0
  /// Output rows.
  public var rows = 0
  /// What the input offsets count from.
  public var input: UnsafePointer<Float>
  /// `[tile][tap][4]`; a negative first entry says that the tap sees nothing but padding in this tile.
  public var inputOffsets: UnsafePointer<Int32>
  /// Entries of `inputOffsets` from one tile to the next.
  public var inputTileStride = 0
  /// The first panel's weights for the first row; readable for six rows at each tap.
  public var weights: UnsafePointer<Float>
  /// `[tap]`: where each tap's `[row][64]` begins.
  public var weightOffsets: UnsafePointer<Int32>
  /// Floats from one panel to the next.
  public var weightPanelStride = 0
  /// What the output offsets count from.
  public var output: UnsafeMutablePointer<Float>
  /// `[tile][4]`
  public var outputOffsets: UnsafePointer<Int32>
  /// Whether the sum begins with what the output holds.
  public var accumulates = false
  /// `[rows]` that the sum begins with otherwise; nil: 0.
  public var bias: UnsafePointer<Float>?

  /// A product over nothing yet.
  public init(
    input: UnsafePointer<Float>, inputOffsets: UnsafePointer<Int32>, weights: UnsafePointer<Float>,
    weightOffsets: UnsafePointer<Int32>, output: UnsafeMutablePointer<Float>, outputOffsets: UnsafePointer<Int32>
  ) {
    self.input = input
    self.inputOffsets = inputOffsets
    self.weights = weights
    self.weightOffsets = weightOffsets
    self.output = output
    self.outputOffsets = outputOffsets
  }
}

/// `output[row][column] (+)= Σ_pair left[pair][row] · right[pair][column]`: a tile of a weight gradient.
public struct OuterProduct {
  /// Pairs of pixels that are summed over.
  public var pairs = 0
  /// Rows that are stored; the left side is read up to the next multiple of six.
  public var rows = 0
  /// Columns that are stored, 1 ... 64; the right side is read up to the next multiple of 16.
  public var columns = panelWidth
  /// What the left offsets count from.
  public var left: UnsafePointer<Float>
  /// `[pair]`
  public var leftOffsets: UnsafePointer<Int32>
  /// What the right offsets count from.
  public var right: UnsafePointer<Float>
  /// `[pair]`
  public var rightOffsets: UnsafePointer<Int32>
  /// `[row][64]`; columns that are not stored keep their value.
  public var output: UnsafeMutablePointer<Float>
  /// Whether the sum begins with what the output holds, instead of 0.
  public var accumulates = false

  /// A product over nothing yet.
  public init(
    left: UnsafePointer<Float>, leftOffsets: UnsafePointer<Int32>, right: UnsafePointer<Float>,
    rightOffsets: UnsafePointer<Int32>, output: UnsafeMutablePointer<Float>
  ) {
    self.left = left
    self.leftOffsets = leftOffsets
    self.right = right
    self.rightOffsets = rightOffsets
    self.output = output
  }
}
