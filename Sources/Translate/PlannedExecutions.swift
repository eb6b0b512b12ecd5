import Images
import NeuralNet

/// Executions of one network, planned at the first image of each size.
///
/// Since only one of them is used at a time, all lie in the same arena.
package final class PlannedExecutions {
  let network: Network
  let mode: ExecutionMode
  let processor: Processor
  private let arena: Arena
  private var known: [Shape: Execution] = [:]

  /// Sizes that are kept: data sets without crops bring many.
  package static let limit = 4

  package init(_ network: Network, _ mode: ExecutionMode, _ processor: Processor, in arena: Arena) {
    self.network = network
    self.mode = mode
    self.processor = processor
    self.arena = arena
  }

  /// The execution for inputs of `shape`.
  package func callAsFunction(_ shape: Shape) throws -> Execution {
    if let execution = known[shape] { return execution }
    if known.count >= Self.limit { known.removeAll() }
    let execution = try Execution(network, shape: shape, mode: mode, processor: processor, arena: arena)
    known[shape] = execution
    return execution
  }

  /// Bytes that running at `shape` would take beyond what is taken already; nil where no memory could hold it in a way that
  /// kernels can reach.
  func missingBytes(_ shape: Shape) -> Int? {
    if known[shape] != nil { return 0 }
    let bytes = try? Execution.footprint(network, shape: shape, mode: mode, processor: processor)
    return bytes.map { max(0, $0 - arena.bytes) }
  }

  /// What the network makes of pictures of any one size: padded on the way in, cropped on the way out.
  ///
  /// - Parameters:
  ///   - count: how many there are (N)
  ///   - channels: of the network's input (C)
  ///   - padding: what brings them to a size that the network takes
  ///   - range: what the network calls black and white
  ///   - bitDepth: bits of a sample of what becomes of each
  ///   - fill: writes the padded pictures, (N, C, padded height, padded width)
  /// - Throws: `FileError` where the memory at hand is too small
  package func pictures(
    _ count: Int, channels: Int, _ padding: Padding, range: ClosedRange<Float> = -1...1,
    bitDepth: (Int) -> Int = { _ in 8 }, dropoutKey: UInt64 = 0,
    fill: (MutableTensorView<Float>) throws -> Void
  ) throws -> [Picture] {
    let execution = try self(Shape(count, channels, padding.paddedHeight, padding.paddedWidth))
    try fill(execution.input)
    execution.forward(dropoutKey: dropoutKey)
    return (0..<count).map {
      execution.output.images($0..<$0 + 1).image(range: range, bitDepth: bitDepth($0)).cropped(padding)
    }
  }
}

extension TensorView<Float> {
  /// The first image as a picture: `range` to 0 … 255, or to 0 … 65535 where `bitDepth` is 16.
  package func image(range: ClosedRange<Float> = -1...1, bitDepth: Int = 8) -> Picture {
    ImageTensor.image(
      from: base, width: shape.w, height: shape.h, channels: shape.c, pixelStride: stride, bitDepth: bitDepth,
      range: range)
  }
}
