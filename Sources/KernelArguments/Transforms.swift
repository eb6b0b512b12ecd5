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
  /// Room for `left.rows · right.columns · 64` floats.
  package var scratch: UnsafeMutablePointer<Float>
  /// Whether Y is written as bfloat16 numbers; nothing is added to it then, and it is stored everywhere.
  package var isRounded: Bool

  /// A transform of these extents over this memory.
  package init(
    tiles: Int, channels: Int, left: SparseMatrix, right: SparseMatrix, input: UnsafePointer<Float>,
    inputPlaces: TilePlaces, output: UnsafeMutablePointer<Float>, outputPlaces: TilePlaces, bias: UnsafePointer<Float>?,
    accumulates: Bool, scratch: UnsafeMutablePointer<Float>, isRounded: Bool = false
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
  }
}
