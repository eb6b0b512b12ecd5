import Files
import Foundation
import TestSupport
import Testing
@testable import Images

/// Pictures of 16 bits a sample.
@Suite struct DeepPictureTests {
  private static let deepKinds = ExpectedKind.all.filter { $0.value.bitDepth == 16 }.keys.sorted()

  /// All values, so that no rounding hides.
  private func ramp(channels: Int = 1, alpha: Bool = false) -> Picture {
    Picture(
      width: 256, height: 256, channels: channels,
      pixels16: (0..<65536 * channels).map { UInt16(truncatingIfNeeded: $0 &* 40503) },
      alpha16: alpha ? (0..<65536).map { UInt16(65535 - $0) } : nil)
  }

  private func samples(_ picture: Picture) throws -> PixelSamples<UInt16> {
    guard case .words(let samples) = picture.content else {
      throw FileError(path: nil, problem: "a picture of 8 bits, 16 were expected")
    }
    return samples
  }

  @Test(arguments: deepKinds)
  func sixteenBitsComeOutAsStored(name: String) throws {
    let expected = try #require(ExpectedKind.all[name])
    let found = try samples(PNG.read(images.appendingPathComponent("kinds/\(name).png").path))
    #expect(found.pixels == expected.pixels16)
    #expect(found.alpha == expected.alpha16)
  }

  @Test(arguments: [1, 3], [false, true])
  func writtenFilesHoldEverySample(channels: Int, alpha: Bool) throws {
    let picture = ramp(channels: channels, alpha: alpha)
    let stream = try PNG.encode(picture)
    #expect(try PNG.decode(stream) == picture)
    let header = try stream.withUnsafeBytes { try PNGChunks.header($0, path: nil) }
    #expect(header.bitDepth == 16 && header.channels == channels && header.hasAlpha == alpha)
  }

  @Test func floatsLoseNothing() throws {
    let picture = ramp()
    var floats = [Float](repeating: 0, count: 65536)
    ImageTensor.write(picture, to: &floats, pixelStride: 1)
    #expect(floats.min() == -1 && floats.max() == 1)
    #expect(
      ImageTensor.image(from: floats, width: 256, height: 256, channels: 1, pixelStride: 1, bitDepth: 16) == picture)
    let outside: [Float] = [.nan, -.infinity, .infinity, 1.5, -1.5, 0]
    let clamped = ImageTensor.image(from: outside, width: 6, height: 1, channels: 1, pixelStride: 1, bitDepth: 16)
    #expect(try samples(clamped).pixels == [0, 0, 65535, 65535, 0, 32768])
  }

  @Test func depthsTurnIntoEachOther() throws {
    let bytes = Picture(width: 16, height: 16, channels: 1, pixels: (0...255).map { UInt8($0) }, alpha: nil)
    let words = bytes.converted(bitDepth: 16)
    #expect(try samples(words).pixels == (0...255).map { UInt16($0) * 257 })
    #expect(words.converted(bitDepth: 8) == bytes && words.pixels == bytes.pixels)
    let edges = Picture(width: 3, height: 1, channels: 1, pixels16: [128, 129, 65406])
    #expect(edges.converted(bitDepth: 8).pixels == [0, 1, 254])
  }

  /// What is done with samples of 8 bits, with 257 times as many.
  @Test func geometryIsThatOfEightBits() throws {
    let bytes = Picture(
      width: 7, height: 5, channels: 3, pixels: (0..<105).map { UInt8($0 * 2) }, alpha: (0..<35).map { UInt8($0) })
    let words = bytes.converted(bitDepth: 16)
    for change: (Picture) -> Picture in [
      { $0.cropped(x: 2, y: 1, width: 4, height: 3) }, { $0.flippedHorizontally() }, { $0.leftHalf }, { $0.rightHalf },
      { $0.padded(Padding(width: 7, height: 5, multiple: 8)) }, { $0.joined(bytes) }, { $0.withAlpha(nil) },
      { $0.resized(width: 3, height: 9, filter: .nearest) }, { $0.withAlpha(of: bytes.flippedHorizontally()) },
    ] {
      let result = change(words)
      #expect(result.bitDepth == 16 && result == change(bytes).converted(bitDepth: 16))
    }
    let grey = try samples(words.converted(channels: 1)).pixels
    for (i, value) in grey.enumerated() {
      let (r, g, b) = (Double(bytes.pixels[3 * i]), Double(bytes.pixels[3 * i + 1]), Double(bytes.pixels[3 * i + 2]))
      #expect(abs(Double(value) - 257 * (0.299 * r + 0.587 * g + 0.114 * b)) < 1)
    }
  }

  /// Against the plain sum over the filter's weights in double precision.
  @Test(arguments: [(9, 4), (40, 33), (13, 40)], [ResamplingFilter.bilinear, .bicubic, .lanczos])
  func resamplingKeepsTheDepth(size: (width: Int, height: Int), filter: ResamplingFilter) throws {
    let picture = ramp(channels: 3).cropped(x: 3, y: 5, width: 20, height: 17)
    let result = try samples(picture.resized(width: size.width, height: size.height, filter: filter))
    let source = try samples(picture)
    func weights(_ old: Int, _ new: Int) -> [[(Int, Double)]] {
      let scale = Double(old) / Double(new)
      let widened = max(scale, 1)
      return (0..<new).map { i in
        let center = (Double(i) + 0.5) * scale
        let all = (0..<old).map { ($0, filter.weight((Double($0) + 0.5 - center) / widened)) }
          .filter { abs(Double($0.0) + 0.5 - center) <= filter.support * widened }
        let sum = all.reduce(0) { $0 + $1.1 }
        return all.map { ($0.0, $0.1 / sum) }
      }
    }
    let (columns, rows) = (weights(20, size.width), weights(17, size.height))
    for y in 0..<size.height {
      for x in 0..<size.width {
        for channel in 0..<3 {
          var sum = 0.0
          for (row, vertical) in rows[y] {
            var line = 0.0
            for (column, weight) in columns[x] {
              line += weight * Double(source.pixels[(row * 20 + column) * 3 + channel])
            }
            sum += vertical * min(65535, max(0, line))
          }
          let value = Double(result.pixels[(y * size.width + x) * 3 + channel])
          #expect(abs(value - min(65535, max(0, sum))) < 2.5, "\(x), \(y): \(value) instead of \(sum)")
        }
      }
    }
  }

  @Test func metricsCompareWholeSamples() throws {
    let a = Picture(width: 2, height: 1, channels: 1, pixels16: [1000, 2000])
    let b = Picture(width: 2, height: 1, channels: 1, pixels16: [1003, 1996])
    let metrics = try ImageMetrics.compare(a, b)
    #expect(abs(metrics.meanAbsoluteError - 3.5 / 257) < 1e-12)
    #expect(abs(metrics.psnr - 10 * log10(65535 * 65535 / 12.5)) < 1e-12)
    // More samples than one block.
    let sides = [0, 65535].map { level in
      Picture(width: 1100, height: 1000, channels: 1, pixels16: [UInt16](repeating: UInt16(level), count: 1_100_000))
    }
    let opposite = try ImageMetrics.compare(sides[0], sides[1])
    #expect(opposite.meanAbsoluteError == 255 && opposite.psnr == 0)
    // The same pictures in both depths give the same figures.
    let bytes = (0..<2).map { shift in
      Picture(width: 20, height: 15, channels: 1, pixels: (0..<300).map { UInt8($0 * 7 % (200 + 10 * shift)) })
    }
    let words = bytes.map { $0.converted(bitDepth: 16) }
    let shallow = try ImageMetrics.compare(bytes[0], bytes[1])
    for (first, second) in [(words[0], words[1]), (words[0], bytes[1]), (bytes[0], words[1])] {
      let deep = try ImageMetrics.compare(first, second)
      #expect(abs(deep.meanAbsoluteError - shallow.meanAbsoluteError) < 1e-9)
      #expect(abs(deep.psnr - shallow.psnr) < 1e-9 && abs(deep.ssim - shallow.ssim) < 1e-9)
    }
  }
}
