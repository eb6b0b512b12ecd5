import KernelArguments

/// Lays out a network for one input shape: first the lifetimes, then the places, then the tables.
struct ExecutionPlanner {
  let topology: Topology
  let shape: Shape
  let mode: ExecutionMode
  let rule: AlgorithmRule
  /// Where the tensors are to lie.
  let destination: Arena

  /// Whether weights are transformed once for many runs.
  var hasReadyFilters: Bool { !mode.keepsActivations && mode.keepsTransformedWeights }

  var last: Int { 2 * topology.blocks.count }
  func backwardTime(_ block: Int) -> Int { last - 1 - block }

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
    // Before the tables, which take memory too.
    try destination.requireRoom(floats)

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
  func bufferExtents() throws -> [(h: Int, w: Int)] {
    try Arena.requireAddressable(shape)
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
        try Arena.requireAddressable(Shape(shape.n, topology.buffers[value.buffer], h, w))
        extents[value.buffer] = (h, w)
      }
    }
    return extents
  }

  func statistics(_ block: Block) -> BlockPlan.Statistics {
    guard let normalization = block.normalization else { return .none }
    return mode.usesRunningStatistics && normalization.kind == .batch ? .running : .data
  }

  func imagesPerGroup(_ block: Block) -> Int {
    guard statistics(block) == .data else { return shape.n }
    return block.normalization?.kind == .instance || !mode.keepsActivations ? 1 : shape.n / mode.groups
  }

  // MARK: - Lifetimes

  /// Sees to it that the buffer of `value` lives at `time`.
  func use(
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
  func reserveValues(_ arena: inout ArenaPlan, _ extents: [(h: Int, w: Int)]) -> [Int: Int] {
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
  func producer(ofRecomputed value: Value) -> Int? {
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
  func reserveRecomputedValues(_ arena: inout ArenaPlan, _ extents: [(h: Int, w: Int)]) -> [Int: Int] {
    var reservations: [Int: Int] = [:]
    for (index, block) in topology.blocks.enumerated() where producer(ofRecomputed: block.input) != nil {
      // A copied thin side is kept itself.
      if ThinSide.suits(block.geometry, block.packing), block.packing.columns == .output { continue }
      use(block.input, at: backwardTime(index), extents, &arena, &reservations)
    }
    return reservations
  }

  /// Reserves the gradients of all buffers that have one; a residual shares the gradient of the sum.
  func reserveGradients(_ arena: inout ArenaPlan, _ extents: [(h: Int, w: Int)]) -> [Int: Int] {
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
}
