import KernelArguments
import Parallel

/// The gradient of a convolution's weights by Winograd's transforms: inputs as in the forward product, the outputs'
/// gradients by the transpose of its last step, products summed over tiles, then the transpose of its first step.
struct TransformedWeightGradient: Sendable {
  private let layout: TransformLayout
  private let transformedWeights: TransformedWeights
  private let memory: TransformedProduct.Memory
  private let inputOffsets: IndexTable
  private let outputOffsets: IndexTable
  private let products: [(unit: Int, point: Int)]
  private let rowsPerPiece: Int

  /// Tiles that are summed before the next rows: 256 tiles of one panel are 64 KB.
  private static let tilesPerBlock = 256

  /// Lays out the product of `input` and `gradient`, the gradient of the convolution's output.
  init(
    _ grid: TransformGrid, _ geometry: ConvolutionGeometry, _ packing: PackedWeights, input: PlannedTensor,
    gradient: PlannedTensor, memory: TransformedProduct.Memory
  ) {
    let layout = TransformLayout(grid, from: input, to: gradient, gathersOutput: true, memory.rounding)
    self.layout = layout
    self.memory = memory
    transformedWeights = TransformedWeights(
      layout, geometry, packing, isStraight: true, panelsPerGroup: memory.panelsPerGroup)
    inputOffsets = IndexTable((0..<layout.tilesPerChunk).map { Int32($0 * layout.inputStride) })
    outputOffsets = IndexTable((0..<layout.tilesPerChunk).map { Int32($0 * layout.outputStride) })
    products = grid.units.enumerated().flatMap { index, unit in
      (0..<grid.outputs[unit.output].points).map { (index, $0) }
    }
    rowsPerPiece = min(packing.rowCount, WeightGradientPlan.rows(isRounded: memory.rounding != .none))
  }

  /// Computes the whole gradient and hands it to `target`.
  func run(arena: UnsafeMutablePointer<Float>, to target: GradientTarget, _ processor: Processor) {
    let rowPieces = (transformedWeights.rowCount + rowsPerPiece - 1) / rowsPerPiece
    let shared = Shared(arena)
    precondition(
      layout.chunks == 1 || transformedWeights.groups == 1, "the tiles of one chunk serve all groups of panels")
    for group in 0..<transformedWeights.groups {
      let panels = transformedWeights.panels(ofGroup: group)
      for chunk in 0..<layout.chunks {
        if group == 0 {
          layout.transformInputs(ofChunk: chunk, arena: arena, tiles: arena + memory.inputs, processor)
          layout.transformOutputGradients(ofChunk: chunk, arena: arena, tiles: arena + memory.outputs, processor)
        }
        let tiles = layout.bands(ofChunk: chunk).count * layout.grid.columns.tiles
        processor.pool.run(products.count * panels.count * rowPieces) { piece, worker in
          let (unit, point) = products[piece / (panels.count * rowPieces)]
          multiply(
            unit: unit, point: point, panel: piece % panels.count, ofGroupFrom: panels.lowerBound,
            firstRow: piece / panels.count % rowPieces * rowsPerPiece, tiles: tiles, arena: shared.value,
            accumulates: chunk > 0, scratch: processor.scratch(of: worker), processor.kernels)
        }
      }
      processor.pool.run(transformedWeights.pieces(ofGroup: group)) { piece, worker in
        transformedWeights.gradient(
          piece, ofGroup: group, transformedWeights: shared.value + memory.transformedWeights, to: target,
          scratch: processor.scratch(of: worker),
          processor.kernels)
      }
    }
  }

  private func multiply(
    unit index: Int, point: Int, panel: Int, ofGroupFrom firstPanel: Int, firstRow: Int, tiles: Int,
    arena: UnsafeMutablePointer<Float>, accumulates: Bool, scratch: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    let unit = layout.grid.units[index]
    let place = layout.grid.unitsOfOutput[unit.output].firstIndex(of: index) ?? 0
    let first = (firstPanel + panel) * panelWidth
    var product = OuterProduct(
      pairs: min(Self.tilesPerBlock, tiles), rows: min(rowsPerPiece, transformedWeights.rowCount - firstRow),
      columns: min(panelWidth, transformedWeights.columnCount - first),
      left: arena + memory.inputs + layout.inputPoint(unit.input, point) + firstRow, leftOffsets: inputOffsets.base,
      right: arena + memory.outputs + layout.outputPoint(unit.output, point) + first,
      rightOffsets: outputOffsets.base,
      output: arena + memory.transformedWeights + transformedWeights.place(unit.output, point, panel) + place
        * transformedWeights.unitStride
        + firstRow * panelWidth, accumulates: accumulates)
    let isRounded = layout.rounding != .none
    if kernels.usesMatrixProducts, !isRounded {
      MatrixProduct.multiply(
        m: product.rows, n: product.columns, k: tiles, transposesA: true, a: product.left,
        aStride: layout.inputStride, b: product.right, bStride: layout.outputStride, c: product.output,
        cStride: panelWidth, accumulates: accumulates)
      return
    }
    for done in stride(from: 0, to: tiles, by: Self.tilesPerBlock) {
      product.pairs = min(Self.tilesPerBlock, tiles - done)
      product.leftOffsets = UnsafePointer(inputOffsets.base + done)
      product.rightOffsets = UnsafePointer(outputOffsets.base + done)
      kernels.multiplyOuter(product, isRounded: isRounded, scratch: scratch)
      product.accumulates = true
    }
  }
}
