import Foundation
import TestSupport
import Testing
@testable import Images

/// What a file in Fixtures/images/kinds must decode to (see make_kinds.py).
struct ExpectedKind: Decodable {
  var width: Int
  var height: Int
  var bitDepth: Int
  var channels: Int
  var interlaced: Bool
  var pixels: [UInt8]
  var alpha: [UInt8]?
  /// As stored, where that is 16 bits.
  var pixels16: [UInt16]?
  var alpha16: [UInt16]?

  static let all: [String: ExpectedKind] = {
    guard let data = try? Data(contentsOf: images.appendingPathComponent("kinds.json")) else { return [:] }
    return (try? JSONDecoder().decode([String: ExpectedKind].self, from: data)) ?? [:]
  }()
}

/// The folder of picture fixtures.
let images = fixtures.appendingPathComponent("images")

@Suite struct PNGKindsTests {
  @Test func everyKindHasItsExpectation() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: images.appendingPathComponent("kinds").path)
    #expect(Set(files) == Set(ExpectedKind.all.keys.map { $0 + ".png" }))
    #expect(files.count == 66)
  }

  @Test(arguments: ExpectedKind.all.keys.sorted())
  func samplesComeOutAsStored(name: String) throws {
    let expected = try #require(ExpectedKind.all[name])
    let image = try PNG.read(images.appendingPathComponent("kinds/\(name).png").path)
    #expect(image.width == expected.width)
    #expect(image.height == expected.height)
    #expect(image.channels == expected.channels)
    #expect(image.pixels == expected.pixels)
    #expect(image.alpha == expected.alpha)
  }

  @Test(arguments: ExpectedKind.all.keys.sorted())
  func headerAgrees(name: String) throws {
    let expected = try #require(ExpectedKind.all[name])
    let header = try PNG.header(images.appendingPathComponent("kinds/\(name).png").path)
    #expect(header.width == expected.width)
    #expect(header.height == expected.height)
    #expect(header.bitDepth == expected.bitDepth)
    #expect(header.channels == expected.channels)
    #expect(header.isInterlaced == expected.interlaced)
    #expect(header.hasAlpha == (expected.alpha != nil))
  }

  @Test(arguments: ExpectedKind.all.keys.sorted())
  func writingAndReadingGivesTheSamePicture(name: String) throws {
    let image = try PNG.read(images.appendingPathComponent("kinds/\(name).png").path)
    #expect(try PNG.decode(PNG.encode(image)) == image)
  }
}
