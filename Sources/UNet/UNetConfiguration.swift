import Files
import NeuralNet

/// Everything that determines a U-Net generator's parameters and arithmetic.
package struct UNetConfiguration: Sendable, Equatable, Codable {
  /// Halvings of the resolution: 8 for unet_256, log₂ S for unet_S; one of `levelCounts`.
  package var levels: Int
  /// Channels of the input image.
  package var inputChannels = 3
  /// Channels of the output image.
  package var outputChannels = 3
  /// Channels after the first convolution (ngf); they double per level up to eight times this.
  package var filters = 64
  /// Normalisation of the hidden layers.
  package var normalization = NormalizationKind.batch
  /// Whether the inner levels drop half of their activations while training.
  package var dropout = true
  /// How the decoder doubles the resolution.
  package var upsampling = UpsamplingKind.transposed

  /// A configuration with the published defaults.
  package init(levels: Int) { self.levels = levels }

  /// Levels that a network can be made with.
  package static let levelCounts = 5...20
  /// Levels that a run can train: `unet_32` … `unet_1024`.
  package static let trainedLevels = 5...10
}

extension UNetConfiguration: TranslationGeneratorConfiguration {
  /// What sentences call it.
  package static let title = "U-Net"

  /// What its depth counts.
  package static let depthName = (key: "levels", words: "levels")

  /// Names for help and suggestions.
  package static var usualNames: [String] {
    trainedLevels.reversed().map { UNetConfiguration(levels: $0).architecture }
  }

  /// `unet_S` for S = 2^levels.
  package init?(architecture name: String) {
    guard name.hasPrefix("unet_"), let size = name.dropFirst(5).plainNumber, size.nonzeroBitCount == 1,
      Self.trainedLevels.contains(size.trailingZeroBitCount)
    else { return nil }
    self.init(levels: size.trailingZeroBitCount)
  }

  /// The name in options and metadata.
  package var architecture: String { "unet_\(sizeMultiple)" }

  /// Halvings of the resolution.
  package var depth: Int? { levels }

  /// One pixel at the innermost level.
  package var smallestImage: Int { sizeMultiple }
  /// 2^levels, within what can be.
  package var sizeMultiple: Int { 1 << min(max(levels, 0), 62) }

  /// Checks that a network can be made with these numbers.
  ///
  /// - Throws: `FileError` for the first with which none can
  package func validate() throws(FileError) {
    try FileError.require(levels, in: Self.levelCounts, "levels of a U-Net")
    try FileError.require(inputChannels, in: ChannelLimit.channels, "input channels")
    try FileError.require(outputChannels, in: ChannelLimit.channels, "output channels")
    try FileError.require(filters, in: ChannelLimit.channels, "channels after the first convolution")
  }

  /// The network whose tensors a file holds; nil where they begin none of this family.
  ///
  /// - Throws: `FileError` where such a network begins and something in it is wrong
  package static func recognized(in evidence: NetworkEvidence) throws(FileError) -> UNetConfiguration? {
    guard evidence.has("model.model.0.weight") else { return nil }
    // A depth that no image needs ends the search in a file of endless names.
    let levels = 1 + evidence.count(from: 1, limit: 31) { path(ofLevel: $0) + ".model.1.weight" }
    guard levelCounts.contains(levels) else {
      let possible = [levelCounts.lowerBound, levelCounts.upperBound].map { UNetConfiguration(levels: $0) }
      throw evidence.failure(
        "holds a U-Net of \(levels) levels, expected \(possible[0].levels) to \(possible[1].levels) "
          + "(\(possible[0].architecture) to \(possible[1].architecture))")
    }
    var network = UNetConfiguration(levels: levels)
    (network.filters, network.inputChannels) = try evidence.firstConvolution("model.model.0.weight", kernel: 4)
    // The last convolution tells the decoder: transposed 4×4, (in, out), or plain 3×3, (out, in).
    let last = try evidence.convolution("model.model.3.weight")
    network.upsampling = last[2] == 3 ? .resizeConvolution : .transposed
    network.outputChannels = last[network.upsampling == .transposed ? 1 : 0]
    network.normalization = try evidence.normalization(
      norm: "model.model.1.model.2", bias: "model.model.1.model.1.bias")
    // Dropout leaves no trace in the tensors.
    network.dropout = evidence.statedDropout ?? network.dropout
    return network
  }

  /// The module of a level: `model`, `model.model.1`, then `.model.3` for each further one.
  static func path(ofLevel level: Int) -> String {
    level == 0 ? "model" : "model.model.1" + String(repeating: ".model.3", count: level - 1)
  }
}
