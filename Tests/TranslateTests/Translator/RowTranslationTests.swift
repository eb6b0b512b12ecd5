import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import ResNet
@testable import Translate
@testable import UNet
@testable import Weights

/// Large pictures go from file to file by rows: the same bytes as through memory.
@Suite struct RowTranslationTests {
  private func check(
    _ picture: Picture, _ translator: Translator, _ scene: ModelScene, half: ImageHalf? = nil, sideBySide: Bool = false
  ) throws {
    try PNG.write(picture, to: scene.path("a.png"))
    try translator.translate(
      scene.path("a.png"), to: scene.path("b.png"), name: "a", label: nil, half: half, sideBySide: sideBySide,
      limit: .default)
    let part = half.map(picture.half) ?? picture
    let translation = try translator.translate(part, name: "a")
    let expected = sideBySide ? part.joined(translation) : translation
    #expect(try Data(contentsOf: URL(fileURLWithPath: scene.path("b.png"))) == PNG.encode(expected))
  }

  @Test func rowsGiveTheSameBytes() throws {
    let scene = try ModelScene()
    var options = Translator.Options()
    options.dropout = true
    let translator = try Translator(
      model: scene.model("m.safetensors", ModelScene.unet(dropout: true)), options: options)
    // Borders on all sides, and bands of several rows: 2¹⁸ pixels are 200 rows.
    let noise = ModelScene.noise(1310, 450, seed: 3)
    try check(noise, translator, scene)
    try check(noise, translator, scene, half: .right)
    try check(noise, translator, scene, sideBySide: true)
    let alpha = (0..<1310 * 450).map { UInt8(truncatingIfNeeded: $0 / 7) }
    try check(noise.withAlpha(alpha), translator, scene, sideBySide: false)
    try check(noise.converted(bitDepth: 16).withAlpha(alpha), translator, scene, half: .left)
  }

  @Test func networksOfOpacityAndChroma() throws {
    let scene = try ModelScene()
    for (read, made, space) in [(4, 2, nil), (2, 4, nil), (1, 2, ColourSpace.lab)] as [(Int, Int, ColourSpace?)] {
      var network = ResNetConfiguration(blocks: 1)
      (network.inputChannels, network.outputChannels, network.filters) = (read, made, 4)
      var options = Translator.Options()
      options.colourSpace = space
      let translator = try Translator(model: scene.model("m.safetensors", network), options: options)
      let picture = ModelScene.noise(70, 30, seed: 8)
      let alpha = (0..<70 * 30).map { UInt8(truncatingIfNeeded: $0) }
      try check(picture.withAlpha(alpha), translator, scene)
      let (opaque, seen) = (try translator.translate(picture), try translator.translate(picture.withAlpha(alpha)))
      #expect(opaque.channels == (made == 2 && space == nil ? 1 : 3))
      #expect(opaque.hasAlpha == (space == nil))
      // Opacity is read where the network has a number for it, else it is carried over.
      #expect((opaque.pixels != seen.pixels) == (read % 2 == 0))
      if space != nil { #expect(seen.alpha == alpha && opaque.alpha == nil) }
    }
  }

  /// A network that colours reads the lightness of a colour picture, and of a grey one.
  @Test func colouringKeepsLightness() throws {
    let scene = try ModelScene()
    var network = ResNetConfiguration(blocks: 1)
    (network.inputChannels, network.outputChannels, network.filters) = (1, 2, 4)
    let path = try scene.model("m.safetensors", network)
    var options = Translator.Options()
    options.colourSpace = .lab
    let translator = try Translator(model: path, options: options)
    let grey = Picture(width: 24, height: 24, channels: 1, pixels: (0..<576).map { UInt8(40 + $0 / 4) })
    let coloured = try translator.translate(grey)
    #expect(coloured.channels == 3)
    var (before, after) = ([Float](repeating: 0, count: 576), [Float](repeating: 0, count: 576))
    ImageTensor.write(grey.converted(channels: 3), as: .lightness, to: &before, pixelStride: 1)
    ImageTensor.write(coloured, as: .lightness, to: &after, pixelStride: 1)
    // Colours that no screen shows are cut off, which changes lightness: only others are compared.
    let shown = (0..<576).filter { pixel in coloured.pixels[3 * pixel..<3 * pixel + 3].allSatisfy { 0 < $0 && $0 < 255 }
    }
    #expect(shown.count > 20, "\(shown.count) colours that a screen shows")
    #expect(shown.allSatisfy { abs(before[$0] - after[$0]) < 0.02 })
    #expect(Set(coloured.pixels).count > 2)
    // The file says so itself.
    let file = try SafetensorsFile(path: path)
    var strings = file.metadata
    strings["color_space"] = "lab"
    try SafetensorsWriter.write(
      NetworkTensors.tensors(of: GeneratorModel(path).network), metadata: strings, to: scene.path("lab.safetensors"))
    #expect(try Translator(model: scene.path("lab.safetensors")).translate(grey) == coloured)
    options.colourSpace = .rgb
    #expect(try Translator(model: scene.path("lab.safetensors"), options: options).translate(grey).channels == 1)
    let wrong = try scene.model("rgb.safetensors", ModelScene.unet())
    options.colourSpace = .lab
    #expect(throws: FileError.self) { try Translator(model: wrong, options: options) }
  }

  @Test func foldersMixSmallAndLarge() throws {
    let scene = try ModelScene()
    let translator = try Translator(model: scene.model("m.safetensors", ModelScene.unet()))
    try FileManager.default.createDirectory(atPath: scene.path("in"), withIntermediateDirectories: true)
    let (small, large) = (ModelScene.noise(64, 64, seed: 1), ModelScene.noise(2048, 1100, seed: 2))
    #expect(translator.rowRule(2048, 1100) && !translator.rowRule(64, 64))
    try PNG.write(small, to: scene.path("in/1.png"))
    try PNG.write(large, to: scene.path("in/2.png"))
    try PNG.write(small, to: scene.path("in/3.png"))
    // Cut off in its pixels: told, and nothing is left of it.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: scene.path("in/2.png")))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: scene.path("in/4.png")))
    let summary = try FolderTranslation(scene.path("in"), to: scene.path("out")).run(translator)
    #expect(summary.translated == 3 && summary.failed == 1)
    #expect(summary.failures.map(\.path) == [scene.path("in/4.png")])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scene.path("out")).sorted() == ["1.png", "2.png", "3.png"])
    #expect(try PNG.read(scene.path("out/2.png")) == translator.translate(large))
  }

  @Test func manyFailuresAreCounted() throws {
    let scene = try ModelScene()
    let translator = try Translator(model: scene.model("m.safetensors", ModelScene.unet()))
    try FileManager.default.createDirectory(atPath: scene.path("in"), withIntermediateDirectories: true)
    for number in 0..<1003 { try Data().write(to: URL(fileURLWithPath: scene.path("in/\(number).png"))) }
    let summary = try FolderTranslation(scene.path("in"), to: scene.path("out")).run(translator)
    #expect(summary.failed == 1003 && summary.failures.count == FolderTranslation.Summary.keptFailures)
    #expect(summary.failures.contains { $0.path == scene.path("in/0.png") })
  }

  @Test func smallSizesStayPlanned() throws {
    let network = try ResNetConfiguration(blocks: 1).network()
    let apply = PlannedExecutions(network, ExecutionMode(), try Processor(threads: 1), in: Arena())
    let first = try apply(Shape(1, 3, 32, 32))
    for width in 9..<40 { _ = try apply(Shape(1, 3, 32, 4 * width)) }
    #expect(try apply(Shape(1, 3, 32, 32)) === first, "a size is planned once more")
    #expect(apply.plannedSizes == 32)
  }
}
