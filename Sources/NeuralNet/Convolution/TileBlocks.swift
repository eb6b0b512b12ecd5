import KernelArguments

/// The tiles of a transformed product in blocks whose transformed inputs and outputs, 64 columns of these at a time, stay in the
/// second-level cache of the thread that makes them: what is transformed is used at once, and no other thread waits for it.
///
/// The price is that all transformed weights are read again for each block, from the third-level cache.
struct TileBlocks: Sendable, Equatable {
  /// Tiles of a block.
  let tiles: Int
  /// Rows of tiles of a piece, which one thread does.
  let bandsPerPiece: Int
  /// Blocks of a piece; only the last may have fewer tiles.
  let blocksPerPiece: Int
  /// Floats from one tile to the next.
  let inputStride: Int
  let outputStride: Int
  /// The tiles of a block in sixes and fours, as the products compute them.
  let sixes: Int
  let fours: Int

  /// The fewest tiles that pay for reading weights once.
  private static let leastTiles = 12
  /// The most floats of weights that are read again for each block.
  private static let mostWeights = 1 << 20
  /// The fewest pieces that keep several threads busy.
  private static let leastPieces = 8

  /// nil: where the layer's blocks would be too small, its weights too large, or its tiles too few.
  init?(_ grid: TransformGrid, inputs: Int, outputs: Int) {
    let panels = (outputs + panelWidth - 1) / panelWidth
    inputStride = grid.inputPoints * inputs + panelWidth
    outputStride = grid.outputPoints * panelWidth + panelWidth
    var most = Processor.blockFloats / (inputStride + outputStride)
    while most > 0, Self.computed(most) * (inputStride + outputStride) > Processor.blockFloats { most -= 1 }
    guard most >= Self.leastTiles, grid.products * inputs * panels * panelWidth <= Self.mostWeights else { return nil }
    let perBand = grid.columns.tiles
    if perBand > most {
      blocksPerPiece = (perBand + most - 1) / most
      tiles = (perBand + blocksPerPiece - 1) / blocksPerPiece
      bandsPerPiece = 1
    } else {
      blocksPerPiece = 1
      bandsPerPiece = max(1, most / max(1, perBand))
      tiles = bandsPerPiece * perBand
    }
    (sixes, fours) = Self.split(tiles)
    guard grid.images * grid.rows.tiles >= Self.leastPieces * bandsPerPiece else { return nil }
  }

  /// Sixes and fours that hold `tiles`, with as few to spare as can be.
  private static func split(_ tiles: Int) -> (sixes: Int, fours: Int) {
    let splits = (0...2).map { fours in (max(0, (tiles - 4 * fours + 5) / 6), fours) }
    return splits.min { 6 * $0.0 + 4 * $0.1 < 6 * $1.0 + 4 * $1.1 } ?? (0, 0)
  }

  private static func computed(_ tiles: Int) -> Int {
    let (sixes, fours) = split(tiles)
    return 6 * sixes + 4 * fours
  }

  /// Tiles of a block that are computed.
  var computed: Int { 6 * sixes + 4 * fours }

  /// The first tile of each six and four.
  var groups: [(first: Int, count: Int)] {
    (0..<sixes).map { (6 * $0, 6) } + (0..<fours).map { (6 * sixes + 4 * $0, 4) }
  }
}
