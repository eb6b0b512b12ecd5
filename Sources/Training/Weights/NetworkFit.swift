import DCGAN
import Files
import NeuralNet
import Weights

/// Whether a file's tensors are those of a network, and if not, what differs.
struct NetworkFit {
  private let network: Network
  private let name: String
  private let isOneOfSeveral: Bool
  private let file: WeightsFile
  private let normalization: NormalizationKind?
  private let generator: (any GeneratorConfiguration)?
  /// The labels of the training, and those that the file was trained with; nil: it does not say, or is no generator's.
  private let labels: [String]
  private let storedLabels: [String]?

  /// Differences that an error lists.
  private static let shown = 3

  /// The fit of `member` into `trained`, a network of `model`.
  init(_ member: StoredNetworks.Member, into trained: TrainedNetwork, of model: any TranslationModel) {
    (network, name, file) = (trained.network, trained.name, member.file)
    isOneOfSeveral = member.name != nil
    normalization = member.normalization
    let own = model.generators.first { $0.network === trained.network }
    generator = own?.configuration
    labels = own?.labels ?? []
    storedLabels = own == nil ? nil : member.labels
  }

  /// - Throws: `FileError` with the first differences: name, shape found, shape expected.
  package func check() throws {
    let differences = differences
    if (storedLabels ?? labels).count != labels.count { throw otherLabels(storedLabels ?? []) }
    if !differences.isEmpty {
      let more = differences.count - Self.shown
      throw FileError(
        path: file.path,
        problem: "does not fit \(name)" + (generator.map { " (\($0.architecture))" } ?? "") + ": "
          + differences.prefix(Self.shown).joined(separator: "; ") + (more > 0 ? "; and \(more) more" : ""),
        advice: "\(advice)\(isOneOfSeveral && generator == nil ? ", or give a file of the generator alone" : "")")
    }
    // Instance norm and none have the same tensors.
    if let norm = normalization, (norm != .none) != network.isNormalized {
      throw FileError(
        path: file.path, problem: "was trained with \(norm.rawValue) normalisation, unlike \(name)",
        advice: "start with the same normalisation")
    }
  }

  private func otherLabels(_ stored: [String]) -> FileError {
    let known = stored.isEmpty ? "without labels" : "with the labels \(LabelNames.list(stored))"
    let wanted = labels.isEmpty ? "without" : "with \(LabelNames.list(labels))"
    return FileError(
      path: file.path, problem: "was trained \(known), and not \(wanted)",
      advice: stored.isEmpty
        ? "start without \(setting: "labels", "folders"), or with fresh weights"
        : "give data in \(stored.count) sub-folders with \(setting: "labels", "folders"), or start with fresh weights")
  }

  private var differences: [String] {
    let expected = network.tensors
    var differences: [String] = []
    for tensor in expected where tensor.role != .batchCount {
      let quoted = FileError.quote(tensor.name)
      guard let found = file[tensor.name] else {
        differences.append("\(quoted) is missing, expected \(tensor.shape)")
        continue
      }
      if found.shape != tensor.shape { differences.append("\(quoted) is \(found.shape), expected \(tensor.shape)") }
    }
    let known = Set(expected.map(\.name))
    for tensor in file.tensors where !known.contains(tensor.name) {
      differences.append("\(FileError.quote(tensor.name)) of \(tensor.shape) has no place in it")
    }
    return differences
  }

  /// The settings of the training that made the file, as far as they differ.
  private var advice: Phrase {
    guard let stored = try? ArchitectureInference.inferIfKnown(file) else {
      return "give a file of the same kind of network"
    }
    let own = generator.map { Self.options($0, labels: labels.count) } ?? []
    let options = Self.options(stored, labels: storedLabels?.count ?? 0).filter { !own.contains($0) }
    if stored is any GeneratorConfiguration != (generator != nil) || options.isEmpty {
      return "it is of \(stored.architecture); give a file of the same kind of network"
    }
    return "it was trained with \(Phrase(joining: options, separator: " ")); start with the same"
  }

  private static func options(_ network: any NetworkConfiguration, labels: Int) -> [Phrase] {
    if let generator = network as? any TranslationGeneratorConfiguration {
      return [
        "\(setting: "generator", generator.architecture)", "\(setting: "norm", generator.normalization.rawValue)",
        "\(setting: "ngf", generator.filters)", "\(setting: "input-channels", generator.inputChannels - labels)",
        "\(setting: "output-channels", generator.outputChannels)",
        "\(setting: "upsample", generator.upsampling.rawValue)",
      ] + (dropoutShows(in: generator) ? ["\(setting: generator.dropout ? "dropout" : "no-dropout")"] : [])
    }
    if let latent = network as? any LatentGeneratorConfiguration {
      return [
        "\(setting: "crop-size", latent.imageSize)", "\(setting: "ngf", latent.filters)",
        "\(setting: "norm", latent.normalization.rawValue)",
        "\(setting: "latent-size", latent.inputChannels) (or fewer, with as many labels)",
        "\(setting: "channels", latent.outputChannels)",
      ]
    }
    if let enlarger = network as? any EnlargerConfiguration {
      return [
        "\(setting: "generator", enlarger.architecture)", "\(setting: "blocks", enlarger.blocks)",
        "\(setting: "ngf", enlarger.filters)", "\(setting: "factor", enlarger.scale)",
        "\(setting: "channels", enlarger.inputChannels)",
      ]
    }
    if let judge = network as? DCGANDiscriminatorConfiguration {
      return [
        "\(setting: "crop-size", judge.imageSize)", "\(setting: "ndf", judge.filters)",
        "\(setting: "discriminator-norm", judge.normalization.rawValue)", "on \(judge.inputChannels) channels",
      ]
    }
    let kind: Phrase =
      network.depth.map { "\(setting: "discriminator", "n_layers") \(setting: "discriminator-layers", $0)" }
      ?? "\(setting: "discriminator", network.architecture)"
    return [
      kind, "\(setting: "ndf", network.filters)",
      "\(setting: "discriminator-norm", network.normalization.rawValue)", "on \(network.inputChannels) channels",
    ]
  }

  /// Whether dropout moves names of tensors, as in a ResNet; it leaves no trace in a U-Net.
  private static func dropoutShows(in generator: some TranslationGeneratorConfiguration) -> Bool {
    var other = generator
    other.dropout.toggle()
    return (try? other.declaration().tensors) != (try? generator.declaration().tensors)
  }
}
