import Files
extension TrainingAlgorithm {
  /// CycleGAN (Zhu et al., 2017), from two sets without partners.
  public static let unpaired = TrainingAlgorithm(
    name: "unpaired",
    method: "CycleGAN",
    summary: "learn A → B and B → A from two sets of images (CycleGAN)",
    discussion: """
      DATA holds trainA and trainB, or A and B. A held-out part (testA and testB, valA and valB) is used for samples and \
      figures along the way.
      """,
    examples: [
      Example(data: "horse2zebra", run: "runs/zebras", settings: []),
      Example(data: "seasons", run: "small", settings: [("generator", "resnet_6blocks"), ("ngf", "32")]),
    ],
    data: .twoSets,
    settings: Settings.adversarialTraining(CycleGANSettings.declared, measuring: CycleGAN.heldOutFigures),
    setDefaults: { $0.setAdversarialDefaults(.resnet(blocks: 9), .instance, dropout: false, .lsgan) },
    check: { (configuration) throws(ConfigurationError) in
      try configuration.validateTranslator()
      try configuration.validateDiscriminator()
      try configuration.validateIdentity()
    },
    outline: \.translatorOutline,
    note: \.paddingNote,
    losses: [
      Loss(name: "D_A", meaning: "discriminator of the translations A → B", role: .discriminator(game: 0)),
      Loss(name: "G_A", meaning: "generator A → B against its discriminator", role: .adversarial(game: 0)),
      Loss(name: "cycle_A", meaning: "A → B → A against A, weighted", role: .reconstruction),
      Loss(name: "idt_A", meaning: "B through A → B against B, weighted", role: .reconstruction),
      Loss(name: "D_B", meaning: "discriminator of the translations B → A", role: .discriminator(game: 1)),
      Loss(name: "G_B", meaning: "generator B → A against its discriminator", role: .adversarial(game: 1)),
      Loss(name: "cycle_B", meaning: "B → A → B against B, weighted", role: .reconstruction),
      Loss(name: "idt_B", meaning: "A through B → A against A, weighted", role: .reconstruction),
    ],
    heldOutFigures: CycleGAN.heldOutFigures,
    sampleTitles: ["A", "fake B", "reconstructed A", "B", "fake A", "reconstructed B"],
    sampleCaption: "input, translation, reconstruction; A → B → A and B → A → B",
    translations: [
      SampleTranslation(input: 0, output: 1, target: 3, isPaired: false),
      SampleTranslation(input: 3, output: 4, target: 0, isPaired: false),
    ],
    independentParts: 2,
    makeModel: { try CycleGAN($0, processor: $1, random: &$2) })
}

/// The settings that CycleGAN alone has.
struct CycleGANSettings: AlgorithmSettings {
  var lambdaA = 10.0
  var lambdaB = 10.0
  var lambdaIdentity = 0.5
  var poolSize = 50

  static let declared = [
    Setting(
      "lambda-a", \.lambdaA, "weight of the cycle loss A → B → A", limits: .upTo(1_000_000), resuming: .mayChange),
    Setting(
      "lambda-b", \.lambdaB, "weight of the cycle loss B → A → B", limits: .upTo(1_000_000), resuming: .mayChange),
    Setting(
      "lambda-identity", \.lambdaIdentity, "identity loss as a share of the cycle weights; 0 for none",
      limits: .upTo(1_000_000), resuming: .mayChange),
    Setting(
      "pool-size", \.poolSize, "earlier translations that each discriminator is also shown; 0 for none",
      limits: .within(0...10_000)),
  ]
}

extension TrainingConfiguration {
  /// Weight of the cycle loss A → B → A (unpaired).
  public var lambdaA: Double {
    get { own(CycleGANSettings.self).lambdaA }
    set { change(CycleGANSettings.self) { $0.lambdaA = newValue } }
  }

  /// Weight of the cycle loss B → A → B (unpaired).
  public var lambdaB: Double {
    get { own(CycleGANSettings.self).lambdaB }
    set { change(CycleGANSettings.self) { $0.lambdaB = newValue } }
  }

  /// Weight of the identity loss as a share of `lambdaA` and `lambdaB`; 0 leaves it out (unpaired).
  public var lambdaIdentity: Double {
    get { own(CycleGANSettings.self).lambdaIdentity }
    set { change(CycleGANSettings.self) { $0.lambdaIdentity = newValue } }
  }

  /// Earlier translations that each discriminator is also shown; 0 for none (unpaired).
  public var poolSize: Int {
    get { own(CycleGANSettings.self).poolSize }
    set { change(CycleGANSettings.self) { $0.poolSize = newValue } }
  }

  fileprivate func validateIdentity() throws(ConfigurationError) {
    guard lambdaIdentity > 0, inputChannels != outputChannels else { return }
    throw ConfigurationError(
      setting: "lambda-identity",
      problem: "\(lambdaIdentity) needs as many input as output channels, not \(inputChannels) and \(outputChannels)",
      advice: "add \(setting: "lambda-identity", 0)")
  }
}
