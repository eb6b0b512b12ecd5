/// How a convolution falls into stride-1 correlations that Winograd's transforms suit, along one axis.
///
/// Reading a large grid with stride s, the taps fall into s phases, each with a part of the input of its own, and all
/// add to the same outputs. Writing the large grid, the outputs fall into s phases which read nearly the same inputs: one
/// window serves them all, so that what they share is transformed once, or each has its own, so that the tiles of none
/// reach beyond its outputs.
///
/// Phases with different numbers of taps, which meet neither in a window nor among transformed numbers, are computed side by
/// side as one (`AxisAlgorithm`): a tile is read and written once.
struct TransformAxis: Sendable, Equatable {
  struct Phase: Sendable, Equatable {
    /// Kernel coordinates in the order in which inputs meet them; those of phases side by side follow each other.
    var taps: [Int]
    /// Index in `inputs`.
    var input: Int
    /// Index in `outputs`.
    var output: Int
  }

  /// Coordinates of each tile, −1 where there is nothing: `[tile][place]`.
  struct Side: Sendable, Equatable {
    var algorithm: AxisAlgorithm
    var places: [[Int]]
  }

  /// Outputs of each phase and tile along this axis.
  let outputsPerTile: Int
  private(set) var phases: [Phase] = []
  private(set) var inputs: [Side] = []
  private(set) var outputs: [Side] = []
  let tiles: Int

  /// - Parameters:
  ///   - m: outputs of one phase and tile
  ///   - sharesInputs: whether the phases of `toLarge` read the same windows
  ///   - sources: where a coordinate of the large grid is read from, for `toSmall`
  init(
    _ geometry: ConvolutionGeometry, _ direction: GatherTable.Direction, outputsPerTile m: Int, sharesInputs: Bool,
    input: Int, output: Int, sources: [Int]
  ) {
    outputsPerTile = m
    let kernel = geometry.kernel
    let stride = geometry.stride
    let padding = geometry.isTransposed ? geometry.padding : geometry.zeroPadding
    let classes = (0..<min(stride, kernel)).map { first in Array(Swift.stride(from: first, to: kernel, by: stride)) }
    switch direction {
    case .toSmall:
      tiles = (output + m - 1) / m
      for (first, taps) in classes.enumerated() {
        let reads = (0..<tiles).map { tile in
          (0..<m + taps.count - 1).map { place in
            let large = (tile * m + place) * stride - padding + first
            return sources.indices.contains(large) ? sources[large] : -1
          }
        }
        let writes = (0..<tiles).map { tile in (0..<m).map { tile * m + $0 < output ? tile * m + $0 : -1 } }
        append(taps, reads, writes)
      }
    case .toLarge:
      // Output coordinate stride · y + first − padding reads the inputs y, y − 1 …
      func firstOutput(_ first: Int) -> Int { max(0, (padding - first + stride - 1) / stride) }
      func lastOutput(_ first: Int) -> Int { (output - 1 + padding - first) / stride }
      let own = classes.enumerated().map { firstOutput($0) - ($1.count - 1) }
      let shared = own.min() ?? 0
      let windows = sharesInputs ? own.map { _ in shared } : own
      tiles =
        classes.enumerated().map { (lastOutput($0) - (windows[$0] + $1.count - 1)) / m + 1 }.max() ?? 0
      for (first, taps) in classes.enumerated() {
        let window = windows[first]
        let reads = (0..<tiles).map { tile in
          (0..<m + taps.count - 1).map { place in
            let position = window + tile * m + place
            return (0..<input).contains(position) ? position : -1
          }
        }
        let writes = (0..<tiles).map { tile in
          (0..<m).map { place in
            let large = stride * (window + taps.count - 1 + tile * m + place) + first - padding
            return (0..<output).contains(large) ? large : -1
          }
        }
        append(taps.reversed(), reads, writes)
      }
    }
    if direction == .toSmall || sharesInputs { mergeUnequalPhases(direction == .toSmall ? .outputs : .inputs) }
  }

  /// Makes one phase of all where their numbers of taps differ.
  private mutating func mergeUnequalPhases(_ shared: AxisAlgorithm.Shared) {
    guard Set(phases.map(\.taps.count)).count > 1 else { return }
    let algorithm = AxisAlgorithm(outputs: outputsPerTile, taps: phases.map(\.taps.count), shared: shared)
    let reads = phases.map { inputs[$0.input].places }, writes = phases.map { outputs[$0.output].places }
    func besides(_ places: [[[Int]]]) -> [[Int]] { (0..<tiles).map { tile in places.flatMap { $0[tile] } } }
    // The window of the phase with the most taps begins with those of all others.
    let longest = reads.max { ($0.first?.count ?? 0) < ($1.first?.count ?? 0) } ?? []
    inputs = [Side(algorithm: algorithm, places: shared == .inputs ? longest : besides(reads))]
    outputs = [Side(algorithm: algorithm, places: shared == .outputs ? writes[0] : besides(writes))]
    phases = [Phase(taps: phases.flatMap(\.taps), input: 0, output: 0)]
  }

  private mutating func append(_ taps: [Int], _ reads: [[Int]], _ writes: [[Int]]) {
    func index(of side: Side, in sides: inout [Side]) -> Int {
      if let known = sides.firstIndex(of: side) { return known }
      sides.append(side)
      return sides.count - 1
    }
    let algorithm = AxisAlgorithm(outputs: outputsPerTile, taps: [taps.count], shared: .outputs)
    let input = index(of: Side(algorithm: algorithm, places: reads), in: &inputs)
    let output = index(of: Side(algorithm: algorithm, places: writes), in: &outputs)
    phases.append(Phase(taps: taps, input: input, output: output))
  }

  /// The output coordinates of a tile over all phases, which follow each other.
  func span(ofTile tile: Int) -> Range<Int> {
    let places = outputs.flatMap { $0.places[tile] }.filter { $0 >= 0 }
    guard let first = places.min(), let last = places.max() else { return 0..<0 }
    return first..<last + 1
  }
}

/// Both axes of a transformed convolution: its blocks of transformed inputs and outputs, and which of them meet.
struct TransformGrid: Sendable {
  /// Transformed tiles of one kind: `rowPoints · columnPoints` numbers for each tile and channel.
  struct Block: Sendable {
    /// Index of the side along each axis.
    var row: Int
    var column: Int
    var rowPoints: Int
    var columnPoints: Int
    /// Points of the blocks before this one.
    var firstPoint: Int

    var points: Int { rowPoints * columnPoints }
  }

  /// A pair of phases: input block × weights → output block.
  struct Unit: Sendable, Hashable {
    var input: Int
    var output: Int
    var rowTaps: [Int]
    var columnTaps: [Int]
  }

  let rows: TransformAxis
  let columns: TransformAxis
  let inputs: [Block]
  let outputs: [Block]
  let units: [Unit]
  /// Units of each output block.
  let unitsOfOutput: [[Int]]
  let images: Int
  /// The rows of tiles of an image that are computed; some only where there is a single image.
  private(set) var tileRows: Range<Int>

  init(
    _ geometry: ConvolutionGeometry, _ direction: GatherTable.Direction, outputsPerTile m: Int, sharesInputs: Bool,
    input: Shape, output: Shape, sources: LargeGrid
  ) {
    let rows = TransformAxis(
      geometry, direction, outputsPerTile: m, sharesInputs: sharesInputs, input: input.h, output: output.h,
      sources: sources.rows)
    let columns = TransformAxis(
      geometry, direction, outputsPerTile: m, sharesInputs: sharesInputs, input: input.w, output: output.w,
      sources: sources.columns)
    func blocks(_ rows: [TransformAxis.Side], _ columns: [TransformAxis.Side]) -> [Block] {
      var blocks: [Block] = []
      for (row, rowSide) in rows.enumerated() {
        for (column, columnSide) in columns.enumerated() {
          let first = blocks.last.map { $0.firstPoint + $0.points } ?? 0
          blocks.append(
            Block(
              row: row, column: column, rowPoints: rowSide.algorithm.points,
              columnPoints: columnSide.algorithm.points, firstPoint: first))
        }
      }
      return blocks
    }
    var units: [Unit] = []
    for row in rows.phases {
      for column in columns.phases {
        units.append(
          Unit(
            input: row.input * columns.inputs.count + column.input,
            output: row.output * columns.outputs.count + column.output, rowTaps: row.taps, columnTaps: column.taps))
      }
    }
    self.rows = rows
    self.columns = columns
    self.units = units
    inputs = blocks(rows.inputs, columns.inputs)
    outputs = blocks(rows.outputs, columns.outputs)
    unitsOfOutput = outputs.indices.map { output in units.indices.filter { units[$0].output == output } }
    images = output.n
    tileRows = 0..<rows.tiles
  }

  /// Some rows of the tiles of a single image.
  func restricted(toTileRows range: Range<Int>) -> TransformGrid {
    precondition(images == 1, "the parts of several images do not follow each other")
    var part = self
    part.tileRows = range
    return part
  }

  var tiles: Int { bands * columns.tiles }
  /// Rows of tiles of all images.
  var bands: Int { images * tileRows.count }
  var inputPoints: Int { inputs.reduce(0) { $0 + $1.points } }
  var outputPoints: Int { outputs.reduce(0) { $0 + $1.points } }
  /// Multiplications for each tile and pair of channels.
  var products: Int { units.reduce(0) { $0 + outputs[$1.output].points } }

  /// The places of all tiles of a block: `[tile][row place · column place]`, in floats; `missing` where there is nothing.
  func places(
    _ rowSide: TransformAxis.Side, _ columnSide: TransformAxis.Side, _ tensor: PlannedTensor, missing: Int32
  ) -> IndexTable {
    var places: [Int32] = []
    places.reserveCapacity(tiles * (rowSide.places.first?.count ?? 0) * (columnSide.places.first?.count ?? 0))
    for image in 0..<images {
      for rowPlaces in rowSide.places[tileRows] {
        for columnPlaces in columnSide.places {
          for row in rowPlaces {
            for column in columnPlaces {
              places.append(row >= 0 && column >= 0 ? tensor.offset(image, row, column) : missing)
            }
          }
        }
      }
    }
    return IndexTable(places)
  }
}
