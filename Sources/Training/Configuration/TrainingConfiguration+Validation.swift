import NeuralNet
import Parallel
import Translate
import Weights

/// Settings that cannot be: one sentence for a person, in the words of the command's options.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The option at fault, as `--crop-size`.
  public var option: String
  /// What is wrong with it.
  public var problem: String
  /// What to do about it.
  public var advice: String

  /// An error about `option`; `problem` and `advice` without a full stop at their ends.
  public init(option: String, problem: String, advice: String) {
    self.option = option
    self.problem = problem
    self.advice = advice
  }

  /// `--option problem; advice`
  public var description: String { "\(option) \(problem); \(advice)" }
}

extension TrainingConfiguration {
  /// Sides in pixels that images can be resized and cropped to.
  static let sides = 1...16384

  /// Checks every setting by itself and together with the others.
  ///
  /// - Throws: a `ConfigurationError` for the first that cannot be.
  public func validate() throws(ConfigurationError) {
    try validateRanges()
    try validateData()
    try validateNetworks()
    try validateLosses()
  }

  private func validateRanges() throws(ConfigurationError) {
    try check("--epochs", epochs, in: 0...1_000_000)
    try check("--decay-epochs", decayEpochs, in: 0...1_000_000)
    if let steps { try check("--steps", steps, in: 1...1_000_000_000) }
    try check("--batch-size", batchSize, in: FolderTranslation.batchSizes)
    try check("--load-size", loadSize, in: Self.sides)
    try check("--crop-size", cropSize, in: Self.sides)
    try check("--max-pixels", maxPixels, in: 1...(1 << 34))
    try check("--ngf", ngf, in: ChannelLimit.filters)
    try check("--ndf", ndf, in: ChannelLimit.filters)
    try check("--discriminator-layers", discriminatorLayers, in: 1...8)
    try check("--pool-size", poolSize, in: 0...10_000)
    try check("--lr-decay-iters", learningRateStep, in: 1...1_000_000)
    try check("--save-every", saveEvery, in: 1...1_000_000)
    try check("--sample-every", sampleEvery, in: 1...1_000_000_000)
    if let threads { try check("--threads", threads, in: WorkerPool.threadCounts) }
    for (option, weight) in [
      ("--lambda-l1", lambdaL1), ("--lambda-a", lambdaA), ("--lambda-b", lambdaB),
      ("--lambda-identity", lambdaIdentity),
    ] where !(weight >= 0 && weight <= 1e6) {
      throw ConfigurationError(option: option, problem: "is \(weight)", advice: "give a number from 0 to 1000000")
    }
    for (option, value) in [("--learning-rate", learningRate), ("--init-gain", initGain)]
    where !(value > 0 && value <= 100) {
      throw ConfigurationError(option: option, problem: "is \(value)", advice: "give a number above 0, at most 100")
    }
    guard beta1 >= 0, beta1 < 1 else {
      throw ConfigurationError(
        option: "--beta1", problem: "is \(beta1)", advice: "give a number from 0 up to, but not, 1")
    }
    guard GeneratorChoice(generator.description) != nil else {
      throw ConfigurationError(
        option: "--generator", problem: "is \(generator), which is none that can be trained",
        advice: "give \(GeneratorChoice.usualNames.joined(separator: ", ")) or another of these families")
    }
    guard epochs + decayEpochs > 0 else {
      throw ConfigurationError(
        option: "--epochs", problem: "and --decay-epochs are both 0, which trains nothing", advice: "raise one of them")
    }
  }

  private func validateData() throws(ConfigurationError) {
    for (option, channels) in [("--input-channels", inputChannels), ("--output-channels", outputChannels)]
    where channels != 1 && channels != 3 {
      throw ConfigurationError(option: option, problem: "is \(channels)", advice: "give 1 (grey) or 3 (RGB)")
    }
    if preprocess.resizes, preprocess.crops, cropSize > loadSize {
      throw ConfigurationError(
        option: "--crop-size", problem: "\(cropSize) is larger than --load-size \(loadSize)",
        advice: "lower it or raise --load-size")
    }
  }

  private func validateNetworks() throws(ConfigurationError) {
    guard preprocess.crops else { return }
    if let patchLayers, cropSize < 3 << patchLayers {
      throw ConfigurationError(
        option: "--crop-size",
        problem: "\(cropSize) is too small for a discriminator with \(patchLayers) stride-2 layers",
        advice: "give at least \(3 << patchLayers), or fewer layers with --discriminator n_layers")
    }
    // Smaller images are padded to a multiple, which is enough for those that take one.
    let (smallest, multiple) = (generator.configuration.smallestImage, generator.configuration.sizeMultiple)
    if smallest > multiple, cropSize < smallest {
      throw ConfigurationError(
        option: "--crop-size", problem: "\(cropSize) is too small for \(generator)", advice: "give at least \(smallest)"
      )
    }
  }

  private func validateLosses() throws(ConfigurationError) {
    if ganMode == .wgangp, (discriminatorNorm ?? norm) != .none {
      throw ConfigurationError(
        option: "--gan-mode",
        problem: "wgangp needs a discriminator without normalisation, since its penalty is on single images",
        advice: "add --discriminator-norm none (or --norm none for both networks)")
    }
    if objective == .unpaired, lambdaIdentity > 0, inputChannels != outputChannels {
      throw ConfigurationError(
        option: "--lambda-identity",
        problem: "\(lambdaIdentity) needs as many input as output channels, not \(inputChannels) and \(outputChannels)",
        advice: "add --lambda-identity 0")
    }
  }

  private func check(_ option: String, _ value: Int, in range: ClosedRange<Int>) throws(ConfigurationError) {
    guard range.contains(value) else {
      throw ConfigurationError(
        option: option, problem: "is \(value)", advice: "give \(range.lowerBound) to \(range.upperBound)")
    }
  }
}
