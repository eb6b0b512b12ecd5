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
  /// The tiles of a block as the products compute them.
  let groups: TileGroups

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
    while most > 0, TileGroups(most).computed * (inputStride + outputStride) > Processor.blockFloats { most -= 1 }
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
    groups = TileGroups(tiles)
    guard grid.images * grid.rows.tiles >= Self.leastPieces * bandsPerPiece else { return nil }
  }
}

/// Tiles in sixes and fours, as the products compute them: as many as are asked for, with as few to spare as can be.
struct TileGroups: Sendable, Equatable {
  let sixes: Int
  let fours: Int

  /// - Parameter hasFours: whether the product can compute four at a time
  init(_ tiles: Int, hasFours: Bool = true) {
    let splits = (0...(hasFours ? 2 : 0)).map { fours in
      (sixes: max(0, (tiles - 4 * fours + gatherTile - 1) / gatherTile), fours: fours)
    }
    let best = splits.min { Self.computed($0.sixes, $0.fours) < Self.computed($1.sixes, $1.fours) }
    (sixes, fours) = (best?.sixes ?? 0, best?.fours ?? 0)
  }

  private init(sixes: Int, fours: Int) {
    self.sixes = sixes
    self.fours = fours
  }

  private static func computed(_ sixes: Int, _ fours: Int) -> Int { gatherTile * sixes + 4 * fours }

  /// Tiles that are computed.
  var computed: Int { Self.computed(sixes, fours) }

  /// The first of them that hold `tiles`, at most as many as all hold.
  func first(_ tiles: Int) -> TileGroups {
    let sixes = min(sixes, (tiles + gatherTile - 1) / gatherTile)
    return TileGroups(sixes: sixes, fours: (max(0, tiles - gatherTile * sixes) + 3) / 4)
  }

  /// The first tile of each six and four, and how many it has.
  var places: [(first: Int, count: Int)] {
    (0..<sixes).map { (gatherTile * $0, gatherTile) } + (0..<fours).map { (gatherTile * sixes + 4 * $0, 4) }
  }
}
