import Files
import Weights

extension Settings {
  /// The settings of an algorithm that trains generators against discriminators, with those that it has beside.
  ///
  /// - Parameters:
  ///   - own: those that it has beside
  ///   - ownData: those of them that concern the data
  ///   - figures: its held-out figures
  static func adversarialTraining(
    _ own: [Setting], data ownData: [Setting] = [], measuring figures: [TrainingAlgorithm.HeldOutFigure]
  ) -> [SettingGroup] {
    [length, data] + (ownData.isEmpty ? [] : [SettingGroup("Data", ownData)]) + [
      augmentation, generator, discriminator, normalization, initialization, adversarial,
      SettingGroup(lossHeading, own), optimiser,
      running, keeping(measuring: figures),
    ]
  }
}

extension TrainingConfiguration {
  /// What a translator is: network, norm, size, direction.
  var translatorOutline: [String] {
    let labels = labelNames.isEmpty ? [] : ["labels \(LabelNames.list(labelNames))"]
    return ["\(generator)", "\(norm.rawValue) norm", "\(ngf) filters", direction.rawValue] + labels
  }

  /// Refuses what a discriminator cannot be trained with.
  func validateDiscriminator() throws(ConfigurationError) {
    if preprocess.crops, let patchLayers, cropSize < 3 << patchLayers {
      throw ConfigurationError(
        setting: "crop-size",
        problem: "\(cropSize) is too small for a discriminator with \(patchLayers) stride-2 layers",
        advice: "give at least \(3 << patchLayers), or fewer layers with \(setting: "discriminator", "n_layers")")
    }
    try validatePenalty()
  }

  /// Refuses a gradient penalty on a discriminator that normalises.
  func validatePenalty() throws(ConfigurationError) {
    if ganMode == .wgangp, (discriminatorNorm ?? norm) != .none {
      throw ConfigurationError(
        setting: "gan-mode",
        problem: "wgangp needs a discriminator without normalisation, since its penalty is on single images",
        advice: "add \(setting: "discriminator-norm", "none") (or \(setting: "norm", "none") for both networks)")
    }
  }
}
