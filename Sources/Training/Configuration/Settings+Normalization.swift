import Files

extension Settings {
  /// What concerns normalisation in whichever networks an algorithm has.
  static let normalization = SettingGroup(
    "Networks",
    [
      Setting(
        "sync-batch-norm", \.syncBatchNorm,
        "several ranks: batch normalisation by the statistics of the whole batch, instead of those of each rank's images",
        form: .toggle, resuming: .mayChange,
        conditions: [
          Setting.Condition(name: "\(setting: "norm", "batch") or \(setting: "discriminator-norm", "batch")") {
            configuration, _ in !configuration.syncBatchNorm || configuration.normalizesBatches
          },
          Setting.Condition(name: "several ranks, which mpirun starts") { configuration, ranks in
            !configuration.syncBatchNorm || ranks > 1
          },
        ])
    ])
}

extension TrainingConfiguration {
  /// Whether a network normalises by the statistics of a batch.
  var normalizesBatches: Bool {
    // Enlargers have no normalisation, and no setting for it.
    let ofGenerator = algorithm.allSettings.contains { $0.name == "norm" } ? norm : .none
    return [ofGenerator, discriminatorNorm ?? norm].contains(.batch)
  }
}
