import KernelArguments
import Parallel

/// One convolution for one input shape: which algorithm each of its products uses, what that needs, and its tables.
struct ConvolutionLayout: Sendable {
  let geometry: ConvolutionGeometry
  let packing: PackedWeights
  let rule: AlgorithmRule
  /// (N, C, H, W)
  let input: Shape
  /// (N, C, H, W)
  let output: Shape
  /// Where the pixels of the large grid are read from.
  let grid: LargeGrid

  init(
    _ geometry: ConvolutionGeometry, _ packing: PackedWeights, _ rule: AlgorithmRule, input: Shape, output: Shape
  ) {
    self.geometry = geometry
    self.packing = packing
    self.rule = rule
    self.input = input
    self.output = output
    grid = LargeGrid(geometry, input: input)
  }

  /// A transform with the place of what it transforms.
  typealias PlacedTransform = (choice: TransformChoice, start: Int)

  // MARK: - Algorithms

  /// The transform for a product of the first `images` images; nil: tap by tap.
  func transform(_ kind: ProductKind, images: Int, hasReadyWeights: Bool) -> TransformChoice? {
    var (input, output) = (input, output)
    input.n = images
    output.n = images
    return TransformChoice(
      rule, geometry, packing, input: input, output: output, kind, hasReadyWeights: hasReadyWeights)
  }

  /// What a product of the first `images` images is computed with tap by tap.
  func form(images: Int, hasReadyWeights: Bool) -> NumberForm {
    let small = geometry.isTransposed ? input : output
    return rule.form(
      geometry, packing, isTransformed: false, pixels: hasReadyWeights ? nil : images * small.h * small.w)
  }

  /// Which side has few channels, and is copied so that a row of taps lies together.
  enum Thin: Sendable {
    case input
    case output
  }

  /// The thin side; nil: none, or none that pays.
  var thin: Thin? {
    guard ThinSide.suits(geometry, packing) else { return nil }
    return packing.columns == .output ? .input : .output
  }

  /// Floats of the copy of a thin side that `rows` of the other side read.
  func thinCopy(readBy rows: Range<Int>) -> Int {
    guard let thin else { return 0 }
    let lines = ThinSide.lines(geometry, thinIsLarge ? geometry.stride : 1, readBy: rows)
    let shape = thin == .input ? input : output
    let extent = ThinSide.extent(geometry, isLarge: thinIsLarge, shape, grid)
    return lines.count * extent.width * shape.c
  }

  /// Whether the thin side is the large grid; if not, weights are needed in reverse.
  private var thinIsLarge: Bool { (thin == .input) != geometry.isTransposed }

  /// Floats of the copy of the thin side, and of the weights in reverse.
  var thinCounts: (copy: Int, weights: Int) {
    guard let thin else { return (0, 0) }
    let copy = ThinSide.count(geometry, isLarge: thinIsLarge, thin == .input ? input : output, grid)
    return (copy, thinIsLarge ? 0 : packing.storage)
  }

  /// The copy of the thin side `source`, or of what `readingRows` of the other side need of it.
  func thinSide(
    of source: PlannedTensor, at start: Int, reversedWeights: Int?, readingRows: Range<Int>? = nil
  ) -> ThinSide {
    ThinSide(
      geometry, of: source, isLarge: thinIsLarge, sources: grid, at: start, reversedWeights: reversedWeights,
      readingRows: readingRows)
  }

  // MARK: - Tables

  /// The forward product.
  ///
  /// - Parameters:
  ///   - imagesPerGroup: images that share statistics; no piece crosses a group's border
  ///   - rounded: the copy of the input in fewer bits
  ///   - thin: the copy of a thin input
  ///   - outputRows: the rows of a single image that are computed, whole pieces of it, as a transform is restricted to
  ///     them already; nil: all
  func forward(
    from source: PlannedTensor, to target: PlannedTensor, imagesPerGroup: Int, transform: PlacedTransform?,
    rounded: RoundedInput? = nil, hasReadyWeights: Bool = false, thin: ThinSide?, outputRows: Range<Int>? = nil
  ) -> ConvolutionProduct {
    product(
      writing: .output, from: source, to: target, sources: grid, imagesPerGroup: imagesPerGroup, accumulates: false,
      transform, rounded, hasReadyWeights: hasReadyWeights, thin, outputRows)
  }

  /// The gradient of the input's first images.
  ///
  /// - Parameters:
  ///   - gradient: of the output
  ///   - target: where the input's goes
  ///   - large: place of the gradient of a reflected or upsampled grid, where the input is one
  ///   - adds: whether it is added to what is there
  ///   - rounded: the copy of the gradient of these images in fewer bits
  ///   - thin: the copy of a thin output's gradient
  func dataGradient(
    from gradient: PlannedTensor, to target: PlannedTensor, images: Int, large: Int?, adds: Bool,
    transform: PlacedTransform?, rounded: RoundedInput?, thin: ThinSide?
  ) -> DataGradient {
    let gradient = gradient.images(images)
    let target = target.images(images)
    var written = target
    var fold: FoldTable?
    if let large {
      written = PlannedTensor(
        shape: Shape(images, packing.inputChannels, grid.rows.count, grid.columns.count), offset: large,
        stride: packing.inputChannels)
      fold = FoldTable(grid, large: written, input: target.shape)
    }
    let product = product(
      writing: .input, from: gradient, to: written,
      sources: LargeGrid(height: gradient.shape.h, width: gradient.shape.w), imagesPerGroup: images,
      accumulates: adds && fold == nil, transform, rounded, hasReadyWeights: false, thin)
    return DataGradient(product: product, target: target, fold: fold, adds: adds)
  }

  /// The gradient of the weights.
  ///
  /// - Parameters:
  ///   - source: the input
  ///   - gradient: of the output
  ///   - isRounded: whether both are rounded to bfloat16 where there is no transform, which knows that itself
  ///   - thin: the copy of either where it is a thin side
  func weightGradient(
    input source: PlannedTensor, gradient: PlannedTensor, transform: PlacedTransform?, isRounded: Bool, thin: ThinSide?
  ) -> ConvolutionWeightGradient {
    if let transform {
      return .transformed(
        TransformedWeightGradient(
          transform.choice.grid, geometry, packing, input: source, gradient: gradient,
          memory: transform.choice.memory(at: transform.start)))
    }
    if let thin {
      let wide = packing.columns == .output ? gradient : source
      return .direct(WeightGradientPlan(thin, packing, wide: wide, sources: grid))
    }
    return .direct(
      WeightGradientPlan(geometry, packing, input: source, gradient: gradient, sources: grid, isRounded: isRounded))
  }

  private func product(
    writing outputs: PackedWeights.Columns, from source: PlannedTensor, to target: PlannedTensor, sources: LargeGrid,
    imagesPerGroup: Int, accumulates: Bool, _ transform: PlacedTransform?, _ rounded: RoundedInput?,
    hasReadyWeights: Bool, _ thin: ThinSide?, _ outputRows: Range<Int>? = nil
  ) -> ConvolutionProduct {
    if let transform {
      return .transformed(
        TransformedProduct(
          transform.choice.grid, geometry, packing, writing: outputs, from: source, to: target,
          memory: transform.choice.memory(at: transform.start), accumulates: accumulates))
    }
    if let rounded {
      return .lowPrecision(
        LowPrecisionPlan(
          geometry, packing, writing: outputs, from: rounded, to: target, sources: sources,
          hasReadyWeights: hasReadyWeights, imagesPerGroup: rounded.imagesPerBlock == 1 ? 1 : imagesPerGroup,
          accumulates: accumulates))
    }
    if let thin {
      return .direct(
        ProductPlan(
          thin, packing, to: target, imagesPerGroup: imagesPerGroup, accumulates: accumulates, outputRows: outputRows))
    }
    let isLarge = geometry.isTransposed == (outputs == .output)
    return .direct(
      ProductPlan(
        geometry, packing, writing: outputs, isLarge ? .toLarge : .toSmall, from: source, to: target,
        sources: sources, imagesPerGroup: imagesPerGroup, accumulates: accumulates, outputRows: outputRows))
  }
}

/// The data gradient, and how it comes back from a padded or upsampled grid.
struct DataGradient: Sendable {
  fileprivate let product: ConvolutionProduct
  fileprivate let target: PlannedTensor
  fileprivate let fold: FoldTable?
  fileprivate let adds: Bool

  func run(arena: UnsafeMutablePointer<Float>, weights: UnsafePointer<Float>, _ processor: Processor) {
    product.run(arena: arena, weights: weights, bias: nil, processor) { _, _, _ in }
    guard let fold else { return }
    let (pixels, channels) = (target.shape.pixels, target.shape.c)
    let perPiece = max(16, 32_768 / channels)
    let shared = Shared(arena)
    processor.pool.run((pixels + perPiece - 1) / perPiece) { piece, _ in
      let first = piece * perPiece
      let place = PixelView(shared.value + target.offset + first * target.stride, stride: target.stride)
      processor.kernels.gatherSums(
        PixelSums(
          input: shared.value, starts: fold.starts.base + first, sources: fold.sources.base, output: place,
          pixels: min(perPiece, pixels - first), channels: channels, accumulates: adds))
    }
  }
}
