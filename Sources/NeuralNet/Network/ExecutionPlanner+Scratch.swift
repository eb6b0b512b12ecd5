/// What a block needs beside the values: reserved for its own time, forward and back.
extension ExecutionPlanner {
  struct BlockScratch {
    var raw: Int?
    var rawGradient: Int?
    var large: Int?
    var affine: Int
    var partials: Int
    var means: Int
    var forward: TransformScratch?
    var dataGradient: TransformScratch?
    var weightGradient: TransformScratch?
    /// Copies of a thin input or output gradient, and room for weights in reverse.
    var thinInput: Int?
    var thinGradient: Int?
    var reversedWeights: Int?
  }

  /// The tiles of a transformed product, and the reservation of what is transformed.
  struct TransformScratch {
    var grid: TransformGrid
    var panelsPerGroup: Int
    var filters: Int
    var inputs: Int
    var outputs: Int
    var reservation = 0

    var tiles: Int { inputs + outputs }
    var count: Int { tiles + filters }

    func memory(at offset: (Int) -> Int) -> TransformedProduct.Memory {
      let start = offset(reservation)
      return TransformedProduct.Memory(
        inputs: start, outputs: start + inputs, filters: start + tiles, panelsPerGroup: panelsPerGroup)
    }
  }

  func reserveScratch(
    _ arena: inout ArenaPlan, _ index: Int, _ extents: [(h: Int, w: Int)]
  ) -> BlockScratch {
    let block = topology.blocks[index]
    let output = extents[block.first.value.buffer]
    let input = extents[block.input.buffer]
    let pixels = shape.n * output.h * output.w
    let time = backwardTime(index)
    let isKept = mode.keepsActivations
    let perGroup = shape.n * block.outputChannels
    // At least 16 pixels make a piece, and each piece has two sums for every channel.
    let partialCount = 2 * block.outputChannels * (pixels / 16 + shape.n * (output.h + 1))

    var raw: Int?
    if statistics(block) == .data, isKept {
      raw = arena.reserve(pixels * block.outputChannels, from: index, through: time)
    }
    var rawGradient: Int?
    if isKept, block.residual != nil {
      rawGradient = arena.reserve(pixels * block.outputChannels, from: time, through: time)
    }
    var large: Int?
    if isKept, !block.geometry.isTransposed, !block.geometry.readsInputDirectly,
      block.input != topology.input || mode.needsInputGradient
    {
      let height = block.geometry.largeExtent(input: input.h)
      let width = block.geometry.largeExtent(input: input.w)
      large = arena.reserve(
        gradientImages(block) * height * width * block.inputChannels, from: time, through: time)
    }
    let affine = arena.reserve(4 * perGroup, from: index, through: isKept ? time : index)
    let partials = arena.reserve(partialCount, from: index, through: index)
    if isKept { arena.extend(partials, to: time) }
    let means = arena.reserve(2 * perGroup, from: isKept ? time : index, through: isKept ? time : index)
    var forward = transform(block, input, output, isDataGradient: false)
    if let count = forward.map({ hasReadyFilters ? $0.tiles : $0.count }) {
      forward?.reservation = arena.reserve(count, from: index, through: index)
    }
    // The data gradient is done before the weight gradient begins.
    var weightGradient: TransformScratch?
    if isKept, mode.needsParameterGradients {
      weightGradient = transform(block, input, output, isDataGradient: false)
    }
    var dataGradient: TransformScratch?
    if isKept, block.input != topology.input || mode.needsInputGradient {
      dataGradient = transform(block, input, output, isDataGradient: true)
    }
    let backwardCount = max(weightGradient?.count ?? 0, dataGradient?.count ?? 0)
    if backwardCount > 0 {
      let reservation = arena.reserve(backwardCount, from: time, through: time)
      weightGradient?.reservation = reservation
      dataGradient?.reservation = reservation
    }
    var scratch = BlockScratch(
      raw: raw, rawGradient: rawGradient, large: large, affine: affine, partials: partials, means: means,
      forward: forward, dataGradient: dataGradient, weightGradient: weightGradient)
    reserveThinSides(&arena, &scratch, index, extents)
    return scratch
  }

  /// Room for what products of a layer with few channels on one side read.
  func reserveThinSides(
    _ arena: inout ArenaPlan, _ scratch: inout BlockScratch, _ index: Int, _ extents: [(h: Int, w: Int)]
  ) {
    let block = topology.blocks[index]
    guard ThinSide.suits(block.geometry, block.packing) else { return }
    let (time, isKept) = (backwardTime(index), mode.keepsActivations)
    let isInput = block.packing.columns == .output
    let extent = extents[isInput ? block.input.buffer : block.first.value.buffer]
    let input = extents[block.input.buffer]
    let isLarge = isInput != block.geometry.isTransposed
    let sources = LargeGrid(block.geometry, input: Shape(shape.n, block.inputChannels, input.h, input.w))
    let count = ThinSide.count(
      block.geometry, isLarge: isLarge, Shape(shape.n, block.packing.rowCount, extent.h, extent.w), sources)
    if isInput {
      scratch.thinInput = arena.reserve(
        count, from: index, through: mode.needsParameterGradients && isKept ? time : index)
    } else if isKept {
      scratch.thinGradient = arena.reserve(count, from: time, through: time)
    }
    if !isLarge {
      let use = isInput ? index : time
      scratch.reversedWeights = arena.reserve(block.packing.storage, from: use, through: use)
    }
  }

  /// The tiles of a product of `block` if transforms suit it.
  func transform(
    _ block: Block, _ input: (h: Int, w: Int), _ output: (h: Int, w: Int), isDataGradient: Bool
  ) -> TransformScratch? {
    let geometry = block.geometry
    let images = isDataGradient ? gradientImages(block) : shape.n
    let read = Shape(images, block.inputChannels, input.h, input.w)
    let written = Shape(images, block.outputChannels, output.h, output.w)
    var source = read
    var target = written
    var sources = LargeGrid(geometry, input: read)
    var isLarge = geometry.isTransposed
    if isDataGradient {
      source = written
      target = Shape(
        images, block.inputChannels, geometry.isTransposed ? read.h : sources.rows.count,
        geometry.isTransposed ? read.w : sources.columns.count)
      sources = LargeGrid(height: written.h, width: written.w)
      isLarge.toggle()
    }
    let small = geometry.isTransposed ? read : written
    let chosen = rule.grid(
      geometry, block.packing, channels: (source.c, target.c), images: images,
      directProducts: small.pixels * geometry.taps * source.c * target.c, hasReadyWeights: hasReadyFilters
    ) {
      TransformGrid(
        geometry, isLarge ? .toLarge : .toSmall, outputsPerTile: $0, input: source, output: target, sources: sources)
    }
    guard let grid = chosen else { return nil }
    let tiles = TransformLayout.tileCounts(grid, source.c, target.c)
    let panels = TransformedFilters.panelsPerGroup(
      grid, rows: source.c, columns: target.c,
      isWhole: hasReadyFilters || TransformLayout.chunks(grid, source.c, target.c) > 1)
    let filters = TransformedFilters.count(grid, rows: source.c, panelsPerGroup: panels)
    return TransformScratch(
      grid: grid, panelsPerGroup: panels, filters: filters, inputs: tiles.inputs, outputs: tiles.outputs)
  }
}
