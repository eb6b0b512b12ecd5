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

  /// Borders of bytes and of numbers, of one picture and of several, are those of the definition: mirrored at the border
  /// pixels, again and again where they are wider than the picture.
  @Test(arguments: [(1, 1, 4), (3, 2, 8), (5, 7, 4), (8, 8, 4)]) func borders(width: Int, height: Int, multiple: Int) {
    let padding = Padding(width: width, height: height, multiple: multiple)
    func source(_ position: Int, _ before: Int, _ extent: Int) -> Int {
      var place = position - before
      while extent > 1, !(0..<extent).contains(place) { place = place < 0 ? -place : 2 * (extent - 1) - place }
      return extent > 1 ? place : 0
    }
    for channels in [1, 3] {
      let count = width * height * channels
      let samples = (0..<2 * count).map { UInt8(truncatingIfNeeded: 31 * $0) }
      var expected: [UInt8] = []
      for image in 0..<2 {
        for row in 0..<padding.paddedHeight {
          for column in 0..<padding.paddedWidth {
            let pixel = source(row, padding.top, height) * width + source(column, padding.left, width)
            for channel in 0..<channels { expected.append(samples[image * count + pixel * channels + channel]) }
          }
        }
      }
      #expect(padding.apply(to: samples, channels: channels) == expected)
      #expect(padding.apply(to: samples.map(Float.init), channels: channels) == expected.map(Float.init))
      let picture = Picture(width: width, height: height, channels: channels, pixels: Array(samples.prefix(count)))
      #expect(picture.padded(padding).pixels == Array(expected.prefix(expected.count / 2)))
      #expect(picture.padded(padding).cropped(padding) == picture)
    }
  }
}
