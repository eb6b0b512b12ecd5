import KernelArguments

/// A forward product or a data gradient, laid out for one input shape.
///
/// Which kernel runs is a rule over shapes:
/// - outputs along the weights' columns: the gathered product, weights as they lie;
/// - outputs along the rows, and few of them or few pixels: the dot product, weights as they lie;
/// - otherwise: blocks of weights are transposed into scratch, each serving a whole piece of pixels, and the gathered
///   product runs over them.
struct ProductPlan: Sendable {
  enum Form {
    case gathered
    case transposed
    case dot

    /// The form for a product that writes `channels` of `output`.
    init(_ packing: PackedWeights, writing outputs: PackedWeights.Columns, _ output: Shape) {
      let channels = outputs == .output ? packing.outputChannels : packing.inputChannels
      self =
        packing.columns == outputs ? .gathered : channels <= rowTile || output.pixels <= 32 ? .dot : .transposed
    }

    /// About how many pixels a piece has: a transposed block is paid for by the pixels that it serves, a gathered panel
    /// by those that stay in the cache.
    var pixelsPerPiece: Int {
      switch self {
      case .gathered: 384
      case .transposed: 1024
      case .dot: 256
      }
    }
  }

  let form: Form
  let table: GatherTable
  private let packing: PackedWeights
  private let accumulates: Bool
  /// Where weights lie whose taps have been put in reverse; nil: they serve as they are.
  private let reversedWeights: Int?
  /// Numbers that each tap of the table sums over.
  private let rowsPerTap: Int
  /// `[tap]` of the table: floats from a panel's start to the tap's weights.
  private let weightOffsets: IndexTable
  /// `[tap]`: floats from the scratch's start to a transposed block.
  private let scratchOffsets: IndexTable

  /// Transposed blocks that a piece keeps at once: 8 × 16 KB leave room for activations in a second-level cache.
  private static let scratchTaps = 8
  /// Rows of a dot product's piece.
  private static let dotRows = 8 * rowTile
  /// Floats of weights that a gathered product walks before it goes back over its pixels: 256 KB.
  private static let chunkFloats = 1 << 16

  /// Floats of scratch for each worker.
  static let scratchCount = scratchTaps * panelWidth * panelWidth + 512

  /// Output channels per column piece.
  private let channelsPerPiece: Int
  private let columnPieces: Int

  /// Lays out a product.
  ///
  /// - Parameters:
  ///   - outputs: which of the layer's channel axes the product writes
  ///   - accumulates: whether it adds to what the output holds
  ///   - outputRows: the rows of a single image that are computed, whole pieces of it; nil: all
  init(
    _ geometry: ConvolutionGeometry, _ packing: PackedWeights, writing outputs: PackedWeights.Columns,
    _ direction: GatherTable.Direction, from input: PlannedTensor, to output: PlannedTensor, sources: LargeGrid,
    imagesPerGroup: Int, accumulates: Bool, outputRows: Range<Int>? = nil
  ) {
    self.packing = packing
    self.accumulates = accumulates
    reversedWeights = nil
    rowsPerTap = packing.rowCount
    let channels = outputs == .output ? packing.outputChannels : packing.inputChannels
    let form = Form(packing, writing: outputs, output.shape)
    self.form = form
    table = GatherTable(
      geometry, direction, from: input, to: output, sources: sources,
      imagesPerGroup: imagesPerGroup, pixelsPerPiece: form.pixelsPerPiece,
      tile: form == .dot ? dotTile : gatherTile, outputRows: outputRows)
    weightOffsets = IndexTable(table.taps.map { Int32($0 * packing.tapStride) })
    scratchOffsets = IndexTable((0..<Self.scratchTaps).map { Int32($0 * panelWidth * panelWidth) })
    channelsPerPiece = form == .dot ? Self.dotRows : panelWidth
    columnPieces = (channels + channelsPerPiece - 1) / channelsPerPiece
    self.channels = channels
  }

  /// Lays out a product that reads a copied thin side.
  init(
    _ thin: ThinSide, _ packing: PackedWeights, to output: PlannedTensor, imagesPerGroup: Int, accumulates: Bool,
    outputRows: Range<Int>? = nil
  ) {
    reversedWeights = thin.reversedWeights
    self.packing = packing
    self.accumulates = accumulates
    rowsPerTap = thin.kernel * packing.rowCount
    form = .gathered
    var geometry = ConvolutionGeometry(kernel: thin.kernel)
    geometry.stride = thin.stride
    table = GatherTable(
      geometry, .toSmall, from: thin.target, to: output,
      sources: LargeGrid(height: thin.target.shape.h, width: thin.target.shape.w),
      imagesPerGroup: imagesPerGroup, pixelsPerPiece: Form.gathered.pixelsPerPiece, tile: gatherTile,
      mergesRows: true, outputRows: outputRows)
    weightOffsets = IndexTable(table.taps.map { Int32($0 * packing.tapStride) })
    scratchOffsets = IndexTable([])
    channelsPerPiece = panelWidth
    channels = packing.columnCount
    columnPieces = packing.panels
  }

  private let channels: Int

  /// Independent pieces; consecutive ones share weights.
  var pieces: Int { table.pieces.count * columnPieces }

  /// Puts weights in reverse where that is needed.
  ///
  /// - Returns: the weights for `run`
  func prepare(arena: UnsafeMutablePointer<Float>, weights: UnsafePointer<Float>) -> UnsafePointer<Float> {
    guard let reversedWeights else { return weights }
    let reversed = arena + reversedWeights
    for panel in 0..<packing.panels {
      for tap in 0..<packing.taps {
        (reversed + panel * packing.panelStride + tap * packing.tapStride).update(
          from: weights + panel * packing.panelStride + (packing.taps - 1 - tap) * packing.tapStride,
          count: packing.tapStride)
      }
    }
    return UnsafePointer(reversed)
  }

  /// Computes one piece.
  ///
  /// - Parameter weights: as `prepare` has returned them
  /// - Returns: the piece of pixels and the channels that were written
  func run(
    _ piece: Int, arena: UnsafeMutablePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    scratch: UnsafeMutablePointer<Float>, kernels: KernelTable
  ) -> (pixels: GatherTable.Piece, channels: Range<Int>) {
    let pixels = table.pieces[piece % table.pieces.count]
    let column = piece / table.pieces.count
    let first = column * channelsPerPiece
    let range = first..<min(channels, first + channelsPerPiece)
    let work = Work(
      channels: range, arena: arena,
      weights: weights + (form == .gathered ? column * packing.panelStride : range.lowerBound * panelWidth),
      bias: bias.map { $0 + range.lowerBound }, scratch: scratch, kernels: kernels)
    for segment in table.segments[pixels.segments] {
      switch form {
      case .gathered: gathered(segment, work)
      case .transposed: transposed(segment, work)
      case .dot: dot(segment, work)
      }
    }
    return (pixels, range)
  }

  /// What the segments of a piece share.
  private struct Work {
    /// The output channels to write.
    let channels: Range<Int>
    let arena: UnsafeMutablePointer<Float>
    /// Those of the first of the channels.
    let weights: UnsafePointer<Float>
    /// That of the first of the channels.
    let bias: UnsafePointer<Float>?
    let scratch: UnsafeMutablePointer<Float>
    let kernels: KernelTable
  }

  private func gathered(_ segment: GatherTable.Segment, _ work: Work) {
    let chunk = max(1, Self.chunkFloats / (rowsPerTap * panelWidth))
    var product = product(
      segment, work, taps: min(chunk, segment.taps.count), channels: rowsPerTap, weights: work.weights,
      weightOffsets: weightOffsets.base + segment.taps.lowerBound)
    var done = 0
    repeat {
      product.taps = min(chunk, segment.taps.count - done)
      work.kernels.multiplyGathered(product)
      done += product.taps
      product.inputOffsets += product.taps * table.tile
      product.weightOffsets += product.taps
      product.accumulates = true
    } while done < segment.taps.count
  }

  private func transposed(_ segment: GatherTable.Segment, _ work: Work) {
    let blocks = work.scratch + 512
    var product = product(
      segment, work, taps: min(Self.scratchTaps, segment.taps.count), channels: min(panelWidth, packing.columnCount),
      weights: blocks, weightOffsets: scratchOffsets.base)
    for panel in 0..<packing.panels {
      let firstColumn = panel * panelWidth
      product.channels = min(panelWidth, packing.columnCount - firstColumn)
      product.input = UnsafePointer(work.arena + firstColumn)
      var done = 0
      repeat {
        product.taps = min(Self.scratchTaps, segment.taps.count - done)
        for tap in 0..<product.taps {
          let place =
            work.weights + panel * packing.panelStride
            + Int(weightOffsets.base[segment.taps.lowerBound + done + tap])
          work.kernels.transposeBlock(
            place, work.channels.count, product.channels, blocks + tap * panelWidth * panelWidth, work.scratch)
        }
        product.inputOffsets =
          UnsafePointer(table.inputOffsets.base + segment.firstInput + done * table.tile)
        work.kernels.multiplyGathered(product)
        done += product.taps
        product.accumulates = true
      } while done < segment.taps.count
    }
  }

  /// A gathered product of some taps of a segment.
  private func product(
    _ segment: GatherTable.Segment, _ work: Work, taps: Int, channels: Int, weights: UnsafePointer<Float>,
    weightOffsets: UnsafePointer<Int32>
  ) -> GatheredProduct {
    GatheredProduct(
      tiles: segment.tiles.count, taps: taps, channels: channels, input: work.arena,
      inputOffsets: table.inputOffsets.base + segment.firstInput, inputTileStride: segment.taps.count * table.tile,
      weights: weights, weightOffsets: weightOffsets, output: work.arena + work.channels.lowerBound,
      outputOffsets: table.outputOffsets.base + segment.tiles.lowerBound * table.tile,
      columns: work.channels.count, accumulates: accumulates, bias: work.bias)
  }

  private func dot(_ segment: GatherTable.Segment, _ work: Work) {
    work.kernels.multiplyDot(
      DotProduct(
        tiles: segment.tiles.count, taps: segment.taps.count, columns: packing.columnCount, rows: work.channels.count,
        input: work.arena, inputOffsets: table.inputOffsets.base + segment.firstInput,
        inputTileStride: segment.taps.count * table.tile, weights: work.weights,
        weightOffsets: weightOffsets.base + segment.taps.lowerBound, weightPanelStride: packing.panelStride,
        output: work.arena + work.channels.lowerBound,
        outputOffsets: table.outputOffsets.base + segment.tiles.lowerBound * table.tile, accumulates: accumulates,
        bias: work.bias))
  }
}
