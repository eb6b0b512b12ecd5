import KernelArguments
import Parallel

/// The copy of what a convolution's product reads in fewer bits: blocks of images, each behind one pixel of padding.
///
/// Integers of eight bits are steps between the least and the greatest number of an image, 0 among them, so that what becomes of an
/// image depends on nothing else: q = round(x / step) + zero point, 0 ≤ q ≤ 255 (Jacob et al., 2018, equation 1).
struct RoundedInput: Sendable, Hashable {
  let source: PlannedTensor
  let form: NumberForm
  /// Images that one table reaches: a single one, or all of a batch, whose padding is alike then.
  let imagesPerBlock: Int
  /// Groups from the arena's start to the copy.
  private let place: Int
  /// Floats from the arena's start to the ranges of integers: `[image][2]`, then `[image][piece][2]`.
  private let ranges: Int

  init(_ source: PlannedTensor, _ form: NumberForm, imagesPerBlock: Int = 1, at place: Int, ranges: Int = 0) {
    precondition(imagesPerBlock == 1 || !form.hasRanges, "images have zero points of their own")
    (self.source, self.form, self.imagesPerBlock) = (source, form, imagesPerBlock)
    (self.place, self.ranges) = (place, ranges)
  }

  /// Groups of the copy, and floats of the ranges.
  static func counts(_ shape: Shape, _ form: NumberForm) -> (copy: Int, ranges: Int) {
    let copy = (shape.pixels + shape.n) * (shape.c / form.numbersPerGroup + form.groupsBehindPixel)
    return (copy, form.hasRanges ? 2 * shape.n * (1 + pieces(shape).perGroup) : 0)
  }

  /// Groups of a pixel's numbers.
  var groups: Int { source.shape.c / form.numbersPerGroup }
  /// Groups from one pixel to the next.
  private var pixelStride: Int { groups + form.groupsBehindPixel }
  private var pixelsPerImage: Int { source.shape.h * source.shape.w }
  private var blockStride: Int { (1 + imagesPerBlock * pixelsPerImage) * pixelStride }

  /// The copy of a block as products see it whose offsets count from `base`.
  var block: PlannedTensor {
    PlannedTensor(
      shape: Shape(imagesPerBlock, source.shape.c, source.shape.h, source.shape.w), offset: pixelStride,
      stride: pixelStride)
  }

  /// Blocks of the batch.
  var blocks: Int { source.shape.n / imagesPerBlock }

  /// Where a block begins.
  func base(_ block: Int, _ arena: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Int32> {
    (arena + place + block * blockStride).groups
  }

  /// What the integers of an image stand for.
  func steps(_ image: Int, _ arena: UnsafeMutablePointer<Float>) -> (step: Float, zeroPoint: Float) {
    guard form.hasRanges else { return (1, 0) }
    let (least, greatest) = (arena[ranges + 2 * image], arena[ranges + 2 * image + 1])
    // A constant picture of zeros has no range. What is not finite stays so.
    let span = greatest - least
    guard span != 0 else { return (1, 0) }
    let step = span / 255
    return (step, (-least / step).rounded(.toNearestOrEven))
  }

  private static func pieces(_ shape: Shape) -> PassPieces {
    PassPieces(groups: shape.n, pixelsPerGroup: shape.h * shape.w, channels: shape.c)
  }

  /// Makes the copy.
  func fill(_ arena: UnsafeMutablePointer<Float>, _ processor: Processor) {
    let pieces = Self.pieces(source.shape)
    let kernels = processor.kernels.lowPrecision
    if form.hasRanges { gatherRanges(arena, pieces, processor) }
    let shared = Shared(arena)
    processor.pool.run(pieces.count) { piece, _ in
      let (image, pixels) = pieces[piece]
      let block = image / imagesPerBlock
      let first = pixels.lowerBound - block * imagesPerBlock * pixelsPerImage
      let (step, zeroPoint) = steps(image, shared.value)
      let base = base(block, shared.value)
      if first == 0 { fillPadding(base, zeroPoint) }
      let rounding = NumberRounding(
        pixels: pixels.count, channels: source.shape.c, input: view(shared.value, pixels.lowerBound),
        output: base + (1 + first) * pixelStride, outputStride: pixelStride, inverseStep: 1 / step,
        zeroPoint: zeroPoint)
      kernels.round(rounding, form)
    }
  }

  private func view(_ arena: UnsafeMutablePointer<Float>, _ pixel: Int) -> PixelView {
    PixelView(arena + source.offset + pixel * source.stride, stride: source.stride)
  }

  private func gatherRanges(_ arena: UnsafeMutablePointer<Float>, _ pieces: PassPieces, _ processor: Processor) {
    let images = source.shape.n
    let shared = Shared(arena)
    processor.pool.run(pieces.count) { piece, _ in
      let pixels = pieces[piece].pixels
      let range = processor.kernels.lowPrecision.range(
        view(shared.value, pixels.lowerBound), pixels.count, source.shape.c)
      let place = shared.value + ranges + 2 * (images + piece)
      (place[0], place[1]) = (range.least, range.greatest)
    }
    for image in 0..<images {
      var (least, greatest): (Float, Float) = (0, 0)
      for piece in image * pieces.perGroup..<(image + 1) * pieces.perGroup {
        let place = arena + ranges + 2 * (images + piece)
        // What is no number stays none.
        if !(place[0] >= least) { least = place[0] }
        if !(place[1] <= greatest) { greatest = place[1] }
      }
      arena[ranges + 2 * image] = least
      arena[ranges + 2 * image + 1] = greatest
    }
  }

  /// A pixel of zeros.
  private func fillPadding(_ base: UnsafeMutablePointer<Int32>, _ zeroPoint: Float) {
    let byte = zeroPoint.isFinite ? Int32(zeroPoint) : 0
    base.update(repeating: form == .integers ? byte &* 0x0101_0101 : 0, count: pixelStride)
  }
}
