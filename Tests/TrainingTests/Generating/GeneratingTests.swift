import Foundation
import TestSupport
import Testing
@testable import DemoData
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Training
@testable import Translate
@testable import Weights

/// Runs of `train generate`.
@Suite struct GeneratingTests {
  private static func configuration(labels: Bool = false) -> TrainingConfiguration {
    var configuration = TrainingConfiguration(.generating)
    (configuration.cropSize, configuration.loadSize, configuration.latentSize) = (32, 32, 8)
    (configuration.ngf, configuration.ndf, configuration.batchSize) = (4, 4, 5)
    configuration.labels = labels ? .folders : .none
    configuration.recursive = !labels
    configuration.threads = 2
    return configuration
  }

  private struct Scene {
    let folder: TemporaryFolder
    var data: String { folder("data") }
    init(count: Int = 3) throws {
      folder = try TemporaryFolder()
      try DemoData.writeShapes(to: folder("data"), count: count, size: 32)
    }
    func files(_ run: String) throws -> [String: Data] {
      let names = ["generator.safetensors", "generator_best.safetensors", "checkpoint.safetensors", "metrics.csv"]
      return try names.reduce(into: [:]) { $0[$1] = try Data(contentsOf: URL(fileURLWithPath: folder(run) + "/" + $1)) }
    }
  }

  /// The defaults are those of the example, with the average of later papers.
  @Test func defaults() throws {
    let configuration = TrainingConfiguration(.generating)
    try configuration.validate()
    #expect((configuration.batchSize, configuration.cropSize, configuration.latentSize) == (64, 64, 100))
    #expect((configuration.learningRate, configuration.beta1, configuration.ema) == (2e-4, 0.5, 0.999))
    #expect(
      configuration.latentGeneratorConfiguration == .init() && configuration.latentDiscriminatorConfiguration == .init()
    )
    #expect(configuration.discriminatorSteps == 1)
  }

  /// The same bytes with another number of threads, and after a stop in the middle of the critic's steps.
  @Test(arguments: [AdversarialLoss.vanilla, .wgan, .wgangp]) func resumedIsUnbroken(loss: AdversarialLoss) throws {
    let scene = try Scene()
    var configuration = Self.configuration(labels: loss != .wgan)
    (configuration.ganMode, configuration.steps, configuration.instanceNoise) = (loss, 7, 0.1)
    if loss == .wgangp { configuration.discriminatorNorm = NormalizationKind.none }
    configuration.sampleEvery = 3
    #expect(
      try TrainingSession(starting: configuration, data: scene.data, run: scene.folder("whole")).train() == .finished)
    configuration.threads = 1
    var steps = 0
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.folder("parts")).train(shouldStop: {
      steps += 1
      return steps == 4
    })
    _ = try TrainingSession(resuming: scene.folder("parts")).train()
    #expect(try scene.files("whole") == scene.files("parts"))
    let sheets = try FolderListing.names(in: scene.folder("whole/samples"))
    #expect(sheets.count == 4)
    for sheet in sheets {
      #expect(try PNG.read(scene.folder("whole/samples/" + sheet)) == PNG.read(scene.folder("parts/samples/" + sheet)))
    }
  }

  /// What is handed out says what it is, and makes the pictures that samples show, under each label others.
  @Test func handedOutWithItsLabels() throws {
    let scene = try Scene()
    var configuration = Self.configuration(labels: true)
    (configuration.steps, configuration.ema) = (3, 0.5)
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.folder("run")).train()
    let model = try GeneratorModel(scene.folder("run"))
    #expect(model.labels == ["circle", "cross", "square", "triangle"])
    #expect(model.metadata.architecture == "dcgan_32" && model.metadata.direction == nil)
    #expect(model.metadata.normStatistics == "running" && model.metadata.averageDecay == 0.5)
    let generator = try PictureGenerator(model, threads: 1)
    let latent = Latent(seed: configuration.seed, index: 0, count: 8)
    let pictures = try generator.labels.map { try generator.pictures([latent], label: $0)[0] }
    #expect(Set(pictures.map(\.pixels)).count == 4)
    // The sheet's first row is of the first label; its first picture is number 1.
    let sheet = try PNG.read(scene.folder("run/samples/step-0000003.png"))
    let first = try #require(
      (0..<80).flatMap { y in (0..<200).map { (x: $0, y: y) } }.first { place in
        sheet.cropped(x: place.x, y: place.y, width: 32, height: 32) == pictures[0]
      })
    #expect(first.x > 0)
    let metrics = try String(contentsOfFile: scene.folder("run/metrics.csv"), encoding: .utf8)
    #expect(metrics.hasPrefix("step,epoch,energy,variety\n1,1,"))
  }

  /// The weights of a discriminator of WGAN stay within 0.01 of 0; those of the generator do not.
  @Test func weightsAreClipped() throws {
    let scene = try Scene()
    var configuration = Self.configuration()
    (configuration.ganMode, configuration.criticSteps) = (.wgan, 2)
    var random = RandomGenerator(seed: 1)
    let model = try LatentGAN(configuration, processor: Processor(threads: 2), random: &random)
    let loader = try BatchLoader(
      DataFolder(scene.data, needs: .oneSet, recursive: true), configuration: configuration,
      generator: RandomGenerator(seed: 2))
    func largest(_ index: Int) -> Float {
      let store = model.networks[index].network.parameters
      return store.parameters.flatMap { store.fileOrder($0) }.map { abs($0) }.max() ?? 0
    }
    func weights(_ index: Int) -> [[Float]] {
      let store = model.networks[index].network.parameters
      return store.parameters.map { store.fileOrder($0) }
    }
    let before = weights(0)
    _ = try model.step(loader.next(), learningRate: 2e-4, random: &random)
    #expect(weights(0) == before, "the first step is the critic's alone")
    #expect(largest(1) == 0.01)
    _ = try model.step(loader.next(), learningRate: 2e-4, random: &random)
    #expect(weights(0) != before && largest(0) > 0.01 && largest(1) == 0.01)
  }

  /// Smoothing, noise and critic steps each change what is learnt; noise is gone in the last epoch.
  @Test func optionsChangeTheArithmetic() throws {
    let scene = try Scene(count: 4)
    func losses(_ change: (inout TrainingConfiguration) -> Void) throws -> [Double] {
      var configuration = Self.configuration()
      configuration.epochs = 4
      change(&configuration)
      try configuration.validate()
      var random = RandomGenerator(seed: 1)
      let model = try LatentGAN(configuration, processor: Processor(threads: 2), random: &random)
      let loader = try BatchLoader(
        DataFolder(scene.data, needs: .oneSet, recursive: true), configuration: configuration,
        generator: RandomGenerator(seed: 2))
      return try (0..<3).flatMap { _ in try model.step(loader.next(), learningRate: 2e-4, random: &random) }
    }
    let variants = try [
      losses { _ in }, losses { $0.labelSmoothing = 0.2 }, losses { $0.instanceNoise = 0.3 },
      losses { $0.criticSteps = 3 }, losses { $0.ganMode = .lsgan }, losses { $0.ganMode = .hinge },
      losses { $0.ganMode = .minimax },
      losses { ($0.ganMode, $0.discriminatorNorm) = (.wgangp, NormalizationKind.none) },
      losses { $0.norm = .none },
      losses {
        $0.outputChannels = 1; $0.inputChannels = 1
      },
    ]
    #expect(Set(variants).count == variants.count)
    #expect(variants.allSatisfy { $0.allSatisfy(\.isFinite) })
  }

  /// One distribution has energy distance 0 on average and variety 1; a collapsed generator is told.
  @Test func statisticsTellCollapse() {
    func pictures(_ seeds: Range<UInt64>) -> [Picture] {
      seeds.map { seed in
        let figure = DemoFigure.allCases[Int(seed % 4)]
        let pixels = ShapeScene.draw(figure, size: 32, generator: RandomGenerator(seed: seed))
        return Picture(width: 32, height: 32, channels: 3, pixels: pixels)
      }
    }
    let (data, same) = (pictures(0..<60), SampleStatistics.measure(pictures(100..<160), against: pictures(0..<60)))
    #expect(abs(same[0]) < 2 && abs(same[1] - 1) < 0.1, "\(same)")
    let collapsed = SampleStatistics.measure([Picture](repeating: data[0], count: 60), against: data)
    #expect(collapsed[0] > 10 && collapsed[1] == 0, "\(collapsed)")
    let grey = Picture(width: 32, height: 32, channels: 3, pixels: [UInt8](repeating: 128, count: 3072))
    let black = Picture(width: 32, height: 32, channels: 3, pixels: [UInt8](repeating: 0, count: 3072))
    // All distances by hand: 128 across, none within.
    #expect(SampleStatistics.measure([grey, grey], against: [black, black]) == [256, 0])
    #expect(SampleStatistics.measure([grey], against: [black]) == [256, 0])
  }

  @Test func whatCannotBeIsRefused() throws {
    func refusal(_ change: (inout TrainingConfiguration) -> Void) -> ConfigurationError? {
      var configuration = TrainingConfiguration(.generating)
      change(&configuration)
      return #expect(throws: ConfigurationError.self) { try configuration.validate() }
    }
    #expect(refusal { ($0.cropSize, $0.loadSize) = (48, 48) }?.advice.description == "give 32, 64, 128, 256")
    #expect(refusal { $0.preprocess = .none }?.setting == "preprocess")
    #expect(refusal { ($0.ganMode, $0.labelSmoothing) = (.hinge, 0.1) }?.setting == "label-smoothing")
    #expect(refusal { $0.labelSmoothing = 1 }?.setting == "label-smoothing")
    #expect(refusal { $0.ganMode = .wgangp }?.setting == "gan-mode")
    #expect(refusal { $0.criticSteps = 0 }?.setting == "critic-steps")
    #expect(refusal { $0.latentSize = 0 }?.setting == "latent-size")
    let scene = try Scene()
    var configuration = Self.configuration()
    (configuration.cropSize, configuration.loadSize, configuration.preprocess) = (64, 64, .crop)
    let error = #expect(throws: FileError.self) {
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.folder("run"))
    }
    #expect(error?.description.contains("32×32") == true, "\(String(describing: error))")
  }

  /// Weights of PyTorch's example to start from; those of other networks are refused with what they are.
  @Test func startsFromOtherWeights() throws {
    let scene = try Scene()
    var configuration = Self.configuration()
    configuration.steps = 1
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.folder("first")).train()
    configuration.initFrom = scene.folder("first/generator.safetensors")
    let second = try TrainingSession(starting: configuration, data: scene.data, run: scene.folder("second"))
    #expect(
      second.initialWeights.contains { $0.hasPrefix("G from") } && second.initialWeights.contains("D starts fresh"))
    configuration.latentSize = 9
    let error = #expect(throws: FileError.self) {
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.folder("third"))
    }
    #expect(error?.description.contains("latent size") == true, "\(String(describing: error))")
  }
}
