import Files

extension Settings {
  /// Which weights a run keeps beside the latest, of an algorithm with these held-out figures.
  static func keeping(measuring figures: [TrainingAlgorithm.HeldOutFigure]) -> SettingGroup {
    let snapshots = Setting(
      "keep-every", \.keepEvery, "epochs between two sets of the generators' weights that are kept",
      limits: .within(1...1_000_000), placeholder: "EPOCHS", standard: "none", resuming: .mayChange)
    guard let first = figures.first else { return SettingGroup("Weights that are kept", [snapshots]) }
    return SettingGroup(
      "Weights that are kept",
      [
        Setting(
          "best-by", \.bestBy, "the held-out figure by which weights are the best",
          placeholder: figures.map(\.name).joined(separator: "|"), standard: Phrase(first.name)),
        Setting(
          "patience", \.patience, "stop when the best has not moved for so many measurements",
          limits: .within(1...1_000_000), standard: "none", resuming: .mayChange),
        snapshots,
      ])
  }
}

extension TrainingConfiguration {
  /// The held-out figure by which weights are the best, and its place among those of the algorithm; nil where nothing is
  /// measured.
  var bestFigure: (place: Int, figure: TrainingAlgorithm.HeldOutFigure)? {
    let figures = algorithm.heldOutFigures
    let place = bestBy.map { name in figures.firstIndex { $0.name == name } } ?? figures.indices.first
    return place.map { ($0, figures[$0]) }
  }

  /// Refuses a figure that the algorithm does not measure.
  func validateKeeping() throws(ConfigurationError) {
    guard bestFigure == nil else { return }
    if let bestBy {
      let names = algorithm.heldOutFigures.map(\.name)
      throw ConfigurationError(
        setting: "best-by", problem: "is \(bestBy), which \(algorithm.name) training does not measure",
        advice: names.isEmpty ? "leave it out" : "give \(names.joined(separator: " or "))")
    }
    if patience != nil {
      throw ConfigurationError(
        setting: "patience", problem: "waits for held-out figures, of which \(algorithm.name) training measures none",
        advice: "leave it out")
    }
  }
}
