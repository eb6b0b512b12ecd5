import Files
import Foundation
import NeuralNet
import Testing
@testable import Images
@testable import Training
@testable import Translate
@testable import Weights

/// Networks that read or make opacity, and networks that colour.
@Suite struct PixelNumbersTrainingTests {
  private func picture(_ width: Int, _ height: Int, seed: UInt64, hasAlpha: Bool) -> Picture {
    var random = RandomGenerator(seed: seed)
    func samples(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(random.integer(below: 256)) } }
    return Picture(
      width: width, height: height, channels: 3, pixels: samples(3 * width * height),
      alpha: hasAlpha ? samples(width * height) : nil)
  }

  /// A scene whose data are pictures of 40 × 40 pixels, pairs of them where `sideBySide`.
  private func scene(sideBySide: Bool, hasAlpha: Bool) throws -> TrainingScene {
    let scene = try TrainingScene(.paired, count: 1)
    try FileManager.default.removeItem(atPath: scene.data)
    for (part, count) in [("train", 3), ("val", 1)] {
      try FileManager.default.createDirectory(atPath: "\(scene.data)/\(part)", withIntermediateDirectories: true)
      for index in 0..<count {
        try PNG.write(
          picture(sideBySide ? 80 : 40, 40, seed: UInt64(index), hasAlpha: hasAlpha),
          to: "\(scene.data)/\(part)/\(index).png")
      }
    }
    return scene
  }

  private func metadata(_ path: String) throws -> [String: String] { try SafetensorsFile(path: path).metadata }

  @Test func opacityIsLearntFromAndMade() throws {
    let scene = try scene(sideBySide: true, hasAlpha: true)
    var configuration = TrainingScene.configuration(.paired)
    (configuration.inputChannels, configuration.outputChannels) = (4, 2)
    configuration.steps = 2
    configuration.augmentation.rotation = 5
    let data = try DataFolder(scene.data, needs: .pairs)
    let store = ImageStore(part: data.training, preparation: ImagePreparation(configuration).evaluation)
    let (input, target, path, _) = try store.fixedPair(input: 0)
    #expect(input.channels == 4 && target.channels == 2)
    // What the network sees is what the file holds, resized: opacity as well.
    let whole = try PNG.read(path)
    let left = whole.half(.left).resized(width: 32, height: 32, filter: .bicubic)
    #expect(input.image() == left)
    #expect(target.image().alpha == whole.half(.right).resized(width: 32, height: 32, filter: .bicubic).alpha)
    let seen = input.values.enumerated().filter { $0.offset % 4 == 3 }.map(\.element)
    #expect(Set(seen).count > 50, "opacity is no constant")

    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run")).train()
    let strings = try metadata(scene.run("run/generator.safetensors"))
    #expect(strings["input_channels"] == "4" && strings["output_channels"] == "2" && strings["color_space"] == nil)
    let translation = try Translator(model: scene.run("run")).translate(whole.half(.left))
    #expect(translation.channels == 1 && translation.hasAlpha && translation.alpha != left.alpha)
  }

  @Test func turnedPicturesKeepTheirOpacity() {
    let image = picture(20, 20, seed: 4, hasAlpha: true)
    var map = AffineMap()
    map.turn(quarters: 1)
    let turned = image.mapped(map, window: .all(of: image))
    let opacity = Picture(width: 20, height: 20, channels: 1, pixels: image.alpha ?? [])
    #expect(turned.alpha == opacity.mapped(map, window: .all(of: opacity)).pixels && turned.alpha != image.alpha)
  }

  @Test func colouringIsLearntFromColourPicturesAlone() throws {
    let scene = try scene(sideBySide: false, hasAlpha: true)
    var configuration = TrainingScene.configuration(.paired)
    configuration.colourSpace = .lab
    configuration.steps = 3
    #expect(configuration.inputChannels == 1 && configuration.outputChannels == 2)
    #expect(configuration.dataNeeds == .oneSet && TrainingConfiguration.paired.dataNeeds == .pairs)
    let data = try DataFolder(scene.data, needs: configuration.dataNeeds)
    let store = ImageStore(part: data.training, preparation: ImagePreparation(configuration).evaluation)
    let (input, target, path, targetPath) = try store.fixedPair(input: 1)
    #expect(path == targetPath && input.numbers == .lightness && target.numbers == .chroma)
    let resized = try PNG.read(path).prepared(for: .lightness).resized(width: 32, height: 32, filter: .bicubic)
    var expected = ImageBatch()
    expected.append(resized, .all(of: resized), flipped: false, as: .chroma)
    #expect(target == expected)
    #expect(target.image(with: input) == resized, "L, a and b are the picture")

    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("run")).train()
    #expect(try metadata(scene.run("run/generator.safetensors"))["color_space"] == "lab")
    let metrics = try String(contentsOfFile: scene.run("run/metrics.csv"), encoding: .utf8)
    #expect(metrics.split(separator: "\n").count > 1, "held-out pictures are measured")
    let grey = Picture(width: 50, height: 30, channels: 1, pixels: (0..<1500).map { UInt8(50 + $0 / 12) })
    let coloured = try Translator(model: scene.run("run")).translate(grey)
    #expect(coloured.channels == 3 && !coloured.hasAlpha)

    // Stopped and resumed, it is what it would have been.
    configuration.steps = 1
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("halves")).train()
    configuration.steps = 3
    _ = try TrainingSession(resuming: scene.run("halves")) { $0.steps = 3 }.train()
    #expect(try scene.result("halves").generators == scene.result("run").generators)
  }

  @Test func labGoesFromOneChannelToTwo() throws {
    var configuration = TrainingConfiguration.paired
    configuration.colourSpace = .lab
    try configuration.validate()
    configuration.inputChannels = 3
    let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
    #expect(error?.setting == "color-space")
    var read = try JSONDecoder().decode(
      TrainingConfiguration.self, from: Data(#"{"objective": "paired", "color_space": "lab"}"#.utf8))
    #expect(read.colourSpace == .lab && read.outputChannels == 2)
    read.colourSpace = .rgb
    #expect(read.dataNeeds == .pairs)
  }
}
