import Foundation
import TestSupport
import Testing
@testable import Images

/// A picture of Fixtures/images/pillow.
func photo(_ name: String) throws -> Picture { try PNG.read(images.appendingPathComponent("pillow/\(name).png").path) }

/// The largest difference of two pictures in grey levels; nil where their shapes differ.
func largestDifference(_ a: Picture, _ b: Picture) -> Int? {
  guard a.width == b.width, a.height == b.height, a.channels == b.channels, (a.alpha == nil) == (b.alpha == nil) else {
    return nil
  }
  func largest(_ a: [UInt8], _ b: [UInt8]) -> Int { zip(a, b).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) } }
  return max(largest(a.pixels, b.pixels), largest(a.alpha ?? [], b.alpha ?? []))
}

@Suite struct ResamplingTests {
  @Test(
    arguments: ResamplingFilter.allCases,
    [("photo_256x256", 286, 286), ("photo_256x256", 100, 60), ("photo_97x71", 64, 128)])
  func samplesArePillows(filter: ResamplingFilter, to target: (name: String, width: Int, height: Int)) throws {
    let expected = try photo("\(target.name).\(filter.rawValue)_\(target.width)x\(target.height)")
    let resized = try photo(target.name).resized(width: target.width, height: target.height, filter: filter)
    let difference = try #require(largestDifference(resized, expected))
    #expect(difference == 0, "largest difference \(difference) grey levels")
  }

  @Test(arguments: ResamplingFilter.allCases)
  func aChannelIsResampledAlikeAsGreyAndAsAlpha(filter: ResamplingFilter) throws {
    let photo = try photo("photo_97x71")
    let grey = photo.converted(channels: 1)
    let expected = photo.resized(width: 64, height: 128, filter: filter)
    let red = Picture(
      width: 97, height: 71, channels: 1,
      pixels: stride(from: 0, to: photo.pixels.count, by: 3).map { photo.pixels[$0] })
    let expectedRed = stride(from: 0, to: expected.pixels.count, by: 3).map { expected.pixels[$0] }
    #expect(red.resized(width: 64, height: 128, filter: filter).pixels == expectedRed)
    let withAlpha = Picture(width: 97, height: 71, channels: 1, pixels: grey.pixels, alpha: red.pixels)
    #expect(withAlpha.resized(width: 64, height: 128, filter: filter).alpha == expectedRed)
  }

  @Test(arguments: ResamplingFilter.allCases)
  func oneColourStaysOneColour(filter: ResamplingFilter) {
    for level in [UInt8(0), 1, 127, 254, 255] {
      for (from, to) in [(1, 7), (7, 1), (3, 2), (16, 33), (100, 9)] {
        let image = Picture(width: from, height: to, channels: 1, pixels: Array(repeating: level, count: from * to))
        let resized = image.resized(width: to, height: from, filter: filter)
        #expect(resized.pixels == Array(repeating: level, count: from * to))
      }
    }
  }

  @Test func theSameSizeIsTheSamePicture() throws {
    let photo = try photo("photo_97x71")
    #expect(photo.resized(width: 97, height: 71, filter: .lanczos) == photo)
  }

  @Test func resizingForTrainingIsFast() throws {
    let photo = try photo("photo_256x256")
    let clock = ContinuousClock()
    let best = (0..<20).map { _ in clock.measure { _ = photo.resized(width: 286, height: 286, filter: .bicubic) } }
      .min()
    let milliseconds = try #require(best) / .milliseconds(1)
    print("256 to 286 bicubic RGB: \(milliseconds) ms")
    #if !DEBUG
      #expect(milliseconds < 20, "took \(milliseconds) ms")
    #endif
  }
}
