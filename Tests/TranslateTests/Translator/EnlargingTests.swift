import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import SuperResolution
@testable import Translate
@testable import Weights

@Suite struct EnlargingTests {
  /// A file with the weights of a golden file, which says nothing else of itself.
  private static func model(_ name: String, in scene: ModelScene) throws -> String {
    let golden = try SafetensorsFile(path: fixtures.appendingPathComponent("golden/\(name).safetensors").path)
    let tensors = try golden.tensors.filter { $0.name.hasPrefix("weights/") }.map {
      SafetensorsWriter.Tensor(
        name: String($0.name.dropFirst(8)), shape: $0.shape, floats: try golden.floats($0.name))
    }
    try SafetensorsWriter.write(tensors, metadata: [:], to: scene.path(name))
    return scene.path(name)
  }

  private static func picture(_ name: String, _ tensor: String) throws -> Picture {
    let golden = try SafetensorsFile(path: fixtures.appendingPathComponent("golden/\(name).safetensors").path)
    let shape = try #require(golden[tensor]).shape
    return Picture(
      width: shape[1], height: shape[0], channels: shape[2], pixels: try golden.floats(tensor).map { UInt8($0) })
  }

  private static func difference(_ a: Picture, _ b: Picture) -> Int? {
    guard (a.width, a.height, a.channels) == (b.width, b.height, b.channels) else { return nil }
    return zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }.max()
  }

  /// Pixels in, pixels out, as the public code makes them: no flags, no metadata.
  @Test(arguments: [
    "srresnet_x4", "srresnet_x3", "srresnet_x2", "rrdb_x4", "rrdb_x2", "rrdb_x1", "compact_x4", "compact_x2",
    "compact_x1",
  ])
  func pictures(name: String) throws {
    let (file, scene) = ("enlarging_" + name, try ModelScene())
    let input = try Self.picture(file, "pixels")
    let alpha = (0..<input.width * input.height).map { UInt8(truncatingIfNeeded: $0 * 3) }
    let output = try Translator(model: Self.model(file, in: scene)).translate(input.withAlpha(alpha))
    let expected = try Self.picture(file, "enlarged")
    let difference = try #require(Self.difference(output, expected))
    #expect(difference <= 1)
    let opacity = Picture(width: input.width, height: input.height, channels: 1, pixels: alpha)
    #expect(output.alpha == opacity.resized(width: output.width, height: output.height).pixels)
  }

  private static func configurations() -> [any EnlargerConfiguration] {
    var srresnet = SRResNetConfiguration()
    (srresnet.blocks, srresnet.filters) = (2, 16)
    var rrdb = RRDBNetConfiguration()
    (rrdb.blocks, rrdb.filters, rrdb.growth, rrdb.scale) = (1, 16, 16, 2)
    var compact = CompactConfiguration()
    (compact.convolutions, compact.filters, compact.scale) = (3, 16, 3)
    return [srresnet, rrdb, compact]
  }

  /// What nothing beyond could have changed is put together without a trace.
  @Test(arguments: 0..<3) func tilesAreTheWhole(_ index: Int) throws {
    let (configuration, scene) = (Self.configurations()[index], try ModelScene())
    // Through the RRDB's thirty layers without a norm, more gain makes numbers in the thousands, whose last bits are grey levels.
    let model = try scene.model("m.safetensors", configuration, gain: 0.1)
    let image = ModelScene.noise(151, 93, seed: 4)
    let whole = try Translator(model: model).translate(image)
    #expect((whole.width, whole.height) == (151 * configuration.scale, 93 * configuration.scale))
    for tile in [32, 50] {
      var options = Translator.Options()
      options.tile = tile
      if tile % configuration.sizeMultiple != 0 { continue }
      let tiled = try Translator(model: model, options: options).translate(image)
      let difference = try #require(Self.difference(tiled, whole))
      #expect(difference <= 1, "\(configuration.architecture), tiles of \(tile)")
    }
    #expect(Set(whole.pixels).count > 30, "it is a picture")
  }

  /// Every pixel is taken from one window, all windows are alike, and around what is taken lies the overlap or the border.
  @Test(arguments: [(100, 32, 7, 1), (101, 32, 7, 1), (46, 32, 7, 1), (47, 32, 7, 1), (500, 33, 9, 1), (96, 30, 9, 4)])
  func windows(extent: Int, tile: Int, overlap: Int, multiple: Int) {
    let axis = EnlargedTiles.Axis(extent, tile: tile, overlap: overlap, multiple: multiple)
    #expect(axis.borders.first == 0 && axis.borders.last == extent && axis.borders.count == axis.starts.count + 1)
    for (index, start) in axis.starts.enumerated() {
      let (first, last) = (axis.borders[index], axis.borders[index + 1])
      #expect(start % multiple == 0 && start >= 0 && start + axis.length <= extent && first < last)
      #expect(start == 0 || first - start >= overlap)
      #expect(start + axis.length == extent || start + axis.length - last >= overlap)
      #expect(first >= start && last <= start + axis.length)
    }
    #expect(axis.length <= tile + 2 * overlap + 3 * multiple || axis.starts.count == 1)
  }

  /// Unasked, what is made at once is bounded, whatever the size of the picture.
  @Test func largePicturesAreCut() {
    for configuration in Self.configurations() + [RRDBNetConfiguration()] {
      let small = EnlargedTiles(width: 300, height: 200, configuration, tile: nil)
      #expect(small.isWhole)
      let large = EnlargedTiles(width: 4000, height: 3000, configuration, tile: nil)
      let made = large.columns.length * large.rows.length * configuration.scale * configuration.scale
      #expect(!large.isWhole && made <= 2 * EnlargedTiles.preferredPixels)
    }
  }

  /// Weights beside their moving average, as BasicSR saves them: the average is applied.
  @Test func averagedWeights() throws {
    let path = checkpoints.appendingPathComponent("averaged_weights.zip.pth").path
    let image = ModelScene.noise(9, 8, seed: 1)
    let output = try Translator(model: path).translate(image)
    #expect(output == (try Translator(model: path, part: "params_ema").translate(image)))
    #expect(output != (try Translator(model: path, part: "params").translate(image)))
    #expect((output.width, output.height) == (18, 16))
  }

  /// Pictures of a batch are what they are alone, whether or not the batch is filled up and padded.
  @Test(arguments: 0..<3) func batches(_ index: Int) throws {
    let scene = try ModelScene()
    let translator = try Translator(model: scene.model("m.safetensors", Self.configurations()[index]))
    let images = (1...3).map { seed in
      ModelScene.noise(21, 13, seed: UInt64(seed)).withAlpha([UInt8](repeating: UInt8(seed), count: 21 * 13))
    }
    let single = try images.map { try translator.translate($0) }
    #expect(try translator.translate(images) == single)
    #expect(try translator.translate(images, names: [], filledTo: 4) == single)
    #expect(single[0] != single[1])
  }

  /// A folder, names kept, side by side at the size of the output.
  @Test func folders() throws {
    let scene = try ModelScene()
    let input = scene.path("in/sub")
    try FileManager.default.createDirectory(atPath: input, withIntermediateDirectories: true)
    try PNG.write(ModelScene.noise(10, 6, seed: 1), to: input + "/a.png")
    var folder = FolderTranslation(scene.path("in"), to: scene.path("out"))
    (folder.recursive, folder.sideBySide) = (true, true)
    let model = try scene.model("m.safetensors", Self.configurations()[0])
    let summary = try folder.run(Translator(model: model))
    #expect(summary.translated == 1)
    let joined = try PNG.read(scene.path("out/sub/a.png"))
    #expect((joined.width, joined.height) == (80, 24))
    let left = ModelScene.noise(10, 6, seed: 1).resized(width: 40, height: 24)
    #expect(joined.cropped(x: 0, y: 0, width: 40, height: 24) == left)
  }
}
