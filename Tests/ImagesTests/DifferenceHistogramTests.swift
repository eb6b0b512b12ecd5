import Foundation
import TestSupport
import Testing
@testable import Images
@testable import NeuralNet

@Suite struct DifferenceHistogramTests {
  private func noise(_ width: Int, _ height: Int, channels: Int = 3, seed: UInt64) -> Picture {
    var random = RandomGenerator(seed: seed)
    // Small differences are frequent, large ones rare.
    let pixels = (0..<width * height * channels).map { _ in
      UInt8(100 + Int.random(in: 0...100, using: &random) / Int.random(in: 1...50, using: &random))
    }
    return Picture(width: width, height: height, channels: channels, pixels: pixels)
  }

  /// Against plain sums over sorted differences.
  @Test func figuresAreThoseOfAllSamples() throws {
    let pairs = [(31, 17, 1), (64, 50, 3)].map { width, height, channels in
      (noise(width, height, channels: channels, seed: 1), noise(width, height, channels: channels, seed: 2))
    }
    var histogram = DifferenceHistogram()
    #expect(histogram.figures == nil)
    for (a, b) in pairs { histogram.add(a, b) }
    let differences = pairs.flatMap { a, b in zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) } }.sorted()
    let figures = try #require(histogram.figures)
    let count = Double(differences.count)
    #expect(figures.mean == Double(differences.reduce(0, +)) / count)
    #expect(figures.largest == differences.last)
    // The least that at least 99 % do not exceed.
    let least = try #require(
      (0...255).first { level in Double(differences.filter { $0 <= level }.count) >= 0.99 * count })
    #expect(figures.percentile99 == least && least > 2 && least < figures.largest)
    let squares = Double(differences.reduce(0) { $0 + $1 * $1 }) / count
    #expect(abs(figures.psnr - 10 * log10(255 * 255 / squares)) < 1e-9)
  }

  /// Of one pair they are those of `evaluate`.
  @Test func oneLanguageWithTheMetrics() throws {
    let (a, b) = (noise(40, 30, seed: 3), noise(40, 30, seed: 4))
    var histogram = DifferenceHistogram()
    histogram.add(a, b)
    let metrics = try ImageMetrics.compare(a, b)
    let figures = try #require(histogram.figures)
    #expect(abs(figures.mean - metrics.meanAbsoluteError) < 1e-9 && abs(figures.psnr - metrics.psnr) < 1e-9)
  }

  @Test(arguments: [(1, 5), (99, 5), (100, 0), (101, 0), (199, 0)])
  func oneOfAHundredMayLieAbove(count: Int, percentile: Int) throws {
    let black = Picture(width: count, height: 1, channels: 1, pixels: [UInt8](repeating: 0, count: count))
    var pixels = black.pixels
    pixels[0] = 5
    var histogram = DifferenceHistogram()
    histogram.add(black, Picture(width: count, height: 1, channels: 1, pixels: pixels))
    let figures = try #require(histogram.figures)
    #expect(figures.percentile99 == percentile && figures.largest == 5)
  }

  @Test func equalPicturesOfAnyKind() throws {
    let grey = noise(9, 7, channels: 1, seed: 5)
    var histogram = DifferenceHistogram()
    histogram.add(grey, grey.converted(channels: 3))
    histogram.add(grey.converted(bitDepth: 16), grey.withAlpha([UInt8](repeating: 9, count: 63)))
    let figures = try #require(histogram.figures)
    #expect(figures == .init(mean: 0, percentile99: 0, largest: 0, psnr: .infinity))
  }
}
