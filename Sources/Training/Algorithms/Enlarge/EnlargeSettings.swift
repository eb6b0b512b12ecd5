import Files
import NeuralNet
import Weights

/// The settings that enlarging alone has.
struct EnlargeSettings: AlgorithmSettings {
  var factor = 4
  var enlarger = EnlargerChoice.usual
  var blocks: Int?
  var lambdaGAN = 0.0
  var pixelSteps = 1000
  var lambdaFeatures = 1.0
  var featureWeights: String?

  /// All settings of `train enlarge`, in the order of help.
  static let groups: [SettingGroup] = [
    SettingGroup(
      "Output size", concernsSize: true,
      [
        Setting(
          "factor", \.factor, "how many times as wide and high images become",
          limits: .oneOf([(2, "twice"), (4, "four times")]), concernsPictures: true)
      ]),
    Settings.length,
    Settings.data.only(["crop-size", "flip", "max-dataset-size", "serial", "recursive", "max-pixels", "skip-damaged"])
      .adding([
        Setting(
          "channels", \.channels, "1 (grey) or 3 (RGB)", limits: .oneOf([(1, "grey"), (3, "RGB")]),
          concernsPictures: true)
      ]),
    SettingGroup("Augmentation", Settings.augmentation.settings.filter { $0.name != "jitter-side" }),
    SettingGroup(
      "Networks", concernsSize: true,
      [
        Setting("generator", \.enlarger, "which network enlarges"),
        Setting(
          "blocks", \.blocks, "residual blocks of srresnet, dense blocks of rrdb, hidden convolutions of compact",
          limits: .within(1...256), standard: "as published: 16, 23, 16"),
        Setting("ngf", \.ngf, "channels of the generator's hidden layers", limits: .within(ChannelLimit.filters)),
      ]),
    Settings.discriminator,
    Settings.normalization,
    Settings.initialization,
    Settings.adversarial,
    SettingGroup(
      Settings.lossHeading, concernsSize: true,
      [
        Setting(
          "lambda-gan", \.lambdaGAN, "weight of the adversarial loss, such as 0.005; 0 for none, and no discriminator",
          limits: .upTo(1_000_000)),
        Setting(
          "pixel-steps", \.pixelSteps, "steps with the L1 loss alone, before the others begin",
          limits: .within(0...1_000_000_000)),
        Setting(
          "feature-weights", \.featureWeights, "weights of VGG-19, for the feature loss of ESRGAN",
          placeholder: "VGG19.pth",
          standard: "none"),
        Setting("lambda-feature", \.lambdaFeatures, "weight of the feature loss", limits: .upTo(1_000_000)),
      ]),
    Settings.optimiser, Settings.running, Settings.keeping(measuring: Enlarge.heldOutFigures),
  ]
}

extension SettingGroup {
  /// Some of its settings.
  func only(_ names: Set<String>) -> SettingGroup {
    SettingGroup(heading, concernsSize: concernsSize, settings.filter { names.contains($0.name) })
  }

  /// Its settings and others.
  func adding(_ others: [Setting]) -> SettingGroup {
    SettingGroup(heading, concernsSize: concernsSize, settings + others)
  }
}

extension TrainingConfiguration {
  /// How many times as wide and high images become: 2 or 4 (enlarge).
  public var factor: Int {
    get { own(EnlargeSettings.self).factor }
    set { change(EnlargeSettings.self) { $0.factor = newValue } }
  }

  /// Which network enlarges (enlarge).
  public var enlarger: EnlargerChoice {
    get { own(EnlargeSettings.self).enlarger }
    set { change(EnlargeSettings.self) { $0.enlarger = newValue } }
  }

  /// How deep it is, in what its family counts; nil: as published (enlarge).
  public var blocks: Int? {
    get { own(EnlargeSettings.self).blocks }
    set { change(EnlargeSettings.self) { $0.blocks = newValue } }
  }

  /// Weight of the adversarial loss; 0 for none (enlarge).
  public var lambdaGAN: Double {
    get { own(EnlargeSettings.self).lambdaGAN }
    set { change(EnlargeSettings.self) { $0.lambdaGAN = newValue } }
  }

  /// Steps with the L1 loss alone (enlarge).
  public var pixelSteps: Int {
    get { own(EnlargeSettings.self).pixelSteps }
    set { change(EnlargeSettings.self) { $0.pixelSteps = newValue } }
  }

  /// Weight of the feature loss (enlarge).
  public var lambdaFeatures: Double {
    get { own(EnlargeSettings.self).lambdaFeatures }
    set { change(EnlargeSettings.self) { $0.lambdaFeatures = newValue } }
  }

  /// A file of VGG-19's weights, for the feature loss; nil: there is none (enlarge).
  public var featureWeights: String? {
    get { own(EnlargeSettings.self).featureWeights }
    set { change(EnlargeSettings.self) { $0.featureWeights = newValue } }
  }

  /// Channels of pictures, before and after.
  fileprivate var channels: Int {
    get { outputChannels }
    set { (inputChannels, outputChannels) = (newValue, newValue) }
  }

  /// Sets what is usual for enlarging (BasicSR): crops of sharp pictures as they are, β₁ 0.9, a discriminator with batch
  /// norm.
  mutating func setEnlargingDefaults() {
    (preprocess, cropSize, batchSize) = (.crop, 128, 8)
    augmentation.quarterTurns = true
    (norm, discriminatorNorm, ganMode) = (.none, .batch, .vanilla)
    initialization = .kaiming
    beta1 = 0.9
  }

  /// The network that enlarges.
  var enlargerConfiguration: any EnlargerConfiguration {
    var network = enlarger.configuration
    network.scale = factor
    network.setWidth(ngf)
    (network.inputChannels, network.outputChannels) = (inputChannels, outputChannels)
    if let blocks { network.blocks = blocks }
    return network
  }

  /// Whether there is a discriminator.
  var isAdversarial: Bool { lambdaGAN > 0 }

  /// Refuses what cannot be enlarged with.
  func validateEnlarging() throws(ConfigurationError) {
    let multiple = factor * enlargerConfiguration.sizeMultiple
    guard cropSize % multiple == 0 else {
      throw ConfigurationError(
        setting: "crop-size",
        problem: "\(cropSize) is no multiple of \(multiple), so it cannot be reduced for \(enlarger)",
        advice: "give \(max(multiple, cropSize - cropSize % multiple))")
    }
    if isAdversarial { try validateDiscriminator() }
    guard featureWeights != nil else { return }
    guard outputChannels == 3 else {
      throw ConfigurationError(
        setting: "feature-weights", problem: "are those of a network that sees colour, but images are grey",
        advice: "leave them out")
    }
    guard cropSize >= FeatureLoss.smallestSide else {
      throw ConfigurationError(
        setting: "crop-size", problem: "\(cropSize) is too small for VGG-19, which halves four times",
        advice: "give at least \(FeatureLoss.smallestSide)")
    }
  }
}
