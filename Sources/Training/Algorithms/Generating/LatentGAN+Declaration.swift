import DCGAN
import Files
import NeuralNet

extension TrainingAlgorithm {
  /// A generative adversarial network (Goodfellow et al., 2014) with the networks of DCGAN (Radford et al., 2016), from
  /// pictures alone.
  public static let generating = TrainingAlgorithm(
    name: "generate",
    method: "DCGAN",
    summary: "learn to make pictures of noise (DCGAN)",
    discussion: """
      DATA holds PNGs, itself or in train. With --labels folders they lie in sub-folders, whose names are their labels, and \
      generate makes pictures of one of them. A held-out part (val, test) is what the generator's pictures are measured against. A \
      few thousand pictures are little; faces, rooms or digits of one size and place are learnt best.
      """,
    examples: [
      Example(data: "shapes", run: "runs/shapes", settings: [("labels", "folders")]),
      Example(
        data: "faces", run: "runs/faces",
        settings: [("load-size", "128"), ("crop-size", "128")]),
    ],
    data: .oneSet,
    settings: GeneratingSettings.groups,
    setDefaults: { $0.setGeneratingDefaults() },
    check: { (configuration) throws(ConfigurationError) in try configuration.validateGenerating() },
    outline: { configuration in
      ["dcgan_\(configuration.cropSize)", "\(configuration.norm.rawValue) norm", "\(configuration.ngf) filters"]
    },
    use: ("Make pictures", { "generate \($0) \(setting: "count", 64) \(setting: "out", "OUTPUT")" }),
    losses: [
      Loss(name: "G_GAN", meaning: "generator: how far from fooling the discriminator", role: .adversarial(game: 0)),
      Loss(name: "D_real", meaning: "discriminator on pictures of the data", role: .discriminator(game: 0)),
      Loss(name: "D_fake", meaning: "discriminator on generated pictures", role: .discriminator(game: 0)),
    ],
    heldOutFigures: SampleStatistics.figures,
    measuredPictures: 128,
    sampleTitles: SampleSheetOfNoise.titles,
    sampleCaption: "seven pictures of noise that stays the same, one of the data",
    translations: [SampleSheetOfNoise.variety],
    makeModel: { try LatentGAN($0, processor: $1, random: &$2) })
}

/// The settings that generating alone has.
struct GeneratingSettings: AlgorithmSettings {
  var latentSize = 100
  var criticSteps: Int?
  var labelSmoothing = 0.0
  var instanceNoise = 0.0

  /// Sides of pictures.
  static let sizes = [32, 64, 128, 256]

  static let groups: [SettingGroup] = [
    Settings.length,
    Settings.data.only([
      "preprocess", "load-size", "crop-size", "flip", "max-dataset-size", "serial", "recursive", "max-pixels",
      "skip-damaged",
    ]).adding([
      Setting(
        "channels", \.madeChannels, "1 (grey) or 3 (RGB)", limits: .oneOf([(1, "grey"), (3, "RGB")]),
        concernsPictures: true)
    ]),
    Settings.labels,
    SettingGroup("Augmentation", Settings.augmentation.settings.filter { $0.name != "jitter-side" }),
    SettingGroup(
      "Networks", concernsSize: true,
      [
        Setting("latent-size", \.latentSize, "random numbers that a picture is made of", limits: .within(1...4096)),
        Setting(
          "ngf", \.ngf, "channels before the generator's last layer", limits: .within(ChannelLimit.filters)),
        Setting(
          "ndf", \.ndf, "channels behind the discriminator's first layer", limits: .within(ChannelLimit.filters)),
        Setting("norm", \.norm, "normalisation in both networks"),
        Setting(
          "discriminator-norm", \.discriminatorNorm, "normalisation in the discriminator alone; wgangp needs none",
          standard: "as \(setting: "norm")"),
      ]),
    Settings.normalization, Settings.initialization, Settings.adversarial,
    SettingGroup(
      Settings.lossHeading,
      [
        Setting(
          "critic-steps", \.criticSteps, "steps of the discriminator for each of the generator",
          limits: .within(1...1000),
          standard: "5 with wgan and wgangp, else 1"),
        Setting(
          "label-smoothing", \.labelSmoothing,
          "tell the discriminator 1 - X instead of 1 for pictures of the data (vanilla, minimax, lsgan)",
          limits: .from(0, below: 1)),
        Setting(
          "instance-noise", \.instanceNoise,
          "deviation of noise on all that the discriminator sees; it falls to 0 with the last epoch", limits: .upTo(10)),
      ]),
    Settings.optimiser, Settings.running, Settings.keeping(measuring: SampleStatistics.figures),
  ]
}

extension TrainingConfiguration {
  /// Random numbers that a picture is made of (generate).
  public var latentSize: Int {
    get { own(GeneratingSettings.self).latentSize }
    set { change(GeneratingSettings.self) { $0.latentSize = newValue } }
  }

  /// Steps of the discriminator for each of the generator (generate); nil: as the loss was published with.
  public var criticSteps: Int? {
    get { own(GeneratingSettings.self).criticSteps }
    set { change(GeneratingSettings.self) { $0.criticSteps = newValue } }
  }

  /// How far below 1 the discriminator is to call pictures of the data (generate; Salimans et al., 2016, section 3.4).
  public var labelSmoothing: Double {
    get { own(GeneratingSettings.self).labelSmoothing }
    set { change(GeneratingSettings.self) { $0.labelSmoothing = newValue } }
  }

  /// The deviation, at the start, of noise on all that the discriminator sees (generate; Sønderby et al., 2017, section 3.2).
  public var instanceNoise: Double {
    get { own(GeneratingSettings.self).instanceNoise }
    set { change(GeneratingSettings.self) { $0.instanceNoise = newValue } }
  }

  /// Channels of pictures, those of the data and those that are made.
  fileprivate var madeChannels: Int {
    get { outputChannels }
    set { (inputChannels, outputChannels) = (newValue, newValue) }
  }

  /// What DCGAN was published with, and the average of the weights that later ones are shown by (Karras et al., 2018).
  fileprivate mutating func setGeneratingDefaults() {
    (batchSize, loadSize, cropSize, flip) = (64, 64, 64, false)
    (epochs, decayEpochs) = (200, 0)
    (norm, ganMode, ema) = (.batch, .vanilla, 0.999)
  }

  fileprivate func validateGenerating() throws(ConfigurationError) {
    guard preprocess.crops else {
      throw ConfigurationError(
        setting: "preprocess", problem: "is \(preprocess.rawValue), but a generator makes pictures of one size",
        advice: "choose one that crops, such as \(setting: "preprocess", "resize-and-crop")")
    }
    guard GeneratingSettings.sizes.contains(cropSize) else {
      throw ConfigurationError(
        setting: "crop-size", problem: "is \(cropSize), of which there is no DCGAN",
        advice: "give \(GeneratingSettings.sizes.map { "\($0)" }.joined(separator: ", "))")
    }
    try validatePenalty()
    if labelSmoothing > 0, !ganMode.hasLabels {
      throw ConfigurationError(
        setting: "label-smoothing", problem: "has no effect with \(ganMode.rawValue), which has no labels to smooth",
        advice: "leave it out, or choose \(setting: "gan-mode", "vanilla")")
    }
  }

  /// The generator.
  var latentGeneratorConfiguration: DCGANGeneratorConfiguration {
    var network = DCGANGeneratorConfiguration(imageSize: cropSize) ?? DCGANGeneratorConfiguration()
    network.inputChannels = latentSize + labelNames.count
    network.outputChannels = outputChannels
    network.filters = ngf
    network.normalization = norm
    return network
  }

  /// The discriminator.
  var latentDiscriminatorConfiguration: DCGANDiscriminatorConfiguration {
    var network = DCGANDiscriminatorConfiguration(imageSize: cropSize) ?? DCGANDiscriminatorConfiguration()
    network.inputChannels = outputChannels + labelNames.count
    network.filters = ndf
    network.normalization = discriminatorNorm ?? norm
    return network
  }

  /// How many steps the discriminator takes for each of the generator: as published with Wasserstein losses (Arjovsky et
  /// al., 2017; Gulrajani et al., 2017), else one.
  var discriminatorSteps: Int { criticSteps ?? (ganMode == .wgan || ganMode == .wgangp ? 5 : 1) }
}
