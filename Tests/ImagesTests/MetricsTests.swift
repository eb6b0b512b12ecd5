import Foundation
import TestSupport
import Testing
@testable import Images
@testable import NeuralNet

@Suite struct MetricsTests {
  /// Random samples around a slope, so that the structure is neither flat nor all noise.
  func picture(width: Int, height: Int, channels: Int, seed: UInt64) -> Picture {
    var random = RandomGenerator(seed: seed)
    let pixels = (0..<width * height * channels).map {
      UInt8($0 * 150 / (width * height * channels) + Int.random(in: 0...100, using: &random))
    }
    return Picture(width: width, height: height, channels: channels, pixels: pixels)
  }

  /// SSIM by its definition: every window by itself, two-dimensional weights, central moments.
  func plainSimilarity(_ a: Picture, _ b: Picture) -> Double {
    func positions(_ length: Int) -> Range<Int> { length >= 11 ? 5..<length - 5 : 0..<length }
    var total = 0.0
    var count = 0.0
    for channel in 0..<a.channels {
      for y in positions(a.height) {
        for x in positions(a.width) {
          var window: [(weight: Double, a: Double, b: Double)] = []
          for dy in -5...5 where (0..<a.height).contains(y + dy) {
            for dx in -5...5 where (0..<a.width).contains(x + dx) {
              let i = ((y + dy) * a.width + x + dx) * a.channels + channel
              window.append((exp(-Double(dx * dx + dy * dy) / 4.5), Double(a.pixels[i]), Double(b.pixels[i])))
            }
          }
          let sum = window.reduce(0) { $0 + $1.weight }
          let meanA = window.reduce(0) { $0 + $1.weight * $1.a } / sum
          let meanB = window.reduce(0) { $0 + $1.weight * $1.b } / sum
          let varianceA = window.reduce(0) { $0 + $1.weight * ($1.a - meanA) * ($1.a - meanA) } / sum
          let varianceB = window.reduce(0) { $0 + $1.weight * ($1.b - meanB) * ($1.b - meanB) } / sum
          let covariance = window.reduce(0) { $0 + $1.weight * ($1.a - meanA) * ($1.b - meanB) } / sum
          let luminance = (2 * meanA * meanB + 6.5025) / (meanA * meanA + meanB * meanB + 6.5025)
          total += luminance * (2 * covariance + 58.5225) / (varianceA + varianceB + 58.5225)
          count += 1
        }
      }
    }
    return total / count
  }

  @Test func valuesAreThoseOfScikitImage() throws {
    struct Golden: Decodable {
      var mean_absolute_error_0_255: Double
      var psnr_db: Double
      var ssim: Double

      enum CodingKeys: String, CodingKey {
        case mean_absolute_error_0_255, psnr_db
        case ssim = "ssim_gaussian_sigma1.5_11x11_per_channel_mean"
      }
    }
    let golden = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: images.appendingPathComponent("pillow/metrics.json")))
    let metrics = try ImageMetrics.compare(photo("photo_256x256"), photo("photo_256x256.noisy"))
    for (value, expected) in [
      (metrics.meanAbsoluteError, golden.mean_absolute_error_0_255), (metrics.psnr, golden.psnr_db),
      (metrics.ssim, golden.ssim),
    ] {
      let error = abs(value - expected) / expected
      #expect(error < 1e-12, "\(value) instead of \(expected), relative error \(error)")
    }
  }

  @Test(arguments: [(11, 11), (12, 30), (31, 11), (10, 10), (5, 40), (40, 3), (1, 1), (1, 20)], [1, 3])
  func similarityFollowsItsDefinition(size: (width: Int, height: Int), channels: Int) throws {
    let a = picture(width: size.width, height: size.height, channels: channels, seed: 1)
    let b = picture(width: size.width, height: size.height, channels: channels, seed: 2)
    let expected = plainSimilarity(a, b)
    let error = try abs(ImageMetrics.compare(a, b).ssim - expected)
    #expect(error < 1e-10, "error \(error) of \(expected)")
    #expect(try abs(ImageMetrics.compare(a, a).ssim - 1) < 1e-12)
  }

  @Test func knownDifferences() throws {
    let a = Picture(width: 2, height: 1, channels: 1, pixels: [10, 20])
    let b = Picture(width: 2, height: 1, channels: 1, pixels: [13, 16])
    let metrics = try ImageMetrics.compare(a, b)
    #expect(metrics.meanAbsoluteError == 3.5)
    #expect(abs(metrics.psnr - 10 * log10(65025 / 12.5)) < 1e-12)
    #expect(try ImageMetrics.compare(a.converted(channels: 3), b).meanAbsoluteError == 3.5)
  }

  @Test func equalPicturesHaveInfinitePSNRAndJSONSaysNull() throws {
    let metrics = try ImageMetrics.compare(photo("photo_97x71"), photo("photo_97x71"))
    #expect(metrics.meanAbsoluteError == 0)
    #expect(metrics.psnr == .infinity)
    let json = try JSONEncoder().encode(metrics)
    #expect(String(decoding: json, as: UTF8.self).contains(#""psnr":null"#))
    #expect(try JSONDecoder().decode(ImageMetrics.self, from: json) == metrics)
  }

  @Test func unequalSizesAreNamed() throws {
    let a = picture(width: 3, height: 4, channels: 1, seed: 1)
    let b = picture(width: 4, height: 3, channels: 1, seed: 1)
    #expect(
      fileError { _ = try ImageMetrics.compare(a, b) }?.problem == "images of 3 × 4 and 4 × 3 pixels cannot be compared"
    )
  }

  @Test func comparingIsFast() throws {
    let (a, b) = (try photo("photo_256x256"), try photo("photo_256x256.noisy"))
    let clock = ContinuousClock()
    let best = (0..<10).map { _ in clock.measure { _ = try? ImageMetrics.compare(a, b) } }.min()
    let milliseconds = try #require(best) / .milliseconds(1)
    print("MAE, PSNR and SSIM of 256 × 256 RGB: \(milliseconds) ms")
    #if !DEBUG
      #expect(milliseconds < 200, "took \(milliseconds) ms")
    #endif
  }
}
