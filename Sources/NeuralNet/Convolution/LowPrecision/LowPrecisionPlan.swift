import KernelArguments
import Parallel

/// A forward product in fewer bits, tap by tap, laid out for one input shape. Its tables are those of one image; all of a
/// batch share them, each with the steps of its own.
struct LowPrecisionPlan: Sendable {
  let weights: LowPrecisionWeights
  private let input: RoundedInput
  private let output: PlannedTensor
  private let table: GatherTable
  /// `[tap]` of the table: groups from a panel's start to the tap's weights.
  private let weightOffsets: IndexTable

  /// About how many pixels a piece has.
  private static let pixelsPerPiece = ProductPlan.Form.gathered.pixelsPerPiece

  /// - Parameters:
  ///   - sources: where the pixels of the large grid are read from
  init(
    _ geometry: ConvolutionGeometry, _ packing: PackedWeights, from input: RoundedInput, to output: PlannedTensor,
    sources: LargeGrid
  ) {
    let weights = LowPrecisionWeights(packing, input.precision)
    (self.weights, self.input, self.output) = (weights, input, output)
    table = GatherTable(
      geometry, geometry.isTransposed ? .toLarge : .toSmall, from: input.image, to: output.images(1), sources: sources,
      imagesPerGroup: 1, pixelsPerPiece: Self.pixelsPerPiece, tile: gatherTile)
    weightOffsets = IndexTable(table.taps.map { Int32($0 * weights.tapStride) })
  }

  private var pixelsPerImage: Int { output.shape.h * output.shape.w }

  /// Consecutive pixels that are finished together, in order.
  var pixelPieces: [Range<Int>] {
    (0..<output.shape.n).flatMap { image in
      table.pieces.map { piece in
        let first = image * pixelsPerImage + piece.firstPixel
        return first..<first + piece.pixels
      }
    }
  }

  /// Computes the whole product.
  ///
  /// - Parameters:
  ///   - ready: what `weights` has made of the weights
  ///   - finished: called by a worker for each piece of pixels and range of channels when these are written
  func run(
    arena: UnsafeMutablePointer<Float>, ready: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ processor: Processor,
    finished: @Sendable (_ piece: Int, _ pixels: Range<Int>, _ channels: Range<Int>) -> Void
  ) {
    let pieces = output.shape.n * table.pieces.count
    let shared = Shared((arena: arena, ready: ready, bias: bias))
    // Consecutive pieces share weights.
    processor.pool.run(pieces * weights.packing.panels) { index, _ in
      let (panel, piece) = index.quotientAndRemainder(dividingBy: pieces)
      let (image, place) = piece.quotientAndRemainder(dividingBy: table.pieces.count)
      let (arena, ready, bias) = shared.value
      let first = panel * panelWidth
      let channels = first..<min(output.shape.c, first + panelWidth)
      let pixels = table.pieces[place]
      let (step, zeroPoint) = input.steps(image, arena)
      for segment in table.segments[pixels.segments] {
        let product = LowPrecisionProduct(
          tiles: segment.tiles.count, taps: segment.taps.count, groups: weights.groups,
          input: UnsafePointer(input.base(image, arena)), inputOffsets: table.inputOffsets.base + segment.firstInput,
          inputTileStride: segment.taps.count * gatherTile, weights: (ready + panel * weights.panelStride).groups,
          weightOffsets: weightOffsets.base + segment.taps.lowerBound,
          output: arena + image * pixelsPerImage * output.stride + first,
          outputOffsets: table.outputOffsets.base + segment.tiles.lowerBound * gatherTile, columns: channels.count,
          bias: bias.map { $0 + first }, zeroPoint: zeroPoint.isFinite ? Int32(zeroPoint) : 0, step: step,
          weightSteps: ready + weights.steps(panel))
        if weights.precision == .int8 {
          processor.kernels.lowPrecision.multiplyIntegers(product)
        } else {
          processor.kernels.lowPrecision.multiplyBFloats(product)
        }
      }
      let firstPixel = image * pixelsPerImage + pixels.firstPixel
      finished(piece, firstPixel..<firstPixel + pixels.pixels, channels)
    }
  }
}

extension ConvolutionLayout {
  /// What the forward product is computed with at inference where no transform suits it.
  var directNumbers: Precision { rule.numbers(geometry, packing, isTransformed: false) }

  /// The forward product in fewer bits.
  func lowPrecision(from input: RoundedInput, to output: PlannedTensor) -> ConvolutionProduct {
    .lowPrecision(LowPrecisionPlan(geometry, packing, from: input, to: output, sources: grid))
  }
}
