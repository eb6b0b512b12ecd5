import Files

/// How a network runs over an image that memory has no room for: operation by operation, each in bands of rows, with what
/// they make in a scratch file. Statistics of an operation are complete before the next one reads what it has made, so
/// the result is that of the whole image, bit for bit.
///
/// It is for inference with networks of convolutions, one image at a time.
package struct BandedPlan: Sendable {
  let graph: Graph
  let shape: Shape
  let mode: ExecutionMode
  let convolutions: [BandedConvolution]
  let values: BandedValues.Places
  private let threads: Int

  /// Most rows and columns of an image: tables along one axis are kept whole.
  private static let longestSide = 1 << 20
  /// Bands larger than this are no faster.
  private static let preferredFloats = 1 << 26

  /// - Parameters:
  ///   - network: what is run
  ///   - shape: (1, input channels, H, W)
  /// - Returns: nil where the network has other operations than convolutions, or several inputs or outputs
  /// - Throws: `FileError` where the network cannot take such an image
  package init?(_ network: Network, shape: Shape, mode: ExecutionMode, processor: Processor) throws {
    let graph = network.graph
    let operations = graph.operations.compactMap { $0 as? Convolution }
    guard shape.n == 1, operations.count == graph.operations.count, !mode.keepsActivations,
      !mode.updatesRunningStatistics, graph.inputs.count == 1, graph.outputs.count == 1
    else { return nil }
    let shapes = try graph.bufferShapes([shape], limit: Self.requireSides)
    let rule = AlgorithmRule(processor)
    func extent(_ value: Value) -> Shape {
      Shape(1, value.channels, shapes[value.buffer].h, shapes[value.buffer].w)
    }
    convolutions = operations.enumerated().map { index, operation in
      BandedConvolution(
        operation, index: index, input: extent(operation.input), output: extent(operation.first.value), mode: mode,
        rule: rule)
    }
    guard let values = BandedValues.Places(graph, convolutions) else { return nil }
    (self.graph, self.shape, self.mode, self.values) = (graph, shape, mode, values)
    threads = processor.pool.threads
  }

  private static func requireSides(_ shape: Shape) throws {
    guard shape.h > 0, shape.w > 0, shape.c > 0 else { return try Arena.requireAddressable(shape) }
    guard shape.h <= longestSide, shape.w <= longestSide else {
      throw FileError(
        path: nil, problem: "an image of \(shape.w)×\(shape.h) pixels is too large even for a scratch file",
        advice: "translate its parts one by one")
    }
  }

  /// Bytes of the scratch file.
  package var scratchBytes: Int { values.bytes }

  /// Floats at the arena's start: zeros, and what is known of each normalisation.
  var zeroFloats: Int { (convolutions.map { max($0.layout.input.c, $0.layout.output.c) }.max() ?? 0) + 16 }

  /// Where the numbers of each normalisation lie, where the sums of the one at work, and where bands begin.
  var statistics: (places: [Int], moments: Int, end: Int) {
    var place = (zeroFloats + 15) / 16 * 16
    let places = convolutions.map { convolution in
      defer { place += (4 * convolution.layout.output.c + 15) / 16 * 16 }
      return place
    }
    return (places, place, place + ((convolutions.map(\.moments).max() ?? 0) + 15) / 16 * 16)
  }

  /// Floats beside the arena: transformed weights, and what threads read into.
  private var besides: Int { readyFloats + threads * stagingFloats }
  var readyFloats: Int { convolutions.map(\.readyWeights).max() ?? 0 }
  /// Floats that each thread reads into.
  var stagingFloats: Int { BandedValues.slots * values.slotFloats }

  /// The least bytes of memory that it runs in.
  package var leastBytes: Int {
    let start = statistics.end
    let bands = convolutions.map { $0.leastMemory(from: start) }.max() ?? 0
    return (bands + besides) * MemoryLayout<Float>.stride
  }

  /// The bands of each convolution, and their memory, where all may take `room` bytes.
  func bands(within room: Int) -> [(bands: [BandedConvolution.Band], memory: BandedConvolution.Memory)] {
    let start = statistics.end
    // The rest is for what nobody counts: threads, the libraries, the disk's own buffers.
    let floats = min(room / 8 * 5 / MemoryLayout<Float>.stride - besides, start + Self.preferredFloats)
    return convolutions.map { convolution in
      let bands = convolution.bands(within: floats, from: start)
      return (bands, convolution.memory(for: bands, from: start))
    }
  }
}
