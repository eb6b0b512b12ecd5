/// The entries of a small matrix that are not 0, row by row.
package struct SparseMatrix {
  /// Rows of the matrix.
  package var rows: Int
  /// Columns of the matrix.
  package var columns: Int
  /// `[rows + 1]`: where each row begins in the two lists below.
  package var starts: UnsafePointer<Int32>
  /// The column of each entry.
  package var indices: UnsafePointer<Int32>
  /// The value of each entry.
  package var values: UnsafePointer<Float>

  /// A matrix of the given entries.
  package init(
    rows: Int, columns: Int, starts: UnsafePointer<Int32>, indices: UnsafePointer<Int32>, values: UnsafePointer<Float>
  ) {
    self.rows = rows
    self.columns = columns
    self.starts = starts
    self.indices = indices
    self.values = values
  }
}

/// Where the places of a tile lie: place p of tile t begins `t · tileStride + table[t · tableStride + p]` floats after
/// the base, so that one description serves pixels, transformed tiles and weights.
package struct TilePlaces {
  /// Floats from one tile to the next, beyond what the table says.
  package var tileStride: Int
  /// `[place]`, or `[tile][place]`
  package var table: UnsafePointer<Int32>
  /// Entries of the table from one tile to the next; 0 where all tiles share them.
  package var tableStride: Int

  /// The given places.
  package init(tileStride: Int, table: UnsafePointer<Int32>, tableStride: Int) {
    self.tileStride = tileStride
    self.table = table
    self.tableStride = tableStride
  }
}

/// What the matrices of a transform are made of where their points are 0, p, −p, perhaps q, −q, perhaps r, and ∞, in this order.
package struct PairedPoints {
  /// Which of the matrices.
  package enum Side {
    /// B: as many numbers as points to points
    case input
    /// Aᵀ: points to outputs
    case output
    /// A: gradients of outputs to points
    case outputGradient
  }

  /// What becomes of as many numbers as there are outputs, beside those of the points: the products of a single tap.
  package enum Copies {
    /// There are none.
    case none
    /// They follow the others on both sides.
    case apart
    /// They are the first that are read.
    case shared
    /// They follow the others, and are added to the outputs.
    case added
  }

  /// Which matrix both L and R are.
  package var side: Side
  /// Outputs along an axis, 2 ... 5.
  package var outputs: Int
  /// p
  package var first: Float
  /// q; not looked at where there is none
  package var second: Float
  /// r; not looked at where there is none
  package var single: Float
  /// Whether there are ±q.
  package var hasSecondPair: Bool
  /// Whether there is r.
  package var hasSingle: Bool
  /// What else there is, where there are 3 or 4 outputs.
  package var copies = Copies.none

  /// The given points.
  package init(side: Side, outputs: Int, first: Float, second: Float?, single: Float?) {
    self.side = side
    self.outputs = outputs
    self.first = first
    self.second = second ?? 0
    self.single = single ?? 0
    hasSecondPair = second != nil
    hasSingle = single != nil
  }
}

/// `Y = L · X · Rᵀ` for tiles X of vectors of channels: the transforms of Winograd's convolutions.
package struct TileTransform {
  /// Tiles in this piece.
  package var tiles: Int
  /// Channels of each place, a multiple of 16.
  package var channels: Int
  /// L
  package var left: SparseMatrix
  /// R
  package var right: SparseMatrix
  /// What the places of the input count from.
  package var input: UnsafePointer<Float>
  /// `[left.columns · right.columns]` places, row by row
  package var inputPlaces: TilePlaces
  /// What the places of the output count from, in floats or in pairs of bfloat16 numbers.
  package var output: UnsafeMutablePointer<Float>
  /// `[left.rows · right.rows]` places, row by row; where the table is negative nothing is stored.
  package var outputPlaces: TilePlaces
  /// `[channels]`, added to every place of the output; nil: 0.
  package var bias: UnsafePointer<Float>?
  /// Whether Y is added to what the output holds.
  package var accumulates: Bool
  /// Room for `left.rows · right.columns · 64` floats, and 64 more.
  package var scratch: UnsafeMutablePointer<Float>
  /// Whether Y is written as bfloat16 numbers; nothing is added to it then, and it is stored everywhere.
  package var isRounded: Bool
  /// The points of both matrices where these are made of pairs; nil: they are not, or differ.
  package var points: PairedPoints?

  /// A transform of these extents over this memory.
  package init(
    tiles: Int, channels: Int, left: SparseMatrix, right: SparseMatrix, input: UnsafePointer<Float>,
    inputPlaces: TilePlaces, output: UnsafeMutablePointer<Float>, outputPlaces: TilePlaces, bias: UnsafePointer<Float>?,
    accumulates: Bool, scratch: UnsafeMutablePointer<Float>, isRounded: Bool = false,
    points: PairedPoints? = nil
  ) {
    self.tiles = tiles
    self.channels = channels
    self.left = left
    self.right = right
    self.input = input
    self.inputPlaces = inputPlaces
    self.output = output
    self.outputPlaces = outputPlaces
    self.bias = bias
    self.accumulates = accumulates
    self.scratch = scratch
    self.isRounded = isRounded
    self.points = points
  }
}
