/// Which algorithm computes which product: one rule over shapes, never over the number of threads or a trial's outcome,
/// so that results are the same on any machine with the same kernels.
///
/// Costs are counted in multiply-adds. A transform writes and reads numbers that the direct product does not have, and
/// what such a number costs was measured (docs/performance.md): it is the time of the memory, expressed in
/// multiply-adds that the kernels would have done meanwhile.
struct AlgorithmRule: Sendable, Equatable {
  /// Who decides.
  let choice: AlgorithmChoice
  /// `KernelTable.memoryCost`
  let memoryCost: Double
  /// What products are computed with, if a layer allows it.
  let precision: Precision
  /// `LowPrecisionKernels.forms`
  let forms: LowPrecisionKernels.Forms

  /// The rule, or one algorithm for every layer, to test and to compare.
  init(
    _ choice: AlgorithmChoice = .byShape, memoryCost: Double, precision: Precision = .float32,
    forms: LowPrecisionKernels.Forms = .asTheyAre
  ) {
    self.choice = choice
    self.memoryCost = memoryCost
    self.precision = precision
    self.forms = forms
  }

  /// The rule of a processor's kernels.
  init(_ processor: Processor, _ precision: Precision = .float32) {
    self.init(
      processor.algorithms, memoryCost: processor.kernels.memoryCost, precision: precision,
      forms: processor.kernels.lowPrecision.forms)
  }

  /// The form of the numbers that products are computed with; its arguments are those of `numbers`.
  ///
  /// Where pairs of integers stand in for bfloat16 numbers, transformed products are single precision: they spare three
  /// quarters of the multiply-adds, pairs a quarter of their time.
  func form(
    _ geometry: ConvolutionGeometry, _ packing: PackedWeights, isTransformed: Bool, pixels: Int?
  ) -> NumberForm {
    switch numbers(geometry, packing, isTransformed: isTransformed, pixels: pixels) {
    case .float32: .floats
    case .bfloat16:
      pixels != nil ? .bfloats : isTransformed && forms.bfloat16 == .scaledIntegers ? .floats : forms.bfloat16
    case .int8: forms.int8
    }
  }

  /// What products are computed with.
  ///
  /// Layers with few channels on one side, the first and the last of a network, lose most by fewer bits and are a small
  /// part of the work: they stay single precision. Of the others, bfloat16 are those next to them, which lose more than all
  /// that lie deeper (docs/performance.md), transformed ones, since a transform takes more digits than eight bits have, and
  /// those whose sums of integers could overflow.
  ///
  /// While training, weights are rounded for every product: that pays where enough pixels use them.
  ///
  /// - Parameter pixels: of the smaller side, all images; nil: weights are rounded once for many runs
  func numbers(
    _ geometry: ConvolutionGeometry, _ packing: PackedWeights, isTransformed: Bool, pixels: Int?
  ) -> Precision {
    guard packing.columns == .output, packing.inputChannels % 16 == 0, packing.outputChannels >= 16 else {
      return .float32
    }
    if let pixels {
      let pays = packing.outputChannels % 16 == 0 && pixels >= Self.roundedPixels
      return precision == .bfloat16 && pays ? .bfloat16 : .float32
    }
    guard precision == .int8 else { return precision }
    let isDeep = min(packing.inputChannels, packing.outputChannels) >= Self.deepChannels
    let isExact = geometry.taps * packing.inputChannels <= Self.exactSum
    return isDeep && isExact && !isTransformed ? .int8 : .bfloat16
  }

  /// Channels on both sides of a layer from which on it is computed with integers.
  private static let deepChannels = 64
  /// Pixels of a layer from which on its weights are rounded while training.
  private static let roundedPixels = 32
  /// Products of 255 · 127 that a sum of 32 bits holds.
  private static let exactSum = Int(Int32.max) / (255 * 127)

  /// AVX-512's multiply-adds that a transformed weight costs: written, then read.
  private static let weightCost = 80.0
  /// The same where it was written once and for all, before inference; whatever the kernels, since it takes memory too.
  private static let readyWeightCost = 12.0
  /// AVX-512's multiply-adds that a transformed input or output costs.
  private static let tileCost = 60.0
  /// What a multiply-add of pairs of integers takes of the time of one of floats.
  private static let pairCost = 0.75
  /// Channels on both sides of a layer from which on five outputs of three taps pay: with 64, whose tiles are taken in blocks, they
  /// were slower than four.
  private static let wideChannels = 128
  /// The part of the direct cost that a transform must stay below: it costs memory and digits too.
  private static let advantage = 0.92

  /// The tiles that suit a product best; nil: direct.
  ///
  /// - Parameters:
  ///   - channels: that are read and written
  ///   - images: that products and tiles are counted over. With ready weights the choice is that for a single one, so
  ///     that what becomes of an image does not depend on which others are in its batch
  ///   - pixels: of the smaller side, all images
  ///   - hasReadyWeights: whether weights are transformed once for many runs
  ///   - grids: the tiles that there are for a number of outputs along each axis
  func grid(
    _ geometry: ConvolutionGeometry, _ packing: PackedWeights, channels: (read: Int, written: Int), images: Int,
    pixels: Int, hasReadyWeights: Bool, _ grids: (_ outputs: Int) -> [TransformGrid]
  ) -> TransformGrid? {
    guard Self.allows(geometry, packing) else { return nil }
    func form(isTransformed: Bool) -> NumberForm {
      self.form(geometry, packing, isTransformed: isTransformed, pixels: hasReadyWeights ? nil : pixels)
    }
    let (direct, isRounded) = (form(isTransformed: false), form(isTransformed: true) != .floats)
    let directProducts = pixels * geometry.taps * channels.read * channels.written
    // Products of fewer bits are so fast that transforms pay only where they spare the most. Integers of eight bits, whose sums
    // are the same in any form, give way to no others where pairs are slower either.
    if isRounded || direct.hasRanges, geometry.kernel != 3 || geometry.stride != 1 { return nil }
    let directCost = Double(directProducts) * (direct == .scaledIntegers ? Self.pairCost : 1)
    let share = hasReadyWeights ? images : 1
    func cost(_ grid: TransformGrid) -> Double {
      let pairs = channels.read * channels.written
      let weights = Double(grid.products * pairs)
      let places = Double(grid.inputPoints * channels.read + grid.outputPoints * channels.written)
      return Double(grid.tiles / share) * (weights + memoryCost * Self.tileCost * places)
        + weights * (hasReadyWeights ? Self.readyWeightCost : memoryCost * Self.weightCost)
    }
    func best(_ grids: [TransformGrid]) -> (grid: TransformGrid, cost: Double)? {
      grids.map { ($0, cost($0)) }.min { $0.1 < $1.1 }
    }
    switch choice {
    case .direct: return nil
    case .tiles(let outputs): return best(grids(outputs))?.grid
    case .byShape:
      let outputs = isRounded ? 4...4 : Self.outputs(geometry, packing, hasReadyWeights: hasReadyWeights)
      guard let best = best(outputs.flatMap(grids)) else { return nil }
      return best.cost < Self.advantage * directCost / Double(share) ? best.grid : nil
    }
  }

  /// Tiles whose errors stay below 6e-6: more outputs lose more digits, the sooner the more taps there are. Five outputs of three
  /// taps come near to that: they are left to ready weights and to layers where products are most of the time. Phases with different
  /// numbers of taps have kernels for up to four.
  private static func outputs(
    _ geometry: ConvolutionGeometry, _ packing: PackedWeights, hasReadyWeights: Bool
  ) -> ClosedRange<Int> {
    if geometry.kernel > geometry.stride, geometry.kernel % geometry.stride != 0 { return 2...4 }
    let isWide = min(packing.inputChannels, packing.outputChannels) >= wideChannels
    return (geometry.kernel + geometry.stride - 1) / geometry.stride <= (hasReadyWeights && isWide ? 3 : 2)
      ? 2...5 : 2...4
  }

  /// Whether the transforms can run at all: whole vectors of channels, and weights with outputs along the columns.
  private static func allows(_ geometry: ConvolutionGeometry, _ packing: PackedWeights) -> Bool {
    packing.columns == .output && packing.inputChannels % 16 == 0 && packing.outputChannels % 16 == 0
      && geometry.kernel > 1 && geometry.taps <= TransformedWeights.maximumTaps
  }
}
