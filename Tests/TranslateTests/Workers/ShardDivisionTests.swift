import Foundation
import Synchronization
import TestSupport
import Testing
@testable import Images
@testable import NeuralNet
@testable import Translate

@Suite struct ShardDivisionTests {
  /// Pictures as a folder holds them in which photographs, whose bytes are many, lie among drawings of ten times as many
  /// pixels a byte, every fourth of them larger.
  private func mixed(_ count: Int) -> [(bytes: Int, pixels: Int)] {
    var random = RandomGenerator(seed: 3)
    return (0..<count).map { index in
      let pixels = Int(10_000 * exp(4 * random.uniform())) * (index % 4 == 0 ? 3 : 1)
      return (Int(Double(pixels) * (random.uniform() < 0.5 ? 2 : 0.2) * (0.8 + 0.4 * random.uniform())), pixels)
    }
  }

  private func sources(_ pictures: [(bytes: Int, pixels: Int)], read: @escaping () -> Void = {}) -> [ShardDivision
    .Source]
  {
    pictures.map { picture in
      ShardDivision.Source(bytes: picture.bytes) {
        read()
        return picture.pixels
      }
    }
  }

  /// What the fullest part has, relative to the mean.
  private func imbalance(_ parts: [Int], _ pictures: [(bytes: Int, pixels: Int)], _ count: Int) -> Double {
    var loads = [Int](repeating: 0, count: count)
    for (part, picture) in zip(parts, pictures) { loads[part] += picture.pixels }
    return Double(loads.max() ?? 0) * Double(count) / Double(loads.reduce(0, +))
  }

  @Test(arguments: [4, 16]) func partsHaveAsManyPixels(count: Int) {
    let pictures = mixed(2000)
    #expect(imbalance(pictures.indices.map { $0 % count }, pictures, count) > 1.5, "the folder is no test")
    let exact = imbalance(ShardDivision(sources(pictures), count: count).parts, pictures, count)
    #expect(exact < 1.005, "\(exact)")
  }

  /// A folder of more pictures than headers are read.
  @Test func fewHeadersServe() {
    let pictures = mixed(20_000)
    let read = Mutex(0)
    let division = ShardDivision(sources(pictures) { read.withLock { $0 += 1 } }, count: 16, headers: 1000)
    let imbalance = imbalance(division.parts, pictures, 16)
    #expect(imbalance < 1.05, "\(imbalance)")
    #expect(read.withLock { $0 } <= 1000)
  }

  @Test(arguments: [1, 7, 5000, Int.max]) func everyPictureHasOnePart(count: Int) {
    let parts = ShardDivision(sources(mixed(500)), count: count).parts
    #expect(parts.count == 500 && parts.allSatisfy { 0..<count ~= $0 })
    if count > 500 { #expect(Set(parts).count == 500) }
    #expect(ShardDivision([], count: count).parts.isEmpty)
  }

  /// Damaged pictures are translated by nobody, but told of by one.
  @Test func picturesWithoutPixelsAreSpread() {
    let broken = (0..<100).map { index in ShardDivision.Source(bytes: index % 2 == 0 ? nil : 10) { nil } }
    let parts = ShardDivision(broken, count: 4).parts
    for part in 0..<4 { #expect(parts.filter { $0 == part }.count == 25) }
  }

  /// A header that promises more than is read, a worker that comes when others have written, one that goes on.
  @Test func everyWorkerDividesAlike() throws {
    let scene = try ModelScene()
    let translator = try Translator(model: try scene.model("m.safetensors", ModelScene.unet()))
    try FileManager.default.createDirectory(atPath: scene.path("in"), withIntermediateDirectories: true)
    for index in 0..<9 {
      try PNG.write(ModelScene.noise(16 + 16 * index, 32, seed: UInt64(index)), to: scene.path("in/\(index).png"))
    }
    // 2³¹ - 1 pixels a side.
    var header = try Data(contentsOf: URL(fileURLWithPath: scene.path("in/0.png")))
    header.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
    try header.write(to: URL(fileURLWithPath: scene.path("in/huge.png")))
    func part(_ index: Int) -> FolderTranslation {
      var translation = FolderTranslation(scene.path("in"), to: scene.path("in/out"))
      (translation.shard, translation.recursive) = (Shard(index: index, count: 3), true)
      translation.skipsExisting = true
      return translation
    }
    let before = try (1...3).map { try part($0).items().map(\.name) }
    #expect(before.flatMap(\.self).sorted() == (0..<9).map { "\($0)" } + ["huge"])
    #expect(try part(2).run(translator).translated == before[1].count - (before[1].contains("huge") ? 1 : 0))
    #expect(try (1...3).map { try part($0).items().map(\.name) } == before)
    let pixels = before.map { $0.reduce(0) { $0 + (Int($1).map { 16 + 16 * $0 } ?? 0) } }
    #expect((pixels.max() ?? 0) - (pixels.min() ?? 0) <= 32, "\(pixels)")
  }
}
