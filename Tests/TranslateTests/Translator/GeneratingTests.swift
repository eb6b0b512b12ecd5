import DCGAN
import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Translate
@testable import Weights

/// Pictures of noise.
@Suite struct GeneratingTests {
  /// A small generator with drawn weights, trained with `labels`.
  private static func model(_ folder: TemporaryFolder, labels: [String] = []) throws -> String {
    var configuration = DCGANGeneratorConfiguration()
    (configuration.doublings, configuration.filters, configuration.inputChannels) = (3, 4, 10 + labels.count)
    let network = try configuration.network()
    var random = RandomGenerator(seed: 5)
    network.initialize(.normal, gain: 0.3, random: &random)
    var metadata = ModelMetadata(configuration)
    metadata.normStatistics = "running"
    metadata.labels = labels.isEmpty ? nil : labels
    let path = folder("model.safetensors")
    try SafetensorsWriter.write(NetworkTensors.tensors(of: network), metadata: metadata.strings, to: path)
    return path
  }

  /// Weights that say nothing of themselves, in the form of PyTorch's example, against PyTorch.
  @Test func picturesOfPyTorchsExample() throws {
    let (golden, folder) = (try Golden("network_dcgan32_batch"), try TemporaryFolder())
    let file = try SafetensorsFile(
      path: fixtures.appendingPathComponent("golden/network_dcgan32_batch.safetensors").path)
    let tensors = try file.tensors.filter { $0.name.hasPrefix("weights/") }.map {
      SafetensorsWriter.Tensor(name: String($0.name.dropFirst(8)), shape: $0.shape, floats: try file.floats($0.name))
    }
    try PyTorchWriter.write(tensors, metadata: [:], to: folder("netG_epoch_24.pth"))
    let generator = try PictureGenerator(model: folder("netG_epoch_24.pth"), threads: 1)
    #expect(generator.labels == [] && generator.latentSize == 10 && generator.imageSize == 32)
    let x = try golden.floats("x")
    let pictures = try generator.pictures(stride(from: 0, to: x.count, by: 10).map { Latent(Array(x[$0..<$0 + 10])) })
    let expected = try golden.floats("y_eval")
    for (number, picture) in pictures.enumerated() {
      #expect((picture.width, picture.height, picture.channels) == (32, 32, 3))
      for index in 0..<3 * 1024 {
        let wanted = (expected[number * 3072 + index % 3 * 1024 + index / 3] + 1) * 127.5
        #expect(abs(Float(picture.pixels[index]) - wanted) < 0.51)
      }
    }
  }

  /// A picture is that of its latent numbers and its label, whatever else is made.
  @Test func picturesStandForThemselves() throws {
    let folder = try TemporaryFolder()
    let model = try Self.model(folder, labels: ["day", "night"])
    let one = try PictureGenerator(model: model, threads: 1)
    let three = try PictureGenerator(model: model, threads: 3)
    #expect(one.labels == ["day", "night"] && one.latentSize == 10)
    let latents = (0..<19).map { Latent(seed: 7, index: $0, count: 10) }
    let all = try one.pictures(latents, label: "day")
    #expect(try three.pictures(latents, label: "day") == all)
    #expect(try three.pictures([latents[18]], label: "day") == [all[18]])
    #expect(try one.pictures(latents, label: "night") != all)
    #expect(Set(all.map(\.pixels)).count == 19)
    #expect(
      Latent(seed: 8, index: 0, count: 10) != latents[0]
        && Latent(seed: 7, index: 0, count: 4).values == Array(latents[0].values.prefix(4)))
  }

  @Test func theWayLiesOnTheSphere() {
    let (a, b) = (Latent(seed: 1, index: 0, count: 100), Latent(seed: 1, index: 1, count: 100))
    func length(_ latent: Latent) -> Double {
      latent.values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    #expect(relativeError(a.toward(b, share: 0).values, a.values) < 1e-6)
    #expect(relativeError(a.toward(b, share: 1).values, b.values) < 1e-6)
    let middle = a.toward(b, share: 0.5)
    #expect(length(middle) > 0.95 * min(length(a), length(b)))
    #expect(length(Latent(zip(a.values, b.values).map { ($0 + $1) / 2 })) < 0.9 * min(length(a), length(b)))
    // Quarter of a circle in a plane.
    let quarter = Latent([1, 0]).toward(Latent([0, 1]), share: 1.0 / 3)
    #expect(relativeError(quarter.values, [0.8660254, 0.5]) < 1e-6)
    #expect(a.toward(a, share: 0.3).values == a.values.map { Float(0.7 * Double($0) + 0.3 * Double($0)) })
  }

  @Test func aFolderOfPictures() throws {
    let folder = try TemporaryFolder()
    let generator = try PictureGenerator(model: Self.model(folder, labels: ["day", "night"]), threads: 2)
    var generation = FolderGeneration(to: folder("out"))
    (generation.count, generation.seed, generation.label, generation.sheet) = (18, 3, "all", folder("sheets/all.png"))
    var seen: [Int] = []
    #expect(try generation.run(generator, report: { seen.append($0.done) }) == 36)
    #expect(seen == [16, 18, 34, 36])
    for label in ["day", "night"] {
      #expect(try FolderListing.names(in: folder("out/" + label)).count == 18)
      let eighteenth = try generator.pictures([Latent(seed: 3, index: 17, count: 10)], label: label)[0]
      #expect(try PNG.read(folder("out/\(label)/0018.png")) == eighteenth)
    }
    // Rows of 16 and 2 for each label.
    let sheet = try PNG.read(folder("sheets/all.png"))
    #expect(sheet.width > 16 * 36 && sheet.height == 4 + 4 * 36)

    (generation.label, generation.interpolates, generation.count) = ("day", true, 5)
    (generation.output, generation.sheet) = (folder("way"), nil)
    #expect(try generation.run(generator) == 5)
    let ends = try generator.pictures((0..<2).map { Latent(seed: 3, index: $0, count: 10) }, label: "day")
    #expect(try PNG.read(folder("way/0001.png")) == ends[0] && PNG.read(folder("way/0005.png")) == ends[1])
    #expect(try generation.run(generator, shouldStop: { true }) == 0)
  }

  @Test func whatCannotBeIsSaid() throws {
    let folder = try TemporaryFolder()
    let labelled = try PictureGenerator(model: Self.model(folder, labels: ["day", "night"]), threads: 1)
    func problem(_ body: () throws -> Void) -> String {
      #expect(throws: FileError.self) { try body() }?.description ?? ""
    }
    let latents = [Latent(seed: 0, index: 0, count: 10)]
    #expect(problem { _ = try labelled.pictures(latents) }.contains("day, night; choose one with label"))
    #expect(problem { _ = try labelled.pictures(latents, label: "nigt") }.contains("did you mean night?"))
    var generation = FolderGeneration(to: folder("out"))
    generation.count = 0
    #expect(problem { _ = try generation.run(labelled) }.contains("pictures to make"))
    let plain = try PictureGenerator(model: Self.model(folder), threads: 1)
    #expect(problem { _ = try plain.pictures(latents, label: "day") }.contains("was trained without labels"))
    #expect(
      problem { _ = try Translator(model: folder("model.safetensors")) }.contains("make some with the generate command")
    )
  }
}
