import Files
extension TrainingConfiguration {
  /// Checks every setting by itself and together with the others.
  ///
  /// - Throws: a `ConfigurationError` for the first that cannot be.
  public func validate() throws(ConfigurationError) {
    for setting in algorithm.allSettings { try setting.check(self) }
    try validateLength()
    try validateSizes()
    try validateAugmentation()
    try validateKeeping()
    try algorithm.check(self)
  }

  private func validateLength() throws(ConfigurationError) {
    guard epochs + decayEpochs > 0 else {
      throw ConfigurationError(
        setting: "epochs", problem: "and \(setting: "decay-epochs") are both 0, which trains nothing",
        advice: "raise one of them")
    }
  }

  private func validateSizes() throws(ConfigurationError) {
    if preprocess.resizes, preprocess.crops, cropSize > loadSize {
      throw ConfigurationError(
        setting: "crop-size", problem: "\(cropSize) is larger than \(setting: "load-size", loadSize)",
        advice: "lower it or raise \(setting: "load-size")")
    }
  }

  /// Refuses crops that are too small for the generator.
  func validateTranslator() throws(ConfigurationError) {
    // Smaller images are padded to a multiple, which is enough for those that take one.
    let (smallest, multiple) = (generator.configuration.smallestImage, generator.configuration.sizeMultiple)
    if preprocess.crops, smallest > multiple, cropSize < smallest {
      throw ConfigurationError(
        setting: "crop-size", problem: "\(cropSize) is too small for \(generator)", advice: "give at least \(smallest)")
    }
  }

  /// What is computed beside the images: a network that halves often takes multiples of a large number, to which smaller
  /// crops are padded. Nil where that costs little.
  var paddingNote: Phrase? {
    let multiple = generator.configuration.sizeMultiple
    let padded = (cropSize + multiple - 1) / multiple * multiple
    guard preprocess.crops, padded * padded * 4 > cropSize * cropSize * 5 else { return nil }
    return """
      \(setting: "crop-size", cropSize) is padded to \(padded) for \(generator), which takes multiples of \(multiple): a \
      step costs as much as at \(padded); choose \(setting: "crop-size", padded), or another \(setting: "generator")
      """
  }

  /// Checks that a run may go on as this where it was `start` before.
  ///
  /// - Throws: a `ConfigurationError` for the first setting that must stay as it was, or that its algorithm does not have.
  func requireContinues(_ start: TrainingConfiguration) throws(ConfigurationError) {
    guard algorithm == start.algorithm else {
      throw ConfigurationError(
        setting: "objective",
        problem: "was \(start.algorithm.name) at the start of the run and cannot change on the way",
        advice: "start a new run")
    }
    let own = Set(algorithm.allSettings.map(\.name))
    for setting in Settings.all where !own.contains(setting.name) && !setting.isEqual(self, start) {
      throw ConfigurationError(
        setting: setting.name, problem: "is no setting of \(algorithm.name) training", advice: "leave it out")
    }
    for setting in algorithm.allSettings where !setting.isEqual(self, start) {
      if setting.mayChangeOnResume { continue }
      throw ConfigurationError(
        setting: setting.name,
        problem: "was \(setting.text(start) ?? "not given") at the start of the run and cannot change on the way",
        advice: "start a new run, with \(setting: "init-from") to keep the weights")
    }
  }

  /// The settings among `given` that have no effect beside the others, each with what it would need.
  ///
  /// - Parameter ranks: how many train
  package func withoutEffect(_ given: Set<String>, ranks: Int = 1) -> [(setting: String, needs: Phrase)] {
    algorithm.allSettings.compactMap { setting in
      guard given.contains(setting.name) else { return nil }
      if let missing = setting.conditions.first(where: { !$0.holds(self, ranks) }) {
        return (setting.name, missing.name)
      }
      guard let other = setting.onlyWith,
        let text = algorithm.allSettings.first(where: { $0.name == other.setting })?.text(self), text != other.value
      else { return nil }
      return (setting.name, "\(setting: other.setting, other.value)")
    }
  }
}
