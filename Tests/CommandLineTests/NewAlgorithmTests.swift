import TestSupport
@testable import translate_cli
import Foundation
import Testing
@testable import DemoData
@testable import Images
@testable import NeuralNet
@testable import Training
@testable import Translate
@testable import Weights

/// What a new algorithm takes is in this file; all else asks it.
struct NewAlgorithmTests {
  @Test func isAFolderOfItsOwnAndARegistration() throws {
    let folder = try TemporaryFolder()
    let (data, run) = (folder.path + "/data", folder.path + "/run")
    try DemoData.writePaired(to: data, count: 8, size: 32)
    try TrainingAlgorithm.$registered.withValue(TrainingAlgorithm.registered + [.regression]) {
      let help = runInProcess(["train", "regression", "--help"]).output
      #expect(help.contains("train regression: learn A → B by its differences alone"))
      #expect(help.contains("--strength X") && help.contains("weight of the L1 loss [3]"))
      #expect(!help.contains("--gan-mode") && !help.contains("--ndf") && help.contains("--generator NAME"))
      #expect(runInProcess(["train", "--help"]).output.contains("train regression DATA"))
      #expect(runInProcess(["train"]).error.contains("paired or unpaired or enlarge or generate or regression"))
      #expect(
        runInProcess(["check", "--help"]).output.contains("--objective paired|unpaired|enlarge|generate|regression"))
      #expect(
        runInProcess(["train", "regression", "d", "--out", "r", "--strength", "-1"]).error
          .contains("--strength is -1.0; give a number from 0 to 10"))

      let small = ["--generator", "unet_32", "--ngf", "4", "--load-size", "32", "--crop-size", "32", "--quiet"]
      let train = runInProcess(
        ["train", "regression", data, "--out", run, "--steps", "2", "--strength", "2"] + small)
      #expect(train.status == .success, "\(train.error)")
      #expect(runInProcess(["resume", run, "--steps", "3", "--quiet"]).status == .success)

      let description = try RunDescription.read(runFolder: run)
      #expect(description.configuration.algorithm == .regression && description.configuration.strength == 2)
      let config = try String(contentsOfFile: run + "/config.json", encoding: .utf8)
      #expect(config.contains("\"objective\" : \"regression\"") && config.contains("\"strength\" : 2"))
      let losses = try String(contentsOfFile: run + "/losses.csv", encoding: .utf8)
      #expect(FileManager.default.fileExists(atPath: run + "/generator_best.safetensors"))
      #expect(
        losses.hasPrefix("step,epoch,G_L1,seconds,learning_rate\n1,1,") && losses.split(separator: "\n").count == 4)
      let metrics = try String(contentsOfFile: run + "/metrics.csv", encoding: .utf8)
      #expect(metrics.hasPrefix("step,epoch,l1,psnr,ssim\n1,1,"))
      #expect(try PNG.read(run + "/samples/step-0000003.png").width > 2 * 32)
      let page = try String(contentsOfFile: run + "/index.html", encoding: .utf8)
      #expect(page.contains("plain regression (regression) · unet_32"))
      #expect(page.contains("From left to right: label, guess.") && page.contains("difference &lt; to the target"))
      #expect(runInProcess(["inspect", run]).output.contains("regression training of unet_32"))
      let output = folder.path + "/out"
      #expect(
        runInProcess(["apply", run, data + "/val", "--half", "right", "--out", output, "--quiet"]).status == .success)
    }
    #expect(runInProcess(["train", "regression"]).error.contains("there is no command train regression"))
    #expect(runInProcess(["resume", run]).error.contains("objective has the unknown value 'regression'"))
  }
}

// MARK: - The algorithm: what would be Algorithms/Regression, and a name in `registered`

extension TrainingAlgorithm {
  fileprivate static let regression = TrainingAlgorithm(
    name: "regression", method: "plain regression", summary: "learn A → B by its differences alone",
    discussion: "DATA holds pairs.", examples: [Example(data: "maps", run: "small", settings: [("strength", "1")])],
    data: .pairs,
    settings: [
      Settings.length, Settings.data, Settings.generator, Settings.initialization,
      SettingGroup(
        Settings.lossHeading, [Setting("strength", \.strength, "weight of the L1 loss", limits: .upTo(10))]),
      Settings.optimiser, Settings.running, Settings.keeping(measuring: Likeness.figures),
    ],
    setDefaults: { $0.dropout = true }, check: { _ in }, outline: \.translatorOutline,
    losses: [Loss(name: "G_L1", meaning: "difference < to the target")], heldOutFigures: Likeness.figures,
    sampleTitles: ["label", "guess"], sampleCaption: "label, guess",
    makeModel: { try Regression($0, $1, &$2) })
}

private struct RegressionSettings: AlgorithmSettings {
  var strength = 3.0
}

extension TrainingConfiguration {
  fileprivate var strength: Double {
    get { own(RegressionSettings.self).strength }
    set { change(RegressionSettings.self) { $0.strength = newValue } }
  }
}

private final class Regression: TranslationModel {
  let networks: [TrainedNetwork]
  let generators: [GeneratorFile]
  private let weight: Double
  private let processor: Processor
  private let translate: PlannedExecutions
  private let apply: PlannedExecutions
  private let arena = Arena()
  private let multiple: Int

  init(_ configuration: TrainingConfiguration, _ processor: Processor, _ random: inout RandomGenerator) throws {
    let choice = configuration.generatorConfiguration
    let generator = try TrainedNetwork.drawn("G", choice.network(), configuration, &random)
    networks = [generator]
    generators = [
      GeneratorFile(
        name: "generator", network: generator.network, configuration: choice, direction: configuration.direction)
    ]
    weight = configuration.strength
    self.processor = processor
    multiple = choice.sizeMultiple
    translate = PlannedExecutions(generator.network, .training(), processor, in: arena)
    apply = PlannedExecutions(generator.network, configuration.inferenceMode, processor, in: arena)
  }

  var plannedBytes: Int { arena.bytes }

  func step(_ batch: Batch, learningRate: Double, random: inout RandomGenerator) throws -> [Double] {
    let pass = try translate(batch.input.shape)
    pass.input.set(batch.input)
    pass.forward(dropoutKey: random.next())
    pass.outputGradient.fill(0)
    let loss = batch.target.withView {
      L1Loss.evaluate(pass.output, $0, gradient: pass.outputGradient, weight: Float(weight), pool: processor.pool)
    }
    pass.backward(updating: networks[0].optimizer, learningRate: learningRate)
    return [weight * loss]
  }

  func figure(_ losses: [Double]) -> Double { losses[0] }

  func sample(input: ImageBatch, target: ImageBatch) throws -> [Picture] {
    [input.image(), try apply.image(input, sizeMultiple: multiple)]
  }

  func measure(input: ImageBatch, target: ImageBatch) throws -> [Double] {
    try Likeness.measure(apply.image(input, sizeMultiple: multiple), target.image())
  }
}
