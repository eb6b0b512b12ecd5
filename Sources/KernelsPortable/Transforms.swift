import CVectors
import KernelArguments

// Winograd's transforms with matrices of any size: each entry that is not 0 costs one broadcast and, for 64 channels,
// four multiply-adds from the cache, so that code written out for each matrix would gain little.

extension Kernels {
  /// Runs a transform.
  package static func transform(_ transform: TileTransform) {
    if let points = transform.points, !transform.isRounded { return Self.transform(transform, points) }
    for tile in 0..<transform.tiles {
      var channel = 0
      while channel + panelWidth <= transform.channels {
        apply(transform, tile, channel, FourVectors.self)
        channel += panelWidth
      }
      while channel < transform.channels {
        apply(transform, tile, channel, OneVector.self)
        channel += lanes
      }
    }
  }

  /// First the columns, `T = L · X` into scratch, then the rows, `T · Rᵀ`.
  @inline(__always)
  private static func apply<Row: TileRow>(_ transform: TileTransform, _ tile: Int, _ channel: Int, _: Row.Type) {
    let input = transform.input + tile * transform.inputPlaces.tileStride + channel
    let inputTable = transform.inputPlaces.table + tile * transform.inputPlaces.tableStride
    let left = transform.left, right = transform.right
    let columns = right.columns
    let scratch = transform.scratch
    // Pixels lie in many short rows, which the processor does not foresee.
    if transform.inputPlaces.tableStride != 0, tile + 1 < transform.tiles {
      let next = inputTable + transform.inputPlaces.tableStride
      for place in 0..<left.columns * columns {
        prefetch(UnsafePointer(transform.input + Int(next[place]) + channel), Row.self)
      }
    }
    for row in 0..<left.rows {
      let first = Int(left.starts[row]), end = Int(left.starts[row + 1])
      for column in 0..<columns {
        var sum = Row()
        for entry in first..<end {
          let place = inputTable[Int(left.indices[entry]) * columns + column]
          sum.add(left.values[entry], Row(input + Int(place)))
        }
        sum.store(scratch + (row * columns + column) * panelWidth, panelWidth)
      }
    }
    if transform.isRounded { return round(transform, tile, channel, Row.self) }
    let output = transform.output + tile * transform.outputPlaces.tileStride + channel
    var outputTable = transform.outputPlaces.table + tile * transform.outputPlaces.tableStride
    let bias = transform.bias.map { Row($0 + channel) } ?? Row()
    for row in 0..<left.rows {
      let line = scratch + row * columns * panelWidth
      for column in 0..<right.rows {
        let place = Int(outputTable[0])
        outputTable += 1
        if place < 0 { continue }
        var sum = transform.accumulates ? Row(output + place) : bias
        for entry in Int(right.starts[column])..<Int(right.starts[column + 1]) {
          sum.add(right.values[entry], Row(line + Int(right.indices[entry]) * panelWidth))
        }
        sum.store(output + place, panelWidth)
      }
    }
  }

  @inline(__always) private static func prefetch<Row: TileRow>(_ place: UnsafePointer<Float>, _: Row.Type) {
    var lane = 0
    while lane < MemoryLayout<Row>.stride / MemoryLayout<Float>.stride {
      vector_prefetch(place + lane)
      lane += lanes
    }
  }

  /// The rows, `T · Rᵀ`, to bfloat16 numbers.
  @inline(__always)
  private static func round<Row: TileRow>(_ transform: TileTransform, _ tile: Int, _ channel: Int, _: Row.Type) {
    let right = transform.right
    let output = transform.output + tile * transform.outputPlaces.tileStride
    var outputTable = transform.outputPlaces.table + tile * transform.outputPlaces.tableStride
    for row in 0..<transform.left.rows {
      let line = transform.scratch + row * right.columns * panelWidth
      for column in 0..<right.rows {
        var sum = Row()
        for entry in Int(right.starts[column])..<Int(right.starts[column + 1]) {
          sum.add(right.values[entry], Row(line + Int(right.indices[entry]) * panelWidth))
        }
        sum.storeBFloats(UnsafeMutableRawPointer(output + Int(outputTable[0])), channel)
        outputTable += 1
      }
    }
  }
}
