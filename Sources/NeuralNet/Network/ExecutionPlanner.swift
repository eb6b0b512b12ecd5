import KernelArguments

/// Lays out a network for one input shape: first the lifetimes, then the places, then the tables.
struct ExecutionPlanner {
  let topology: Topology
  let shape: Shape
  let mode: ExecutionMode
  let rule: AlgorithmRule

  /// Whether weights are transformed once for many runs.
  private var hasReadyFilters: Bool { !mode.keepsActivations && mode.keepsTransformedWeights }

  private var last: Int { 2 * topology.blocks.count }
  private func backwardTime(_ block: Int) -> Int { last - 1 - block }

  /// - Throws: `FileError` where the network cannot take images of this size
  func plan() throws -> ExecutionPlan {
    let extents = try bufferExtents()
    var arena = ArenaPlan()
    let values = reserveValues(&arena, extents)
    let recomputed = reserveRecomputedValues(&arena, extents)
    let gradients = mode.keepsActivations ? reserveGradients(&arena, extents) : [:]
    var scratch: [BlockScratch] = []
    for index in topology.blocks.indices { scratch.append(reserveScratch(&arena, index, extents)) }
    let floats = arena.place(after: Arena.zeroCount)
    try Arena.requireAddressable(floats)

    func tensor(_ value: Value, _ reservations: [Int: Int]) -> PlannedTensor? {
      guard let reservation = reservations[value.buffer] else { return nil }
      let extent = extents[value.buffer]
      return PlannedTensor(
        shape: Shape(shape.n, value.channels, extent.h, extent.w),
        offset: arena.reservations[reservation].offset + value.firstChannel, stride: topology.buffers[value.buffer])
    }
    func offset(_ reservation: Int) -> Int { arena.reservations[reservation].offset }
    func place(_ value: Value) -> PlannedTensor {
      tensor(value, values) ?? PlannedTensor(shape: shape, offset: 0, stride: 0)
    }

    var blocks: [BlockPlan] = []
    var filterFloats = 0
    for (index, block) in topology.blocks.enumerated() {
      let input = place(block.input)
      let first = place(block.first.value)
      var raw = first
      if let reservation = scratch[index].raw {
        raw.offset = offset(reservation)
        raw.stride = block.outputChannels
      }
      let grid = LargeGrid(block.geometry, input: input.shape)
      let statistics = statistics(block)
      let imagesPerGroup = imagesPerGroup(block)
      let thinInput = scratch[index].thinInput.map {
        thinSide(block, of: input, isInput: true, grid, at: offset($0), scratch[index].reversedWeights.map(offset))
      }
      let forward = product(
        block, writing: .output, from: input, to: raw, sources: grid,
        imagesPerGroup: statistics == .data ? imagesPerGroup : shape.n, accumulates: false,
        scratch[index].forward.map { ($0.grid, $0.memory(at: offset)) }, thinInput)
      var backward: BlockPlan.Backward?
      if mode.keepsActivations, let firstGradient = tensor(block.first.value, gradients) {
        var rawGradient = firstGradient
        if let reservation = scratch[index].rawGradient {
          rawGradient.offset = offset(reservation)
          rawGradient.stride = block.outputChannels
        }
        let thinGradient = scratch[index].thinGradient.map {
          thinSide(
            block, of: rawGradient, isInput: false, grid, at: offset($0), scratch[index].reversedWeights.map(offset))
        }
        backward = BlockPlan.Backward(
          firstGradient: firstGradient, secondGradient: block.second.flatMap { tensor($0.value, gradients) },
          raw: rawGradient, means: offset(scratch[index].means), thinGradient: thinGradient,
          recomputedInput: tensor(block.input, recomputed).flatMap { target in
            producer(ofRecomputed: block.input).map { BlockPlan.Recomputation(block: $0, target: target) }
          },
          weights: mode.needsParameterGradients
            ? weightGradient(
              block, input: tensor(block.input, recomputed) ?? input, gradient: rawGradient, sources: grid,
              scratch[index].weightGradient.map { ($0.grid, $0.memory(at: offset)) }, thinInput ?? thinGradient) : nil,
          input: tensor(block.input, gradients).map {
            inputGradient(
              block, from: rawGradient, to: $0, grid, large: scratch[index].large.map(offset),
              scratch[index].dataGradient.map { ($0.grid, $0.memory(at: offset)) }, thinGradient)
          })
      }
      var readyFilters: Int?
      if hasReadyFilters, let transform = scratch[index].forward {
        readyFilters = filterFloats
        filterFloats += transform.filters
      }
      blocks.append(
        BlockPlan(
          block: block, statistics: statistics, imagesPerGroup: imagesPerGroup, input: input, raw: raw, first: first,
          second: block.second.map { place($0.value) }, residual: block.residual.map(place), thinInput: thinInput,
          forward: forward,
          pixelPieces: forward.pixelPieces, readyFilters: readyFilters, affine: offset(scratch[index].affine),
          partials: offset(scratch[index].partials), backward: backward))
    }
    return ExecutionPlan(
      topology, shape, mode, rule, blocks: blocks, input: place(topology.input), output: place(topology.output),
      inputGradient: tensor(topology.input, gradients), outputGradient: tensor(topology.output, gradients),
      floats: floats, filterFloats: filterFloats)
  }

  // MARK: - Extents

  /// Rows and columns of each buffer.
  private func bufferExtents() throws -> [(h: Int, w: Int)] {
    var extents = [(h: Int, w: Int)](repeating: (0, 0), count: topology.buffers.count)
    extents[topology.input.buffer] = (shape.h, shape.w)
    for block in topology.blocks {
      let input = extents[block.input.buffer]
      guard let h = block.geometry.outputExtent(input.h), let w = block.geometry.outputExtent(input.w) else {
        throw FileError(
          path: nil,
          problem: "an image of \(shape.w)×\(shape.h) pixels is too small for this network (at \(block.name))",
          advice: "use a larger image or crop, or a network with fewer layers")
      }
      for value in [block.first.value, block.second?.value].compactMap(\.self) {
        let known = extents[value.buffer]
        guard known == (0, 0) || known == (h, w) else {
          throw FileError(
            path: nil, problem: "an image of \(shape.w)×\(shape.h) pixels does not fit this network (at \(block.name))",
            advice: "pad it to a multiple of the network's coarsest level")
        }
        extents[value.buffer] = (h, w)
      }
    }
    return extents
  }

  private func statistics(_ block: Block) -> BlockPlan.Statistics {
    guard let normalization = block.normalization else { return .none }
    return mode.usesRunningStatistics && normalization.kind == .batch ? .running : .data
  }

  private func imagesPerGroup(_ block: Block) -> Int {
    guard statistics(block) == .data else { return shape.n }
    return block.normalization?.kind == .instance || !mode.keepsActivations ? 1 : shape.n / mode.groups
  }

  // MARK: - Lifetimes

  /// Sees to it that the buffer of `value` lives at `time`.
  private func use(
    _ value: Value, at time: Int, _ extents: [(h: Int, w: Int)], _ arena: inout ArenaPlan,
    _ reservations: inout [Int: Int]
  ) {
    if let known = reservations[value.buffer] {
      arena.extend(known, to: time)
    } else {
      let extent = extents[value.buffer]
      reservations[value.buffer] = arena.reserve(
        shape.n * extent.h * extent.w * topology.buffers[value.buffer], from: time, through: time)
    }
  }

  /// Reserves the buffers of all values; the answer maps buffers to reservations.
  private func reserveValues(_ arena: inout ArenaPlan, _ extents: [(h: Int, w: Int)]) -> [Int: Int] {
    var reservations: [Int: Int] = [:]
    func reserve(_ value: Value, at time: Int) { use(value, at: time, extents, &arena, &reservations) }
    reserve(topology.input, at: 0)
    reserve(topology.input, at: last)
    for (index, block) in topology.blocks.enumerated() {
      reserve(block.input, at: index)
      if let residual = block.residual { reserve(residual, at: index) }
      for value in [block.first.value, block.second?.value].compactMap(\.self) {
        reserve(value, at: index)
        // Without a normalisation, the way back takes signs from the output.
        if mode.keepsActivations, statistics(block) != .data { reserve(value, at: backwardTime(index)) }
      }
      if mode.needsParameterGradients, producer(ofRecomputed: block.input) == nil {
        reserve(block.input, at: backwardTime(index))
      }
    }
    reserve(topology.output, at: last)
    return reservations
  }

  /// The block whose normalised output is `value`, where that is not kept for the way back: normalising the kept raw
  /// output once more takes one pass, and as much memory less for as long as the way is.
  ///
  /// Such a value is read by one convolution alone.
  private func producer(ofRecomputed value: Value) -> Int? {
    guard mode.keepsActivations, mode.needsParameterGradients else { return nil }
    let buffer = value.buffer
    guard buffer != topology.input.buffer, buffer != topology.output.buffer,
      topology.blocks.count(where: { $0.input.buffer == buffer }) == 1,
      !topology.blocks.contains(where: { $0.residual?.buffer == buffer || $0.second?.value.buffer == buffer })
    else { return nil }
    let producers = topology.blocks.indices.filter { topology.blocks[$0].first.value.buffer == buffer }
    guard producers.count == 1, let index = producers.first else { return nil }
    let block = topology.blocks[index]
    return block.residual == nil && block.second == nil && statistics(block) == .data ? index : nil
  }

  /// Reserves room for values that are computed once more, while the block that reads them runs back.
  private func reserveRecomputedValues(_ arena: inout ArenaPlan, _ extents: [(h: Int, w: Int)]) -> [Int: Int] {
    var reservations: [Int: Int] = [:]
    for (index, block) in topology.blocks.enumerated() where producer(ofRecomputed: block.input) != nil {
      // A copied thin side is kept itself.
      if ThinSide.suits(block.geometry, block.packing), block.packing.columns == .output { continue }
      use(block.input, at: backwardTime(index), extents, &arena, &reservations)
    }
    return reservations
  }

  /// Reserves the gradients of all buffers that have one; a residual shares the gradient of the sum.
  private func reserveGradients(_ arena: inout ArenaPlan, _ extents: [(h: Int, w: Int)]) -> [Int: Int] {
    var reservations: [Int: Int] = [:]
    func reserve(_ value: Value, at time: Int) { use(value, at: time, extents, &arena, &reservations) }
    reserve(topology.output, at: topology.blocks.count - 1)
    for (index, block) in topology.blocks.enumerated().reversed() {
      let time = backwardTime(index)
      for value in [block.first.value, block.second?.value].compactMap(\.self) { reserve(value, at: time) }
      if let residual = block.residual {
        reservations[residual.buffer] = reservations[block.first.value.buffer]
        reserve(residual, at: time)
      }
      if block.input != topology.input || mode.needsInputGradient { reserve(block.input, at: time) }
    }
    if mode.needsInputGradient { reserve(topology.input, at: last) }
    return reservations
  }

  private struct BlockScratch {
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
  private struct TransformScratch {
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

  private func reserveScratch(
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
  private func reserveThinSides(
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
  private func transform(
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

  private func thinSide(
    _ block: Block, of source: PlannedTensor, isInput: Bool, _ sources: LargeGrid, at offset: Int,
    _ reversedWeights: Int?
  ) -> ThinSide {
    ThinSide(
      block.geometry, of: source, isLarge: isInput != block.geometry.isTransposed, sources: sources, at: offset,
      reversedWeights: reversedWeights)
  }

  // MARK: - Data gradients

  /// Images whose gradient by the input of `block` is needed.
  private func gradientImages(_ block: Block) -> Int {
    guard block.input == topology.input, let images = mode.inputGradientImages else { return shape.n }
    return min(images, shape.n)
  }

  private func inputGradient(
    _ block: Block, from gradient: PlannedTensor, to target: PlannedTensor, _ grid: LargeGrid, large: Int?,
    _ transform: (grid: TransformGrid, memory: TransformedProduct.Memory)?, _ thin: ThinSide?
  ) -> BlockPlan.InputGradient {
    let images = gradientImages(block)
    let gradient = gradient.images(images)
    let target = target.images(images)
    // What other blocks have already put there: the pass through a residual.
    let accumulates = topology.blocks.contains { $0.residual == block.input }
    var written = target
    var fold: FoldTable?
    if let large {
      written = PlannedTensor(
        shape: Shape(images, block.inputChannels, grid.rows.count, grid.columns.count), offset: large,
        stride: block.inputChannels)
      fold = FoldTable(grid, large: written, input: target.shape)
    }
    let product = product(
      block, writing: .input, from: gradient, to: written,
      sources: LargeGrid(height: gradient.shape.h, width: gradient.shape.w), imagesPerGroup: images,
      accumulates: accumulates && fold == nil, transform, thin)
    return BlockPlan.InputGradient(product: product, target: target, fold: fold, accumulates: accumulates)
  }

  // MARK: - Algorithms

  private func product(
    _ block: Block, writing outputs: PackedWeights.Columns, from input: PlannedTensor, to output: PlannedTensor,
    sources: LargeGrid, imagesPerGroup: Int, accumulates: Bool,
    _ transform: (grid: TransformGrid, memory: TransformedProduct.Memory)?, _ thin: ThinSide?
  ) -> ConvolutionProduct {
    if let transform {
      return .transformed(
        TransformedProduct(
          transform.grid, block.geometry, block.packing, writing: outputs, from: input, to: output,
          memory: transform.memory, accumulates: accumulates))
    }
    if let thin {
      return .direct(
        ProductPlan(thin, block.packing, to: output, imagesPerGroup: imagesPerGroup, accumulates: accumulates))
    }
    let isLarge = block.geometry.isTransposed == (outputs == .output)
    return .direct(
      ProductPlan(
        block.geometry, block.packing, writing: outputs, isLarge ? .toLarge : .toSmall, from: input, to: output,
        sources: sources, zeroRow: 0, imagesPerGroup: imagesPerGroup, accumulates: accumulates))
  }

  private func weightGradient(
    _ block: Block, input: PlannedTensor, gradient: PlannedTensor, sources: LargeGrid,
    _ transform: (grid: TransformGrid, memory: TransformedProduct.Memory)?, _ thin: ThinSide?
  ) -> ConvolutionWeightGradient {
    if let transform {
      return .transformed(
        TransformedWeightGradient(
          transform.grid, block.geometry, block.packing, input: input, gradient: gradient, memory: transform.memory))
    }
    if let thin {
      let wide = block.packing.columns == .output ? gradient : input
      return .direct(WeightGradientPlan(thin, block.packing, wide: wide, sources: sources))
    }
    return .direct(
      WeightGradientPlan(block.geometry, block.packing, input: input, gradient: gradient, sources: sources))
  }
}
