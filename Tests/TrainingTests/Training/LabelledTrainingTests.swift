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

/// pix2pix with labels, from the data to what the weights do.
@Suite struct LabelledTrainingTests {
  private static let lights = ["day", "dusk", "night"]

  /// A folder with drawn houses in three lights, in `data`.
  private func scene(count: Int = 3) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try DemoData.writeLabelled(to: folder("data"), count: count, size: 32, seed: 3)
    return folder
  }

  private func configuration() -> TrainingConfiguration {
    var configuration = TrainingScene.configuration(.paired)
    configuration.labels = .folders
    configuration.direction = .bToA
    configuration.loadSize = 36
    return configuration
  }

  private func sentence(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return (error as? FileError)?.text { "--" + $0 } ?? "\(error)" }
  }

  /// The same bytes in, and the light that comes out is that of the label.
  @Test func theLabelAloneDecidesTheLight() throws {
    let folder = try scene(count: 12)
    var configuration = configuration()
    configuration.dropout = false
    configuration.ngf = 8
    configuration.learningRate = 0.002
    configuration.steps = 150
    _ = try TrainingSession(starting: configuration, data: folder("data"), run: folder("run")).train()
    let translator = try Translator(model: folder("run"))
    #expect(translator.labels == Self.lights)
    var brightness = Self.lights.map { _ in 0.0 }
    for index in 1...4 {
      let map = try PNG.read(folder("data/val/day/facade_000\(index).png")).half(.right)
      for (place, light) in Self.lights.enumerated() {
        let output = try translator.translate(map, label: light)
        #expect(try translator.translate(map, label: light) == output)
        let mean = output.pixels.reduce(0.0) { $0 + Double($1) } / Double(output.pixels.count)
        brightness[place] += mean / 4
      }
    }
    // The drawings are at about 160, 105 and 50.
    #expect(brightness[0] > brightness[1] + 20 && brightness[1] > brightness[2] + 20, "\(brightness)")
  }

  @Test func stoppingAndResumingChangesNothing() throws {
    let folder = try scene()
    var configuration = configuration()
    configuration.batchSize = 2
    configuration.sampleEvery = 4
    configuration.steps = 9
    _ = try TrainingSession(starting: configuration, data: folder("data"), run: folder("whole")).train()
    _ = try TrainingSession(starting: configuration, data: folder("data"), run: folder("parts"))
      .train(shouldStop: stopping(after: 3))
    let rest = try TrainingSession(resuming: folder("parts")) { $0.threads = 1 }
    #expect(try rest.train() == .finished)
    for name in ["checkpoint.safetensors", "generator.safetensors", "generator_best.safetensors"] {
      let files = try ["whole", "parts"].map { try Data(contentsOf: URL(fileURLWithPath: folder("\($0)/\(name)"))) }
      #expect(files[0] == files[1], "\(name)")
    }
    #expect(try TrainingScene.losses(folder("whole")) == TrainingScene.losses(folder("parts")))
    #expect(rest.configuration.labelNames == Self.lights)
  }

  /// Samples and figures take one picture of each label in turn, and the sheet says whose it is.
  @Test func samplesShowEveryLabel() throws {
    let folder = try scene(count: 4)
    let data = try DataFolder(folder("data"), needs: .pairs, labels: .folders)
    let samples = SamplePictures(data, configuration())
    let held = try #require(data.heldOut)
    #expect(samples.rows.map { held.filesA[$0.input].label } == [0, 1, 2, 0, 1, 2])
    #expect(samples.measured.count == 12)
    let pair = try samples.store.fixedPair(input: samples.rows[1].input, target: samples.rows[1].target)
    #expect(pair.input.labels == [1])
    // The same house in another light, from the same map.
    let other = try samples.store.fixedPair(input: samples.rows[2].input, target: samples.rows[2].target)
    #expect(pair.input.values == other.input.values && pair.target.values != other.target.values)
  }

  @Test func aSmallPartOfTheDataHasEveryLabel() throws {
    let folder = try scene(count: 4)
    let data = try DataFolder(folder("data"), needs: .pairs, labels: .folders).limited(to: 5)
    #expect(data.training.filesA.map(\.label) == [0, 0, 1, 1, 2])
    #expect(data.training.filesA.map { $0.stem.suffix(4) } == ["0001", "0002", "0001", "0002", "0001"])
  }

  /// What the generator is measured with: outputs of one map differ by label.
  @Test func figuresUseThePicturesOwnLabel() throws {
    var configuration = configuration()
    configuration.labelNames = Self.lights
    var random = RandomGenerator(seed: 1)
    let model = try Pix2Pix(configuration, processor: Processor(threads: 1), random: &random)
    let values = (0..<32 * 32 * 3).map { _ in Float(random.uniform() * 2 - 1) }
    let outputs = try (0..<3).map { label in
      let batch = ImageBatch(count: 1, height: 32, width: 32, channels: 3, values: values, labels: [label])
      return try model.sample(input: batch, target: batch)[1]
    }
    #expect(outputs[0] != outputs[1] && outputs[1] != outputs[2] && outputs[0] != outputs[2])
  }

  @Test func weightsOfOtherLabelsAreToldApart() throws {
    let folder = try TemporaryFolder()
    func model(_ labels: [String], seed: UInt64) throws -> Pix2Pix {
      try SmallModel.pix2pix(seed: seed) { $0.labelNames = labels }
    }
    func write(_ labels: [String], _ name: String) throws -> String {
      let file = try model(labels, seed: 2).generators[0]
      var metadata = ModelMetadata(file.configuration)
      metadata.labels = file.labels.isEmpty ? nil : file.labels
      try SafetensorsWriter.write(
        NetworkTensors.tensors(of: file.network), metadata: metadata.strings, to: folder(name))
      return folder(name)
    }
    let (three, plain) = (try write(Self.lights, "three.safetensors"), try write([], "plain.safetensors"))
    #expect(try InitialWeights.load(three, into: model(Self.lights, seed: 1)).count == 2)
    #expect(
      try InitialWeights.load(three, into: model(["a", "b", "c"], seed: 1)).dropFirst().first
        == "its labels day, dusk, night are a, b, c from here on, in this order")
    #expect(
      sentence { _ = try InitialWeights.load(three, into: model([], seed: 1)) }
        == three + ": was trained with the labels day, dusk, night, and not without; give data in 3 sub-folders with "
        + "--labels folders, or start with fresh weights")
    #expect(
      sentence { _ = try InitialWeights.load(three, into: model(["a", "b"], seed: 1)) }
        == three + ": was trained with the labels day, dusk, night, and not with a, b; give data in 3 sub-folders with "
        + "--labels folders, or start with fresh weights")
    #expect(
      sentence { _ = try InitialWeights.load(plain, into: model(Self.lights, seed: 1)) }
        == plain
        + ": was trained without labels, and not with day, dusk, night; start without --labels folders, or with "
        + "fresh weights")
    let other = try SmallModel.pix2pix(seed: 1) { ($0.labelNames, $0.inputChannels) = (Self.lights, 1) }
    #expect(
      sentence { _ = try InitialWeights.load(three, into: other) }?.contains("it was trained with --input-channels 3; ")
        == true)
  }

  @Test func foldersThatCannotBeLabelsAreNamed() throws {
    let folder = try scene(count: 1)
    try FileManager.default.moveItem(atPath: folder("data/train/day"), toPath: folder("data/train/all"))
    let problems = try DataFolder(folder("data"), needs: .pairs, labels: .folders).problems
    #expect(
      problems.contains {
        $0.description
          == "\(folder("data")): has a sub-folder that would be a label, but 'all' stands for every label; call it "
          + "otherwise"
      }, "\(problems)")
  }
}
