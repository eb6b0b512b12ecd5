import KernelArguments

/// One convolution of a network that is computed band by band: the pieces of the whole image, and what some of them take.
struct BandedConvolution: Sendable {
  let operation: Convolution
  /// Its place among the operations.
  let index: Int
  /// Of the whole image: algorithm, tiles and pieces are the same as where it is computed at once.
  let layout: ConvolutionLayout
  let transform: TransformChoice?
  /// The rows of each piece of the output, in order.
  let pieces: [Range<Int>]
  let statistics: PlannedNormalization.Statistics?

  init(_ operation: Convolution, index: Int, input: Shape, output: Shape, mode: ExecutionMode, rule: AlgorithmRule) {
    self.operation = operation
    self.index = index
    layout = ConvolutionLayout(operation.geometry, operation.packing, rule, input: input, output: output)
    transform = layout.transform(.forward, images: 1, hasReadyWeights: mode.hasReadyWeights)
    pieces = layout.pieceRows(transform)
    statistics = operation.statistics(mode)
  }

  /// Numbers in a row of what it reads and of what it makes.
  var inputRow: Int { layout.input.w * layout.input.c }
  var outputRow: Int { layout.output.w * layout.output.c }
  /// Floats of the sums of every piece.
  var moments: Int { statistics == .data ? 2 * pieces.count * layout.output.c : 0 }
  /// Floats of weights that are transformed once for all bands.
  var readyWeights: Int { transform?.transformedWeights ?? 0 }

  /// A band: some of the pieces, their rows, and the rows that they read.
  struct Band: Sendable, Equatable {
    var pieces: Range<Int>
    var rows: Range<Int>
    var inputRows: Range<Int>
  }

  func band(_ range: Range<Int>) -> Band {
    Band(
      pieces: range, rows: pieces[range.lowerBound].lowerBound..<pieces[range.upperBound - 1].upperBound,
      inputRows: layout.inputRows(transform, pieces, pieces: range))
  }

  /// Bands of `count` pieces.
  func bands(of count: Int) -> [Band] {
    stride(from: 0, to: pieces.count, by: count).map { band($0..<min($0 + count, pieces.count)) }
  }

  /// Where the memory of a band lies behind what all bands share, in floats.
  struct Memory: Sendable {
    var reversedWeights = 0
    var tiles = 0
    var thin = 0
    var input = 0
    var output = 0
    var end = 0
    /// Tables lie elsewhere, but count: twice, since they grow in one place and are kept in another.
    var tables = 0
  }

  /// The memory that serves each of `bands`.
  func memory(for bands: [Band], from start: Int) -> Memory {
    func aligned(_ count: Int) -> Int { (count + 15) / 16 * 16 }
    func most(_ count: (Band) -> Int) -> Int { aligned(bands.map(count).max() ?? 0) }
    var memory = Memory()
    memory.reversedWeights = start
    memory.tiles = start + aligned(layout.thin == .input ? layout.thinCounts.weights : 0)
    memory.thin = memory.tiles + aligned(transform?.tiles ?? 0)
    memory.input = memory.thin + most { layout.thin == .input ? layout.thinCopy(readBy: $0.rows) : 0 }
    memory.output = memory.input + most { $0.inputRows.count * inputRow }
    // Vectors reach beyond the last channel of the last pixel.
    memory.end = memory.output + most { $0.rows.count * outputRow } + 1024
    memory.tables = most {
      2 * (layout.tableBytes(transform) / MemoryLayout<Float>.stride) * $0.rows.count / layout.output.h
    }
    return memory
  }

  /// The fewest floats in which it can be computed, behind `start`.
  func leastMemory(from start: Int) -> Int {
    let memory = memory(for: bands(of: 1), from: start)
    return memory.end + memory.tables
  }

  /// As few bands as fit into `room` floats, of about one size; single pieces where nothing fits.
  func bands(within room: Int, from start: Int) -> [Band] {
    func fits(_ count: Int) -> [Band]? {
      let bands = bands(of: count)
      let memory = memory(for: bands, from: start)
      return memory.end + memory.tables <= room ? bands : nil
    }
    var number = 1
    while number < pieces.count {
      if let bands = fits((pieces.count + number - 1) / number) { return bands }
      number += max(1, number / 8)
    }
    return bands(of: 1)
  }

  // MARK: - Running

  /// The product over a band.
  func product(_ band: Band, _ memory: Memory) -> ConvolutionProduct {
    layout.forward(
      from: input(band, memory), to: output(memory).beginning(atRow: band.rows.lowerBound), imagesPerGroup: 1,
      transform: transform.map { ($0.restricted(toTileRows: band.pieces), memory.tiles) },
      thin: thinSide(band, memory), outputRows: band.rows)
  }

  /// The copy of what a band reads, where that has few channels.
  func thinSide(_ band: Band, _ memory: Memory) -> ThinSide? {
    guard layout.thin == .input else { return nil }
    return layout.thinSide(
      of: input(band, memory), at: memory.thin, reversedWeights: memory.reversedWeights, readingRows: band.rows)
  }

  private func input(_ band: Band, _ memory: Memory) -> PlannedTensor {
    PlannedTensor(shape: layout.input, offset: memory.input, stride: layout.input.c)
      .beginning(atRow: band.inputRows.lowerBound)
  }

  /// What a band makes, from its first row on.
  func output(_ memory: Memory) -> PlannedTensor {
    PlannedTensor(shape: layout.output, offset: memory.output, stride: layout.output.c)
  }

  /// Whether two bands read and write alike, relative to where they begin: neither sees a border, and both begin at the same
  /// place of a repeated row.
  func isAlike(_ one: Band, _ other: Band) -> Bool {
    func isInterior(_ band: Band) -> Bool {
      let margin = operation.geometry.kernel
      return band.inputRows.lowerBound >= margin && band.inputRows.upperBound <= layout.input.h - margin
        && band.pieces.upperBound < pieces.count
    }
    let period = operation.geometry.upsampling
    return isInterior(one) && isInterior(other) && one.pieces.count == other.pieces.count
      && one.rows.count == other.rows.count && one.inputRows.count == other.inputRows.count
      && one.rows.lowerBound % period == other.rows.lowerBound % period
  }
}
