import KernelArguments
import Parallel

extension TransformLayout {
  // MARK: - Pixels to tiles

  /// Tiles of one piece of an input transform.
  private static let tilesPerPiece = 8

  /// Transforms the inputs of a chunk into `tiles`.
  func transformInputs(
    ofChunk chunk: Int, arena: UnsafeMutablePointer<Float>, tiles: UnsafeMutablePointer<Float>, _ processor: Processor
  ) {
    let sides = (grid.rows.inputs, grid.columns.inputs)
    gather(inputSide, ofChunk: chunk, arena: arena, tiles: tiles, isRounded: isRounded, processor) { block in
      (self.matrices(of: sides.0[block.row]).input, self.matrices(of: sides.1[block.column]).input)
    }
  }

  /// Transforms the gradients of the outputs of a chunk into `tiles`.
  func transformOutputGradients(
    ofChunk chunk: Int, arena: UnsafeMutablePointer<Float>, tiles: UnsafeMutablePointer<Float>, _ processor: Processor
  ) {
    let sides = (grid.rows.outputs, grid.columns.outputs)
    gather(outputSide, ofChunk: chunk, arena: arena, tiles: tiles, isRounded: false, processor) { block in
      (
        self.matrices(of: sides.0[block.row]).outputGradient,
        self.matrices(of: sides.1[block.column]).outputGradient
      )
    }
  }

  private func gather(
    _ side: Side, ofChunk chunk: Int, arena: UnsafeMutablePointer<Float>, tiles: UnsafeMutablePointer<Float>,
    isRounded: Bool, _ processor: Processor,
    _ matrices: @Sendable (TransformGrid.Block) -> (TransformMatrix, TransformMatrix)
  ) {
    let blocks = side.blocks
    let bands = bands(ofChunk: chunk)
    let first = bands.lowerBound * grid.columns.tiles
    let count = bands.count * grid.columns.tiles
    let pieces = (count + Self.tilesPerPiece - 1) / Self.tilesPerPiece
    let shared = Shared((arena: UnsafePointer(arena), tiles: tiles))
    processor.pool.run(pieces * blocks.count) { piece, worker in
      let (arena, tiles) = shared.value
      let index = piece % blocks.count
      let start = piece / blocks.count * Self.tilesPerPiece
      gather(
        side, block: index, tiles: first + start..<first + min(start + Self.tilesPerPiece, count), arena: arena,
        to: tiles + start * side.stride, matrices(blocks[index]), isRounded: isRounded,
        scratch: processor.scratch(of: worker), processor.kernels)
    }
  }

  /// Transforms the inputs of some tiles, counted over all images, one after the other into `memory`.
  func transformInputs(
    ofTiles range: Range<Int>, arena: UnsafePointer<Float>, to memory: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    for (index, block) in grid.inputs.enumerated() {
      let row = matrices(of: grid.rows.inputs[block.row])
      let column = matrices(of: grid.columns.inputs[block.column])
      gather(
        inputSide, block: index, tiles: range, arena: arena, to: memory, (row.input, column.input),
        isRounded: isRounded, scratch: scratch, kernels)
    }
  }

  private func gather(
    _ side: Side, block index: Int, tiles: Range<Int>, arena: UnsafePointer<Float>,
    to memory: UnsafeMutablePointer<Float>, _ matrices: (left: TransformMatrix, right: TransformMatrix),
    isRounded: Bool,
    scratch: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    let (left, right) = (matrices.left.sparse, matrices.right.sparse)
    let pixels = left.columns * right.columns
    kernels.transform(
      TileTransform(
        tiles: tiles.count, channels: side.channels, left: left, right: right, input: arena,
        inputPlaces: TilePlaces(
          tileStride: 0, table: side.places[index].base + tiles.lowerBound * pixels, tableStride: pixels),
        output: memory,
        outputPlaces: TilePlaces(tileStride: side.stride, table: side.points[index].base, tableStride: 0), bias: nil,
        accumulates: false, scratch: scratch, isRounded: isRounded,
        points: matrices.left === matrices.right ? matrices.left.points : nil))
  }

  // MARK: - Tiles to pixels

  /// Writes a row of tiles to the pixels that it covers.
  ///
  /// - Parameters:
  ///   - band: the row, counted over all images
  ///   - range: the output channels to write
  ///   - accumulates: whether they are added to what the pixels hold
  func writeOutputs(
    ofBand band: Int, _ range: Range<Int>, arena: UnsafeMutablePointer<Float>, tiles: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, accumulates: Bool, scratch: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    let inChunk = band % bandsPerChunk * grid.columns.tiles
    writeOutputs(
      ofTiles: band * grid.columns.tiles..<(band + 1) * grid.columns.tiles, range, arena: arena,
      from: tiles + inChunk * outputStride + range.lowerBound, bias: bias, accumulates: accumulates, scratch: scratch,
      kernels)
  }

  /// Writes tiles to the pixels that they cover.
  ///
  /// - Parameters:
  ///   - tiles: counted over all images
  ///   - range: the output channels to write
  ///   - memory: the first of these channels of the first of these tiles
  ///   - accumulates: whether they are added to what the pixels hold
  func writeOutputs(
    ofTiles tiles: Range<Int>, _ range: Range<Int>, arena: UnsafeMutablePointer<Float>,
    from memory: UnsafePointer<Float>, bias: UnsafePointer<Float>?, accumulates: Bool,
    scratch: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    for (index, block) in grid.outputs.enumerated() {
      let left = matrices(of: grid.rows.outputs[block.row]).output
      let right = matrices(of: grid.columns.outputs[block.column]).output
      let pixels = left.sparse.rows * right.sparse.rows
      kernels.transform(
        TileTransform(
          tiles: tiles.count, channels: range.count,
          left: left.sparse, right: right.sparse,
          input: memory,
          inputPlaces: TilePlaces(tileStride: outputStride, table: outputSide.points[index].base, tableStride: 0),
          output: arena + range.lowerBound,
          outputPlaces: TilePlaces(
            tileStride: 0, table: outputSide.places[index].base + tiles.lowerBound * pixels,
            tableStride: pixels),
          bias: bias,
          // Phases of different lengths meet in the same pixels only here.
          accumulates: accumulates || addsToEarlierBlock[index], scratch: scratch,
          points: left === right ? left.points : nil))
    }
  }
}
