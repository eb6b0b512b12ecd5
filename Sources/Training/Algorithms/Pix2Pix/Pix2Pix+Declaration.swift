import Files
import Images
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

      With --labels folders the sub-folder of a pair (train/dusk/1.png, or A/dusk/1.png and B/dusk/1.png) is its label, \
      which both networks see beside the input; apply makes of a picture what --label says. \
      In the colour space lab it learns to colour: DATA holds colour pictures alone, itself or in train, and the network \
      makes a and b of CIE L*a*b* of L.
      """,
    examples: [
      Example(data: "facades", run: "runs/facades", settings: [("direction", "BtoA")]),
      Example(
        data: "maps", run: "small", settings: [("generator", "unet_128"), ("crop-size", "128"), ("ngf", "32")]),
    ],
    data: .pairs,
    otherData: { $0.colourSpace == .lab ? .oneSet : nil },
    settings: Settings.adversarialTraining(
      Pix2PixSettings.declared, data: Pix2PixSettings.data + Settings.labels.settings, measuring: Likeness.figures),
    setDefaults: { $0.setAdversarialDefaults(.unet(levels: 8), .batch, dropout: true, .vanilla) },
    check: { (configuration) throws(ConfigurationError) in
      try configuration.validateTranslator()
      try configuration.validateDiscriminator()
      try configuration.validateColourSpace()
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
  var colourSpace = ColourSpace.rgb

  static let declared = [
    Setting("lambda-l1", \.lambdaL1, "weight of the L1 loss", limits: .upTo(1_000_000), resuming: .mayChange)
  ]
  /// How pictures become numbers.
  static let data = [
    Setting(
      "color-space", \.colourSpace,
      "rgb, or lab: learn to colour, from the lightness of a picture to a and b of CIE L*a*b*", concernsPictures: true)
  ]
}

extension TrainingConfiguration {
  /// Weight of the L1 loss (paired).
  public var lambdaL1: Double {
    get { own(Pix2PixSettings.self).lambdaL1 }
    set { change(Pix2PixSettings.self) { $0.lambdaL1 = newValue } }
  }

  /// The colours that the networks see (paired). `lab` sets one input channel and two of output, which it needs.
  public var colourSpace: ColourSpace {
    get { own(Pix2PixSettings.self).colourSpace }
    set {
      change(Pix2PixSettings.self) { $0.colourSpace = newValue }
      if newValue == .lab { (inputChannels, outputChannels) = (1, 2) }
    }
  }

  fileprivate func validateColourSpace() throws(ConfigurationError) {
    guard colourSpace == .lab, (inputChannels, outputChannels) != (1, 2) else { return }
    throw ConfigurationError(
      setting: "color-space",
      problem: "lab goes from 1 channel (L) to 2 (a and b), not from \(inputChannels) to \(outputChannels)",
      advice: "leave out \(setting: "input-channels") and \(setting: "output-channels")")
  }
}
