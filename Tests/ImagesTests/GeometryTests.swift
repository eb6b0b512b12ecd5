import Testing
@testable import Images

@Suite struct GeometryTests {
  /// 3 × 2 pixels with alpha, of 1 or 3 channels: sample = 10 × pixel + channel.
  func picture(channels: Int) -> Picture {
    Picture(
      width: 3, height: 2, channels: channels,
      pixels: (0..<6).flatMap { pixel in (0..<channels).map { UInt8(10 * pixel + $0) } },
      alpha: (0..<6).map { UInt8(100 + $0) })
  }

  /// What `picture` holds at the given pixels.
  func pixels(_ indices: [Int], width: Int, channels: Int) -> Picture {
    Picture(
      width: width, height: indices.count / max(width, 1), channels: channels,
      pixels: indices.flatMap { pixel in (0..<channels).map { UInt8(10 * pixel + $0) } },
      alpha: indices.map { UInt8(100 + $0) })
  }

  @Test(arguments: [1, 3]) func cropsAndHalvesAndFlips(channels: Int) {
    let image = picture(channels: channels)
    #expect(image.cropped(x: 1, y: 0, width: 2, height: 2) == pixels([1, 2, 4, 5], width: 2, channels: channels))
    #expect(image.cropped(x: 0, y: 1, width: 3, height: 1) == pixels([3, 4, 5], width: 3, channels: channels))
    #expect(image.leftHalf == pixels([0, 3], width: 1, channels: channels))
    #expect(image.rightHalf == pixels([2, 5], width: 1, channels: channels))
    #expect(image.flippedHorizontally() == pixels([2, 1, 0, 5, 4, 3], width: 3, channels: channels))
    #expect(image.flippedHorizontally().flippedHorizontally() == image)
  }

  @Test func greyIsPillows() throws {
    let difference = try #require(
      largestDifference(photo("photo_256x256").converted(channels: 1), photo("photo_256x256.grey")))
    #expect(difference == 0, "largest difference \(difference) grey levels")
  }

  @Test func greyBecomesThreeEqualSamplesAndGreyAgain() {
    let grey = picture(channels: 1)
    let colour = grey.converted(channels: 3)
    #expect(colour.pixels == grey.pixels.flatMap { [$0, $0, $0] })
    #expect(colour.alpha == grey.alpha)
    #expect(colour.converted(channels: 1) == grey)
  }
}
