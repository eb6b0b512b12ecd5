import TestSupport
import Foundation
import Testing
@testable import DemoData
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Training

@Suite struct DemoDataTests {
  /// FNV-1a of samples: the bytes of the files also depend on the version of zlib.
  private func hash(_ pixels: [UInt8]) -> UInt64 {
    pixels.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// Every machine draws these pictures: change the numbers only with the drawings.
  @Test func picturesAreTheSameEverywhere() {
    let (picture, labels) = FacadeScene.draw(size: 256, generator: RandomGenerator(seed: 0, stream: 3))
    let summer = LandscapeScene.draw(size: 256, isWinter: false, generator: RandomGenerator(seed: 0, stream: 5))
    let winter = LandscapeScene.draw(size: 100, isWinter: true, generator: RandomGenerator(seed: 1, stream: 7))
    #expect(
      [hash(picture), hash(labels), hash(summer), hash(winter)] == [
        2_596_439_774_095_365_379, 4_750_319_662_017_746_408, 12_388_540_991_324_581_424, 5_995_104_764_225_727_072,
      ])
    #expect(picture.count == 256 * 256 * 3 && winter.count == 100 * 100 * 3)
    let lights = [FacadeLight.dusk, .night].map {
      hash(FacadeScene.draw(size: 256, generator: RandomGenerator(seed: 0, stream: 3), light: $0).picture)
    }
    #expect(lights == [9_850_044_916_990_470_156, 11_152_549_673_132_139_776])
  }

  @Test func pairedSetIsRecognised() throws {
    let folder = try TemporaryFolder()
    var steps: [Int] = []
    try DemoData.writePaired(to: folder("demo"), count: 3, size: 32) { done, total in
      steps.append(done)
      #expect(total == 7)
    }
    #expect(steps == Array(1...7))
    let data = try DataFolder(folder("demo"))
    #expect(data.problems == [] && data.holds == .pairs && data.training.arrangement == .sideBySide)
    #expect(data.training.countA == 3 && data.heldOut?.countA == 4)
    #expect(data.training.size(data.training.filesA[0]) ?? (0, 0) == (32, 32))
    try data.requireSound(for: ImagePreparation())
    let palette = Set(FacadeClass.palette.map { [UInt8]([$0.x, $0.y, $0.z].map { UInt8($0 * 255 + 0.5) }) })
    #expect(palette.count == FacadeClass.allCases.count)
    let labels = try PNG.read(data.training.filesA[0].path).cropped(x: 32, y: 0, width: 32, height: 32).pixels
    #expect(stride(from: 0, to: labels.count, by: 3).allSatisfy { palette.contains(Array(labels[$0..<$0 + 3])) })
  }

  /// The same houses in every light: label maps are equal, by day the pictures are those of the paired set, and it grows
  /// darker while the lamps behind the windows grow brighter.
  @Test func onlyTheLightDiffers() throws {
    let folder = try TemporaryFolder()
    try DemoData.writeLabelled(to: folder("lights"), count: 2, size: 64, seed: 3)
    try DemoData.writePaired(to: folder("paired"), count: 2, size: 64, seed: 3)
    for name in ["train/%/facade_0002.png", "val/%/facade_0004.png"] {
      let pictures = try ["day", "dusk", "night"].map {
        try PNG.read(folder("lights/" + name.replacingOccurrences(of: "%", with: $0)))
      }
      #expect(try pictures[0] == PNG.read(folder("paired/" + name.replacingOccurrences(of: "/%", with: ""))))
      let maps = pictures.map { $0.half(.right).pixels }
      #expect(maps[0] == maps[1] && maps[0] == maps[2])
      let light = pictures.map { picture -> Double in
        let sum = picture.half(.left).pixels.reduce(0) { $0 + Int($1) }
        return Double(sum) / Double(64 * 64 * 3)
      }
      #expect(light[0] > 1.4 * light[1] && light[1] > 1.4 * light[2], "\(light)")
      // Red over blue in the windows: lamps.
      let window = FacadeClass.palette[Int(FacadeClass.window.rawValue)]
      let bytes = [UInt8(window.x * 255 + 0.5), UInt8(window.y * 255 + 0.5), UInt8(window.z * 255 + 0.5)]
      let places = stride(from: 0, to: maps[0].count, by: 3).filter { Array(maps[0][$0..<$0 + 3]) == bytes }
      let warmth = pictures.map { picture -> Double in
        let photo = picture.half(.left).pixels
        let sum = places.reduce(0) { (sum: Int, place: Int) in sum + Int(photo[place]) - Int(photo[place + 2]) }
        return Double(sum) / Double(max(1, places.count))
      }
      #expect(warmth[0] < 0 && warmth[1] > 20 && warmth[2] > 40, "\(warmth)")
    }
  }

  @Test func unpairedSetIsRecognised() throws {
    let folder = try TemporaryFolder()
    try DemoData.writeUnpaired(to: folder("demo"), count: 3, size: 32)
    let data = try DataFolder(folder("demo"))
    #expect(data.problems == [] && data.holds == .twoSets)
    #expect(data.training.countA == 3 && data.training.countB == 3 && data.heldOut?.countB == 4)
  }

  /// Classes are sub-folders; a square is wider than what it leaves, a cross is not.
  @Test func shapesAreInClasses() throws {
    let folder = try TemporaryFolder()
    try DemoData.writeShapes(to: folder("demo"), count: 3, size: 32)
    let figures = DemoFigure.allCases.map(\.rawValue)
    #expect(
      try FolderListing.names(in: folder("demo/train")).sorted() == figures
        && FolderListing.names(in: folder("demo/val")).sorted() == figures)
    for figure in figures {
      #expect(try FolderListing.names(in: folder("demo/train/" + figure)).count == 3)
      #expect(try FolderListing.names(in: folder("demo/val/" + figure)).count == 4)
    }
    /// The share of pixels that are not the ground's colour, over many pictures.
    func covered(_ figure: DemoFigure) -> Double {
      var sum = 0
      for seed in 0..<20 as Range<UInt64> {
        let pixels = ShapeScene.draw(figure, size: 64, generator: RandomGenerator(seed: seed))
        sum += stride(from: 0, to: pixels.count, by: 3).count { Array(pixels[$0..<$0 + 3]) != Array(pixels[0..<3]) }
      }
      return Double(sum) / Double(20 * 64 * 64)
    }
    let shares = DemoFigure.allCases.map(covered)
    #expect(shares[0] > shares[2] && shares[2] > shares[1] && shares[1] > shares[3] && shares[3] > 0.08, "\(shares)")
    #expect(
      ShapeScene.draw(.cross, size: 32, generator: RandomGenerator(seed: 4))
        != ShapeScene.draw(.cross, size: 32, generator: RandomGenerator(seed: 5)))
  }

  @Test func bytesFollowTheSeedAlone() throws {
    let folder = try TemporaryFolder()
    func file(_ name: String, _ count: Int, _ seed: UInt64) throws -> [UInt8] {
      try DemoData.writePaired(to: folder(name), count: count, size: 32, seed: seed)
      return Array(try Data(contentsOf: URL(fileURLWithPath: folder("\(name)/train/facade_0002.png"))))
    }
    let first = try file("a", 2, 7)
    #expect(try file("b", 3, 7) == first)
    #expect(try file("c", 2, 8) != first)
  }

  @Test func seasonsDiffer() {
    /// Mean of green over the mean of blue in the lower half.
    func greenness(_ isWinter: Bool, _ seed: UInt64) -> Double {
      let pixels = LandscapeScene.draw(size: 64, isWinter: isWinter, generator: RandomGenerator(seed: seed))
      let lower = stride(from: pixels.count / 2, to: pixels.count, by: 3)
      return lower.reduce(0) { $0 + Double(pixels[$1 + 1]) } / lower.reduce(0) { $0 + Double(pixels[$1 + 2]) }
    }
    for seed in 0..<8 as Range<UInt64> {
      #expect(greenness(false, seed) > 1.4)
      #expect(greenness(true, seed) < 1.1)
    }
  }

  @Test func refusesWhatCannotBe() throws {
    let folder = try TemporaryFolder()
    for (count, size) in [(0, 64), (-1, 64), (1, 15), (1, 1 << 40), (.max, 64)] {
      #expect(throws: FileError.self) { try DemoData.writePaired(to: folder("x"), count: count, size: size) }
    }
    #expect(!FileManager.default.fileExists(atPath: folder("x")))
    try folder.write("used/trainA/mine.png")
    let error = #expect(throws: FileError.self) {
      try DemoData.writeUnpaired(to: folder("used"), count: 1, size: 32)
    }
    #expect(error?.path == folder("used/trainA"))
    try folder.write("file")
    #expect(throws: FileError.self) { try DemoData.writePaired(to: folder("file"), count: 1, size: 32) }
  }
}
