import Foundation
import TestSupport
import Testing
@testable import Files
@testable import NeuralNet
@testable import Training
@testable import Weights

/// Small models for tests of files.
enum SmallModel {
  static func pix2pix(
    seed: UInt64 = 1, _ change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws -> Pix2Pix {
    var configuration = TrainingConfiguration.paired
    configuration.generator = .unet(levels: 5)
    (configuration.ngf, configuration.ndf) = (2, 4)
    change(&configuration)
    var random = RandomGenerator(seed: seed)
    return try Pix2Pix(configuration, processor: Processor(threads: 1), random: &random)
  }

  static func cycleGAN(
    seed: UInt64 = 1, _ change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws -> CycleGAN {
    var configuration = TrainingConfiguration.unpaired
    configuration.generator = .unet(levels: 5)
    configuration.norm = .batch
    (configuration.ngf, configuration.ndf) = (2, 4)
    change(&configuration)
    var random = RandomGenerator(seed: seed)
    return try CycleGAN(configuration, processor: Processor(threads: 1), random: &random)
  }

  /// A position as a training would save it.
  static var position: TrainingPosition {
    TrainingPosition(
      step: 7, schedule: LearningRateSchedule(policy: .linear, constantEpochs: 1, decayEpochs: 1, stepEpochs: 1),
      random: [1, 2, 3, 4])
  }

  /// All parameters of a network, by name.
  static func numbers(_ network: Network) -> [String: [Float]] {
    Dictionary(
      uniqueKeysWithValues: network.parameters.parameters.map { ($0.name, network.parameters.fileOrder($0)) })
  }
}

@Suite struct InitialWeightsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func network(_ model: any TranslationModel, _ name: String) throws -> Network {
    try #require(model.networks.first { $0.name == name }).network
  }

  private func write(_ network: Network, _ name: String, _ metadata: [String: String] = [:]) throws {
    try SafetensorsWriter.write(NetworkTensors.tensors(of: network), metadata: metadata, to: folder(name))
  }

  @Test func takesTheCheckpointOfARun() throws {
    let source = try SmallModel.pix2pix(seed: 1)
    source.networks[0].optimizer.steps = 5
    source.networks[0].network.parameters.runningStatistics[0].mean[0] = 0.25
    try Checkpoint.write(
      source.networks, extra: [], position: SmallModel.position, to: folder("checkpoint.safetensors"))
    // A checkpoint goes before a generator that lies beside it.
    try write(SmallModel.pix2pix(seed: 3).networks[0].network, "generator.safetensors")
    for path in [folder.path, folder("checkpoint.safetensors")] {
      let model = try SmallModel.pix2pix(seed: 2)
      #expect(SmallModel.numbers(model.networks[0].network) != SmallModel.numbers(source.networks[0].network))
      let sentences = try InitialWeights.load(path, into: model)
      let file = "'\(folder("checkpoint.safetensors"))'"
      #expect(
        sentences == [
          "G from 'G' in \(file): 16663 parameters", "D from 'D' in \(file): 11765 parameters",
          "optimisers and image pools start fresh",
        ])
      for (own, other) in zip(model.networks, source.networks) {
        #expect(SmallModel.numbers(own.network) == SmallModel.numbers(other.network))
        #expect(own.network.parameters.runningStatistics == other.network.parameters.runningStatistics)
        #expect(own.optimizer.steps == 0)
      }
    }
  }

  @Test func takesTheGeneratorsOfARunWithoutCheckpoint() throws {
    let source = try SmallModel.cycleGAN(seed: 1)
    try write(network(source, "G_B"), "generator_BtoA.safetensors", ["direction": "BtoA"])
    try write(network(source, "G_A"), "generator_AtoB.safetensors", ["direction": "AtoB"])
    let model = try SmallModel.cycleGAN(seed: 2)
    let fresh = SmallModel.numbers(try network(model, "D_A"))
    let sentences = try InitialWeights.load(folder.path, into: model)
    #expect(sentences.suffix(2) == ["D_A starts fresh", "D_B starts fresh"])
    #expect(sentences[0].hasPrefix("G_A from ") && sentences[0].contains("generator_AtoB"))
    #expect(sentences[1].hasPrefix("G_B from ") && sentences[1].contains("generator_BtoA"))
    for name in ["G_A", "G_B"] {
      #expect(try SmallModel.numbers(network(model, name)) == SmallModel.numbers(network(source, name)))
    }
    #expect(try SmallModel.numbers(network(model, "D_A")) == fresh)
    // The run the other way round calls its generators the other way round.
    let turned = try SmallModel.cycleGAN(seed: 2) { $0.direction = .bToA }
    _ = try InitialWeights.load(folder.path, into: turned)
    #expect(try SmallModel.numbers(network(turned, "G_A")) == SmallModel.numbers(network(source, "G_B")))
  }

  /// What a file of one network is called, and where it goes.
  @Test(arguments: [
    ("latest_net_G_B.safetensors", "G_B"), ("5_net_G_A.safetensors", "G_A"), ("any.safetensors", "G_A"),
    ("latest_net_D_B.safetensors", "D_B"), ("judge.safetensors", "D_A"),
  ])
  func goesByNamesOfFiles(_ name: String, _ target: String) throws {
    let source = try SmallModel.cycleGAN(seed: 1)
    try write(network(source, target), name)
    let model = try SmallModel.cycleGAN(seed: 2)
    let sentences = try InitialWeights.load(folder(name), into: model)
    for trained in model.networks {
      let isTaken = try SmallModel.numbers(trained.network) == SmallModel.numbers(network(source, trained.name))
      #expect(isTaken == (trained.name == target), "\(trained.name)")
      #expect(sentences.contains("\(trained.name) starts fresh") != isTaken)
    }
  }

  @Test func roleAndDirectionGoBeforeNames() throws {
    let source = try SmallModel.cycleGAN(seed: 1)
    try write(network(source, "G_B"), "x_net_G_A.safetensors", ["direction": "BtoA"])
    let sentences = try InitialWeights.load(folder("x_net_G_A.safetensors"), into: SmallModel.cycleGAN(seed: 2))
    #expect(sentences[0] == "G_A starts fresh" && sentences[1].hasPrefix("G_B from "))
  }

  @Test(arguments: ["zip", "legacy"]) func takesSeveralStateDicts(_ form: String) throws {
    let path = checkpoints.appendingPathComponent("nested_networks.\(form).pth").path
    #expect(try WeightsFile.parts(of: path) == ["netG_B2A", "mean", "models.D_A"])
    let model = try SmallModel.cycleGAN()
    let sentences = try InitialWeights.load(path, into: model)
    #expect(
      sentences == [
        "G_A starts fresh", "G_B from 'netG_B2A' in '\(path)': 16663 parameters",
        "D_A from 'models.D_A' in '\(path)': 11573 parameters", "D_B starts fresh", "not used: 'mean'",
      ])
    let unet = try WeightsFile.open(fixtures.appendingPathComponent("onnx/unet_32_batch.safetensors").path)
    for (name, numbers) in try SmallModel.numbers(network(model, "G_B")) { #expect(try unet.floats(name) == numbers) }
    // A training of pairs has no networks of these names.
    let error = #expect(throws: FileError.self) { try InitialWeights.load(path, into: SmallModel.pix2pix()) }
    #expect(
      error?.problem
        == "holds 'netG_B2A', 'mean', 'models.D_A', none of which is called like a network of this training (G, D)")
  }

  @Test func namesMismatchedLayers() throws {
    try write(SmallModel.pix2pix().networks[0].network, "two.safetensors")
    func failure(_ file: String, _ change: (inout TrainingConfiguration) -> Void) throws -> FileError? {
      let model = try SmallModel.pix2pix(change)
      return #expect(throws: FileError.self) { try InitialWeights.load(folder(file), into: model) }
    }
    let wide = try failure("two.safetensors") { $0.ngf = 4 }
    #expect(
      wide?.problem
        == "does not fit G (unet_32): 'model.model.0.weight' is [2, 3, 4, 4], expected [4, 3, 4, 4]; "
        + "'model.model.1.model.1.weight' is [4, 2, 4, 4], expected [8, 4, 4, 4]; 'model.model.1.model.2.weight' is [4], "
        + "expected [8]; and 35 more")
    #expect(wide?.advice?.text(callingSettings: { "--" + $0 }) == "it was trained with --ngf 2; start with the same")
    let deep = try failure("two.safetensors") { $0.generator = .unet(levels: 6) }
    #expect(
      deep?.advice?.text(callingSettings: { "--" + $0 })
        == "it was trained with --generator unet_32; start with the same")
    let instance = try failure("two.safetensors") { $0.norm = .instance }
    #expect(
      instance?.advice?.text(callingSettings: { "--" + $0 }) == "it was trained with --norm batch; start with the same")
    #expect(instance?.problem.contains("'model.model.0.bias' is missing, expected [2]") == true)
    #expect(instance?.problem.contains("and ") == true)

    // A ResNet's dropout moves names.
    let resnet: (inout TrainingConfiguration) -> Void = { ($0.generator, $0.dropout) = (.resnet(blocks: 1), false) }
    try write(SmallModel.pix2pix(resnet).networks[0].network, "resnet.safetensors")
    let dropping = try failure("resnet.safetensors") { ($0.generator, $0.dropout) = (.resnet(blocks: 1), true) }
    #expect(
      dropping?.advice?.text(callingSettings: { "--" + $0 }) == "it was trained with --no-dropout; start with the same")

    let judge = try SmallModel.pix2pix {
      $0.discriminatorLayers = 2; $0.discriminator = .layered
    }
    try write(judge.networks[1].network, "d.safetensors")
    let layers = try failure("d.safetensors") { _ in }
    #expect(layers?.problem.hasPrefix("does not fit D: ") == true)
    #expect(
      layers?.advice?.text { "--" + $0 }
        == "it was trained with --discriminator n_layers --discriminator-layers 2 --ndf 4 --discriminator-norm batch "
        + "on 6 channels; start with the same")
    try Checkpoint.write(judge.networks, extra: [], position: SmallModel.position, to: folder("c.safetensors"))
    let member = try failure("c.safetensors") { _ in }
    #expect(member?.advice?.description.hasSuffix("start with the same, or give a file of the generator alone") == true)
  }

  @Test func tellsInstanceNormFromNone() throws {
    let source = try SmallModel.pix2pix { $0.norm = .instance }
    try write(source.networks[0].network, "a.safetensors", ["norm": "instance"])
    let error = try #require(throws: FileError.self) {
      try InitialWeights.load(folder("a.safetensors"), into: SmallModel.pix2pix { $0.norm = .none })
    }
    #expect(error.problem == "was trained with instance normalisation, unlike G")
    // A run's settings say so for its checkpoint.
    var settings = TrainingConfiguration.paired
    settings.norm = .instance
    try RunDescription(configuration: settings, data: "", version: "").write(runFolder: folder.path)
    try Checkpoint.write(
      source.networks, extra: [], position: SmallModel.position, to: folder("checkpoint.safetensors"))
    let run = #expect(throws: FileError.self) {
      try InitialWeights.load(folder.path, into: SmallModel.pix2pix { $0.norm = .none })
    }
    #expect(run?.problem == "was trained with instance normalisation, unlike G")
  }

  @Test func refuses() throws {
    let model = try SmallModel.pix2pix()
    func problem(_ path: String) -> String? {
      #expect(throws: FileError.self) { try InitialWeights.load(path, into: model) }?.problem
    }
    #expect(problem(folder("absent.pth")) != nil)
    #expect(problem(folder.path) == "holds no network")
    #expect(problem(checkpoints.appendingPathComponent("transposed_view.zip.pth").path)?.contains("no network") == true)
    let source = try SmallModel.pix2pix().networks[0].network
    source.parameters.valuesToChange()[0] = .infinity
    try write(source, "infinite.safetensors")
    #expect(problem(folder("infinite.safetensors")) == "has a weight for G that is infinite or not a number")
    try SafetensorsWriter.write([], metadata: ["kind": "training checkpoint"], to: folder("empty.safetensors"))
    #expect(problem(folder("empty.safetensors")) == "is a training checkpoint without networks")
    let many = (0..<65).map { SafetensorsWriter.Tensor(name: "N\($0).x", shape: [1], floats: [0]) }
    try SafetensorsWriter.write(many, metadata: ["kind": "training checkpoint"], to: folder("many.safetensors"))
    #expect(problem(folder("many.safetensors")) == "holds more than 64 networks")
  }

  @Test func convertsRuns() throws {
    let source = try SmallModel.cycleGAN()
    try write(network(source, "G_A"), "generator_AtoB.safetensors", ["direction": "AtoB"])
    try write(network(source, "G_B"), "generator_BtoA.safetensors", ["direction": "BtoA"])
    for (direction, name) in [(nil, "AtoB"), (Direction.bToA, "BtoA")] {
      for form in ["pth", "safetensors"] {
        let network = try WeightsConversion.convert(
          path: folder.path, direction: direction, to: folder("out.\(form)"),
          headerLimit: SafetensorsFile.defaultHeaderLimit)
        #expect(network?.architecture == "unet_32")
        let written = try WeightsFile.open(folder("out.\(form)"))
        #expect(try contents(written) == contents(WeightsFile.open(folder("generator_\(name).safetensors"))))
        #expect(written.metadata["direction"] == name)
      }
    }
    let own = folder("generator_AtoB.safetensors")
    let link = folder("link.safetensors")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: own)
    for destination in [own, link] {
      let error = #expect(throws: FileError.self) { try WeightsConversion.convert(path: own, to: destination) }
      #expect(error?.problem == "is the source itself")
    }
    try folder.makeFolder("folder.pth")
    let isFolder = #expect(throws: FileError.self) {
      try WeightsConversion.convert(path: own, to: folder("folder.pth"))
    }
    #expect(isFolder?.problem == "is a folder")
    // The extension is looked at first.
    let unknown = #expect(throws: FileError.self) { try WeightsConversion.convert(path: "absent", to: folder("a.bin")) }
    #expect(unknown?.advice == "end it in .safetensors, .pth or .onnx")
  }
}
