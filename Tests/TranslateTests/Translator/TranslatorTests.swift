import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Translate
@testable import UNet
@testable import Weights

/// A temporary folder with a small model, gone with the object.
final class ModelScene {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("translator-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// Writes a model with drawn weights and running statistics that are no image's own.
  func model(
    _ name: String, _ configuration: any GeneratorConfiguration, statistics: String? = nil, labels: [String]? = nil,
    seed: UInt64 = 1, gain: Double = 0.2
  ) throws -> String {
    let network = try configuration.network()
    var random = RandomGenerator(seed: seed)
    network.initialize(.normal, gain: gain, random: &random)
    for index in network.parameters.runningStatistics.indices {
      for channel in network.parameters.runningStatistics[index].mean.indices {
        network.parameters.runningStatistics[index].mean[channel] = Float(random.uniform() - 0.5)
        network.parameters.runningStatistics[index].variance[channel] = Float(0.5 + random.uniform())
      }
    }
    var metadata = ModelMetadata(configuration)
    metadata.normStatistics = statistics
    metadata.labels = labels
    try SafetensorsWriter.write(NetworkTensors.tensors(of: network), metadata: metadata.strings, to: path(name))
    return path(name)
  }

  static func unet(channels: Int = 3, dropout: Bool = false) -> UNetConfiguration {
    var configuration = UNetConfiguration(levels: 6)
    configuration.filters = 4
    configuration.inputChannels = channels
    configuration.outputChannels = channels
    configuration.dropout = dropout
    return configuration
  }

  static func noise(_ width: Int, _ height: Int, channels: Int = 3, seed: UInt64) -> Picture {
    var random = RandomGenerator(seed: seed)
    let pixels = (0..<width * height * channels).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    return Picture(width: width, height: height, channels: channels, pixels: pixels)
  }
}

@Suite struct TranslatorTests {
  @Test func anySizeComesBackAtItsSizeWithItsOpacity() throws {
    let scene = try ModelScene()
    let translator = try Translator(model: try scene.model("m.safetensors", ModelScene.unet()))
    for (width, height) in [(64, 64), (65, 63), (1, 1), (3, 130), (200, 17)] {
      let image = ModelScene.noise(width, height, seed: 5)
        .withAlpha((0..<width * height).map { UInt8(truncatingIfNeeded: $0 * 7) })
      let output = try translator.translate(image)
      #expect(output.width == width && output.height == height && output.channels == 3)
      #expect(output.alpha == image.alpha)
    }
  }

  /// What goes in with 16 bits comes out with 16 bits, the nearest of which are those of 8 bits.
  @Test(arguments: [nil, 32]) func theDepthIsKept(tile: Int?) throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", ModelScene.unet())
    let bytes = ModelScene.noise(70, 52, seed: 6).withAlpha([UInt8](repeating: 9, count: 70 * 52))
    let words = bytes.converted(bitDepth: 16)
    var options = Translator.Options()
    options.tile = tile.map { _ in 64 }
    let shallow = try Translator(model: model, options: options).translate(bytes)
    let deep = try Translator(model: model, options: options).translate(words)
    #expect(shallow.bitDepth == 8 && deep.bitDepth == 16 && deep.alpha == bytes.alpha)
    let differences = zip(deep.pixels, shallow.pixels).map { abs(Int($0) - Int($1)) }
    #expect(differences.max() ?? 9 <= 1, "\(differences.max() ?? 9)")
    // More than 8 bits are in it.
    #expect(deep != deep.converted(bitDepth: 8).converted(bitDepth: 16))
    options.bitDepth = .eight
    #expect(try Translator(model: model, options: options).translate(words).bitDepth == 8)
    options.bitDepth = .sixteen
    let widened = try Translator(model: model, options: options).translate(bytes)
    #expect(widened.bitDepth == 16 && widened == deep)
  }

  @Test func aPaddedPictureIsTheMiddleOfTheMirroredOne() throws {
    let scene = try ModelScene()
    let translator = try Translator(model: try scene.model("m.safetensors", ModelScene.unet()))
    let image = ModelScene.noise(60, 52, seed: 2)
    let padding = Padding(width: 60, height: 52, multiple: 64)
    let whole = try translator.translate(image.padded(padding))
    #expect(
      try translator.translate(image) == whole.cropped(x: padding.left, y: padding.top, width: 60, height: 52))
  }

  @Test func batchesEqualSinglePictures() throws {
    let scene = try ModelScene()
    for statistics in ["image", "running"] {
      let translator = try Translator(
        model: try scene.model("\(statistics).safetensors", ModelScene.unet(), statistics: statistics))
      #expect(translator.normStatistics.rawValue == statistics)
      let images = (0..<3).map { ModelScene.noise(64, 64, seed: UInt64($0)) }
      let batch = try translator.translate(images)
      #expect(try batch == images.map { try translator.translate($0) })
      #expect(batch[0] != batch[1])
    }
  }

  @Test func statisticsAreAChoice() throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", ModelScene.unet(), statistics: "running")
    let image = ModelScene.noise(64, 64, seed: 3)
    var options = Translator.Options()
    let asTrained = try Translator(model: model, options: options).translate(image)
    options.normStatistics = .running
    #expect(try Translator(model: model, options: options).translate(image) == asTrained)
    options.normStatistics = .image
    #expect(try Translator(model: model, options: options).translate(image) != asTrained)
  }

  @Test func threadsChangeNothing() throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", ModelScene.unet())
    let image = ModelScene.noise(128, 64, seed: 3)
    var outputs: [Picture] = []
    for threads in [1, 2, 5] {
      var options = Translator.Options()
      options.threads = threads
      outputs.append(try Translator(model: model, options: options).translate(image))
    }
    #expect(outputs[0] == outputs[1] && outputs[1] == outputs[2])
  }

  @Test func dropoutDrawsByNameAndSeed() throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", ModelScene.unet(dropout: true))
    var options = Translator.Options()
    options.dropout = true
    let image = ModelScene.noise(64, 64, seed: 3)
    let first = try Translator(model: model, options: options)
    let a = try first.translate(image, name: "a")
    #expect(try first.translate(image, name: "a") == a)
    #expect(try first.translate([image, image], names: ["b", "a"])[1] == a)
    #expect(try first.translate(image, name: "b") != a)
    options.seed = 1
    #expect(try Translator(model: model, options: options).translate(image, name: "a") != a)
  }

  @Test func greyNetworksTakeColourAndGiveGrey() throws {
    let scene = try ModelScene()
    let translator = try Translator(model: try scene.model("m.safetensors", ModelScene.unet(channels: 1)))
    let colour = ModelScene.noise(64, 64, seed: 3)
    let output = try translator.translate(colour)
    #expect(output.channels == 1)
    #expect(try translator.translate(colour.converted(channels: 1)) == output)
  }

  @Test func tilesCoverThePicture() throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", ModelScene.unet())
    var options = Translator.Options()
    options.tile = 64
    let tiled = try Translator(model: model, options: options)
    let image = ModelScene.noise(150, 100, seed: 8)
    let output = try tiled.translate(image)
    #expect(output.width == 150 && output.height == 100)
    let small = ModelScene.noise(64, 50, seed: 8)
    #expect(try tiled.translate(small) == Translator(model: model).translate(small))
    options.tile = 70
    let error = #expect(throws: FileError.self) { _ = try Translator(model: model, options: options) }
    #expect(
      error?.description == "a tile of 70 pixels does not fit this network; give a multiple of 64, such as 64")
  }

  @Test(arguments: [(Int.max, 16384), (16385, 16384), (100, 128), (95, 64), (0, 64), (-1, 64), (Int.min, 64)])
  func tilesThatCannotBe(tile: Int, nearest: Int) throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", ModelScene.unet())
    var options = Translator.Options()
    options.tile = tile
    let error = #expect(throws: FileError.self) { _ = try Translator(model: model, options: options) }
    #expect(
      error?.description
        == "a tile of \(tile) pixels does not fit this network; give a multiple of 64, such as \(nearest)")
  }

  @Test(arguments: [Int.max, 1025, 0, -1, Int.min]) func threadsThatCannotBe(threads: Int) throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", ModelScene.unet())
    var options = Translator.Options()
    options.threads = threads
    let error = #expect(throws: FileError.self) { _ = try Translator(model: model, options: options) }
    #expect(error?.description == "\(threads) threads cannot be; give 1 to 1024")
  }

  @Test func networksThatNoPictureFitsAreRefused() throws {
    let scene = try ModelScene()
    let path = try scene.model("m.safetensors", ModelScene.unet(channels: 5))
    let error = #expect(throws: FileError.self) { _ = try GeneratorModel(path) }
    #expect(
      error?.description == path + ": reads pictures of 5 channels, where PNGs have 1 to 4: grey or RGB, and opacity; "
        + "give a generator for grey or RGB pictures")
    let empty = scene.path("empty.safetensors")
    let layout = try ModelScene.unet().declaration().tensors.map { tensor in
      let shape = tensor.shape.map { $0 == 3 || $0 == 4 && tensor.shape.last == 4 ? $0 : 0 }
      return SafetensorsWriter.Tensor(
        name: tensor.name, shape: shape, floats: [Float](repeating: 0, count: shape.reduce(1, *)))
    }
    try SafetensorsWriter.write(layout, to: empty)
    #expect(throws: FileError.self) { _ = try GeneratorModel(empty) }
  }

  @Test func unequalBatchesAreRefused() throws {
    let scene = try ModelScene()
    let translator = try Translator(model: try scene.model("m.safetensors", ModelScene.unet()))
    let error = #expect(throws: FileError.self) {
      _ = try translator.translate(
        [ModelScene.noise(64, 64, seed: 1), ModelScene.noise(65, 64, seed: 1)], names: ["a", "b"])
    }
    #expect(error?.description.hasPrefix("b: is 65×64 in a batch of 64×64") == true)
  }
}
