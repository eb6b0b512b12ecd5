import Files
import NeuralNet

/// The small network of Real-ESRGAN (`SRVGGNetCompact` in its public code): convolutions and PReLUs at the resolution of the
/// input, one pixel shuffle, and the input enlarged by nearest neighbour added at the end.
package struct CompactConfiguration: Sendable, Equatable, Codable {
  /// Convolutions between the first and the last, one of `convolutionCounts`: 16 or 32 as published.
  package var convolutions = 16
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

  /// Convolutions that a network can be made with.
  package static let convolutionCounts = 1...1024
  /// Enlargements that it can be made for.
  package static let scales = 1...8
}

extension CompactConfiguration: EnlargerConfiguration {
  /// What sentences call it.
  package static let title = "SRVGGNetCompact"
  /// What its depth counts.
  package static let depthName = (key: "convolutions", words: "hidden convolutions")
  /// Its only name.
  package static let usualNames = ["compact"]

  /// `compact`
  package init?(architecture name: String) {
    guard name == "compact" else { return nil }
    self.init()
  }

  /// The name in options and metadata.
  package var architecture: String { "compact" }
  /// Hidden convolutions.
  package var blocks: Int {
    get { convolutions }
    set { convolutions = newValue }
  }
  /// Hidden convolutions.
  package var depth: Int? { convolutions }
  /// 0.1 where its output is added to the enlarged input; hidden layers pass on what they get, or nothing would arrive.
  package func initialScale(_ convolution: String) -> Float {
    convolution.hasPrefix("body.\(2 * convolutions + 2).") ? 0.1 : 1
  }

  /// It takes any size.
  package var sizeMultiple: Int { 1 }
  /// One pixel for each convolution.
  package var reach: Int { min(convolutions, Self.convolutionCounts.upperBound) + 2 }

  /// Checks that a network can be made with these numbers.
  ///
  /// - Throws: `FileError` for the first with which none can
  package func validate() throws(FileError) {
    try FileError.require(convolutions, in: Self.convolutionCounts, "hidden convolutions of an SRVGGNetCompact")
    try FileError.require(scale, in: Self.scales, "times that an SRVGGNetCompact enlarges")
    try validateChannels()
    guard inputChannels == outputChannels else {
      throw FileError(
        path: nil,
        problem: "an SRVGGNetCompact adds its input of \(inputChannels) channels to an output of \(outputChannels)")
    }
  }

  /// The network whose tensors a file holds; nil where they begin none of this family.
  ///
  /// - Throws: `FileError` where such a network begins and something in it is wrong
  package static func recognized(in evidence: NetworkEvidence) throws(FileError) -> CompactConfiguration? {
    guard evidence.has("body.0.weight"), evidence.has("body.1.weight"), evidence.has("body.2.weight") else {
      return nil
    }
    var network = CompactConfiguration()
    (network.filters, network.inputChannels) = try evidence.firstConvolution("body.0.weight", kernel: 3)
    network.convolutions = evidence.count(from: 0) { "body.\(2 * $0).weight" } - 2
    network.outputChannels = network.inputChannels
    let last = try evidence.convolution("body.\(2 * network.convolutions + 2).weight")[0]
    guard let scale = scales.first(where: { last == network.inputChannels * $0 * $0 }) else {
      throw evidence.failure(
        "ends in \(last) channels, expected \(network.inputChannels) times the square of the enlargement")
    }
    network.scale = scale
    return network
  }

  /// The network (N, channels, H, W) → (N, channels, H · scale, W · scale).
  package func declaration() throws -> NetworkDeclaration {
    try validate()
    var builder = NetworkBuilder(inputChannels: inputChannels)
    var last = builder.input
    for layer in 0...convolutions {
      last = builder.convolution3(
        "body.\(2 * layer)", from: last, filters, learnedRectifier: "body.\(2 * layer + 1)")
    }
    let name = "body.\(2 * convolutions + 2)"
    let output: Value
    if scale > 1 {
      let many = builder.convolution3(name, from: last, outputChannels * scale * scale)
      let base = builder.enlarging(builder.input, factor: scale, .nearest)
      output = builder.sum(builder.pixelShuffle(many, factor: scale), and: base)
    } else {
      output = builder.convolution3(name, from: last, outputChannels, residual: builder.input)
    }
    return try builder.declaration(output: output)
  }
}
