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
  private let generator: GeneratorConfiguration?

  /// Differences that an error lists.
  private static let shown = 3

  /// The fit of `member` into `trained`, a network of `model`.
  init(_ member: StoredNetworks.Member, into trained: TrainedNetwork, of model: any TranslationModel) {
    (network, name, file) = (trained.network, trained.name, member.file)
    isOneOfSeveral = member.name != nil
    normalization = member.normalization
    generator = model.generators.first { $0.network === trained.network }?.configuration
  }

  /// - Throws: `FileError` with the first differences: name, shape found, shape expected.
  package func check() throws {
    let differences = differences
    if !differences.isEmpty {
      let more = differences.count - Self.shown
      throw FileError(
        path: file.path,
        problem: "does not fit \(name)" + (generator.map { " (\($0.inferred.architecture))" } ?? "") + ": "
          + differences.prefix(Self.shown).joined(separator: "; ") + (more > 0 ? "; and \(more) more" : ""),
        advice: advice
          + (isOneOfSeveral && generator == nil ? ", or give a file of the generator alone" : ""))
    }
    // Instance norm and none have the same tensors.
    if let norm = normalization, (norm != .none) != network.isNormalized {
      throw FileError(
        path: file.path, problem: "was trained with --norm \(norm.rawValue), unlike \(name)",
        advice: "start with the same normalisation")
    }
  }

  private var differences: [String] {
    let store = network.parameters
    var expected = store.parameters.map { (name: $0.name, shape: $0.shape) }
    for statistics in store.runningStatistics {
      for suffix in [".running_mean", ".running_var"] {
        expected.append((statistics.name + suffix, [statistics.mean.count]))
      }
    }
    var differences: [String] = []
    for tensor in expected {
      let quoted = FileError.quote(tensor.name)
      guard let found = file[tensor.name] else {
        differences.append("\(quoted) is missing, expected \(tensor.shape)")
        continue
      }
      if found.shape != tensor.shape { differences.append("\(quoted) is \(found.shape), expected \(tensor.shape)") }
    }
    let known = Set(expected.map(\.name) + store.runningStatistics.map { $0.name + ".num_batches_tracked" })
    for tensor in file.tensors where !known.contains(tensor.name) {
      differences.append("\(FileError.quote(tensor.name)) of \(tensor.shape) has no place in it")
    }
    return differences
  }

  /// The options of the training that made the file, as far as they differ.
  private var advice: String {
    guard let stored = try? ArchitectureInference.inferIfKnown(file) else {
      return "give a file of the same kind of network"
    }
    let own = generator.map { Self.options($0.inferred) } ?? []
    let options = Self.options(stored).filter { !own.contains($0) }
    if stored.isGenerator != (generator != nil) || options.isEmpty {
      return "it is of \(stored.architecture); give a file of the same kind of network"
    }
    return "it was trained with \(options.joined(separator: " ")); start with the same"
  }

  private static func options(_ network: InferredNetwork) -> [String] {
    switch network {
    case .unet, .resnet:
      let metadata = ModelMetadata(network)
      var options = ["--generator \(network.architecture)", "--norm \(network.normalization.rawValue)"]
      options += metadata.filters.map { ["--ngf \($0)"] } ?? []
      options += metadata.inputChannels.map { ["--input-channels \($0)"] } ?? []
      options += metadata.outputChannels.map { ["--output-channels \($0)"] } ?? []
      options += metadata.upsampling.map { ["--upsample \($0.rawValue)"] } ?? []
      // Dropout moves the names of a ResNet and leaves no trace in a U-Net.
      if case .resnet(let resnet) = network { options.append(resnet.dropout ? "--dropout" : "--no-dropout") }
      return options
    case .discriminator(let configuration):
      let kind =
        switch configuration.kind {
        case .patch(let layers): "--discriminator n_layers --discriminator-layers \(layers)"
        case .pixel: "--discriminator pixel"
        }
      return [
        kind, "--ndf \(configuration.filters)", "--discriminator-norm \(configuration.normalization.rawValue)",
        "on \(configuration.inputChannels) channels",
      ]
    }
  }
}
