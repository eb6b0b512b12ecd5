import NeuralNet

extension GeneratorAverages {
  /// Those that `configuration` asks for; nil: none.
  static func asked(
    by configuration: TrainingConfiguration, of model: any TranslationModel, _ processor: Processor
  ) throws -> GeneratorAverages? {
    guard configuration.ema > 0 else { return nil }
    return try GeneratorAverages(of: model, decay: configuration.ema, processor.pool)
  }
}
