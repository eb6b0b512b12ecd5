import Files
import NeuralNet

/// The generator of ESRGAN (Wang et al., 2018, section 3.1, as `RRDBNet` in the public BasicSR code): residuals in residual
/// dense blocks, then twice nearest-neighbour enlarging and a convolution.
///
/// The trunk always enlarges four times; for ×2 and ×1 it sees the input pixel-unshuffled by 2 and 4, as in Real-ESRGAN
/// (Wang et al., 2021, section 3.4).
package struct RRDBNetConfiguration: Sendable, Equatable, Codable {
  /// Residuals in residual dense blocks, one of `blockCounts`.
  package var blocks = 23
  /// How many times as large the output is: 1, 2 or 4.
  package var scale = 4
  /// Channels of the input image.
  package var inputChannels = 3
  /// Channels of the output image.
  package var outputChannels = 3
  /// Channels from block to block.
  package var filters = 64
  /// Channels that each convolution of a dense block adds to what the next one sees.
  package var growth = 32
  /// Always none.
  package var normalization = NormalizationKind.none

  /// The published network.
  package init() {}

  /// Blocks that a network can be made with.
  package static let blockCounts = 1...256
  /// Enlargements that it can be made for.
  package static let scales = [1, 2, 4]

  /// How much smaller than the input the trunk is.
  private var unshuffling: Int { scale > 0 ? max(1, Self.enlargement / scale) : 1 }
  /// What the trunk enlarges by.
  private static let enlargement = 4
}

extension RRDBNetConfiguration: EnlargerConfiguration {
  /// What sentences call it.
  package static let title = "RRDBNet"
  /// What its depth counts.
  package static let depthName = (key: "dense_blocks", words: "residual-in-residual dense blocks")
  /// Its only name.
  package static let usualNames = ["rrdb"]

  /// `rrdb`
  package init?(architecture name: String) {
    guard name == "rrdb" else { return nil }
    self.init()
  }

  /// The name in options and metadata.
  package var architecture: String { "rrdb" }
  /// Blocks.
  package var depth: Int? { blocks }
  /// Dense blocks grow by half of what they begin with.
  package mutating func setWidth(_ filters: Int) { (self.filters, growth) = (filters, max(1, filters / 2)) }

  /// 0.1 in dense blocks (Wang et al., 2018, section 3.1: smaller initialization).
  package func initialScale(_ convolution: String) -> Float { convolution.contains(".rdb") ? 0.1 : 1 }

  /// What pixel unshuffle takes.
  package var sizeMultiple: Int { unshuffling }

  /// Fifteen convolutions in a block, one before and one behind them, two pixels for those that follow; and where in its
  /// unshuffled pixel a pixel lies.
  package var reach: Int {
    (15 * min(blocks, Self.blockCounts.upperBound) + 4) * unshuffling + unshuffling - 1
  }

  /// Checks that a network can be made with these numbers.
  ///
  /// - Throws: `FileError` for the first with which none can
  package func validate() throws(FileError) {
    try FileError.require(blocks, in: Self.blockCounts, "blocks of an RRDBNet")
    try FileError.require(growth, in: ChannelLimit.channels, "channels that a dense block grows by")
    guard Self.scales.contains(scale) else {
      throw FileError(path: nil, problem: "an RRDBNet enlarges 1, 2 or 4 times, not \(scale)")
    }
    try validateChannels()
  }

  /// The network whose tensors a file holds; nil where they begin none of this family.
  ///
  /// - Throws: `FileError` where such a network begins and something in it is wrong
  package static func recognized(in evidence: NetworkEvidence) throws(FileError) -> RRDBNetConfiguration? {
    guard evidence.has("conv_first.weight"), evidence.has("body.0.rdb1.conv1.weight") else { return nil }
    var network = RRDBNetConfiguration()
    let seen: Int
    (network.filters, seen) = try evidence.firstConvolution("conv_first.weight", kernel: 3)
    network.blocks = evidence.count(from: 0) { "body.\($0).rdb1.conv1.weight" }
    network.growth = try evidence.convolution("body.0.rdb1.conv1.weight")[0]
    network.outputChannels = try evidence.convolution("conv_last.weight")[0]
    // Input and output have as many channels; those of an unshuffled input are 4 or 16 times as many.
    let many = network.outputChannels
    guard ChannelLimit.channels.contains(many),
      let scale = scales.first(where: { seen == many * (enlargement / $0) * (enlargement / $0) })
    else {
      throw evidence.failure(
        "reads \(seen) channels to make \(network.outputChannels), expected as many, or 4 or 16 times as many (an input "
          + "that is pixel-unshuffled for ×2 or ×1)")
    }
    (network.scale, network.inputChannels) = (scale, network.outputChannels)
    return network
  }

  /// The network (N, input channels, H, W) → (N, output channels, H · scale, W · scale).
  package func declaration() throws -> NetworkDeclaration {
    try validate()
    var builder = NetworkBuilder(inputChannels: inputChannels)
    let seen = unshuffling > 1 ? builder.pixelUnshuffle(builder.input, factor: unshuffling) : builder.input
    var dense = DenseBuffer(self, &builder)
    // A copy: the whole buffer would have to stay until the end.
    let features = builder.value(channels: filters)
    _ = builder.convolution3("conv_first", from: seen, filters, to: dense.parts[0], and: features)
    for block in 0..<blocks { addBlock("body.\(block)", &dense, isLast: block == blocks - 1, &builder) }
    var last = builder.convolution3("conv_body", from: dense.parts[0], filters, residual: features)
    for step in 1...2 {
      last = builder.convolution3("conv_up\(step)", from: last, filters, .leakyRelu, upsampling: 2)
    }
    last = builder.convolution3("conv_hr", from: last, filters, .leakyRelu)
    let output = builder.convolution3("conv_last", from: last, outputChannels)
    return try builder.declaration(output: output)
  }

  /// What the convolutions of a dense block read: its input, then what each of them has made. Each reads all that is there
  /// by then, without a copy.
  private struct DenseBuffer {
    let whole: Value
    let parts: [Value]

    init(_ network: RRDBNetConfiguration, _ builder: inout NetworkBuilder) {
      (whole, parts) = builder.concatenation([network.filters] + [Int](repeating: network.growth, count: 4))
    }

    /// After the last block, nobody adds to what it has made.
    init(of value: Value) { (whole, parts) = (value, [value]) }
  }

  /// Three dense blocks in a row · 0.2 + input.
  private func addBlock(
    _ name: String, _ dense: inout DenseBuffer, isLast: Bool, _ builder: inout NetworkBuilder
  ) {
    let input = dense.parts[0]
    for number in 1...3 {
      let next = number < 3 ? DenseBuffer(self, &builder) : DenseBuffer(of: builder.value(channels: filters))
      for place in 1...4 {
        _ = builder.convolution3(
          "\(name).rdb\(number).conv\(place)", from: dense.whole.prefix(filters + (place - 1) * growth), growth,
          .leakyRelu, to: dense.parts[place])
      }
      _ = builder.convolution3(
        "\(name).rdb\(number).conv5", from: dense.whole, filters, scale: 0.2, residual: dense.parts[0],
        to: next.parts[0])
      dense = next
    }
    let output = isLast ? DenseBuffer(of: builder.value(channels: filters)) : DenseBuffer(self, &builder)
    _ = builder.sum(dense.whole, scaledBy: 0.2, and: input, to: output.parts[0])
    dense = output
  }
}
