import KernelArguments
import Parallel

extension TransformedProduct {
  /// Computes the whole product, each block of tiles from pixels to pixels by one thread.
  func runInBlocks(
    _ blocks: TileBlocks, arena: UnsafeMutablePointer<Float>, weights: UnsafePointer<Float>,
    ready: UnsafePointer<Float>?, bias: UnsafePointer<Float>?, _ processor: Processor,
    finished: @Sendable (_ piece: Int, _ pixels: Range<Int>, _ channels: Range<Int>) -> Void
  ) {
    precondition(transformedWeights.groups == 1, "blocks of tiles read all weights")
    if ready == nil { prepare(weights: weights, transformedWeights: arena + memory.transformedWeights, processor) }
    let transformed = ready ?? UnsafePointer(arena + memory.transformedWeights)
    let shared = Shared((arena: arena, transformed: transformed, bias: bias))
    let pieces = (layout.grid.bands + blocks.bandsPerPiece - 1) / blocks.bandsPerPiece
    processor.pool.run(pieces) { piece, worker in
      let first = piece * blocks.bandsPerPiece
      let bands = first..<min(first + blocks.bandsPerPiece, layout.grid.bands)
      let tiles = bands.lowerBound * layout.grid.columns.tiles..<bands.upperBound * layout.grid.columns.tiles
      let (arena, transformed, bias) = shared.value
      for start in stride(from: tiles.lowerBound, to: tiles.upperBound, by: blocks.tiles) {
        compute(
          start..<min(start + blocks.tiles, tiles.upperBound), blocks, arena: arena, transformed: transformed,
          bias: bias, scratch: processor.scratch(of: worker), processor.kernels)
      }
      for band in bands {
        for panel in 0..<panels { finished(band, layout.pixelsOfBand[band], range(ofPanel: panel)) }
      }
    }
  }

  private var panels: Int { (channels + panelWidth - 1) / panelWidth }

  /// The output channels of a panel.
  private func range(ofPanel panel: Int) -> Range<Int> {
    panel * panelWidth..<min(channels, (panel + 1) * panelWidth)
  }

  private func compute(
    _ tiles: Range<Int>, _ blocks: TileBlocks, arena: UnsafeMutablePointer<Float>, transformed: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, scratch: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    let inputs = scratch + TransformedWeights.transformScratch
    let outputs = inputs + groups.computed * blocks.inputStride
    layout.transformInputs(ofTiles: tiles, arena: arena, to: inputs, scratch: scratch, kernels)
    for panel in 0..<panels {
      let range = range(ofPanel: panel)
      for place in products {
        multiply(
          place, panel, columns: range.count, blocks, inputs: inputs, outputs: outputs, transformed: transformed,
          kernels)
      }
      layout.writeOutputs(
        ofTiles: tiles, range, arena: arena, from: outputs, bias: bias.map { $0 + range.lowerBound },
        accumulates: accumulates, scratch: scratch, kernels)
    }
  }

  /// The tiles that a last block lacks are computed from what lies there, and not looked at.
  private func multiply(
    _ place: (block: Int, point: Int), _ panel: Int, columns: Int, _ blocks: TileBlocks,
    inputs: UnsafePointer<Float>, outputs: UnsafeMutablePointer<Float>, transformed: UnsafePointer<Float>,
    _ kernels: KernelTable
  ) {
    let input = inputs + layout.inputPoint(0, place.point)
    let weights = transformed + transformedWeights.place(place.block, place.point, panel)
    let output = outputs + layout.outputPoint(place.block, place.point)
    let rows = transformedWeights.rowCount
    let units = layout.grid.unitsOfOutput[place.block].count
    let offsets = inputOffsets[place.block].base
    if kernels.usesMatrixProducts {
      for unit in 0..<units {
        MatrixProduct.multiply(
          m: blocks.tiles, n: columns, k: rows,
          a: input + inputPlace(ofUnit: unit, place.block),
          aStride: blocks.inputStride, b: weights + unit * transformedWeights.unitStride, bStride: panelWidth,
          c: output, cStride: blocks.outputStride, accumulates: unit > 0)
      }
      return
    }
    kernels.multiplyGathered(
      GatheredProduct(
        tiles: groups.sixes, taps: units, channels: rows, input: input, inputOffsets: offsets,
        inputTileStride: units * gatherTile, weights: weights, weightOffsets: weightOffsets.base, output: output,
        outputOffsets: outputOffsets.base, columns: columns, accumulates: false, bias: nil, fours: groups.fours,
        weightsAhead: transformedWeights.pointStride(place.block)))
  }
}
