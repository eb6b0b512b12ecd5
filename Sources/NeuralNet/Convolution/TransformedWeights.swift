import KernelArguments

/// Weights on their way to transformed tiles, and their gradients back.
///
/// Transformed weights lie as the products read them: `[output block][point][panel of a group][unit][row][64]`. Groups of
/// panels are made one after the other in the same memory, unless all are to be kept.
struct TransformedWeights: Sendable {
  let layout: TransformLayout
  let packing: PackedWeights
  /// Whether the product's outputs are the columns of the packed weights.
  let isStraight: Bool
  /// Whether they are bfloat16, two rows to a group.
  private let isRounded: Bool
  let rowCount: Int
  let columnCount: Int
  let panelsPerGroup: Int
  /// For each unit, `[tap]`: floats to each tap's weights.
  let tapPlaces: [IndexTable]
  /// For the same taps one after the other in scratch.
  let scratchPlaces: [IndexTable]
  /// For each unit, `[point]`: floats to each point's weights, panel 0, row 0.
  private let pointPlaces: [IndexTable]
  private let blockStarts: [Int]
  /// `[point]`: floats to where rows wait to be rounded.
  let roundedPlaces: IndexTable

  /// Floats of scratch for each worker: the taps of a block of 64 × 64, behind what the kernels use.
  static let scratchCount = transformScratch + maximumTaps * panelWidth * panelWidth
  /// For tiles of up to 11 × 11 numbers on their way, and a place where nobody looks.
  static let transformScratch = 128 * panelWidth
  static let maximumTaps = 16

  init(
    _ layout: TransformLayout, _ geometry: ConvolutionGeometry, _ packing: PackedWeights, isStraight: Bool,
    panelsPerGroup: Int
  ) {
    self.layout = layout
    isRounded = layout.isRounded
    self.panelsPerGroup = panelsPerGroup
    self.packing = packing
    self.isStraight = isStraight
    rowCount = isStraight ? packing.rowCount : packing.columnCount
    columnCount = isStraight ? packing.columnCount : packing.rowCount
    let grid = layout.grid
    let panels = panelsPerGroup
    let unitSize = (isRounded ? rowCount / 2 : rowCount) * panelWidth
    var starts: [Int] = []
    var start = 0
    for (index, block) in grid.outputs.enumerated() {
      starts.append(start)
      start += block.points * panels * grid.unitsOfOutput[index].count * unitSize
    }
    blockStarts = starts
    roundedPlaces = IndexTable(
      isRounded ? (0..<grid.outputs[0].points).map { Int32($0 * Self.roundedRows * panelWidth) } : [])
    tapPlaces = grid.units.map { unit in
      IndexTable(
        unit.rowTaps.flatMap { row in
          unit.columnTaps.map { Int32((row * geometry.kernel + $0) * packing.tapStride) }
        })
    }
    scratchPlaces = grid.units.map { unit in
      IndexTable(
        (0..<unit.rowTaps.count * unit.columnTaps.count).map {
          Int32(Self.transformScratch + $0 * panelWidth * panelWidth)
        })
    }
    pointPlaces = grid.units.indices.map { unit in
      let block = grid.units[unit].output
      let units = grid.unitsOfOutput[block]
      let place = units.firstIndex(of: unit) ?? 0
      return IndexTable(
        (0..<grid.outputs[block].points).map { point in
          Int32(starts[block] + (point * panels * units.count + place) * unitSize)
        })
    }
  }

  /// All that transformed weights depend on beside the weights and the layer: images of several sizes mostly share it.
  struct Form: Sendable, Hashable {
    private let outputsPerTile: [Int]
    private let units: [TransformGrid.Unit]
    private let points: [Int]
    private let panelsPerGroup: Int
    private let rounding: TransformRounding

    init(_ grid: TransformGrid, panelsPerGroup: Int, rounding: TransformRounding) {
      outputsPerTile = [grid.rows.outputsPerTile, grid.columns.outputsPerTile]
      units = grid.units
      points = grid.outputs.map(\.points)
      self.panelsPerGroup = panelsPerGroup
      self.rounding = rounding
    }
  }

  private static func panels(_ columns: Int) -> Int { (columns + panelWidth - 1) / panelWidth }

  /// Panels whose transformed weights are in memory together: all where they are kept or used for several chunks of
  /// tiles, else 4 MB of them.
  static func panelsPerGroup(_ grid: TransformGrid, rows: Int, columns: Int, isWhole: Bool) -> Int {
    let all = panels(columns)
    return isWhole ? all : min(all, max(1, (1 << 20) / (grid.products * rows * panelWidth)))
  }

  /// Floats of the transformed weights of a group.
  static func count(
    _ grid: TransformGrid, rows: Int, panelsPerGroup: Int, _ rounding: TransformRounding
  ) -> Int {
    grid.products * panelsPerGroup * (rounding == .inMemory ? rows / 2 : rows) * panelWidth
  }

  private var panels: Int { Self.panels(columnCount) }
  var groups: Int { (panels + panelsPerGroup - 1) / panelsPerGroup }
  func panels(ofGroup group: Int) -> Range<Int> {
    group * panelsPerGroup..<min(panels, (group + 1) * panelsPerGroup)
  }
  private var rowBlocks: Int { (rowCount + panelWidth - 1) / panelWidth }

  /// Floats, or pairs of bfloat16 numbers, from one unit's `[row][64]` to the next within a panel.
  var unitStride: Int { (isRounded ? rowCount / 2 : rowCount) * panelWidth }

  /// Where the weights of a point and a panel of its group begin, all units.
  func place(_ block: Int, _ point: Int, _ panel: Int) -> Int {
    blockStarts[block] + (point * panelsPerGroup + panel) * layout.grid.unitsOfOutput[block].count * unitStride
  }

  /// Floats from the weights of a point to those of the next one.
  func pointStride(_ block: Int) -> Int { panelsPerGroup * layout.grid.unitsOfOutput[block].count * unitStride }

  /// Independent pieces of both ways.
  func pieces(ofGroup group: Int) -> Int { panels(ofGroup: group).count * rowBlocks }

  /// Transforms one piece of `weights` into `transformedWeights`.
  func transform(
    _ piece: Int, ofGroup group: Int, weights: UnsafePointer<Float>, transformedWeights: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    let panels = panels(ofGroup: group)
    let place = piece % panels.count
    let panel = panels.lowerBound + place
    let firstRow = piece / panels.count * panelWidth
    let rows = min(panelWidth, rowCount - firstRow)
    if isRounded {
      return round(
        panel: panel, place: place, firstRow..<firstRow + rows, weights, transformedWeights, scratch, kernels)
    }
    for (index, unit) in layout.grid.units.enumerated() {
      let taps = tapPlaces[index]
      if !isStraight {
        transposeTaps(ofUnit: index, panel: panel, firstRow..<firstRow + rows, weights, scratch, kernels)
      }
      let panelStride = layout.grid.unitsOfOutput[unit.output].count * unitStride
      kernels.transform(
        TileTransform(
          tiles: rows, channels: panelWidth,
          left: layout.matrices(ofUnit: unit).left.kernel.sparse,
          right: layout.matrices(ofUnit: unit).right.kernel.sparse,
          input: isStraight
            ? weights + panel * packing.panelStride + firstRow * panelWidth : UnsafePointer(scratch),
          inputPlaces: TilePlaces(
            tileStride: panelWidth, table: isStraight ? taps.base : scratchPlaces[index].base, tableStride: 0),
          output: transformedWeights + place * panelStride + firstRow * panelWidth,
          outputPlaces: TilePlaces(tileStride: panelWidth, table: pointPlaces[index].base, tableStride: 0), bias: nil,
          accumulates: false, scratch: scratch))
    }
  }

  /// Puts the taps of a unit into scratch so that the product's outputs are their columns.
  ///
  /// - Parameter rows: up to 64
  func transposeTaps(
    ofUnit index: Int, panel: Int, _ rows: Range<Int>, _ weights: UnsafePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    let block = weights + rows.lowerBound / panelWidth * packing.panelStride + panel * panelWidth * panelWidth
    for tap in 0..<tapPlaces[index].count {
      kernels.transposeBlock(
        block + Int(tapPlaces[index].base[tap]), min(panelWidth, columnCount - panel * panelWidth), rows.count,
        scratch + Int(scratchPlaces[index].base[tap]), scratch)
    }
  }

  /// Turns one piece of the gradients of transformed weights into gradients of the weights and hands these to `target`.
  func gradient(
    _ piece: Int, ofGroup group: Int, transformedWeights: UnsafePointer<Float>, to target: GradientTarget,
    scratch: UnsafeMutablePointer<Float>,
    _ kernels: KernelTable
  ) {
    let panels = panels(ofGroup: group)
    let place = piece % panels.count
    let panel = panels.lowerBound + place
    let firstRow = piece / panels.count * panelWidth
    let rows = min(panelWidth, rowCount - firstRow)
    let columns = min(panelWidth, columnCount - panel * panelWidth)
    let offset = panel * packing.panelStride + firstRow * panelWidth
    for (index, unit) in layout.grid.units.enumerated() {
      let panelStride = layout.grid.unitsOfOutput[unit.output].count * unitStride
      let places = target.usesScratch ? scratchPlaces[index] : tapPlaces[index]
      let output = target.usesScratch ? scratch : target.gradients + offset
      if target.usesScratch, columns < panelWidth {
        // Columns beyond the last are not computed: their gradient is 0.
        (output + Self.transformScratch).update(repeating: 0, count: places.count * panelWidth * panelWidth)
      }
      kernels.transform(
        TileTransform(
          tiles: rows, channels: columns,
          left: layout.matrices(ofUnit: unit).left.kernelGradient.sparse,
          right: layout.matrices(ofUnit: unit).right.kernelGradient.sparse,
          input: transformedWeights + place * panelStride + firstRow * panelWidth,
          inputPlaces: TilePlaces(tileStride: panelWidth, table: pointPlaces[index].base, tableStride: 0),
          output: output, outputPlaces: TilePlaces(tileStride: panelWidth, table: places.base, tableStride: 0),
          bias: nil, accumulates: target.accumulates, scratch: scratch))
      for tap in 0..<places.count {
        target.finish(
          output + Int(places.base[tap]), offset: offset + Int(tapPlaces[index].base[tap]), count: rows * panelWidth,
          kernels)
      }
    }
  }
}
