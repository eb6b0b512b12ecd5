import Files

extension TrainingAlgorithm {
  /// Super-resolution (SRResNet and SRGAN, Ledig et al., 2017; ESRGAN, Wang et al., 2018), from sharp pictures alone.
  public static let enlarge = TrainingAlgorithm(
    name: "enlarge",
    method: "super-resolution",
    summary: "learn to enlarge from one set of sharp images (super-resolution)",
    discussion: """
      DATA, or its sub-folder train, holds sharp images; small ones are made of them by Pillow's bicubic filter on the way. A \
      held-out part (val, test) is used for samples, and for figures that stand beside those of plain bicubic enlarging.
      """,
    examples: [
      Example(data: "photos", run: "runs/photos-x4", settings: []),
      Example(
        data: "photos", run: "sharp",
        settings: [("generator", "rrdb"), ("lambda-gan", "0.005")]),
    ],
    data: .oneSet,
    reduction: { Reduction(factor: $0.factor, multiple: $0.factor * $0.enlargerConfiguration.sizeMultiple) },
    settings: EnlargeSettings.groups,
    setDefaults: { $0.setEnlargingDefaults() },
    check: { (configuration) throws(ConfigurationError) in try configuration.validateEnlarging() },
    outline: { configuration in
      ["\(configuration.enlarger) ×\(configuration.factor)", "\(configuration.ngf) filters"]
    },
    verdict: Enlarge.verdict,
    losses: [
      Loss(
        name: "G_L1", meaning: "generator: mean absolute difference to the sharp picture", role: .reconstruction,
        heldOut: ("l1", { _ in Enlarge.range })),
      Loss(name: "G_GAN", meaning: "generator: how far from fooling the discriminator; 0 where there is none"),
      Loss(name: "G_feature", meaning: "generator: difference of VGG-19's features; 0 where they are not used"),
      Loss(name: "D_real", meaning: "discriminator on sharp pictures"),
      Loss(name: "D_fake", meaning: "discriminator on enlarged pictures"),
    ],
    heldOutFigures: Enlarge.heldOutFigures,
    sampleTitles: ["bicubic", "output", "target"],
    sampleCaption: "plain bicubic enlarging, output, target",
    makeModel: { try Enlarge($0, processor: $1, random: &$2) })
}
