import Files

extension Settings {
  /// What changes pictures by chance, beside crop and mirroring.
  package static let augmentation = SettingGroup(
    "Augmentation (both halves of a pair alike)",
    [
      Setting(
        "quarter-turns", \.augmentation.quarterTurns, "turn crops by 0, 90, 180 or 270 degrees",
        form: .toggle),
      Setting(
        "rotate", \.augmentation.rotation, "rotate by up to so many degrees to either side; borders are reflected",
        limits: .upTo(180), placeholder: "DEGREES"),
      Setting(
        "scale-jitter", \.augmentation.scaleJitter, "scale by a factor between 1 / (1 + X) and 1 + X", limits: .upTo(1)),
      Setting(
        "brightness", \.augmentation.brightness, "multiply brightness by a factor between 1 - X and 1 + X",
        limits: .upTo(1)),
      Setting(
        "contrast", \.augmentation.contrast, "multiply contrast by a factor between 1 - X and 1 + X", limits: .upTo(1)),
      Setting(
        "hue", \.augmentation.hue, "turn hues by up to X of the colour circle to either side",
        limits: .within(0...0.5, spelled: "a number from 0 to 0.5")),
      Setting(
        "jitter-side", \.augmentation.jitterSide, "where brightness, contrast and hue change; on both: of a pair alike"),
      Setting(
        "cutout", \.augmentation.cutout, "make a part of the crop grey that is X of its sides, anywhere in it",
        limits: .from(0, below: 1)),
    ])
}

extension TrainingConfiguration {
  func validateAugmentation() throws(ConfigurationError) {
    if augmentation.quarterTurns, !preprocess.crops {
      throw ConfigurationError(
        setting: "quarter-turns",
        problem: "needs square crops, which \(setting: "preprocess", preprocess.rawValue) has not",
        advice: "choose another \(setting: "preprocess"), such as resize-and-crop")
    }
    if augmentation.jitterSide != .both, !augmentation.changesColours {
      throw ConfigurationError(
        setting: "jitter-side",
        problem: "has no effect without \(setting: "brightness"), \(setting: "contrast") or \(setting: "hue")",
        advice: "add one of them")
    }
  }
}
