import Files

/// A family of networks, declared once: a type is the family, a value one network of it.
///
/// A family says what it is called, what determines a network, how to recognise one by its tensors, and how it is built;
/// the tensors of its files, its ONNX form, what is told of it and its metadata derive from that. Weights lists all
/// families (`NetworkFamilies`). docs/design.md has a recipe for adding one.
package protocol NetworkConfiguration: Sendable, Equatable, Codable {
  // MARK: The family

  /// What the field calls its networks, for sentences: `U-Net`.
  static var title: String { get }
  /// What its depth counts: a key of the inspection's JSON, and words.
  static var depthName: (key: String, words: String) { get }
  /// The network whose tensors a file holds; nil where they begin none of this family.
  ///
  /// Names and shapes decide wherever they can. It need not look at every tensor: whoever asks compares them all with the
  /// declaration.
  /// - Throws: `FileError` where such a network begins and something in it is wrong
  static func recognized(in evidence: NetworkEvidence) throws(FileError) -> Self?

  // MARK: A network

  /// The name that options and metadata use: `unet_256`, `resnet_9blocks`, `n_layers_3`, `pixel`.
  var architecture: String { get }
  /// Channels of the input image.
  var inputChannels: Int { get set }
  /// Channels after the first convolution.
  var filters: Int { get set }
  /// Normalisation of the hidden layers.
  var normalization: NormalizationKind { get set }
  /// How deep it is, in what the family counts; nil: its depth is always the same.
  var depth: Int? { get }
  /// Side of the smallest image that it takes, in pixels.
  var smallestImage: Int { get }
  /// Side of the square of input pixels that one number of the output sees, where that is its point.
  var receptiveField: Int? { get }

  /// Checks that a network can be made with these numbers.
  ///
  /// - Throws: `FileError` for the first with which none can
  func validate() throws(FileError)

  /// Its operations and tensors, under the names and with the shapes of the public PyTorch code; no memory is taken.
  ///
  /// - Throws: `FileError` as `validate` does
  func declaration() throws -> NetworkDeclaration
}

extension NetworkConfiguration {
  /// None, as in generators.
  package var receptiveField: Int? { nil }

  /// The network, all parameters 0.
  ///
  /// - Throws: `FileError` where there is no such network, or no memory for its parameters
  package func network() throws -> Network { try declaration().network() }

  /// Whether `other` is the same network of the same family.
  package func isEqual(_ other: any NetworkConfiguration) -> Bool { (other as? Self) == self }
}

/// A family of networks that make images of images.
package protocol GeneratorConfiguration: NetworkConfiguration {
  /// The network that a run would train under that name, with the published defaults; nil for a name that is none.
  init?(architecture name: String)
  /// The names most often used, for help and for suggestions.
  static var usualNames: [String] { get }

  /// Channels of the output image.
  var outputChannels: Int { get set }
  /// The sizes that the network takes without padding are multiples of this many pixels.
  var sizeMultiple: Int { get }
  /// How many times as wide and high as its input the output is.
  var scale: Int { get }
  /// The numbers that black and white are, in input and output.
  var values: ClosedRange<Float> { get }
}

extension GeneratorConfiguration {
  /// The output has the size of the input.
  package var scale: Int { 1 }
  /// −1 to 1
  package var values: ClosedRange<Float> { -1...1 }
}

/// A family of generators with an encoder and a decoder, which translate: what pix2pix and CycleGAN train.
package protocol TranslationGeneratorConfiguration: GeneratorConfiguration {
  /// Whether activations are dropped while training.
  var dropout: Bool { get set }
  /// How the resolution is doubled on the decoder.
  var upsampling: UpsamplingKind { get set }
}

/// A family of generators that enlarge: convolutions without norms, so that a number of the output sees but a square of
/// the input, and a picture can be enlarged in parts.
package protocol EnlargerConfiguration: GeneratorConfiguration {
  /// How many times as wide and high as its input the output is.
  var scale: Int { get set }
  /// How deep it is, in what the family counts.
  var blocks: Int { get set }

  /// Sets how many channels hidden layers have, in the proportions of the published network.
  mutating func setWidth(_ filters: Int)

  /// What drawn weights of a convolution are multiplied by before training: what is added to something else begins small.
  func initialScale(_ convolution: String) -> Float
  /// How many pixels to each side of a pixel of the input what is made of it depends on, at most.
  var reach: Int { get }
}

extension EnlargerConfiguration {
  /// 0 to 1, as in the public code.
  package var values: ClosedRange<Float> { 0...1 }
  /// All hidden layers have as many.
  package mutating func setWidth(_ filters: Int) { self.filters = filters }

  /// The side of the square.
  package var receptiveField: Int? { 2 * reach + 1 }
  /// One pixel, or one of those that pixel unshuffle makes.
  package var smallestImage: Int { sizeMultiple }

  /// Checks what all of these families have in common.
  ///
  /// - Throws: `FileError` for the first with which no network can be made
  package func validateChannels() throws(FileError) {
    try FileError.require(inputChannels, in: ChannelLimit.channels, "input channels")
    try FileError.require(outputChannels, in: ChannelLimit.channels, "output channels")
    try FileError.require(filters, in: ChannelLimit.channels, "channels after the first convolution")
    guard normalization == .none else {
      throw FileError(path: nil, problem: "a \(Self.title) has no normalisation, not \(normalization.rawValue)")
    }
  }
}

/// A family of generators that make pictures of noise: their input is one pixel of latent numbers, with those of a label
/// behind them.
package protocol LatentGeneratorConfiguration: GeneratorConfiguration {
  /// Side of the square pictures that it makes.
  var imageSize: Int { get }
}

extension LatentGeneratorConfiguration {
  /// A pixel becomes a picture.
  package var scale: Int { imageSize }
  /// The one pixel.
  package var smallestImage: Int { 1 }
  /// It takes one pixel.
  package var sizeMultiple: Int { 1 }
}

extension Substring {
  /// A number of at most four digits without a sign or leading zero, as names of networks have.
  package var plainNumber: Int? {
    guard (1...4).contains(count), allSatisfy({ $0.isASCII && $0.isNumber }), first != "0" else { return nil }
    return Int(self)
  }
}
