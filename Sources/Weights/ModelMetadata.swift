import Files
import NeuralNet

/// What a file of weights says about itself in strings, so that it can be used without flags.
///
/// Every entry may be missing, as in files of others. docs/checkpoint-format.md specifies the keys.
package struct ModelMetadata: Sendable, Equatable {
  /// Version of these keys; 1.
  package var formatVersion: Int?
  /// The name of the network, as `NetworkConfiguration.architecture` gives it.
  package var architecture: String?
  /// Which network of a training run it is: `generator`, `generator_AtoB`, `generator_BtoA`, `discriminator`, ….
  package var role: String?
  /// Normalisation of the hidden layers.
  package var normalization: NormalizationKind?
  /// Channels after the first convolution (ngf or ndf).
  package var filters: Int?
  /// Channels of the input image.
  package var inputChannels: Int?
  /// Channels of the output image.
  package var outputChannels: Int?
  /// Whether the network drops activations while training.
  package var dropout: Bool?
  /// How the decoder doubles the resolution.
  package var upsampling: UpsamplingKind?
  /// How many times as wide and high as its input the output is; nil: it has the same size.
  package var scale: Int?
  /// Which way it translates: `AtoB` or `BtoA`.
  package var direction: String?
  /// What is done to images before training: `resize-and-crop`, ….
  package var preprocess: String?
  /// Size that images were resized to in training, in pixels.
  package var loadSize: Int?
  /// Size of the crops that it was trained on, in pixels.
  package var cropSize: Int?
  /// Where it was trained on side-by-side files, A in the left half and B in the right one: their most frequent size.
  package var sideBySide: PictureSize?
  /// Whose statistics its norms use when it is applied: `image` or `running`.
  package var normStatistics: String?
  /// Optimiser steps that it was trained for.
  package var step: Int?
  /// Epochs that it was trained for.
  package var epoch: Int?
  /// The name of the held-out figure by which they are the best of their run.
  package var bestBy: String?
  /// Its value, a finite number.
  package var bestFigure: Double?
  /// The decay of the moving average that they are, in 0 ..< 1; nil: they are no average.
  package var averageDecay: Double?
  /// The names of the labels that it was trained with, in the order of their planes, which are its last input channels;
  /// nil: there are none.
  package var labels: [String]?
  /// All other strings.
  package var others: [String: String] = [:]

  /// Metadata that say nothing yet.
  package init() {}

  /// Metadata of `network`, in the current version.
  package init(_ network: any NetworkConfiguration) {
    formatVersion = Self.currentVersion
    architecture = network.architecture
    normalization = network.normalization
    (filters, inputChannels) = (network.filters, network.inputChannels)
    guard let generator = network as? any GeneratorConfiguration else { return }
    outputChannels = generator.outputChannels
    if generator is any EnlargerConfiguration { scale = generator.scale }
    guard let translator = network as? any TranslationGeneratorConfiguration else { return }
    (dropout, upsampling) = (translator.dropout, translator.upsampling)
  }

  /// The version that is written, and the newest that is read.
  package static let currentVersion = 1

  /// Reads the strings of a file.
  ///
  /// - Throws: `FileError` naming `path` where a value is none of those that its key may have.
  package init(strings: [String: String], path: String?) throws {
    var reader = MetadataReader(strings: strings, path: path)
    formatVersion = try reader.integer("format_version")
    if let formatVersion, formatVersion > Self.currentVersion {
      throw FileError(
        path: path, problem: "has format version \(formatVersion), this program reads up to \(Self.currentVersion)",
        advice: "use a newer version of this program")
    }
    architecture = reader.string("architecture")
    role = reader.string("role")
    normalization = try reader.choice("norm")
    filters = try reader.integer("filters")
    inputChannels = try reader.integer("input_channels")
    outputChannels = try reader.integer("output_channels")
    dropout = try reader.choice("dropout", of: ["true", "false"]).map { $0 == "true" }
    upsampling = try reader.choice("upsampling")
    scale = try reader.integer("scale")
    direction = try reader.choice("direction", of: ["AtoB", "BtoA"])
    preprocess = reader.string("preprocess")
    loadSize = try reader.integer("load_size")
    cropSize = try reader.integer("crop_size")
    sideBySide = try reader.size("side_by_side")
    normStatistics = try reader.choice("norm_statistics", of: ["image", "running"])
    step = try reader.integer("step")
    epoch = try reader.integer("epoch")
    bestBy = reader.string("best_by")
    bestFigure = try reader.number("best_figure")
    averageDecay = try reader.number("ema")
    labels = try reader.labels("labels")
    // What other programs call the layout of the tensors; ours is always PyTorch's.
    _ = reader.string("format")
    others = reader.strings
  }

  /// The strings to write.
  package var strings: [String: String] {
    var strings = others
    strings["format"] = "pt"
    strings["format_version"] = formatVersion.map(String.init)
    strings["architecture"] = architecture
    strings["role"] = role
    strings["norm"] = normalization?.rawValue
    strings["filters"] = filters.map(String.init)
    strings["input_channels"] = inputChannels.map(String.init)
    strings["output_channels"] = outputChannels.map(String.init)
    strings["dropout"] = dropout.map { $0 ? "true" : "false" }
    strings["upsampling"] = upsampling?.rawValue
    strings["scale"] = scale.map(String.init)
    strings["direction"] = direction
    strings["preprocess"] = preprocess
    strings["load_size"] = loadSize.map(String.init)
    strings["crop_size"] = cropSize.map(String.init)
    strings["side_by_side"] = sideBySide?.text
    strings["norm_statistics"] = normStatistics
    strings["step"] = step.map(String.init)
    strings["epoch"] = epoch.map(String.init)
    strings["ema"] = averageDecay.map { "\($0)" }
    strings["labels"] = labels.map(LabelNames.text)
    strings["best_by"] = bestBy
    strings["best_figure"] = bestFigure.map { "\($0)" }
    return strings
  }
}

/// Takes known keys out of a file's strings.
private struct MetadataReader {
  var strings: [String: String]
  let path: String?

  mutating func string(_ key: String) -> String? { strings.removeValue(forKey: key) }

  mutating func integer(_ key: String) throws -> Int? {
    guard let text = string(key) else { return nil }
    guard let value = Int(text), value >= 0 else {
      throw failure(key, text, "a whole number")
    }
    return value
  }

  mutating func size(_ key: String) throws -> PictureSize? {
    guard let text = string(key) else { return nil }
    guard let size = PictureSize(text) else { throw failure(key, text, "a size such as 512x256") }
    return size
  }

  mutating func labels(_ key: String) throws -> [String]? {
    guard let text = string(key) else { return nil }
    guard let names = LabelNames.read(text) else {
      throw failure(key, text, "names of folders such as [\"day\",\"night\"]")
    }
    return names
  }

  mutating func number(_ key: String) throws -> Double? {
    guard let text = string(key) else { return nil }
    guard let value = Double(text), value.isFinite else { throw failure(key, text, "a finite number") }
    return value
  }

  mutating func choice(_ key: String, of values: [String]) throws -> String? {
    guard let text = string(key) else { return nil }
    guard values.contains(text) else { throw failure(key, text, values.joined(separator: " or ")) }
    return text
  }

  mutating func choice<Kind: RawRepresentable<String> & CaseIterable>(_ key: String) throws -> Kind? {
    try choice(key, of: Kind.allCases.map(\.rawValue)).flatMap(Kind.init(rawValue:))
  }

  private func failure(_ key: String, _ text: String, _ expected: String) -> FileError {
    FileError(
      path: path, problem: "its metadata say \(FileError.quote(text)) for '\(key)', expected \(expected)",
      advice: "was the file edited by hand?")
  }
}
