import KernelArguments

/// The matrices of one algorithm along one axis, ready for kernels.
final class TransformMatrices: Sendable {
  /// B: inputs → points
  let input: TransformMatrix
  /// G: taps → points
  let kernel: TransformMatrix
  /// Gᵀ: points → gradients of the taps
  let kernelGradient: TransformMatrix
  /// Aᵀ: points → outputs
  let output: TransformMatrix
  /// A: gradients of the outputs → points
  let outputGradient: TransformMatrix

  init(_ algorithm: AxisAlgorithm, rounded: Bool) {
    let phases = algorithm.phases(rounded: rounded)
    let matrices = algorithm.matrices(phases)
    func points(_ side: PairedPoints.Side) -> PairedPoints? { algorithm.pairedPoints(side, phases) }
    input = TransformMatrix(matrices.input, points(.input))
    kernel = TransformMatrix(matrices.kernel)
    kernelGradient = TransformMatrix(TransformMatrix.transposed(matrices.kernel))
    output = TransformMatrix(matrices.output, points(.output))
    outputGradient = TransformMatrix(TransformMatrix.transposed(matrices.output), points(.outputGradient))
  }
}

/// Where the transformed tiles of a convolution lie, and how they come from pixels.
///
/// Tiles are computed in chunks of whole rows of tiles, so that the transformed numbers of a chunk stay in the cache
/// between the three steps, however large the image is: `[point][tile of the chunk][channels + 16]`, where the 16 keep
/// the points of a tile from falling on the same lines of the cache. Or, where `TileBlocks` suit them, in blocks which one
/// thread takes through all three steps: `[tile of the block][point][channels]`, and 64 more from tile to tile for the same reason.
final class TransformLayout: Sendable {
  let grid: TransformGrid
  let bandsPerChunk: Int
  /// Consecutive pixels that each row of tiles writes, in order, counted from the first row that is computed.
  let pixelsOfBand: [Range<Int>]
  /// Floats from one tile to the next.
  let inputStride: Int
  let outputStride: Int
  let rounding: TransformRounding
  /// Whether transformed inputs are pairs of bfloat16 numbers instead of floats.
  var isRounded: Bool { rounding == .inMemory }
  /// nil: chunks
  let blocks: TileBlocks?
  private let matrices: [AxisAlgorithm: TransformMatrices]
  let inputSide: Side
  let outputSide: Side
  /// For each output block, whether an earlier one has written the same pixels.
  let addsToEarlierBlock: [Bool]

  /// One side of the convolution: the pixels that its tiles are of, and where they lie.
  struct Side: Sendable {
    let blocks: [TransformGrid.Block]
    /// For each block, `[tile][place]`: the pixels.
    let places: [IndexTable]
    /// For each block, `[point]`: the transformed numbers of tile 0.
    let points: [IndexTable]
    let channels: Int
    /// Floats from one tile to the next.
    let stride: Int
  }

  /// Floats of transformed inputs and outputs that a chunk may have, unless one row of tiles has more: 4 MB, or as many as
  /// transformed weights, which every chunk reads again.
  private static func chunkFloats(_ grid: TransformGrid, _ inputs: Int, _ outputs: Int) -> Int {
    max(1 << 20, grid.products * inputs * outputs)
  }

  /// - Parameters:
  ///   - gathersOutput: whether the output tensor is read (for a weight gradient) instead of written
  ///   - rounding: of transformed numbers
  ///   - blocks: nil: chunks
  init(
    _ grid: TransformGrid, from input: PlannedTensor, to output: PlannedTensor, gathersOutput: Bool,
    _ rounding: TransformRounding, blocks: TileBlocks? = nil
  ) {
    self.grid = grid
    self.rounding = rounding
    self.blocks = blocks
    bandsPerChunk = Self.bandsPerChunk(grid, input.shape.c, output.shape.c, rounding)
    let spans = grid.tileRows.map(grid.rows.span(ofTile:))
    let firstRow = spans.first?.lowerBound ?? 0
    pixelsOfBand = (0..<grid.bands).map { band in
      let span = spans[band % spans.count]
      let first = band / spans.count * output.shape.h - firstRow
      return (first + span.lowerBound) * output.shape.w..<(first + span.upperBound) * output.shape.w
    }
    inputStride = blocks?.inputStride ?? Self.stride(inputs: input.shape.c, rounding)
    outputStride = blocks?.outputStride ?? Self.stride(output.shape.c)
    let places = grid.outputs.map { (grid.rows.outputs[$0.row].places, grid.columns.outputs[$0.column].places) }
    addsToEarlierBlock = places.indices.map { index in places[..<index].contains { $0 == places[index] } }
    let algorithms = Set((grid.rows.inputs + grid.columns.inputs).map(\.algorithm))
    matrices = Dictionary(
      uniqueKeysWithValues: algorithms.map { ($0, TransformMatrices($0, rounded: rounding != .none)) })
    let inputPlaces = grid.inputs.map {
      grid.places(grid.rows.inputs[$0.row], grid.columns.inputs[$0.column], input, missing: 0)
    }
    let outputPlaces = grid.outputs.map {
      grid.places(
        grid.rows.outputs[$0.row], grid.columns.outputs[$0.column], output, missing: gathersOutput ? 0 : -1)
    }
    let tiles = Self.paddedTiles(bandsPerChunk * grid.columns.tiles)
    func points(_ blocks: [TransformGrid.Block], _ pointStride: Int) -> [IndexTable] {
      blocks.map { block in IndexTable((0..<block.points).map { Int32((block.firstPoint + $0) * pointStride) }) }
    }
    inputSide = Side(
      blocks: grid.inputs, places: inputPlaces,
      points: points(grid.inputs, blocks.map { _ in input.shape.c } ?? tiles * inputStride), channels: input.shape.c,
      stride: inputStride)
    outputSide = Side(
      blocks: grid.outputs, places: outputPlaces,
      points: points(grid.outputs, blocks.map { _ in panelWidth } ?? tiles * outputStride),
      channels: output.shape.c, stride: outputStride)
  }

  // MARK: - Sizes

  private static func stride(_ channels: Int) -> Int { channels + 16 }
  private static func stride(inputs: Int, _ rounding: TransformRounding) -> Int {
    stride(rounding == .inMemory ? inputs / 2 : inputs)
  }

  /// Products compute whole groups of six tiles.
  private static func paddedTiles(_ tiles: Int) -> Int { (tiles + gatherTile - 1) / gatherTile * gatherTile }

  private static func bandsPerChunk(_ grid: TransformGrid, _ inputs: Int, _ outputs: Int, _ rounding: TransformRounding)
    -> Int
  {
    let perTile =
      grid.inputPoints * stride(inputs: inputs, rounding) + grid.outputPoints * stride(outputs)
    return min(grid.bands, max(1, chunkFloats(grid, inputs, outputs) / (perTile * grid.columns.tiles)))
  }

  /// Floats of the transformed inputs and outputs of a chunk.
  static func tileCounts(
    _ grid: TransformGrid, _ inputs: Int, _ outputs: Int, _ rounding: TransformRounding
  ) -> (inputs: Int, outputs: Int) {
    let tiles = paddedTiles(bandsPerChunk(grid, inputs, outputs, rounding) * grid.columns.tiles)
    return (
      tiles * grid.inputPoints * stride(inputs: inputs, rounding), tiles * grid.outputPoints * stride(outputs)
    )
  }

  /// Tiles of a chunk; only the last may have fewer.
  var tilesPerChunk: Int { bandsPerChunk * grid.columns.tiles }

  var chunks: Int { (grid.bands + bandsPerChunk - 1) / bandsPerChunk }

  /// Chunks of a product of these channels.
  static func chunks(_ grid: TransformGrid, _ inputs: Int, _ outputs: Int, _ rounding: TransformRounding) -> Int {
    let perChunk = bandsPerChunk(grid, inputs, outputs, rounding)
    return (grid.bands + perChunk - 1) / perChunk
  }

  func bands(ofChunk chunk: Int) -> Range<Int> {
    chunk * bandsPerChunk..<min(grid.bands, (chunk + 1) * bandsPerChunk)
  }

  func matrices(of side: TransformAxis.Side) -> TransformMatrices {
    guard let known = matrices[side.algorithm] else { preconditionFailure("outputs have the algorithms of inputs") }
    return known
  }

  /// Those of a unit along rows and columns.
  func matrices(ofUnit unit: TransformGrid.Unit) -> (left: TransformMatrices, right: TransformMatrices) {
    let block = grid.inputs[unit.input]
    return (matrices(of: grid.rows.inputs[block.row]), matrices(of: grid.columns.inputs[block.column]))
  }

  /// The places of a block's points among the transformed inputs, for tile 0.
  func inputPoint(_ block: Int, _ point: Int) -> Int { Int(inputSide.points[block].base[point]) }
  func outputPoint(_ block: Int, _ point: Int) -> Int { Int(outputSide.points[block].base[point]) }
}
