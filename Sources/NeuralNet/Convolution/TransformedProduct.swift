import KernelArguments
import Parallel

/// A forward product or a data gradient by Winograd's transforms: transform the weights, then for each chunk transform
/// the inputs, multiply point by point, and transform back.
struct TransformedProduct: Sendable {
  /// Where its scratch lies: floats from the arena's start.
  struct Memory: Sendable {
    var inputs: Int
    var outputs: Int
    /// Room for transformed weights; not used where these are ready.
    var transformedWeights: Int
    var panelsPerGroup: Int
    var rounding: TransformRounding
    /// nil: chunks
    var blocks: TileBlocks?
  }

  let layout: TransformLayout
  let transformedWeights: TransformedWeights
  let memory: Memory
  let channels: Int
  let accumulates: Bool
  /// The tiles of a chunk or of a block.
  let groups: TileGroups
  /// For each output block `[six][unit][6]`, then `[four][unit][4]`.
  let inputOffsets: [IndexTable]
  let outputOffsets: IndexTable
  let weightOffsets: IndexTable
  let products: [(block: Int, point: Int)]

  /// Rows of weights that a product walks before it goes back over its tiles: 64 KB.
  static let rowsPerPass = 256

  init(
    _ grid: TransformGrid, _ geometry: ConvolutionGeometry, _ packing: PackedWeights,
    writing outputs: PackedWeights.Columns, from input: PlannedTensor, to output: PlannedTensor, memory: Memory,
    accumulates: Bool
  ) {
    let layout = TransformLayout(
      grid, from: input, to: output, gathersOutput: false, memory.rounding, blocks: memory.blocks)
    self.layout = layout
    self.memory = memory
    self.accumulates = accumulates
    transformedWeights = TransformedWeights(
      layout, geometry, packing, isStraight: packing.columns == outputs,
      panelsPerGroup: memory.panelsPerGroup)
    channels = output.shape.c
    let rows = transformedWeights.rowCount
    // Products of fewer bits, and of some rows and one unit after the other, have no fours.
    let hasFours =
      !layout.isRounded && grid.unitsOfOutput.allSatisfy { $0.count == 1 || $0.count * rows <= Self.rowsPerPass }
    let groups = memory.blocks?.groups ?? TileGroups(layout.tilesPerChunk, hasFours: hasFours)
    self.groups = groups
    inputOffsets = grid.unitsOfOutput.map { units in
      var offsets: [Int32] = []
      for (first, count) in groups.places {
        for unit in units {
          for tile in first..<first + count {
            offsets.append(Int32(layout.inputPoint(grid.units[unit].input, 0) + tile * layout.inputStride))
          }
        }
      }
      return IndexTable(offsets)
    }
    outputOffsets = IndexTable((0..<groups.computed).map { Int32($0 * layout.outputStride) })
    let unitStride = transformedWeights.unitStride
    weightOffsets = IndexTable(grid.units.indices.map { Int32($0 * unitStride) })
    products = grid.outputs.enumerated().flatMap { index, block in (0..<block.points).map { (index, $0) } }
  }

  /// Pixels of each piece of the output, in order.
  var pixelPieces: [Range<Int>] { layout.pixelsOfBand }

  /// Transforms the weights of a group of panels.
  func prepare(
    group: Int = 0, weights: UnsafePointer<Float>, transformedWeights memory: UnsafeMutablePointer<Float>,
    _ processor: Processor
  ) {
    let shared = Shared((weights: weights, memory: memory))
    processor.pool.run(transformedWeights.pieces(ofGroup: group)) { piece, worker in
      transformedWeights.transform(
        piece, ofGroup: group, weights: shared.value.weights, transformedWeights: shared.value.memory,
        scratch: processor.scratch(of: worker),
        processor.kernels)
    }
  }

  /// Computes the whole product.
  ///
  /// - Parameters:
  ///   - ready: transformed weights; nil: they are made now
  ///   - finished: called by a worker for each piece of pixels and range of channels when these are written
  func run(
    arena: UnsafeMutablePointer<Float>, weights: UnsafePointer<Float>, ready: UnsafePointer<Float>?,
    bias: UnsafePointer<Float>?, _ processor: Processor,
    finished: @Sendable (_ piece: Int, _ pixels: Range<Int>, _ channels: Range<Int>) -> Void
  ) {
    if let blocks = layout.blocks {
      return runInBlocks(
        blocks, arena: arena, weights: weights, ready: ready, bias: bias, processor, finished: finished)
    }
    let transformed = ready ?? UnsafePointer(arena + memory.transformedWeights)
    precondition(layout.chunks == 1 || transformedWeights.groups == 1, "each group of panels is transformed once")
    let shared = Shared((arena: arena, transformed: transformed, bias: bias))
    for group in 0..<transformedWeights.groups {
      if ready == nil {
        prepare(group: group, weights: weights, transformedWeights: arena + memory.transformedWeights, processor)
      }
      let panels = transformedWeights.panels(ofGroup: group)
      for chunk in 0..<layout.chunks {
        if group == 0 {
          layout.transformInputs(ofChunk: chunk, arena: arena, tiles: arena + memory.inputs, processor)
        }
        let bands = layout.bands(ofChunk: chunk)
        let tiles = bands.count * layout.grid.columns.tiles
        processor.pool.run(products.count * panels.count) { piece, _ in
          multiply(
            products[piece / panels.count], panel: piece % panels.count, ofGroupFrom: panels.lowerBound, tiles: tiles,
            arena: shared.value.arena, transformedWeights: shared.value.transformed, threads: processor.pool.threads,
            processor.kernels)
        }
        processor.pool.run(bands.count * panels.count) { piece, worker in
          let band = bands.lowerBound + piece / panels.count
          let first = (panels.lowerBound + piece % panels.count) * panelWidth
          let range = first..<min(channels, first + panelWidth)
          let arena = shared.value.arena
          layout.writeOutputs(
            ofBand: band, range, arena: arena, tiles: arena + memory.outputs,
            bias: shared.value.bias.map { $0 + first },
            accumulates: accumulates, scratch: processor.scratch(of: worker), processor.kernels)
          finished(band, layout.pixelsOfBand[band], range)
        }
      }
    }
  }

  /// Floats from the transformed inputs' start to those of the `unit`-th unit of an output block, tile 0.
  func inputPlace(ofUnit unit: Int, _ block: Int) -> Int {
    layout.inputPoint(layout.grid.units[layout.grid.unitsOfOutput[block][unit]].input, 0)
  }

  private func multiply(
    _ place: (block: Int, point: Int), panel: Int, ofGroupFrom firstPanel: Int, tiles: Int,
    arena: UnsafeMutablePointer<Float>, transformedWeights ready: UnsafePointer<Float>, threads: Int,
    _ kernels: KernelTable
  ) {
    let input = UnsafePointer(arena + memory.inputs + layout.inputPoint(0, place.point))
    let weights = ready + transformedWeights.place(place.block, place.point, panel)
    let first = (firstPanel + panel) * panelWidth
    let output = arena + memory.outputs + layout.outputPoint(place.block, place.point) + first
    let columns = min(panelWidth, channels - first)
    let rows = transformedWeights.rowCount
    let units = layout.grid.unitsOfOutput[place.block].count
    let groups = groups.first(tiles)
    if layout.isRounded {
      kernels.lowPrecision.multiplyBFloats(
        LowPrecisionProduct(
          tiles: groups.sixes, taps: units, groups: rows / 2, input: input.groups,
          inputOffsets: inputOffsets[place.block].base, inputTileStride: units * gatherTile, weights: weights.groups,
          weightOffsets: weightOffsets.base, output: output, outputOffsets: outputOffsets.base, columns: columns,
          bias: nil, zeroPoint: 0, step: 1, weightSteps: weights))
      return
    }
    if kernels.usesMatrixProducts {
      for unit in 0..<units {
        MatrixProduct.multiply(
          m: tiles, n: columns, k: rows,
          a: input + inputPlace(ofUnit: unit, place.block),
          aStride: layout.inputStride, b: weights + unit * transformedWeights.unitStride, bStride: panelWidth,
          c: output, cStride: layout.outputStride, accumulates: unit > 0)
      }
      return
    }
    var product = GatheredProduct(
      tiles: groups.sixes, taps: units, channels: rows, input: input,
      inputOffsets: inputOffsets[place.block].base, inputTileStride: units * gatherTile, weights: weights,
      weightOffsets: weightOffsets.base, output: output, outputOffsets: outputOffsets.base, columns: columns,
      accumulates: false, bias: nil, fours: groups.fours, weightsAhead: threads * units * transformedWeights.unitStride)
    if rows * units <= Self.rowsPerPass { return kernels.multiplyGathered(product) }
    product.taps = 1
    for unit in 0..<units {
      for row in stride(from: 0, to: rows, by: Self.rowsPerPass) {
        product.channels = min(Self.rowsPerPass, rows - row)
        product.input = input + row
        product.inputOffsets = UnsafePointer(inputOffsets[place.block].base + unit * gatherTile)
        product.weights = weights + unit * transformedWeights.unitStride + row * panelWidth
        kernels.multiplyGathered(product)
        product.accumulates = true
      }
    }
  }
}
