/// Which algorithm a block's products use, and their tables.
extension ExecutionPlanner {
  func thinSide(
    _ block: Block, of source: PlannedTensor, isInput: Bool, _ sources: LargeGrid, at offset: Int,
    _ reversedWeights: Int?
  ) -> ThinSide {
    ThinSide(
      block.geometry, of: source, isLarge: isInput != block.geometry.isTransposed, sources: sources, at: offset,
      reversedWeights: reversedWeights)
  }

  // MARK: - Data gradients

  /// Images whose gradient by the input of `block` is needed.
  func gradientImages(_ block: Block) -> Int {
    guard block.input == topology.input, let images = mode.inputGradientImages else { return shape.n }
    return min(images, shape.n)
  }

  func inputGradient(
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

  func product(
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

  func weightGradient(
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
