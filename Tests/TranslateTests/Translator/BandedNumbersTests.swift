import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Translate
@testable import UNet
@testable import Weights

/// Whatever the numbers of a pixel mean, bands make of a picture what one piece makes of it.
@Suite struct BandedNumbersTests {
  private static let (width, height) = (1400, 1210)

  /// Translates in one piece, then with so little memory that it takes a scratch file.
  private func check(
    _ model: String, _ image: Picture, label: String? = nil, colourSpace: ColourSpace? = nil
  ) throws {
    var options = Translator.Options()
    options.colourSpace = colourSpace
    let whole = try Translator(model: model, options: options).translate(image, label: label)
    options.memory = try #require(SystemMemory.resident) + (45 << 20)
    let translator = try Translator(model: model, options: options)
    var notices = 0
    translator.onScratch = { _ in notices += 1 }
    #expect(try translator.translate(image, label: label) == whole)
    #expect(notices == 1)
  }

  private func network(_ inputs: Int, _ outputs: Int) -> UNetConfiguration {
    var network = ModelScene.unet()
    (network.inputChannels, network.outputChannels) = (inputs, outputs)
    return network
  }

  @Test func labels() throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", network(5, 3), labels: ["day", "night"])
    try check(model, ModelScene.noise(Self.width, Self.height, seed: 3), label: "night")
  }

  @Test func opacityThatANetworkMakes() throws {
    let scene = try ModelScene()
    let alpha = (0..<Self.width * Self.height).map { UInt8(truncatingIfNeeded: $0 / 7) }
    let image = ModelScene.noise(Self.width, Self.height, seed: 4).withAlpha(alpha)
    try check(try scene.model("m.safetensors", network(4, 4)), image)
  }

  @Test func colouring() throws {
    let scene = try ModelScene()
    let image = ModelScene.noise(Self.width, Self.height, seed: 5)
    try check(try scene.model("m.safetensors", network(1, 2)), image, colourSpace: .lab)
  }

  /// A file that would go row by row through memory goes over a scratch file where there is too little.
  @Test func filesThatWouldGoByRows() throws {
    let scene = try ModelScene()
    let model = try scene.model("m.safetensors", network(4, 3), labels: ["only"])
    let image = ModelScene.noise(Self.width, Self.height, seed: 6)
    try PNG.write(image, to: scene.path("a.png"))
    var options = Translator.Options()
    let whole = try Translator(model: model, options: options).translate(image, label: "only")
    for (more, scratches) in [(45, 1), (4096, 0)] {
      options.memory = try #require(SystemMemory.resident) + (more << 20)
      let translator = try Translator(model: model, options: options)
      var notices = 0
      translator.onScratch = { _ in notices += 1 }
      try translator.translate(
        scene.path("a.png"), to: scene.path("b.png"), name: "a", label: "only", half: nil, sideBySide: false,
        limit: .default)
      #expect(try PNG.read(scene.path("b.png")) == whole)
      #expect(notices == scratches)
    }
  }
}
