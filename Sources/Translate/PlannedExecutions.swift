import Images
import NeuralNet

/// Executions of one network, planned at the first image of each size.
///
/// Since only one of them is used at a time, all lie in the same arena, and what was transformed of the weights is there
/// once. A plan's own are tables, some 300 bytes for each pixel: those for small images are kept in numbers, the one that
/// was used longest ago goes first.
package final class PlannedExecutions {
  let network: Network
  let mode: ExecutionMode
  let processor: Processor
  private let arena: Arena
  /// The one used last comes last.
  private var known: [(shape: Shape, execution: Execution)] = []

  /// Sizes that are kept in any case: data sets without crops bring many.
  package static let limit = 4
  /// Pixels of all sizes that are kept.
  private static let mostPixels = 1 << 19

  package init(_ network: Network, _ mode: ExecutionMode, _ processor: Processor, in arena: Arena) {
    self.network = network
    self.mode = mode
    self.processor = processor
    self.arena = arena
  }

  /// The execution for inputs of `shape`.
  package func callAsFunction(_ shape: Shape) throws -> Execution {
    if let place = known.lastIndex(where: { $0.shape == shape }) {
      let found = known.remove(at: place)
      known.append(found)
      return found.execution
    }
    let execution = try Execution(network, shape: shape, mode: mode, processor: processor, arena: arena)
    // After planning, so that its weights are those that others have transformed.
    known.append((shape, execution))
    var pixels = known.reduce(0) { $0 + $1.shape.pixels }
    while known.count > Self.limit, pixels > Self.mostPixels { pixels -= known.removeFirst().shape.pixels }
    return execution
  }

  /// Bytes that running at `shape` would take beyond what is taken already; nil where no memory could hold it in a way that
  /// kernels can reach.
  func missingBytes(_ shape: Shape) -> Int? {
    if known.contains(where: { $0.shape == shape }) { return 0 }
    let bytes = try? Execution.footprint(network, shape: shape, mode: mode, processor: processor)
    return bytes.map { max(0, $0 - arena.bytes) }
  }

  /// Sizes that are planned.
  var plannedSizes: Int { known.count }

  /// What the network makes of pictures of any one size: padded on the way in, cropped on the way out.
  ///
  /// - Parameters:
  ///   - count: how many there are (N)
  ///   - channels: of the network's input (C)
  ///   - padding: what brings them to a size that the network takes
  ///   - range: what the network calls black and white
  ///   - numbers: what the network makes; nil: grey or colour, with opacity or without, as its channels say. Chroma is seen
  ///     with the lightness that went in
  ///   - bitDepth: bits of a sample of what becomes of each
  ///   - atPart: called on the way with the part that is done, from 0 to 1; what it throws ends the pass
  ///   - fill: writes the padded pictures, (N, C, padded height, padded width)
  /// - Throws: `FileError` where the memory at hand is too small
  package func pictures(
    _ count: Int, channels: Int, _ padding: Padding, making numbers: PixelNumbers? = nil,
    range: ClosedRange<Float> = -1...1,
    bitDepth: (Int) -> Int = { _ in 8 }, dropoutKey: UInt64 = 0, atPart: (Double) throws -> Void = { _ in },
    fill: (MutableTensorView<Float>) throws -> Void
  ) throws -> [Picture] {
    let shape = Shape(count, channels, padding.paddedHeight, padding.paddedWidth)
    let execution = try self(shape)
    try fill(execution.input)
    try execution.forward(dropoutKey: dropoutKey, of: shape, atPart: atPart)
    return (0..<count).map { index in
      let output = execution.output.images(index..<index + 1)
      let input = numbers == .chroma ? execution.input.images(index..<index + 1).readOnly : nil
      return output.image(colouring: input, range: range, bitDepth: bitDepth(index)).cropped(padding)
    }
  }
}

extension TensorView<Float> {
  /// The first image, or some rows of it, as a picture: `range` to 0 … 255, or to 0 … 65535 where `bitDepth` is 16.
  ///
  /// - Parameter lightness: of the same size, where this is chroma
  package func image(
    rows: Range<Int>? = nil, colouring lightness: TensorView<Float>? = nil, range: ClosedRange<Float> = -1...1,
    bitDepth: Int = 8
  ) -> Picture {
    let rows = rows ?? 0..<shape.h
    let first = rows.lowerBound * shape.w
    guard let lightness else {
      return ImageTensor.image(
        from: base + first * stride, width: shape.w, height: rows.count, channels: shape.c, pixelStride: stride,
        bitDepth: bitDepth, range: range)
    }
    return ImageTensor.image(
      lightness: lightness.base + first * lightness.stride, lightnessStride: lightness.stride,
      chroma: base + first * stride, chromaStride: stride, width: shape.w, height: rows.count, bitDepth: bitDepth)
  }
}
