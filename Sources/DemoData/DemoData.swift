import Files
import Foundation
import Images
import NeuralNet

/// Small drawn data sets to try training on: the same pictures for the same seed, on any machine.
public enum DemoData {
  /// Sides of the pictures that can be drawn, in pixels.
  public static let sizes = 16...4096
  /// Numbers of training pictures that can be drawn.
  public static let counts = 1...100_000

  /// Writes a paired set, `folder/train` and `folder/val`: side by side a row of town houses (A) and its label map (B).
  ///
  /// The network that paints houses from label maps translates B to A, as with the CMP facades.
  ///
  /// - Parameters:
  ///   - count: training pairs; an eighth of it, at least four, is held out besides.
  ///   - size: side of each half in pixels.
  ///   - progress: is called after each file, with how many are written and how many there will be.
  /// - Throws: `FileError` where a number is out of range, `folder` is in use, or cannot be written.
  public static func writePaired(
    to folder: String, count: Int = 200, size: Int = 256, seed: UInt64 = 0, progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let parts = [("train", count), ("val", heldOutCount(count))]
    try write(to: folder, parts: parts, count: count, size: size, progress: progress) { part, index in
      facade(size: size, RandomGenerator(seed: seed, stream: stream(part, index)), .day)
    }
  }

  /// Writes a paired set with labels: the sub-folders `day`, `dusk` and `night` of `folder/train` and `folder/val` hold the
  /// facades of `writePaired`, the same in each, in that light; their label maps (B) are equal.
  ///
  /// - Parameters: as those of `writePaired`; `count` is for each light.
  /// - Throws: `FileError` where a number is out of range, `folder` is in use, or cannot be written.
  public static func writeLabelled(
    to folder: String, count: Int = 200, size: Int = 256, seed: UInt64 = 0, progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let lights = FacadeLight.allCases
    let parts = [("train", count), ("val", heldOutCount(count))].flatMap { part, count in
      lights.map { (FolderListing.join(part, $0.rawValue), count) }
    }
    try write(to: folder, parts: parts, count: count, size: size, progress: progress) { part, index in
      let (part, light) = part.quotientAndRemainder(dividingBy: lights.count)
      return facade(size: size, RandomGenerator(seed: seed, stream: stream(part, index)), lights[light])
    }
  }

  /// A facade and its label map side by side.
  private static func facade(
    size: Int, _ generator: RandomGenerator, _ light: FacadeLight
  ) -> (name: String, image: Picture) {
    let (picture, labels) = FacadeScene.draw(size: size, generator: generator, light: light)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(2 * picture.count)
    for row in 0..<size {
      let line = row * size * 3..<(row + 1) * size * 3
      pixels += picture[line]
      pixels += labels[line]
    }
    return ("facade", Picture(width: 2 * size, height: size, channels: 3, pixels: pixels))
  }

  /// Writes an unpaired set, `folder/trainA`, `trainB`, `testA` and `testB`: summer (A) and winter (B) landscapes of the
  /// same kind, no two of the same place.
  ///
  /// - Parameters: as those of `writePaired`; `count` is for each side.
  /// - Throws: `FileError` where a number is out of range, `folder` is in use, or cannot be written.
  public static func writeUnpaired(
    to folder: String, count: Int = 200, size: Int = 256, seed: UInt64 = 0, progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let heldOut = heldOutCount(count)
    let parts = [("trainA", count), ("trainB", count), ("testA", heldOut), ("testB", heldOut)]
    try write(to: folder, parts: parts, count: count, size: size, progress: progress) { part, index in
      let generator = RandomGenerator(seed: seed, stream: stream(part, index))
      let isWinter = part % 2 == 1
      let pixels = LandscapeScene.draw(size: size, isWinter: isWinter, generator: generator)
      return (isWinter ? "winter" : "summer", Picture(width: size, height: size, channels: 3, pixels: pixels))
    }
  }

  static func heldOutCount(_ count: Int) -> Int { max(4, count / 8) }

  /// Each picture has a generator of its own: it stays the same whatever `count` is.
  static func stream(_ part: Int, _ index: Int) -> UInt64 { UInt64(part) << 32 | UInt64(index) }

  static func write(
    to folder: String, parts: [(name: String, count: Int)], count: Int, size: Int, progress: (Int, Int) -> Void,
    draw: (_ part: Int, _ index: Int) -> (name: String, image: Picture)
  ) throws {
    guard counts.contains(count) else {
      throw FileError(
        path: nil, problem: "\(count) pictures cannot be drawn",
        advice: "choose from \(counts.lowerBound) to \(counts.upperBound)")
    }
    guard sizes.contains(size) else {
      throw FileError(
        path: nil, problem: "pictures of \(size) pixels cannot be drawn",
        advice: "choose from \(sizes.lowerBound) to \(sizes.upperBound)")
    }
    try SystemMemory.require(DemoCanvas.bytes(size: size), for: .picture)
    let total = parts.reduce(0) { $0 + $1.count }
    for part in parts { try makeEmptyFolder(FolderListing.join(folder, part.name)) }
    var written = 0
    for (number, part) in parts.enumerated() {
      for index in 0..<part.count {
        let (name, image) = draw(number, index)
        let digits = String(index + 1)
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        try PNG.write(image, to: FolderListing.join(folder, "\(part.name)/\(name)_\(padded).png"))
        written += 1
        progress(written, total)
      }
    }
  }

  /// Mixing two sets in one folder, or writing over somebody's images, is refused.
  private static func makeEmptyFolder(_ path: String) throws {
    try OutputFolder.make(path)
    guard try FolderListing.names(in: path).isEmpty else {
      throw FileError(path: path, problem: "is not empty", advice: "name a new folder, or empty it")
    }
  }
}
