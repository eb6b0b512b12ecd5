import Files
extension TrainingAlgorithm {
  /// pix2pix (Isola et al., 2017), from pairs.
  public static let paired = TrainingAlgorithm(
    name: "paired",
    method: "pix2pix",
    summary: "learn A → B from pairs of images (pix2pix)",
    discussion: """
      DATA holds side-by-side PNGs (left half A, right half B), itself or in train; or A and B in two folders: A and B, \
      A/train and B/train, trainA and trainB, matched by name. A held-out part (val, test, valA and valB, testA and \
      testB) is used for samples and figures along the way.
      """,
    examples: [
      Example(data: "facades", run: "runs/facades", settings: [("direction", "BtoA")]),
      Example(
        data: "maps", run: "small", settings: [("generator", "unet_128"), ("crop-size", "128"), ("ngf", "32")]),
    ],
    data: .pairs,
    settings: Settings.adversarialTraining(Pix2PixSettings.declared, measuring: Likeness.figures),
    setDefaults: { $0.setAdversarialDefaults(.unet(levels: 8), .batch, dropout: true, .vanilla) },
    check: { (configuration) throws(ConfigurationError) in
      try configuration.validateTranslator()
      try configuration.validateDiscriminator()
    },
    outline: \.translatorOutline,
    note: \.paddingNote,
    losses: [
      Loss(name: "G_GAN", meaning: "generator: how far from fooling the discriminator", role: .adversarial(game: 0)),
      Loss(
        name: "G_L1", meaning: "generator: mean absolute difference to the target, weighted", role: .reconstruction,
        heldOut: ("l1", { $0.lambdaL1 })),
      Loss(name: "D_real", meaning: "discriminator on real images", role: .discriminator(game: 0)),
      Loss(name: "D_fake", meaning: "discriminator on translations", role: .discriminator(game: 0)),
    ],
    heldOutFigures: Likeness.figures,
    sampleTitles: ["input", "output", "target"],
    sampleCaption: "input, output, target",
    translations: [SampleTranslation(input: 0, output: 1, target: 2, isPaired: true)],
    makeModel: { try Pix2Pix($0, processor: $1, random: &$2) })
}

/// The settings that pix2pix alone has.
struct Pix2PixSettings: AlgorithmSettings {
  var lambdaL1 = 100.0

  static let declared = [
    Setting("lambda-l1", \.lambdaL1, "weight of the L1 loss", limits: .upTo(1_000_000), resuming: .mayChange)
  ]
}

extension TrainingConfiguration {
  /// Weight of the L1 loss (paired).
  public var lambdaL1: Double {
    get { own(Pix2PixSettings.self).lambdaL1 }
    set { change(Pix2PixSettings.self) { $0.lambdaL1 = newValue } }
  }
}
