import KernelArguments
import Testing
@testable import NeuralNet

/// Passes over pixels with a slope for each channel, and passes that take several pixels as one, against their definitions.
@Suite struct LearnedSlopeKernelTests {
  private static let tolerance = 1e-6

  @Test(arguments: KernelTable.available, PassKernelTests.channelCounts)
  func slopes(_ table: KernelTable, channels: Int) {
    var random = RandomGenerator(seed: 31)
    for (pixels, gap) in [(1, 0), (3, 2), (33, 0), (40, 5)] {
      let name = "\(pixels) pixels of \(channels) channels"
      let x = GuardedPixels(pixels, channels, gap: gap) { _, _ in random.uniform() < 0.1 ? 0 : random.number() }
      let dy = GuardedPixels(pixels, channels, gap: gap) { _, _ in random.number() }
      let slopes = GuardedPixels(1, channels) { _, _ in random.number() }
      let y = GuardedPixels(pixels, channels, gap: gap, value: nil)
      let dx = GuardedPixels(pixels, channels, gap: gap, value: nil)
      let (sums, products) = (GuardedPixels(1, channels, value: nil), GuardedPixels(1, channels, value: nil))
      table.activate(
        ActivationPass(
          pixels: pixels, channels: channels, input: x.view, affine: nil, dropout: nil, scale: 1, residual: nil,
          first: RectifiedView(y.view, slope: 1), second: nil, slopes: slopes.base))
      let pass = ActivationGradientPass(
        pixels: pixels, channels: channels, input: x.view, normalization: nil, dropout: nil, scale: 1,
        first: RectifiedView(dy.view, slope: 1), second: nil, output: dx.view, slopes: slopes.base)
      #expect(!pass.isIdentity)
      table.slopeGradients(pass, products.base)
      table.activationGradient(pass, sums.base)
      var expected: (y: [ExactSum], dx: [ExactSum]) = ([], [])
      var expectedSums = [ExactSum](repeating: ExactSum(), count: channels)
      var expectedProducts = expectedSums
      for pixel in 0..<pixels {
        for channel in 0..<channels {
          let slope = x[pixel, channel] > 0 ? 1 : slopes[0, channel]
          expected.y.append(ExactSum(x[pixel, channel]) * slope)
          expected.dx.append(ExactSum(dy[pixel, channel]) * slope)
          expectedSums[channel] += dy[pixel, channel] * slope
          expectedProducts[channel] += dy[pixel, channel] * min(x[pixel, channel], 0)
        }
      }
      expect(name + ", y", y.values, expected.y, Self.tolerance)
      expect(name + ", dx", dx.values, expected.dx, Self.tolerance)
      expect(name + ", sums", sums.values, expectedSums, Self.tolerance)
      expect(name + ", slopes", products.values, expectedProducts, Self.tolerance)
      expectIntact(name, [x, dy, slopes, y, dx, sums, products])
    }
  }

  /// Few channels without gaps between pixels, which are taken sixteen at a time.
  @Test(arguments: KernelTable.available, [1, 3, 15]) func fewChannels(_ table: KernelTable, channels: Int) {
    var random = RandomGenerator(seed: 32)
    for (pixels, hasSecond) in [(15, true), (16, false), (33, true), (64, true)] {
      let name = "\(pixels) pixels of \(channels) channels"
      let x = GuardedPixels(pixels, channels) { _, _ in random.number() }
      let residual = GuardedPixels(pixels, channels) { _, _ in random.number() }
      let outputs = (0..<2).map { _ in GuardedPixels(pixels, channels, value: nil) }
      table.activate(
        ActivationPass(
          pixels: pixels, channels: channels, input: x.view, affine: nil, dropout: nil, scale: 0.5,
          residual: residual.view, first: RectifiedView(outputs[0].view, slope: 0.2),
          second: hasSecond ? RectifiedView(outputs[1].view, slope: 0) : nil))
      for (output, slope) in zip(outputs.prefix(hasSecond ? 2 : 1), [Double(Float(0.2)), 0]) {
        var expected: [ExactSum] = []
        for pixel in 0..<pixels {
          for channel in 0..<channels {
            var sum = ExactSum(x[pixel, channel]) * 0.5
            sum += residual[pixel, channel]
            expected.append(sum.value > 0 ? sum : sum * slope)
          }
        }
        expect(name, output.values, expected, Self.tolerance)
      }
      expectIntact(name, [x, residual] + outputs)
    }
  }
}
