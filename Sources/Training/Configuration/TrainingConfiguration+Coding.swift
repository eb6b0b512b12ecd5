import Files
import NeuralNet

extension TrainingConfiguration: Codable {
  /// The names of the settings in config.json: those of the options, with underscores.
  public enum CodingKeys: String, CodingKey, CaseIterable {
    case objective
    case epochs
    case decayEpochs = "decay_epochs"
    case steps
    case batchSize = "batch_size"
    case preprocess
    case loadSize = "load_size"
    case cropSize = "crop_size"
    case flip
    case direction
    case serial
    case recursive
    case maxPixels = "max_pixels"
    case skipDamaged = "skip_damaged"
    case inputChannels = "input_channels"
    case outputChannels = "output_channels"
    case generator
    case ngf
    case norm
    case dropout
    case upsample
    case discriminator
    case discriminatorLayers = "discriminator_layers"
    case ndf
    case discriminatorNorm = "discriminator_norm"
    case initialization = "init"
    case initGain = "init_gain"
    case initFrom = "init_from"
    case ganMode = "gan_mode"
    case lambdaL1 = "lambda_l1"
    case lambdaA = "lambda_a"
    case lambdaB = "lambda_b"
    case lambdaIdentity = "lambda_identity"
    case poolSize = "pool_size"
    case learningRate = "learning_rate"
    case beta1
    case learningRatePolicy = "lr_policy"
    case learningRateStep = "lr_decay_iters"
    case seed
    case threads
    case saveEvery = "save_every"
    case sampleEvery = "sample_every"
  }

  /// Reads settings; one that is absent has its published default, and unknown ones are passed over, so that files of
  /// older and newer versions are read.
  public init(from decoder: any Decoder) throws {
    let settings = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
      if let stored = try settings.value(Value.self, for: key) { value = stored }
    }
    self.init(try settings.value(TrainingObjective.self, for: .objective) ?? .paired)
    try read(.epochs, into: &epochs)
    try read(.decayEpochs, into: &decayEpochs)
    steps = try settings.value(Int.self, for: .steps)
    try read(.batchSize, into: &batchSize)
    try read(.preprocess, into: &preprocess)
    try read(.loadSize, into: &loadSize)
    try read(.cropSize, into: &cropSize)
    try read(.flip, into: &flip)
    try read(.direction, into: &direction)
    try read(.serial, into: &serial)
    try read(.recursive, into: &recursive)
    try read(.maxPixels, into: &maxPixels)
    try read(.skipDamaged, into: &skipDamaged)
    try read(.inputChannels, into: &inputChannels)
    try read(.outputChannels, into: &outputChannels)
    try read(.generator, into: &generator)
    try read(.ngf, into: &ngf)
    try read(.norm, into: &norm)
    try read(.dropout, into: &dropout)
    try read(.upsample, into: &upsample)
    try read(.discriminator, into: &discriminator)
    try read(.discriminatorLayers, into: &discriminatorLayers)
    try read(.ndf, into: &ndf)
    discriminatorNorm = try settings.value(NormalizationKind.self, for: .discriminatorNorm)
    try read(.initialization, into: &initialization)
    try read(.initGain, into: &initGain)
    initFrom = try settings.value(String.self, for: .initFrom)
    try read(.ganMode, into: &ganMode)
    try read(.lambdaL1, into: &lambdaL1)
    try read(.lambdaA, into: &lambdaA)
    try read(.lambdaB, into: &lambdaB)
    try read(.lambdaIdentity, into: &lambdaIdentity)
    try read(.poolSize, into: &poolSize)
    try read(.learningRate, into: &learningRate)
    try read(.beta1, into: &beta1)
    try read(.learningRatePolicy, into: &learningRatePolicy)
    try read(.learningRateStep, into: &learningRateStep)
    try read(.seed, into: &seed)
    threads = try settings.value(Int.self, for: .threads)
    try read(.saveEvery, into: &saveEvery)
    try read(.sampleEvery, into: &sampleEvery)
  }

  /// Writes every setting, defaults too; null where there is none.
  public func encode(to encoder: any Encoder) throws {
    var settings = encoder.container(keyedBy: CodingKeys.self)
    try settings.encode(objective, forKey: .objective)
    try settings.encode(epochs, forKey: .epochs)
    try settings.encode(decayEpochs, forKey: .decayEpochs)
    try settings.encode(steps, forKey: .steps)
    try settings.encode(batchSize, forKey: .batchSize)
    try settings.encode(preprocess, forKey: .preprocess)
    try settings.encode(loadSize, forKey: .loadSize)
    try settings.encode(cropSize, forKey: .cropSize)
    try settings.encode(flip, forKey: .flip)
    try settings.encode(direction, forKey: .direction)
    try settings.encode(serial, forKey: .serial)
    try settings.encode(recursive, forKey: .recursive)
    try settings.encode(maxPixels, forKey: .maxPixels)
    try settings.encode(skipDamaged, forKey: .skipDamaged)
    try settings.encode(inputChannels, forKey: .inputChannels)
    try settings.encode(outputChannels, forKey: .outputChannels)
    try settings.encode(generator, forKey: .generator)
    try settings.encode(ngf, forKey: .ngf)
    try settings.encode(norm, forKey: .norm)
    try settings.encode(dropout, forKey: .dropout)
    try settings.encode(upsample, forKey: .upsample)
    try settings.encode(discriminator, forKey: .discriminator)
    try settings.encode(discriminatorLayers, forKey: .discriminatorLayers)
    try settings.encode(ndf, forKey: .ndf)
    try settings.encode(discriminatorNorm, forKey: .discriminatorNorm)
    try settings.encode(initialization, forKey: .initialization)
    try settings.encode(initGain, forKey: .initGain)
    try settings.encode(initFrom, forKey: .initFrom)
    try settings.encode(ganMode, forKey: .ganMode)
    try settings.encode(lambdaL1, forKey: .lambdaL1)
    try settings.encode(lambdaA, forKey: .lambdaA)
    try settings.encode(lambdaB, forKey: .lambdaB)
    try settings.encode(lambdaIdentity, forKey: .lambdaIdentity)
    try settings.encode(poolSize, forKey: .poolSize)
    try settings.encode(learningRate, forKey: .learningRate)
    try settings.encode(beta1, forKey: .beta1)
    try settings.encode(learningRatePolicy, forKey: .learningRatePolicy)
    try settings.encode(learningRateStep, forKey: .learningRateStep)
    try settings.encode(seed, forKey: .seed)
    try settings.encode(threads, forKey: .threads)
    try settings.encode(saveEvery, forKey: .saveEvery)
    try settings.encode(sampleEvery, forKey: .sampleEvery)
  }
}

extension KeyedDecodingContainer {
  /// The value of `key`; nil where it is absent or null.
  ///
  /// - Throws: `DecodingError.typeMismatch` with the expected type for whatever does not fit it, a number out of range
  ///   too; `dataCorrupted` for a text that stands for nothing.
  package func value<Value: Decodable>(_ type: Value.Type, for key: Key) throws -> Value? {
    do {
      return try decodeIfPresent(type, forKey: key)
    } catch {
      let path = codingPath + [key]
      if type != String.self, let text = try? decode(String.self, forKey: key), Self.isWord(type) {
        throw DecodingError.dataCorrupted(
          .init(codingPath: path, debugDescription: "the unknown value \(FileError.quote(text))"))
      }
      throw DecodingError.typeMismatch(type, .init(codingPath: path, debugDescription: ""))
    }
  }

  /// Whether values of `type` are written as words: enumerations and names.
  private static func isWord(_ type: any Decodable.Type) -> Bool {
    type is any RawRepresentable<String>.Type || type == GeneratorChoice.self
  }
}
