import Files
import NeuralNet
import Parallel
import Translate
import Weights

/// The settings of training, each declared once; those of one algorithm alone stand in its own folder.
package enum Settings {
  package static let length = SettingGroup(
    "Length", concernsSize: true,
    [
      Setting(
        "epochs", \.epochs, "epochs at the full learning rate", limits: .within(0...1_000_000),
        resuming: .mayChangeMeaning("epochs at the full learning rate, those done included")),
      Setting(
        "decay-epochs", \.decayEpochs,
        "epochs after that, in which \(setting: "lr-policy", "linear") lowers the rate",
        limits: .within(0...1_000_000),
        resuming: .mayChangeMeaning("epochs after that, in which the linear policy lowers the rate")),
      Setting(
        "steps", \.steps, "stop after so many optimiser steps, whatever the epochs say",
        limits: .within(1...1_000_000_000),
        resuming: .mayChangeMeaning(
          "stop after so many optimiser steps, those done included; none for the epochs alone")),
      Setting(
        "batch-size", \.batchSize, "images in a step", limits: .within(FolderTranslation.batchSizes),
        concernsPictures: true),
    ])

  package static let data = SettingGroup(
    "Data",
    [
      Setting("direction", \.direction, "which of A and B is the input", concernsPictures: true),
      Setting("preprocess", \.preprocess, "how an image file becomes a training image", concernsPictures: true),
      Setting(
        "load-size", \.loadSize, "side in pixels to which images are resized",
        limits: .within(ImagePreparation.sides), concernsPictures: true),
      Setting(
        "crop-size", \.cropSize, "side in pixels of the random crop", limits: .within(ImagePreparation.sides),
        concernsPictures: true),
      Setting("flip", \.flip, "mirror half of the images left to right", form: .toggle),
      Setting(
        "max-dataset-size", \.maxDatasetSize, "train on the first N images of each side alone",
        limits: .within(1...1_000_000_000), standard: "all", concernsPictures: true),
      Setting("serial", \.serial, "take images in sorted order instead of shuffled"),
      Setting("recursive", \.recursive, "read sub-folders too", concernsPictures: true),
      Setting(
        "max-pixels", \.maxPixels, Phrase(ImageLimit.help), limits: .within(ImageLimit.range), concernsPictures: true),
      Setting(
        "skip-damaged", \.skipDamaged, "leave out images that cannot be read, instead of stopping",
        resuming: .mayChange),
      Setting("input-channels", \.inputChannels, channelsHelp, limits: channels, concernsPictures: true),
      Setting("output-channels", \.outputChannels, channelsHelp, limits: channels, concernsPictures: true),
    ])

  /// What pictures are told apart by beside what they show.
  package static let labels = SettingGroup(
    "Data", concernsSize: true,
    [
      Setting(
        "labels", \.labels, "which label an image has: folders gives it the name of its sub-folder",
        concernsPictures: true)
    ])

  private static let channels = SettingLimits<Int>.oneOf([
    (1, "grey"), (2, "grey and opacity"), (3, "RGB"), (4, "RGB and opacity"),
  ])
  private static let channelsHelp: Phrase = "1 (grey) or 3 (RGB); 2 or 4 with opacity"
  private static let filters = SettingLimits<Int>.within(ChannelLimit.filters)

  /// The network that translates.
  package static let generator = SettingGroup(
    "Networks", concernsSize: true,
    [
      Setting(
        "generator", \.generator,
        "which network translates: unet_32, unet_64, … unet_1024, resnet_6blocks, resnet_9blocks, …", limits: .sizes),
      Setting("ngf", \.ngf, "channels after the generator's first convolution", limits: filters),
      Setting("norm", \.norm, "normalisation in both networks"),
      Setting(
        "dropout", \.dropout, "drop half of some activations of the generator while training", form: .toggle),
      Setting("upsample", \.upsample, "how the generator doubles the resolution"),
    ])

  /// The network that tells translations from real images.
  package static let discriminator = SettingGroup(
    "Networks", concernsSize: true,
    [
      Setting("discriminator", \.discriminator, "which discriminator; basic is n_layers with 3"),
      Setting(
        "discriminator-layers", \.discriminatorLayers,
        "stride-2 layers of \(setting: "discriminator", "n_layers")", limits: .within(1...8),
        onlyWith: ("discriminator", "n_layers")),
      Setting("ndf", \.ndf, "channels after the discriminator's first convolution", limits: filters),
      Setting(
        "discriminator-norm", \.discriminatorNorm, "normalisation in the discriminator alone; wgangp needs none",
        standard: "as \(setting: "norm")"),
    ])

  /// What networks start from.
  package static let initialization = SettingGroup(
    "Networks",
    [
      Setting("init", \.initialization, "distribution of the initial weights"),
      Setting("init-gain", \.initGain, "its scale", limits: .above(0, atMost: 100)),
      Setting(
        "init-from", \.initFrom, "start from the weights of this file or run folder", placeholder: "MODEL"),
    ])

  /// The heading of losses and of the optimiser, which belong together.
  package static let lossHeading = "Losses and optimiser"

  /// The loss between generator and discriminator.
  package static let adversarial = SettingGroup(
    lossHeading, concernsSize: true, [Setting("gan-mode", \.ganMode, "adversarial loss")])

  package static let optimiser = SettingGroup(
    lossHeading,
    [
      Setting(
        "learning-rate", \.learningRate, "of Adam, at the start", limits: .above(0, atMost: 100),
        resuming: .mayChangeMeaning("of Adam, before the policy lowers it as far as it has come")),
      Setting("beta1", \.beta1, "Adam's decay of the first moment", limits: .from(0, below: 1)),
      Setting("lr-policy", \.learningRatePolicy, "how the learning rate changes"),
      Setting(
        "lr-decay-iters", \.learningRateStep, "epochs between two drops of \(setting: "lr-policy", "step")",
        limits: .within(1...1_000_000), onlyWith: ("lr-policy", "step")),
      Setting(
        "ema", \.ema,
        "show, measure and hand out a moving average of the generators' weights with this decay, such as 0.999; 0 for none",
        limits: .from(0, below: 1)),
    ])

  package static let running = SettingGroup(
    "Running",
    [
      Setting("seed", \.seed, "determines everything that is drawn"),
      Setting(
        "threads", \.threads, "threads that compute; the result does not depend on it",
        limits: .within(WorkerPool.threadCounts), standard: "one a core", resuming: .mayChange,
        concernsPictures: true),
      Setting(
        "precision", \.precision,
        "what products are computed with: bf16 is faster where the processor has instructions for it; weights stay f32",
        limits: .ofTraining, placeholder: "f32|bf16", resuming: .mayChange),
      Setting(
        "save-every", \.saveEvery, "epochs between two checkpoints", limits: .within(1...1_000_000),
        placeholder: "EPOCHS", resuming: .mayChange),
      Setting(
        "sample-every", \.sampleEvery, "steps between two sample sheets; the first ones come at 1, 10, 30, 100 …",
        limits: .within(1...1_000_000_000), placeholder: "STEPS", resuming: .mayChange),
      Setting(
        "stop-when-dead", \.stopWhenDead,
        """
        stop when an alarm says that nothing good can come any more: the discriminator has won, all pictures are alike, a \
        loss explodes
        """, form: .toggle, resuming: .mayChange),
    ])
}
