import Foundation
import TestSupport
import Testing
@testable import DemoData
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Training

/// Steps that are taken in another way: sides of different sizes, one image after the other, each loss and network.
@Suite struct TrainingVariantsTests {
  /// Without crops the two sides of a CycleGAN may differ in size, and images of one side too, one by one.
  @Test func theTwoSetsMayDifferInSize() throws {
    let scene = try TrainingScene(.unpaired)
    let folder = scene.data + "/trainB"
    for (index, name) in try FileManager.default.contentsOfDirectory(atPath: folder).sorted().enumerated() {
      let width = index % 2 == 0 ? 48 : 100
      try PNG.write(try PNG.read("\(folder)/\(name)").resized(width: width, height: 72), to: "\(folder)/\(name)")
    }
    var configuration = TrainingScene.configuration(.unpaired)
    configuration.preprocess = Preprocessing.none
    configuration.steps = 9
    #expect(
      try DataFolder(scene.data, needs: .twoSets).problems(for: ImagePreparation(configuration)) == [])
    #expect(
      try TrainingSession(starting: configuration, data: scene.data, run: scene.run("whole")).train() == .finished)
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("parts"))
      .train(shouldStop: stopping(after: 5))
    _ = try TrainingSession(resuming: scene.run("parts")).train()
    #expect(try scene.result("whole") == scene.result("parts"))

    // The points of its penalty lie between a real and a generated image.
    (configuration.ganMode, configuration.discriminatorNorm) = (.wgangp, NormalizationKind.none)
    let error = #expect(throws: FileError.self) {
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("penalty")).train()
    }
    #expect(error?.problem.contains("×72 where") == true, "\(String(describing: error))")
    #expect(error?.path?.hasPrefix(folder) == true)
  }

  /// Real and generated images one after the other through the discriminators are the same as both at once.
  @Test(arguments: [1, 2], [NormalizationKind.batch, .instance])
  func learningApartIsLearningTogether(batchSize: Int, norm: NormalizationKind) throws {
    let scene = try TrainingScene(.unpaired)
    var configuration = TrainingScene.configuration(.unpaired)
    (configuration.batchSize, configuration.norm, configuration.poolSize) = (batchSize, norm, 2)
    func trained(apart: Bool) throws -> (losses: [Float], weights: [[Float]]) {
      var random = RandomGenerator(seed: 3)
      let model = try CycleGAN(configuration, processor: Processor(threads: 2), random: &random)
      model.learnsApart = apart
      let loader = try BatchLoader(
        try DataFolder(scene.data), configuration: configuration, generator: RandomGenerator(seed: 4))
      var losses: [Float] = []
      for _ in 0..<6 {
        losses += try model.step(loader.next(), learningRate: 0.0002, random: &random).map { Float($0) }
      }
      return (
        losses,
        model.networks.map { trained in
          let store = trained.network.parameters
          return store.parameters.flatMap { store.fileOrder($0) }
        }
      )
    }
    let (together, apart) = (try trained(apart: false), try trained(apart: true))
    let losses = Closeness("losses", apart.losses, together.losses, 1e-4)
    #expect(losses.holds, "\(losses)")
    for (index, (one, other)) in zip(apart.weights, together.weights).enumerated() {
      let weights = Closeness("network \(index)", one, other, 1e-4)
      #expect(weights.holds, "\(weights)")
    }
  }

  /// Every adversarial loss, policy, preprocessing and network kind trains a few steps and changes its weights.
  @Test func optionsThatChangeTheArithmetic() throws {
    let scene = try TrainingScene(.paired)
    let unpaired = try TrainingScene(.unpaired, count: 5)
    var variants: [(String, TrainingConfiguration)] = []
    func add(_ name: String, _ algorithm: TrainingAlgorithm = .paired, _ change: (inout TrainingConfiguration) -> Void)
    {
      var configuration = TrainingScene.configuration(algorithm)
      configuration.steps = 4
      change(&configuration)
      variants.append((name, configuration))
    }
    add("plain") { _ in }
    add("hinge") { $0.ganMode = .hinge }
    add("minimax") { $0.ganMode = .minimax }
    add("wgan") { $0.ganMode = .wgan }
    add("wgangp") {
      $0.ganMode = .wgangp
      $0.discriminatorNorm = NormalizationKind.none
    }
    add("batch of 3") { $0.batchSize = 3 }
    add("pixel") { $0.discriminator = .pixel }
    add("n_layers") {
      $0.discriminator = .layered
      $0.discriminatorLayers = 2
    }
    add("instance") { $0.norm = .instance }
    add("no norm") { $0.norm = .none }
    add("resize-conv") { $0.upsample = .resizeConvolution }
    add("direction") { $0.direction = .bToA }
    add("grey") {
      $0.inputChannels = 1
      $0.outputChannels = 3
    }
    add("no crop, no multiple") {
      $0.preprocess = .scaleWidth
      $0.loadSize = 50
      $0.cropSize = 32
    }
    add("resnet") { $0.generator = .resnet(blocks: 1) }
    add("unpaired unet", .unpaired) {
      $0.generator = .unet(levels: 5)
      $0.norm = .batch
    }
    add("unpaired without identity", .unpaired) {
      $0.lambdaIdentity = 0
      $0.inputChannels = 1
    }
    add("unpaired wgangp", .unpaired) {
      $0.ganMode = .wgangp
      $0.discriminatorNorm = NormalizationKind.none
    }
    add("unpaired resize-conv, batch of 2", .unpaired) {
      $0.upsample = .resizeConvolution
      $0.batchSize = 2
    }
    var seen: Set<String> = []
    for (name, configuration) in variants {
      let data = configuration.algorithm == .paired ? scene.data : unpaired.data
      let run = scene.run(name)
      #expect(try TrainingSession(starting: configuration, data: data, run: run).train() == .finished, "\(name)")
      let rows = try TrainingScene.losses(run)
      #expect(rows.count == 5, "\(name)")
      #expect(seen.insert(rows[1...].joined()).inserted, "\(name) trains like another variant")
    }
  }
}
