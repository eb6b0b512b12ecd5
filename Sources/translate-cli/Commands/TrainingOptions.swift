import NeuralNet
import Training

/// The options of `train paired` and `train unpaired`, by their headings in help.
///
/// Only their kinds are checked here; which values are possible is known to `TrainingConfiguration.validate()`.
enum TrainingOptions {
  typealias Group = OptionGroup<TrainingConfiguration>

  /// All that a kind of training has.
  static func groups(for objective: TrainingObjective) -> [Group] {
    [length, data, networks, Group(title: "Losses and optimiser", options: losses(objective) + optimizer), running]
  }

  private static let length = Group(
    title: "Length",
    options: [
      .integer("epochs", \.epochs, "epochs at the full learning rate"),
      .integer("decay-epochs", \.decayEpochs, "epochs after that, in which --lr-policy linear lowers the rate"),
      .integer("steps", \.steps, "stop after so many optimiser steps, whatever the epochs say"),
      .integer("batch-size", \.batchSize, "images in a step"),
    ])

  private static let data = Group(
    title: "Data",
    options: [
      .choice("direction", \.direction, "which of A and B is the input"),
      .choice("preprocess", \.preprocess, "how an image file becomes a training image"),
      .integer("load-size", \.loadSize, "side in pixels to which images are resized"),
      .integer("crop-size", \.cropSize, "side in pixels of the random crop"),
      .toggle("flip", \.flip, "mirror half of the images left to right"),
      .flag("serial", \.serial, "take images in sorted order instead of shuffled"),
      .flag("recursive", \.recursive, "read sub-folders too"),
      .maxPixels(\.maxPixels),
      .skipDamaged(\.skipDamaged),
      .integer("input-channels", \.inputChannels, "1 (grey) or 3 (RGB)"),
      .integer("output-channels", \.outputChannels, "1 (grey) or 3 (RGB)"),
    ])

  private static let networks = Group(
    title: "Networks",
    options: [
      .generator(
        "generator", \.generator,
        "which network translates: unet_32, unet_64, … unet_1024, resnet_6blocks, resnet_9blocks, …"),
      .integer("ngf", \.ngf, "channels after the generator's first convolution"),
      .choice("norm", \.norm, "normalisation in both networks"),
      .toggle("dropout", \.dropout, "drop half of some activations of the generator while training"),
      .choice("upsample", \.upsample, "how the generator doubles the resolution"),
      .choice("discriminator", \.discriminator, "which network judges; basic is n_layers with 3"),
      .integer("discriminator-layers", \.discriminatorLayers, "stride-2 layers of --discriminator n_layers"),
      .integer("ndf", \.ndf, "channels after the discriminator's first convolution"),
      .choice(
        "discriminator-norm", \.discriminatorNorm, standard: "as --norm",
        "normalisation in the discriminator alone; wgangp needs none"),
      .choice("init", \.initialization, "distribution of the initial weights"),
      .number("init-gain", \.initGain, "its scale"),
      .text("init-from", \.initFrom, placeholder: "MODEL", "start from the weights of this file or run folder"),
    ])

  private static func losses(_ objective: TrainingObjective) -> [Option<TrainingConfiguration>] {
    let adversarial = Option<TrainingConfiguration>.choice("gan-mode", \.ganMode, "adversarial loss")
    switch objective {
    case .paired:
      return [adversarial, .number("lambda-l1", \.lambdaL1, "weight of the L1 loss")]
    case .unpaired:
      return [
        adversarial,
        .number("lambda-a", \.lambdaA, "weight of the cycle loss A → B → A"),
        .number("lambda-b", \.lambdaB, "weight of the cycle loss B → A → B"),
        .number("lambda-identity", \.lambdaIdentity, "identity loss as a share of the cycle weights; 0 for none"),
        .integer("pool-size", \.poolSize, "earlier translations that each discriminator is also shown; 0 for none"),
      ]
    }
  }

  private static let optimizer: [Option<TrainingConfiguration>] = [
    .number("learning-rate", \.learningRate, "of Adam, at the start"),
    .number("beta1", \.beta1, "Adam's decay of the first moment"),
    .choice("lr-policy", \.learningRatePolicy, "how the learning rate changes"),
    .integer("lr-decay-iters", \.learningRateStep, "epochs between two drops of --lr-policy step"),
  ]

  private static let running = Group(
    title: "Running",
    options: [
      .integer("seed", \.seed, "determines everything that is drawn"),
      .integer("threads", \.threads, "threads that compute; the result does not depend on it [one a core]"),
      .integer("save-every", \.saveEvery, placeholder: "EPOCHS", "epochs between two checkpoints"),
      .integer("sample-every", \.sampleEvery, placeholder: "STEPS", "steps between two sample sheets"),
    ])
}

extension TrainingConfiguration {
  /// Refuses settings that cannot be, and options of `given` that would have no effect, as errors of the command line.
  func validateForCommandLine(_ given: Set<String>) throws(UsageError) {
    if given.contains("discriminator-layers"), discriminator != .layered {
      throw .needs(option: "--discriminator-layers", other: "--discriminator n_layers")
    }
    if given.contains("lr-decay-iters"), learningRatePolicy != .step {
      throw .needs(option: "--lr-decay-iters", other: "--lr-policy step")
    }
    do {
      try validate()
    } catch {
      throw .impossible(error)
    }
  }
}
