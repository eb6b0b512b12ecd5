import KernelArguments
import Testing
@testable import NeuralNet

/// The passes over pixels of every build against their definitions in Double, in all their combinations.
@Suite struct PassKernelTests {
  static let channelCounts = [1, 3, 15, 16, 17, 33, 64, 65]
  private static let tolerance = 1e-6

  @Test(arguments: KernelTable.available, channelCounts) func moments(_ table: KernelTable, channels: Int) {
    var random = RandomGenerator(seed: 21)
    for pixels in [1, 2, 3, 4, 5, 15, 16, 17, 33, 64, 65] {
      let name = "\(pixels) pixels of \(channels) channels"
      // A mean a hundred times the deviation: Σx² − (Σx)² / n would cancel.
      let input = GuardedPixels(pixels, channels, gap: 3) { _, channel in
        Float(100 * (channel % 3 - 1)) + random.number()
      }
      let mean = GuardedPixels(1, channels, value: nil), squares = GuardedPixels(1, channels, value: nil)
      table.moments(input.view, pixels, channels, mean.base, squares.base)
      var means: [ExactSum] = [], sums: [ExactSum] = []
      for channel in 0..<channels {
        var sum = ExactSum(), deviations = ExactSum()
        for pixel in 0..<pixels { sum += input[pixel, channel] / Double(pixels) }
        for pixel in 0..<pixels {
          deviations += (input[pixel, channel] - sum.value) * (input[pixel, channel] - sum.value)
        }
        // The mean itself is rounded; for a single pixel that is all there is.
        deviations.size += 1e-4
        means.append(sum)
        sums.append(deviations)
      }
      expect(name + ", mean", mean.values, means, Self.tolerance)
      expect(name + ", squares", squares.values, sums, 2 * Self.tolerance)
      expectIntact(name, [input, mean, squares])
    }
  }

  @Test(arguments: KernelTable.available, channelCounts) func activate(_ table: KernelTable, channels: Int) {
    for options in Options.all {
      for pixels in [1, 3, 17] {
        let scene = Scene(options, pixels, channels)
        var expected: [[ExactSum]] = [[], []]
        for pixel in 0..<pixels {
          for channel in 0..<channels {
            var z = scene.normalized(pixel, channel) * scene.factor(pixel, channel)
            if options.hasResidual { z += scene.residual[pixel, channel] }
            for (output, slope) in scene.slopes.enumerated() {
              expected[output].append(z.value > 0 ? z : z * Double(slope))
            }
          }
        }
        let (first, second) = (scene.outputs[0], scene.outputs[1])
        let pass = ActivationPass(
          pixels: pixels, channels: channels, input: scene.input.view, affine: scene.affine, dropout: scene.dropout,
          scale: 1,
          residual: options.hasResidual ? scene.residual.view : nil,
          first: RectifiedView(options.isInPlace ? scene.input.view : first.view, slope: scene.slopes[0]),
          second: options.hasSecond ? RectifiedView(second.view, slope: scene.slopes[1]) : nil)
        table.activate(pass)
        expect(scene.name, (options.isInPlace ? scene.input : first).values, expected[0], Self.tolerance)
        if options.hasSecond { expect(scene.name + ", second", second.values, expected[1], Self.tolerance) }
        expectIntact(scene.name, scene.buffers)
      }
    }
  }

  /// Losses that are no numbers stop a run, so rectifiers must not hide them.
  @Test(arguments: KernelTable.available) func activationsKeepWhatIsNoNumber(_ table: KernelTable) {
    let input = GuardedPixels(1, 17) { _, channel in channel % 2 == 0 ? .nan : -1 }
    let output = GuardedPixels(1, 17, value: nil)
    table.activate(
      ActivationPass(
        pixels: 1, channels: 17, input: input.view, affine: nil, dropout: nil, scale: 1, residual: nil,
        first: RectifiedView(output.view, slope: 0), second: nil))
    #expect(output.values.enumerated().allSatisfy { $1.isNaN == ($0 % 2 == 0) })
  }

  @Test(arguments: KernelTable.available, channelCounts) func gradientSums(_ table: KernelTable, channels: Int) {
    for options in Options.all where !options.hasResidual && !options.isInPlace {
      for pixels in [1, 3, 33] {
        let scene = Scene(options, pixels, channels)
        var expected: [[ExactSum]] = [[], []]
        for channel in 0..<channels {
          var sum = ExactSum(), product = ExactSum()
          for pixel in 0..<pixels {
            let dz = scene.gradient(pixel, channel)
            sum = sum + dz
            if options.isAffine { product = product + dz * scene.standardized(pixel, channel).value }
          }
          expected[0].append(sum)
          expected[1].append(product)
        }
        let sums = GuardedPixels(1, channels, value: nil), products = GuardedPixels(1, channels, value: nil)
        table.gradientSums(scene.gradientPass(output: scene.outputs[0]), sums.base, products.base)
        expect(scene.name + ", sums", sums.values, expected[0], Self.tolerance)
        expect(scene.name + ", products", products.values, expected[1], 2 * Self.tolerance)
        expectIntact(scene.name, scene.buffers + [sums, products])
      }
    }
  }

  @Test(arguments: KernelTable.available, channelCounts) func activationGradient(_ table: KernelTable, channels: Int) {
    for options in Options.all {
      // Statistics that do not depend on the input have no means of gradients.
      for (pixels, hasMeans, hasSums, hasGaps) in [
        (1, true, true, true), (3, false, true, true), (33, true, false, true), (16, false, true, false),
        (35, false, true, false), (35, false, false, false),
      ] {
        let scene = Scene(options, pixels, channels, hasGaps: hasGaps)
        var expected = [ExactSum](repeating: ExactSum(), count: pixels * channels)
        var sums: [ExactSum] = []
        for channel in 0..<channels {
          var sum = ExactSum()
          for pixel in 0..<pixels {
            var dx = scene.gradient(pixel, channel)
            if options.isAffine {
              if hasMeans {
                dx += -scene.meanGradient[0, channel]
                dx = dx + scene.standardized(pixel, channel) * -scene.meanProduct[0, channel]
              }
              dx = dx * scene.scale[0, channel]
            }
            sum = sum + dx
            expected[pixel * channels + channel] = dx
          }
          sums.append(sum)
        }
        let output = options.isInPlace ? scene.gradients[0] : scene.outputs[0]
        var pass = scene.gradientPass(output: output)
        if !hasMeans { (pass.meanGradient, pass.meanGradientTimesNormalized) = (nil, nil) }
        let written = GuardedPixels(1, channels, value: nil)
        table.activationGradient(pass, hasSums ? written.base : nil)
        expect(scene.name, output.values, expected, Self.tolerance)
        if hasSums { expect(scene.name + ", sums", written.values, sums, Self.tolerance) }
        expectIntact(scene.name, scene.buffers + [written])
      }
    }
  }

  /// What a pass can do besides rectifying.
  struct Options {
    let isAffine: Bool
    let drops: Bool
    let hasResidual: Bool
    let hasSecond: Bool
    let isInPlace: Bool

    static let all = (0..<32).map { bits in
      Options(
        isAffine: bits & 1 > 0, drops: bits & 2 > 0, hasResidual: bits & 4 > 0, hasSecond: bits & 8 > 0,
        isInPlace: bits & 16 > 0)
    }
  }

  /// The buffers of a pass and what its values are by definition.
  struct Scene {
    let options: Options
    let pixels: Int
    let channels: Int
    let name: String
    /// Of the first and the second copy.
    let slopes: [Float] = [0.2, 0]
    let mean: GuardedPixels
    let scale: GuardedPixels
    let shift: GuardedPixels
    let inverseDeviation: GuardedPixels
    let meanGradient: GuardedPixels
    let meanProduct: GuardedPixels
    let input: GuardedPixels
    let residual: GuardedPixels
    let outputs: [GuardedPixels]
    let gradients: [GuardedPixels]

    init(_ options: Options, _ pixels: Int, _ channels: Int, hasGaps: Bool = true) {
      func gap(_ floats: Int) -> Int { hasGaps ? floats : 0 }
      (self.options, self.pixels, self.channels) = (options, pixels, channels)
      name = "\(pixels) pixels of \(channels) channels, \(options)"
      var random = RandomGenerator(seed: 22)
      let mean = GuardedPixels(1, channels) { _, _ in random.number() }
      let scale = GuardedPixels(1, channels) { _, _ in 0.5 + Float(random.uniform()) }
      let shift = GuardedPixels(1, channels) { _, _ in random.number() }
      inverseDeviation = GuardedPixels(1, channels) { _, _ in 0.5 + Float(random.uniform()) }
      meanGradient = GuardedPixels(1, channels) { _, _ in random.number() }
      meanProduct = GuardedPixels(1, channels) { _, _ in random.number() }
      input = GuardedPixels(pixels, channels, gap: gap(3)) { _, channel in
        while true {
          // Without a normalisation exact zeros, as behind a rectifier; with one away from the rectifier's corner, on
          // whose side rounding decides.
          let x = random.number()
          if !options.isAffine { return random.uniform() < 0.1 ? 0 : x }
          let z = (Double(x) - mean[0, channel]) * scale[0, channel] + shift[0, channel]
          if abs(z) > 1e-3 { return x }
        }
      }
      residual = GuardedPixels(pixels, channels, gap: 1) { _, _ in random.number() }
      outputs = [5, 0].map { GuardedPixels(pixels, channels, gap: gap($0), value: nil) }
      gradients = [2, 7].map { GuardedPixels(pixels, channels, gap: gap($0)) { _, _ in random.number() } }
      (self.mean, self.scale, self.shift) = (mean, scale, shift)
    }

    var buffers: [GuardedPixels] {
      [mean, scale, shift, inverseDeviation, meanGradient, meanProduct, input, residual] + outputs + gradients
    }

    var affine: ChannelAffine? {
      options.isAffine ? ChannelAffine(mean: mean.base, scale: scale.base, shift: shift.base) : nil
    }

    /// A piece that begins in the middle of a tensor with 40 channels more.
    var dropout: DropoutMask? {
      options.drops ? DropoutMask(key: 77, firstPixel: 1000, firstChannel: 32, channels: channels + 40) : nil
    }

    /// 2 where dropout keeps a value and 0 where it does not: the bits of a SplitMix64 hash of key, pixel and group of
    /// sixteen channels.
    func factor(_ pixel: Int, _ channel: Int) -> Double {
      guard let dropout else { return 1 }
      let groups = (dropout.channels + 15) / 16
      let group = UInt64((dropout.firstPixel + pixel) * groups + (dropout.firstChannel + channel) / 16)
      var z = dropout.key &+ group &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      return z >> UInt64(channel % 16) & 1 == 1 ? 2 : 0
    }

    /// z before dropout and residual.
    func normalized(_ pixel: Int, _ channel: Int) -> ExactSum {
      var sum = ExactSum(input[pixel, channel])
      guard options.isAffine else { return sum }
      sum += -mean[0, channel]
      sum = sum * scale[0, channel]
      sum += shift[0, channel]
      return sum
    }

    /// x̂
    func standardized(_ pixel: Int, _ channel: Int) -> ExactSum {
      var sum = ExactSum(input[pixel, channel])
      sum += -mean[0, channel]
      return sum * inverseDeviation[0, channel]
    }

    /// dz: the gradients of the copies, each times its rectifier's slope (that of the negative side at 0), dropped.
    func gradient(_ pixel: Int, _ channel: Int) -> ExactSum {
      let isPositive = normalized(pixel, channel).value > 0
      var sum = ExactSum()
      for (gradient, slope) in zip(gradients.prefix(options.hasSecond ? 2 : 1), slopes) {
        sum += gradient[pixel, channel] * (isPositive ? 1 : Double(slope))
      }
      return sum * factor(pixel, channel)
    }

    func gradientPass(output: GuardedPixels) -> ActivationGradientPass {
      ActivationGradientPass(
        pixels: pixels, channels: channels, input: input.view,
        normalization: affine.map {
          NormalizationGradient(
            affine: $0, inverseDeviation: inverseDeviation.base, meanGradient: meanGradient.base,
            meanGradientTimesNormalized: meanProduct.base)
        }, dropout: dropout, scale: 1,
        first: RectifiedView(gradients[0].view, slope: slopes[0]),
        second: options.hasSecond ? RectifiedView(gradients[1].view, slope: slopes[1]) : nil, output: output.view)
    }
  }
}
