import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet

/// Pictures by rows: the same as of the whole.
@Suite final class PNGRowTests {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rows-\(UUID())")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func file(_ bytes: some Sequence<UInt8>) throws -> String {
    let path = folder.appendingPathComponent("a.png").path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func kind(_ name: String) -> String { images.appendingPathComponent("kinds/\(name).png").path }

  /// The whole picture, `count` rows at a time.
  private func assembled(_ path: String, _ count: Int, limit: ImageLimit = .default) throws -> Picture {
    let reader = try PNGRowReader(path, limit: limit)
    var (pixels, alpha): ([UInt8], [UInt8]) = ([], [])
    var (pixels16, alpha16): ([UInt16], [UInt16]) = ([], [])
    var bands = 0
    while reader.rowsRead < reader.header.height {
      let band = try reader.next(count)
      bands += 1
      switch band.content {
      case .bytes(let samples): (pixels, alpha) = (pixels + samples.pixels, alpha + (samples.alpha ?? []))
      case .words(let samples): (pixels16, alpha16) = (pixels16 + samples.pixels, alpha16 + (samples.alpha ?? []))
      }
    }
    let header = reader.header
    #expect(bands == (header.height + count - 1) / count)
    #expect(try reader.next(count).height == 0, "there is nothing behind the last row")
    if header.bitDepth == 16 {
      return Picture(
        width: header.width, height: header.height, channels: header.channels, pixels16: pixels16,
        alpha16: header.hasAlpha ? alpha16 : nil)
    }
    return Picture(
      width: header.width, height: header.height, channels: header.channels, pixels: pixels,
      alpha: header.hasAlpha ? alpha : nil)
  }

  @Test(arguments: ExpectedKind.all.keys.sorted())
  func rowsAreThoseOfTheWhole(name: String) throws {
    let whole = try PNG.read(kind(name))
    for count in [1, 4, 1000] { #expect(try assembled(kind(name), count) == whole, "\(count) rows") }
  }

  @Test(arguments: ExpectedKind.all.keys.sorted())
  func writingByRowsGivesTheSameBytes(name: String) throws {
    let image = try PNG.read(kind(name))
    let path = folder.appendingPathComponent("b.png").path
    var row = 0
    try PNG.write(to: path, height: image.height) {
      defer { row += min(3, image.height - row) }
      return image.cropped(x: 0, y: row, width: image.width, height: min(3, image.height - row))
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == PNG.encode(image))
    #expect(try PNG.read(path) == image)
  }

  @Test func everyCutIsNoticed() throws {
    let whole = try Array(Data(contentsOf: URL(fileURLWithPath: kind("rgb8"))))
    for count in 1..<whole.count {
      let path = try file(whole.prefix(count))
      let problem = fileError { _ = try self.assembled(path, 5) }?.problem
      #expect(problem == "is a PNG image that was cut off", "\(count) bytes")
    }
    let path = try file(whole + [1, 2, 3])
    #expect(try assembled(path, 5).width > 0, "bytes behind the end do no harm")
  }

  @Test(arguments: ["rgb8", "grey1", "rgb_alpha16", "palette8"])
  func everyFlippedByteOfPixelsIsNoticed(name: String) throws {
    let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: kind(name))))
    let data = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("IDAT".utf8)) })
    for index in data..<bytes.count - 12 {
      var damaged = bytes
      damaged[index] ^= 0x10
      let path = try file(damaged)
      let error = fileError { _ = try self.assembled(path, 3) }
      #expect(error?.problem.contains("damaged") == true, "byte \(index): \(String(describing: error))")
    }
  }

  /// Random edits end in a picture or an error, and in the picture that the whole is decoded to where both are one.
  @Test func randomEditsNeverTrap() throws {
    var random = RandomGenerator(seed: 11)
    let names = ExpectedKind.all.keys.sorted()
    let files = try names.map { try Array(Data(contentsOf: URL(fileURLWithPath: kind($0)))) }
    var decoded = 0
    for round in 0..<4000 {
      var bytes = files[round % files.count]
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...9, using: &random)))
        default:
          bytes[min(bytes.count - 1, Int.random(in: 8..<33, using: &random))] = UInt8.random(in: 0...31, using: &random)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      if round % 2 == 0 { mendChecksums(&bytes) }
      let path = try file(bytes)
      let limit = ImageLimit(pixels: 1 << 20)
      guard let rows = try? assembled(path, 7, limit: limit) else { continue }
      decoded += 1
      if let whole = try? PNG.read(path, limit: limit) { #expect(rows == whole, "round \(round)") }
    }
    #expect(decoded > 50 && decoded < 2000, "\(decoded) of 4000 decode: the edits reach nothing, or all too little")
  }

  @Test func aClaimCostsNothing() throws {
    let path = try file(
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + header(width: 16000, height: 16000) + chunk("IDAT", [])
        + chunk("IEND", []))
    #expect(fileError { _ = try PNGRowReader(path) }?.problem.contains("too little data") == true)
    #expect(
      fileError { _ = try PNGRowReader(self.kind("rgb8"), limit: ImageLimit(pixels: 9)) }?.problem.contains("limit")
        == true)
  }

  @Test func comparingByRowsIsComparingTheWhole() throws {
    var random = RandomGenerator(seed: 3)
    for (channels, otherChannels, depth, height) in [(3, 1, 8, 40), (1, 1, 16, 23), (3, 3, 16, 9), (3, 3, 8, 1)] {
      func noise(_ channels: Int, _ depth: Int) -> Picture {
        let samples = (0..<17 * height * channels).map { _ in UInt16.random(in: 0...65535, using: &random) }
        return Picture(width: 17, height: height, channels: channels, pixels16: samples).converted(bitDepth: depth)
      }
      let (a, b) = (noise(channels, depth), noise(otherChannels, 8))
      let whole = try ImageMetrics.compare(a, b)
      for rows in [1, 5, 12] {
        var comparison = PictureComparison(width: 17, height: height, channels: channels, bitDepth: depth)
        for first in stride(from: 0, to: height, by: rows) {
          let count = min(rows, height - first)
          comparison.add(
            a.cropped(x: 0, y: first, width: 17, height: count), b.cropped(x: 0, y: first, width: 17, height: count))
        }
        #expect(comparison.metrics == whole, "\(rows) of \(height) rows")
      }
    }
  }
}
