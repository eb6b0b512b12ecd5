/// The tiles of a transformed product, and what it takes to hold what is transformed.
struct TransformChoice: Sendable {
  private(set) var grid: TransformGrid
  private let panelsPerGroup: Int
  /// Whether what is transformed is rounded to bfloat16, and when.
  let rounding: TransformRounding
  /// Floats of transformed weights.
  let transformedWeights: Int
  private let inputs: Int
  private let outputs: Int
  /// nil: chunks
  private let blocks: TileBlocks?

  /// Floats of transformed inputs and outputs.
  var tiles: Int { inputs + outputs }
  /// Floats of all that is transformed.
  package var count: Int { tiles + transformedWeights }

  /// How its weights lie once they are transformed.
  var form: TransformedWeights.Form {
    TransformedWeights.Form(grid, panelsPerGroup: panelsPerGroup, rounding: rounding)
  }

  /// Where its parts lie in memory that starts `start` floats behind the arena's.
  func memory(at start: Int) -> TransformedProduct.Memory {
    TransformedProduct.Memory(
      inputs: start, outputs: start + inputs, transformedWeights: start + tiles, panelsPerGroup: panelsPerGroup,
      rounding: rounding, blocks: blocks)
  }

  /// The same for some rows of the tiles of a single image; what it takes to hold them stays what the whole takes.
  func restricted(toTileRows range: Range<Int>) -> TransformChoice {
    var part = self
    part.grid = grid.restricted(toTileRows: range)
    return part
  }

  /// The tiles for a product if transforms suit it; nil: tap by tap.
  ///
  /// - Parameters:
  ///   - input: of the layer, (N, C, H, W): as many images as the product is computed for
  ///   - output: of the layer
  ///   - kind: which of the layer's products
  ///   - hasReadyWeights: whether weights are transformed once for many runs
  init?(
    _ rule: AlgorithmRule, _ geometry: ConvolutionGeometry, _ packing: PackedWeights, input: Shape, output: Shape,
    _ kind: ProductKind, hasReadyWeights: Bool
  ) {
    var source = input
    var target = output
    var sources = LargeGrid(geometry, input: input)
    var isLarge = geometry.isTransposed
    if kind == .dataGradient {
      source = output
      target = Shape(
        input.n, input.c, geometry.isTransposed ? input.h : sources.rows.count,
        geometry.isTransposed ? input.w : sources.columns.count)
      sources = LargeGrid(height: output.h, width: output.w)
      isLarge.toggle()
    }
    let small = geometry.isTransposed ? input : output
    let chosen = rule.grid(
      geometry, packing, channels: (source.c, target.c), images: input.n,
      pixels: small.pixels, hasReadyWeights: hasReadyWeights
    ) { outputs in
      (isLarge && geometry.stride > 1 ? [true, false] : [true]).map { sharesInputs in
        TransformGrid(
          geometry, isLarge ? .toLarge : .toSmall, outputsPerTile: outputs, sharesInputs: sharesInputs, input: source,
          output: target, sources: sources)
      }
    }
    guard let chosen else { return nil }
    grid = chosen
    let form = rule.form(
      geometry, packing, isTransformed: true, pixels: hasReadyWeights ? nil : small.pixels)
    rounding = form == .floats ? .none : kind == .weightGradient ? .inProducts : .inMemory
    blocks = rounding == .none ? TileBlocks(chosen, inputs: source.c, outputs: target.c) : nil
    (inputs, outputs) = TransformLayout.tileCounts(chosen, source.c, target.c, rounding)
    panelsPerGroup = TransformedWeights.panelsPerGroup(
      chosen, rows: source.c, columns: target.c,
      isWhole: hasReadyWeights || blocks != nil
        || TransformLayout.chunks(chosen, source.c, target.c, rounding) > 1)
    transformedWeights = TransformedWeights.count(
      chosen, rows: source.c, panelsPerGroup: panelsPerGroup, rounding)
  }
}

/// One of a convolution's products.
enum ProductKind: Sendable {
  case forward
  /// From the gradient of the output to that of the input.
  case dataGradient
  case weightGradient
}

/// When transformed numbers become bfloat16.
enum TransformRounding: Sendable {
  /// They stay single precision.
  case none
  /// As they are written, so that inputs and weights take half the room.
  case inMemory
  /// As a product reads them: those of a weight gradient are summed over tiles, of which two have to lie side by side.
  case inProducts
}
