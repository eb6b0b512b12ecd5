import KernelArguments
import Parallel

/// A forward product or a data gradient in fewer bits, tap by tap, laid out for one input shape. Its tables are those of one
/// block of the rounded input; all of a batch share them, each with the steps of its own.
///
/// Weights that stay as they are for many runs have been rounded before (`LowPrecisionWeights`). While training they change
/// each time: then each piece rounds the block of them that it is about to use into scratch, where it stays in the cache.
struct LowPrecisionPlan: Sendable {
  private let packing: PackedWeights
  /// Weights that are rounded before; nil: they are rounded on the way.
  let weights: LowPrecisionWeights?
  private let input: RoundedInput
  private let output: PlannedTensor
  private let accumulates: Bool
  /// Whether the weights' columns are the channels that are written.
  private let isStraight: Bool
  private let table: GatherTable
  /// `[tap]` of the table: groups or floats from a panel's start to the tap's weights.
  private let weightOffsets: IndexTable
  /// `[tap]`: groups from the scratch's start to a block of rounded weights.
  private let blockOffsets: IndexTable

  /// Taps whose blocks of weights are in scratch together.
  private static let tapsPerPass = 16
  /// Groups of a block: 64 rows of 64 columns.
  private static let blockGroups = panelWidth * panelWidth / 2
  /// Floats of scratch for each worker: the blocks, one before it is rounded, and what transposes it.
  static let scratchCount = tapsPerPass * blockGroups + panelWidth * panelWidth + 512

  /// - Parameters:
  ///   - outputs: which of the layer's channel axes the product writes
  ///   - hasReadyWeights: whether weights are rounded once for many runs
  ///   - sources: where the pixels of the large grid are read from
  ///   - imagesPerGroup: images of a block that no piece crosses the border of
  ///   - accumulates: whether it adds to what the output holds
  init(
    _ geometry: ConvolutionGeometry, _ packing: PackedWeights, writing outputs: PackedWeights.Columns,
    from input: RoundedInput, to output: PlannedTensor, sources: LargeGrid, hasReadyWeights: Bool,
    imagesPerGroup: Int = 1, accumulates: Bool = false
  ) {
    (self.packing, self.input, self.output, self.accumulates) = (packing, input, output, accumulates)
    isStraight = packing.columns == outputs
    let weights = hasReadyWeights ? LowPrecisionWeights(packing, input.form) : nil
    self.weights = weights
    // A block of rounded weights is paid for by the pixels that it serves.
    let form = hasReadyWeights ? ProductPlan.Form.gathered : .transposed
    table = GatherTable(
      geometry, geometry.isTransposed == (outputs == .output) ? .toLarge : .toSmall, from: input.block,
      to: output.images(input.imagesPerBlock), sources: sources, imagesPerGroup: imagesPerGroup,
      pixelsPerPiece: form.pixelsPerPiece, tile: gatherTile)
    let tapStride = weights?.tapStride ?? packing.tapStride
    weightOffsets = IndexTable(table.taps.map { Int32($0 * tapStride) })
    blockOffsets = IndexTable(weights == nil ? (0..<Self.tapsPerPass).map { Int32($0 * Self.blockGroups) } : [])
  }

  private var pixelsPerBlock: Int { input.imagesPerBlock * output.shape.h * output.shape.w }

  /// Consecutive pixels that are finished together, in order.
  var pixelPieces: [Range<Int>] {
    (0..<input.blocks).flatMap { block in
      table.pieces.map { piece in
        let first = block * pixelsPerBlock + piece.firstPixel
        return first..<first + piece.pixels
      }
    }
  }

  /// Computes the whole product.
  ///
  /// - Parameters:
  ///   - parameters: the weights, packed
  ///   - ready: what `weights` has made of them
  ///   - finished: called by a worker for each piece of pixels and range of channels when these are written
  func run(
    arena: UnsafeMutablePointer<Float>, weights parameters: UnsafePointer<Float>, ready: UnsafePointer<Float>?,
    bias: UnsafePointer<Float>?, _ processor: Processor,
    finished: @Sendable (_ piece: Int, _ pixels: Range<Int>, _ channels: Range<Int>) -> Void
  ) {
    precondition((ready == nil) == (weights == nil), "weights are rounded before, or on the way")
    let pieces = input.blocks * table.pieces.count
    let shared = Shared((arena: arena, weights: parameters, ready: ready, bias: bias))
    // Consecutive pieces share weights.
    processor.pool.run(pieces * ((output.shape.c + panelWidth - 1) / panelWidth)) { index, worker in
      let (panel, piece) = index.quotientAndRemainder(dividingBy: pieces)
      let (block, place) = piece.quotientAndRemainder(dividingBy: table.pieces.count)
      let (arena, parameters, ready, bias) = shared.value
      let first = panel * panelWidth
      let channels = first..<min(output.shape.c, first + panelWidth)
      let pixels = table.pieces[place]
      for segment in table.segments[pixels.segments] {
        let product = product(segment, block, channels, arena, bias: bias.map { $0 + first })
        if let weights, let ready {
          multiply(product, segment, weights, ready, panel, processor.kernels.lowPrecision)
        } else {
          roundAndMultiply(product, segment, parameters, channels, processor.scratch(of: worker), processor.kernels)
        }
      }
      let firstPixel = block * pixelsPerBlock + pixels.firstPixel
      finished(piece, firstPixel..<firstPixel + pixels.pixels, channels)
    }
  }

  /// A segment's product but for its weights.
  private func product(
    _ segment: GatherTable.Segment, _ block: Int, _ channels: Range<Int>, _ arena: UnsafeMutablePointer<Float>,
    bias: UnsafePointer<Float>?
  ) -> LowPrecisionProduct {
    let (step, zeroPoint) = input.steps(block, arena)
    let base = UnsafePointer(input.base(block, arena))
    return LowPrecisionProduct(
      tiles: segment.tiles.count, taps: segment.taps.count, groups: input.groups, input: base,
      inputOffsets: table.inputOffsets.base + segment.firstInput, inputTileStride: segment.taps.count * gatherTile,
      weights: base, weightOffsets: weightOffsets.base + segment.taps.lowerBound,
      output: arena + block * pixelsPerBlock * output.stride + channels.lowerBound,
      outputOffsets: table.outputOffsets.base + segment.tiles.lowerBound * gatherTile, columns: channels.count,
      accumulates: accumulates, bias: bias, zeroPoint: zeroPoint.isFinite ? Int32(zeroPoint) : 0, step: step,
      weightSteps: arena)
  }

  private func multiply(
    _ product: LowPrecisionProduct, _ segment: GatherTable.Segment, _ weights: LowPrecisionWeights,
    _ ready: UnsafePointer<Float>, _ panel: Int, _ kernels: LowPrecisionKernels
  ) {
    var product = product
    product.weights = (ready + panel * weights.panelStride).groups
    product.weightSteps = ready + weights.steps(panel)
    kernels.multiply(product, weights.form)
  }

  /// Channels that are read by 64, taps by as many as there is scratch for.
  private func roundAndMultiply(
    _ product: LowPrecisionProduct, _ segment: GatherTable.Segment, _ weights: UnsafePointer<Float>,
    _ written: Range<Int>, _ scratch: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    var product = product
    product.weights = UnsafePointer(scratch).groups
    product.weightOffsets = blockOffsets.base
    let channels = input.source.shape.c
    for first in stride(from: 0, to: channels, by: panelWidth) {
      let read = first..<min(channels, first + panelWidth)
      product.groups = read.count / 2
      product.input = product.input + (first > 0 ? panelWidth / 2 : 0)
      for done in stride(from: 0, to: segment.taps.count, by: Self.tapsPerPass) {
        product.taps = min(Self.tapsPerPass, segment.taps.count - done)
        for tap in 0..<product.taps {
          let offset = Int(weightOffsets.base[segment.taps.lowerBound + done + tap])
          round(weights + offset, read, written, scratch, block: tap, kernels)
        }
        product.inputOffsets = table.inputOffsets.base + segment.firstInput + done * gatherTile
        kernels.lowPrecision.multiplyBFloats(product)
        product.accumulates = true
      }
    }
  }

  /// Rounds the weights of one tap between 64 channels that are read and 64 that are written.
  private func round(
    _ tap: UnsafePointer<Float>, _ read: Range<Int>, _ written: Range<Int>, _ scratch: UnsafeMutablePointer<Float>,
    block: Int, _ kernels: KernelTable
  ) {
    let (rows, columns) = isStraight ? (read, written) : (written, read)
    var weights = tap + columns.lowerBound / panelWidth * packing.panelStride + rows.lowerBound * panelWidth
    if !isStraight {
      let transposed = scratch + Self.tapsPerPass * Self.blockGroups
      kernels.transposeBlock(
        weights, written.count, read.count, transposed, transposed + panelWidth * panelWidth)
      weights = UnsafePointer(transposed)
    }
    kernels.lowPrecision.roundWeightsToBFloats(
      WeightRounding(
        taps: 1, rows: read.count, weights: weights, weightStride: 0,
        output: (scratch + block * Self.blockGroups).groups,
        outputStride: 0, steps: scratch))
  }
}
