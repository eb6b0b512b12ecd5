/// The entries of a small matrix that are not 0, row by row.
public struct SparseMatrix {
  /// Rows of the matrix.
  public var rows: Int
  /// Columns of the matrix.
  public var columns: Int
  /// `[rows + 1]`: where each row begins in the two lists below.
  public var starts: UnsafePointer<Int32>
  /// The column of each entry.
  public var indices: UnsafePointer<Int32>
  /// The value of each entry.
  public var values: UnsafePointer<Float>

  /// A matrix of the given entries.
  public init(
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
public struct TilePlaces {
  /// Floats from one tile to the next, beyond what the table says.
  public var tileStride: Int
  /// `[place]`, or `[tile][place]`
  public var table: UnsafePointer<Int32>
  /// Entries of the table from one tile to the next; 0 where all tiles share them.
  public var tableStride: Int

  /// The given places.
  public init(tileStride: Int, table: UnsafePointer<Int32>, tableStride: Int) {
    self.tileStride = tileStride
    self.table = table
    self.tableStride = tableStride
  }
}

/// `Y = L · X · Rᵀ` for tiles X of vectors of channels: the transforms of Winograd's convolutions.
public struct TileTransform {
  /// Tiles in this piece.
  public var tiles = 0
  /// Channels of each place, a multiple of 16.
  public var channels = 0
  /// L
  public var left: SparseMatrix
  /// R
  public var right: SparseMatrix
  /// What the places of the input count from.
  public var input: UnsafePointer<Float>
  /// `[left.columns · right.columns]` places, row by row
  public var inputPlaces: TilePlaces
  /// What the places of the output count from.
  public var output: UnsafeMutablePointer<Float>
  /// `[left.rows · right.rows]` places, row by row; where the table is negative nothing is stored.
  public var outputPlaces: TilePlaces
  /// `[channels]`, added to every place of the output; nil: 0.
  public var bias: UnsafePointer<Float>?
  /// Whether Y is added to what the output holds.
  public var accumulates = false
  /// Room for `left.rows · right.columns · 64` floats.
  public var scratch: UnsafeMutablePointer<Float>

  /// A transform of nothing yet.
  public init(
    left: SparseMatrix, right: SparseMatrix, input: UnsafePointer<Float>, inputPlaces: TilePlaces,
    output: UnsafeMutablePointer<Float>, outputPlaces: TilePlaces, scratch: UnsafeMutablePointer<Float>
  ) {
    self.left = left
    self.right = right
    self.input = input
    self.inputPlaces = inputPlaces
    self.output = output
    self.outputPlaces = outputPlaces
    self.scratch = scratch
  }
}
