import Foundation
import Testing
import Files
import NeuralNet
import PatchDisc
import ResNet
@testable import Training
import UNet

struct TrainingConfigurationTests {
  @Test func thePublishedSettings() throws {
    let paired = TrainingConfiguration.paired
    #expect(
      paired.generator == .unet(levels: 8) && paired.norm == .batch && paired.dropout && paired.ganMode == .vanilla)
    #expect(paired.lambdaL1 == 100 && paired.learningRate == 0.0002 && paired.beta1 == 0.5 && paired.batchSize == 1)
    let unpaired = TrainingConfiguration.unpaired
    #expect(unpaired.generator == .resnet(blocks: 9) && unpaired.norm == .instance && !unpaired.dropout)
    #expect(unpaired.ganMode == .lsgan && unpaired.lambdaIdentity == 0.5 && unpaired.poolSize == 50)
    #expect(unpaired.lambdaA == 10 && unpaired.lambdaB == 10)
    for settings in [paired, unpaired] {
      #expect(settings.epochs == 100 && settings.decayEpochs == 100 && settings.steps == nil)
      #expect(settings.loadSize == 286 && settings.cropSize == 256 && settings.flip && settings.direction == .aToB)
      #expect(
        settings.ngf == 64 && settings.ndf == 64 && settings.initGain == 0.02 && settings.initialization == .normal)
      try settings.validate()
    }
  }

  @Test(arguments: [
    ("unet_32", GeneratorChoice.unet(levels: 5)), ("unet_256", .unet(levels: 8)), ("unet_1024", .unet(levels: 10)),
    ("resnet_9blocks", .resnet(blocks: 9)), ("resnet_1blocks", .resnet(blocks: 1)),
    ("resnet_64blocks", .resnet(blocks: 64)),
  ])
  func generatorNames(name: String, choice: GeneratorChoice) {
    #expect(GeneratorChoice(name) == choice)
    #expect(choice.description == name)
  }

  @Test(arguments: [
    "", "unet", "unet_", "unet_16", "unet_2048", "unet_100", "unet_0256", "unet_+256", "unet_-256", "unet_２５６",
    "unet_99999999999999999999", "resnet_0blocks", "resnet_65blocks", "resnet_blocks", "resnet_9block", "Unet_256",
    "resnet_09blocks", "resnet_", "blocks",
  ])
  func namesOfNoGenerator(name: String) { #expect(GeneratorChoice(name) == nil) }

  @Test func networksFollowTheSettings() {
    var settings = TrainingConfiguration.paired
    settings.inputChannels = 1
    settings.ngf = 16
    settings.ndf = 8
    var unet = UNetConfiguration(levels: 8)
    unet.inputChannels = 1
    unet.filters = 16
    #expect(settings.generatorConfiguration.isEqual(unet))
    #expect(settings.generatorConfiguration.sizeMultiple == 256)
    var discriminator = DiscriminatorConfiguration()
    discriminator.inputChannels = 4
    discriminator.filters = 8
    #expect(settings.pairDiscriminatorConfiguration == discriminator)

    settings = .unpaired
    settings.inputChannels = 1
    settings.discriminator = .pixel
    settings.discriminatorNorm = NormalizationKind.none
    var resnet = ResNetConfiguration(blocks: 9)
    resnet.inputChannels = 3
    resnet.outputChannels = 1
    #expect(settings.generatorConfiguration(from: 3, to: 1).isEqual(resnet))
    discriminator = DiscriminatorConfiguration()
    discriminator.kind = .pixel
    discriminator.normalization = .none
    discriminator.inputChannels = 3
    #expect(settings.discriminatorConfiguration(channels: 3) == discriminator)
    settings.discriminator = .layered
    settings.discriminatorLayers = 5
    #expect(settings.pairDiscriminatorConfiguration.kind == .patch(layers: 5))
    (settings.inputChannels, settings.outputChannels) = (.max, .max)
    #expect(throws: FileError.self) { try settings.pairDiscriminatorConfiguration.validate() }
  }

  @Test func impossibleSettingsAreRefused() {
    func refused(_ option: String, _ change: (inout TrainingConfiguration) -> Void) {
      var settings = TrainingConfiguration.unpaired
      change(&settings)
      let error = #expect(throws: ConfigurationError.self) { try settings.validate() }
      #expect(error?.setting == option)
    }
    refused("epochs") { $0.epochs = -1 }
    refused("decay-epochs") { $0.decayEpochs = .max }
    refused("steps") { $0.steps = 0 }
    refused("batch-size") { $0.batchSize = 0 }
    refused("crop-size") { $0.cropSize = 287 }
    refused("load-size") { $0.loadSize = .max }
    refused("ngf") { $0.ngf = 0 }
    refused("ndf") { $0.ndf = .min }
    refused("generator") { $0.generator = .unet(levels: 63) }
    refused("generator") { $0.generator = .resnet(blocks: 0) }
    refused("discriminator-layers") { $0.discriminatorLayers = 63 }
    refused("lambda-a") { $0.lambdaA = .nan }
    refused("lambda-b") { $0.lambdaB = -1 }
    refused("lambda-identity") { $0.lambdaIdentity = .infinity }
    refused("learning-rate") { $0.learningRate = .nan }
    refused("init-gain") { $0.initGain = -1 }
    refused("beta1") { $0.beta1 = 1 }
    refused("beta1") { $0.beta1 = .nan }
    refused("gan-mode") { $0.ganMode = .wgangp }
    refused("lambda-identity") { $0.outputChannels = 1 }
    refused("crop-size") { ($0.cropSize, $0.discriminator) = (4, .pixel) }
  }

  /// What a phrase calls a setting is one, and an option that needs another can have it.
  @Test func settingsNameEachOther() throws {
    let names = Set(Settings.all.map(\.name))
    for algorithm in TrainingAlgorithm.registered {
      for setting in algorithm.allSettings {
        let phrases =
          [setting.help, setting.resumingHelp] + [setting.standard].compactMap(\.self) + setting.conditions.map(\.name)
        #expect(phrases.flatMap(\.settings).allSatisfy(names.contains), "\(setting.name)")
        guard let other = setting.onlyWith else { continue }
        let needed = try #require(algorithm.allSettings.first { $0.name == other.setting })
        var settings = TrainingConfiguration(algorithm)
        #expect(settings.withoutEffect([setting.name]).map(\.setting) == [setting.name])
        try needed.set(&settings, other.value)
        #expect(settings.withoutEffect([setting.name]).isEmpty)
      }
      let own = algorithm.allSettings.map(\.name)
      #expect(Set(own).count == own.count, "\(algorithm.name) has a setting twice")
      #expect(algorithm.examples.flatMap(\.settings).allSatisfy { own.contains($0.name) })
    }
    #expect(TrainingAlgorithm.paired.settings.flatMap(\.settings).count == 55)
    #expect(TrainingAlgorithm.unpaired.settings.flatMap(\.settings).count == 56)
  }

  /// Statistics of the whole batch take several ranks and a normalisation by the batch, in whichever network.
  @Test(arguments: TrainingAlgorithm.registered) func batchStatisticsTakeSeveralRanks(_ algorithm: TrainingAlgorithm)
    throws
  {
    let given: Set<String> = ["sync-batch-norm"]
    var settings = TrainingConfiguration(algorithm)
    (settings.syncBatchNorm, settings.discriminatorNorm) = (true, .batch)
    try settings.validate()
    #expect(settings.withoutEffect(given, ranks: 2).isEmpty)
    #expect(settings.withoutEffect(given).map(\.needs.description) == ["several ranks, which mpirun starts"])
    (settings.norm, settings.discriminatorNorm) = (.instance, nil)
    try settings.validate()
    #expect(
      settings.withoutEffect(given, ranks: 2).map(\.needs.description)
        == ["norm batch or discriminator norm batch"])
    settings.syncBatchNorm = false
    #expect(settings.withoutEffect(given).isEmpty)
  }

  /// Settings of one algorithm alone are told apart and compared like all others.
  @Test func ownSettingsAreCompared() {
    var settings = TrainingConfiguration.paired
    settings.lambdaL1 = 100
    #expect(settings == .paired)
    settings.poolSize = 3
    #expect(settings != .paired && TrainingConfiguration.paired != settings)
    #expect(settings.poolSize == 3 && settings.lambdaA == 10)
    settings.poolSize = 50
    #expect(settings == .paired)
  }

  /// The library speaks of settings by their names; dashes are the command line's.
  @Test func errorsAreData() throws {
    var settings = TrainingConfiguration.paired
    settings.cropSize = 300
    let error = try #require(throws: ConfigurationError.self) { try settings.validate() }
    #expect(error.description == "crop size 300 is larger than load size 286; lower it or raise load size")
    #expect(
      error.text { "--" + $0 } == "--crop-size 300 is larger than --load-size 286; lower it or raise --load-size")
    #expect(error.setting == "crop-size" && error.problem.settings == ["load-size"])
  }

  /// A crop that costs as much as a larger one is said.
  @Test func paddedCropsAreSaid() {
    func note(_ base: TrainingConfiguration, _ change: (inout TrainingConfiguration) -> Void) -> String? {
      var settings = base
      change(&settings)
      return settings.paddingNote?.description
    }
    #expect(
      note(.paired) { $0.cropSize = 100 }
        == "crop size 100 is padded to 256 for unet_256, which takes multiples of 256: a step costs as much as at 256; "
        + "choose crop size 256, or another generator")
    #expect(note(.paired) { _ in } == nil && note(.paired) { $0.cropSize = 250 } == nil)
    #expect(note(.paired) { ($0.cropSize, $0.preprocess) = (100, .none) } == nil)
    #expect(note(.paired) { ($0.cropSize, $0.generator) = (96, .unet(levels: 5)) } == nil)
    #expect(note(.unpaired) { $0.cropSize = 97 } == nil)
  }

  @Test func possibleSettingsPass() throws {
    func passes(_ base: TrainingConfiguration, _ change: (inout TrainingConfiguration) -> Void) throws {
      var settings = base
      change(&settings)
      try settings.validate()
    }
    try passes(.paired) { ($0.ganMode, $0.discriminatorNorm) = (.wgangp, NormalizationKind.none) }
    try passes(.paired) { ($0.ganMode, $0.norm) = (.wgangp, .none) }
    try passes(.paired) { $0.outputChannels = 1 }
    try passes(.paired) { $0.cropSize = 100 }
    try passes(.paired) { ($0.preprocess, $0.cropSize) = (.scaleWidth, 1000) }
    try passes(.paired) { ($0.preprocess, $0.cropSize) = (.crop, 1000) }
    try passes(.unpaired) { ($0.outputChannels, $0.lambdaIdentity) = (1, 0) }
  }
}

struct RunDescriptionTests {
  private var sample: RunDescription {
    var settings = TrainingConfiguration.unpaired
    settings.steps = 12
    settings.initFrom = "a/b \"c\" ü"
    settings.learningRate = 0.1
    settings.seed = .max
    return RunDescription(
      configuration: settings, data: "/data/a b", version: "9.9.9", commandLine: ["translate-cli", "train"])
  }

  @Test func jsonHoldsEverythingAndComesBack() throws {
    let data = try sample.json()
    #expect(try RunDescription.parse(data, path: "config.json") == sample)
    #expect(try sample.json() == data)
    let text = String(decoding: data, as: UTF8.self)
    let keys = text.split(separator: "\n").compactMap {
      $0.wholeMatch(of: #/  "([a-z0-9_]+)" :.*/#).map { String($0.1) }
    }
    let settings =
      ["objective"] + sample.configuration.algorithm.allSettings.map { SettingKey(setting: $0.name).stringValue }
    #expect(keys == (settings + ["data", "version", "command_line", "history"]).sorted())
    #expect(text.contains("\"threads\" : null") && text.contains("\"seed\" : 18446744073709551615"))
    #expect(text.contains("\"data\" : \"/data/a b\"") && text.hasSuffix("}\n"))
  }

  /// A file as version 0.1.0 wrote it before settings were declared in one place: it is read as it was meant, and nothing
  /// of it is written otherwise, though there are more settings by now, and those of other algorithms are left out.
  @Test func theFileStaysAsItWas() throws {
    let run = RunDescription(configuration: .paired, data: "d", version: "0.1.0", commandLine: ["x"])
    let lines = String(decoding: try run.json(), as: UTF8.self).split(separator: "\n")
    let others = ["lambda_a", "lambda_b", "lambda_identity", "pool_size"]
    let own = Self.pairedFile.split(separator: "\n").filter { line in
      !others.contains { line.contains("\"\($0)\"") }
    }
    #expect(Set(lines).isSuperset(of: own) && !lines.contains { $0.contains("pool_size") })
    #expect(try RunDescription.parse(Data(Self.pairedFile.utf8), path: "c") == run)
    let error = #expect(throws: FileError.self) {
      try RunDescription.parse(Data(#"{"objective": "trained"}"#.utf8), path: "c")
    }
    #expect(error?.problem == "objective has the unknown value 'trained'")
  }

  private static let pairedFile = """
    {
      "batch_size" : 1,
      "beta1" : 0.5,
      "brightness" : 0,
      "command_line" : [
        "x"
      ],
      "contrast" : 0,
      "crop_size" : 256,
      "cutout" : 0,
      "data" : "d",
      "decay_epochs" : 100,
      "direction" : "AtoB",
      "discriminator" : "basic",
      "discriminator_layers" : 3,
      "discriminator_norm" : null,
      "dropout" : true,
      "epochs" : 100,
      "flip" : true,
      "gan_mode" : "vanilla",
      "generator" : "unet_256",
      "hue" : 0,
      "init" : "normal",
      "init_from" : null,
      "init_gain" : 0.02,
      "input_channels" : 3,
      "jitter_side" : "both",
      "lambda_a" : 10,
      "lambda_b" : 10,
      "lambda_identity" : 0.5,
      "lambda_l1" : 100,
      "learning_rate" : 0.0002,
      "load_size" : 286,
      "lr_decay_iters" : 50,
      "lr_policy" : "linear",
      "max_dataset_size" : null,
      "max_pixels" : 268435456,
      "ndf" : 64,
      "ngf" : 64,
      "norm" : "batch",
      "objective" : "paired",
      "output_channels" : 3,
      "pool_size" : 50,
      "preprocess" : "resize-and-crop",
      "quarter_turns" : false,
      "recursive" : false,
      "rotate" : 0,
      "sample_every" : 400,
      "save_every" : 5,
      "scale_jitter" : 0,
      "seed" : 0,
      "serial" : false,
      "skip_damaged" : false,
      "steps" : null,
      "threads" : null,
      "upsample" : "transposed",
      "version" : "0.1.0"
    }

    """

  @Test func filesOfOtherVersionsAreRead() throws {
    let data = Data(#"{"objective": "unpaired", "ngf": 32, "from_the_future": [1, {"x": null}], "steps": null}"#.utf8)
    var expected = TrainingConfiguration.unpaired
    expected.ngf = 32
    #expect(try RunDescription.parse(data, path: "c").configuration == expected)
    #expect(try RunDescription.parse(Data("{}".utf8), path: "c").configuration == .paired)
  }

  @Test(arguments: [
    ("", "c: is not valid JSON; restore the file as the training wrote it"),
    ("{", "c: is not valid JSON; restore the file as the training wrote it"),
    ("\u{0}\u{FF}", "c: is not valid JSON; restore the file as the training wrote it"),
    ("[1]", "c: is no JSON object; restore the file as the training wrote it"),
    ("3", "c: is no JSON object; restore the file as the training wrote it"),
    (
      #"{"ngf": "many"}"#,
      "c: ngf has the wrong type, expected a whole number; restore the file as the training wrote it"
    ),
    (#"{"ngf": 1.5}"#, "c: ngf has the wrong type, expected a whole number; restore the file as the training wrote it"),
    (
      #"{"ngf": 1e300}"#,
      "c: ngf has the wrong type, expected a whole number; restore the file as the training wrote it"
    ),
    (
      #"{"seed": -1}"#, "c: seed has the wrong type, expected a whole number; restore the file as the training wrote it"
    ),
    (#"{"flip": 1}"#, "c: flip has the wrong type, expected true or false; restore the file as the training wrote it"),
    (#"{"norm": "group"}"#, "c: norm has the unknown value 'group'; restore the file as the training wrote it"),
    (
      #"{"generator": "unet_7"}"#,
      "c: generator has the unknown value 'unet_7'; restore the file as the training wrote it"
    ),
    (#"{"beta1": []}"#, "c: beta1 has the wrong type, expected a number; restore the file as the training wrote it"),
    (
      #"{"command_line": "x"}"#,
      "c: command_line has the wrong type, expected a list; restore the file as the training wrote it"
    ),
    (#"{"ngf": 0}"#, "c: holds a setting that cannot be: ngf is 0; give 1 to 1024"),
  ])
  func wrongFilesAreNamed(text: String, expected: String) {
    let error = #expect(throws: FileError.self) { try RunDescription.parse(Data(text.utf8), path: "c") }
    #expect(error?.description == expected)
  }

  @Test func deepAndLargeFilesAreRefused() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: FileError.self) { try RunDescription.parse(Data(#"{"x": \#(deep)"#.utf8), path: "c") }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let large = Data(#"{"x": ""#.utf8) + Data(repeating: 0x20, count: 1 << 20) + Data(#""}"#.utf8)
    try large.write(to: folder.appendingPathComponent("config.json"))
    let error = #expect(throws: FileError.self) { try RunDescription.read(runFolder: folder.path) }
    #expect(error?.problem == "is larger than any config.json of a run (1 MiB)")
    try sample.write(runFolder: folder.path)
    #expect(try RunDescription.read(runFolder: folder.path) == sample)
  }
}
