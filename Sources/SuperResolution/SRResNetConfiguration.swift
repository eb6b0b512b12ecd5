import Files
import NeuralNet

/// SRResNet without norms (Ledig et al., 2017, section 3.2, as `MSRResNet` in the public BasicSR code): residual blocks at
/// the resolution of the input, then pixel shuffles, and the input enlarged bilinearly added at the end.
package struct SRResNetConfiguration: Sendable, Equatable, Codable {
  /// Residual blocks, one of `blockCounts`.
  package var blocks = 16
  /// How many times as large the output is, one of `scales`.
  package var scale = 4
  /// Channels of the input image.
  package var inputChannels = 3
  /// Channels of the output image: as many.
  package var outputChannels = 3
  /// Channels of every hidden layer.
  package var filters = 64
  /// Always none.
  package var normalization = NormalizationKind.none

  /// The published network.
  package init() {}

  /// Blocks that a network can be made with.
  package static let blockCounts = 1...1024
  /// Enlargements that it can be made for.
  package static let scales = 2...4
}

extension SRResNetConfiguration: EnlargerConfiguration {
  /// What sentences call it.
  package static let title = "SRResNet"
  /// What its depth counts.
  package static let depthName = (key: "residual_blocks", words: "residual blocks")
  /// Its only name.
  package static let usualNames = ["srresnet"]

  /// `srresnet`
  package init?(architecture name: String) {
    guard name == "srresnet" else { return nil }
    self.init()
  }

  /// The name in options and metadata.
  package var architecture: String { "srresnet" }
  /// Residual blocks.
  package var depth: Int? { blocks }
  /// 0.1, as in the public code.
  package func initialScale(_ convolution: String) -> Float { 0.1 }

  /// It takes any size.
  package var sizeMultiple: Int { 1 }

  /// One pixel for each convolution at the input's resolution, and one for the few at the output's.
  package var reach: Int { 2 * min(blocks, Self.blockCounts.upperBound) + 3 }

  /// Checks that a network can be made with these numbers.
  ///
  /// - Throws: `FileError` for the first with which none can
  package func validate() throws(FileError) {
    try FileError.require(blocks, in: Self.blockCounts, "residual blocks of an SRResNet")
    try FileError.require(scale, in: Self.scales, "times that an SRResNet enlarges")
    try validateChannels()
    guard inputChannels == outputChannels else {
      throw FileError(
        path: nil, problem: "an SRResNet adds its input of \(inputChannels) channels to an output of \(outputChannels)")
    }
  }

  /// The network whose tensors a file holds; nil where they begin none of this family.
  ///
  /// - Throws: `FileError` where such a network begins and something in it is wrong
  package static func recognized(in evidence: NetworkEvidence) throws(FileError) -> SRResNetConfiguration? {
    guard evidence.has("conv_first.weight"), evidence.has("body.0.conv1.weight") else { return nil }
    var network = SRResNetConfiguration()
    (network.filters, network.inputChannels) = try evidence.firstConvolution("conv_first.weight", kernel: 3)
    network.blocks = evidence.count(from: 0) { "body.\($0).conv1.weight" }
    network.outputChannels = try evidence.convolution("conv_last.weight")[0]
    // Two pixel shuffles by 2, or a single one.
    let shuffled = try evidence.convolution("upconv1.weight")[0]
    if evidence.has("upconv2.weight") {
      network.scale = 4
    } else if shuffled == 9 * network.filters {
      network.scale = 3
    } else {
      network.scale = 2
    }
    return network
  }

  /// The network (N, channels, H, W) → (N, channels, H · scale, W · scale).
  package func declaration() throws -> NetworkDeclaration {
    try validate()
    var builder = NetworkBuilder(inputChannels: inputChannels)
    var last = builder.convolution3("conv_first", from: builder.input, filters, .rectifier(slope: 0.1))
    for block in 0..<blocks {
      let inner = builder.convolution3("body.\(block).conv1", from: last, filters, .relu)
      last = builder.convolution3("body.\(block).conv2", from: inner, filters, residual: last)
    }
    // A rectifier and a pixel shuffle can be taken in either order.
    for step in 1...(scale == 4 ? 2 : 1) {
      let factor = scale == 4 ? 2 : scale
      let many = builder.convolution3(
        "upconv\(step)", from: last, filters * factor * factor, .rectifier(slope: 0.1))
      last = builder.pixelShuffle(many, factor: factor)
    }
    last = builder.convolution3("conv_hr", from: last, filters, .rectifier(slope: 0.1))
    let base = builder.enlarging(builder.input, factor: scale, .bilinear)
    let output = builder.convolution3("conv_last", from: last, outputChannels, residual: base)
    return try builder.declaration(output: output)
  }
}
