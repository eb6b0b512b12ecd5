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

@Suite struct TilingTests {
  private static func difference(_ one: Picture, _ other: Picture) -> Int {
    zip(one.pixels, other.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
  }

  /// A translation that leaves every square as it is must give the picture back, wherever squares fade.
  @Test(arguments: [0, 7, 8, 24, 64]) func tilingIsSeamless(overlap: Int) {
    for (width, height, tile) in [(104, 40, 32), (40, 40, 32), (64, 200, 64), (32, 504, 32)] {
      for reach in [0, 8, 1000] {
        let image = ModelScene.noise(width, height, seed: 4)
        let tiling = Tiling(width: width, height: height, tile: tile, overlap: overlap, multiple: 8, reach: reach)
        let translate = { (square: Tiling.Square) in
          #expect(square.x % 8 == 0 && square.y % 8 == 0 && square.width % 8 == 0 && square.height % 8 == 0)
          return image.cropped(x: square.x, y: square.y, width: square.width, height: square.height)
        }
        #expect(tiling.assemble(channels: 3, bitDepth: 8, translate) == image)
        let deep = image.converted(bitDepth: 16)
        #expect(
          tiling.assemble(channels: 3, bitDepth: 16) {
            deep.cropped(x: $0.x, y: $0.y, width: $0.width, height: $0.height)
          } == deep)
      }
    }
  }

  /// Squares of different shades meet in a ramp: no step is left.
  @Test func squaresFade() throws {
    let tiling = Tiling(width: 192, height: 64, tile: 64, overlap: 32, multiple: 32, reach: 1000)
    let whole = tiling.assemble(channels: 1, bitDepth: 8) { square in
      Picture(
        width: square.width, height: square.height, channels: 1,
        pixels: [UInt8](repeating: square.x == 0 ? 0 : 160, count: square.width * square.height))
    }
    let line = whole.pixels.prefix(192).map { Int($0) }
    #expect(line.first == 0 && line.last == 160)
    #expect(zip(line, line.dropFirst()).allSatisfy { $1 - $0 >= 0 && $1 - $0 <= 5 })
  }

  /// Where a square sees all that a pixel depends on, tiles make what the whole makes, at the picture's borders too.
  @Test(arguments: [(200, 136), (193, 330)]) func tilesWithEnoughOverlapAreTheWhole(width: Int, height: Int) throws {
    let scene = try ModelScene()
    var unet = UNetConfiguration(levels: 5)
    unet.filters = 4
    unet.dropout = false
    var resnet = ResNetConfiguration(blocks: 6)
    resnet.filters = 4
    resnet.normalization = .batch
    let image = ModelScene.noise(width, height, seed: 8)
    for configuration in [unet, resnet] as [any GeneratorConfiguration] {
      let model = try scene.model("m.safetensors", configuration, statistics: "running")
      let whole = try Translator(model: model).translate(image)
      #expect(Set(whole.pixels).count > 5)
      var options = Translator.Options()
      options.tile = 32
      let tiled = try Translator(model: model, options: options).translate(image)
      // Winograd's tiles begin elsewhere: the last bit may differ, and with it a level.
      #expect(Self.difference(tiled, whole) <= 1, "\(configuration.architecture)")
      options.overlap = 0
      let cut = try Translator(model: model, options: options).translate(image)
      #expect(Self.difference(cut, whole) > 1, "the overlap matters here")
    }
  }

  /// Statistics of the picture are those of the whole picture, whatever its squares.
  @Test func statisticsAreNotThoseOfATile() throws {
    let scene = try ModelScene()
    let image = ModelScene.noise(150, 100, seed: 8)
    for kind in [NormalizationKind.batch, .instance] {
      var configuration = ModelScene.unet()
      configuration.normalization = kind
      let model = try scene.model("m.safetensors", configuration, statistics: "image")
      var options = Translator.Options()
      options.tile = 64
      let tiled = try Translator(model: model, options: options)
      #expect(tiled.usesImageStatistics)
      #expect(try tiled.translate(image) == Translator(model: model).translate(image))
    }
  }
}
