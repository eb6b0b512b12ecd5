import KernelArguments
import Testing
@testable import NeuralNet

/// Adam's update and the sums of spread pixels of every build against their definitions in Double.
@Suite struct UpdateKernelTests {
  @Test(arguments: KernelTable.available, [16, 48, 64, 1040]) func adam(_ table: KernelTable, count: Int) {
    var random = RandomGenerator(seed: 31)
    // Half of the weights are 0, so that it is the move that is compared; some have never had a gradient.
    let weights = GuardedPixels(1, count) { _, index in index % 2 == 0 ? 0 : random.number() }
    let gradients = GuardedPixels(1, count) { _, index in index % 7 == 0 ? 0 : 1e-3 * random.number() }
    let first = GuardedPixels(1, count) { _, index in index % 7 == 0 ? 0 : 1e-3 * random.number() }
    let second = GuardedPixels(1, count) { _, index in index % 7 == 0 ? 0 : 1e-6 * Float(random.uniform()) }
    let pass = AdamPass(
      count: count, weights: weights.base, gradients: gradients.base, firstMoment: first.base,
      secondMoment: second.base, firstRate: 0.5, secondRate: 1e-3, stepSize: 3e-4, inverseSecondCorrection: 12,
      epsilon: 1e-8)
    var expected: [[ExactSum]] = [[], [], []]
    for index in 0..<count {
      let gradient = gradients[0, index]
      var m = ExactSum(first[0, index]), v = ExactSum(second[0, index])
      for (term, rate) in [(gradient, pass.firstRate), (-m.value, pass.firstRate)] { m += term * Double(rate) }
      for (term, rate) in [(gradient * gradient, pass.secondRate), (-v.value, pass.secondRate)] {
        v += term * Double(rate)
      }
      let root = v.value.squareRoot() * Double(pass.inverseSecondCorrection) + Double(pass.epsilon)
      expected[0].append(ExactSum(weights[0, index]) + m * (-Double(pass.stepSize) / root))
      expected[1].append(m)
      expected[2].append(v)
    }
    table.adam(pass)
    for (name, (buffer, exact)) in zip(["weights", "means", "squares"], zip([weights, first, second], expected)) {
      expect("\(name) of \(count)", buffer.values, exact, 1e-6)
    }
    expectIntact("\(count) weights", [weights, gradients, first, second])
  }

  @Test(arguments: KernelTable.available, PassKernelTests.channelCounts)
  func gatherSums(_ table: KernelTable, channels: Int) {
    var random = RandomGenerator(seed: 32)
    for (pixels, accumulates) in [(1, false), (3, true), (17, false), (33, true)] {
      let name = "\(pixels) pixels of \(channels) channels, accumulates \(accumulates)"
      let input = GuardedPixels(12, channels, gap: 2) { _, _ in random.number() }
      let output = GuardedPixels(pixels, channels, gap: 5) { _, _ in random.number() }
      // None to four sources for a pixel.
      let sources = (0..<pixels).map { pixel in (0..<pixel % 5).map { _ in random.index(input.pixels) } }
      var starts: [Int32] = [0]
      for list in sources { starts.append(starts[starts.count - 1] + Int32(list.count)) }
      var expected: [ExactSum] = []
      for pixel in 0..<pixels {
        for channel in 0..<channels {
          var sum = ExactSum(accumulates ? output[pixel, channel] : 0)
          for source in sources[pixel] { sum += input[source, channel] }
          expected.append(sum)
        }
      }
      let places = IndexTable(starts)
      let offsets = IndexTable(sources.flatMap { $0.map { input.offset($0) } } + [0])
      table.gatherSums(
        PixelSums(
          input: input.base, starts: places.base, sources: offsets.base, output: output.view,
          pixels: pixels, channels: channels, accumulates: accumulates))
      withExtendedLifetime((places, offsets)) {}
      expect(name, output.values, expected, 1e-6)
      expectIntact(name, [input, output])
    }
  }

  /// Whoever adds a kernel to the table adds it here too, with a test over `KernelTable.available` beside the others.
  @Test func everyKernelHasATest() throws {
    let table = try #require(KernelTable.available.first)
    let kernels = Mirror(reflecting: table).children.compactMap(\.label)
    #expect(
      kernels == [
        "name", "usesMatrixProducts", "memoryCost", "multiplyGathered", "multiplyDot", "multiplyOuter",
        "transposeBlock", "moments",
        "activate", "tanh", "gradientSums", "activationGradient", "slopeGradients", "transform", "adam", "gatherSums",
        "lowPrecision",
      ])
    #expect(
      Mirror(reflecting: table.lowPrecision).children.compactMap(\.label) == [
        "forms", "multiplyIntegers", "multiplyWideIntegers", "multiplyScaledIntegers", "multiplyBFloats",
        "multiplyOuterBFloats", "range", "roundToIntegers", "roundToWideIntegers", "roundToScaledIntegers",
        "roundToBFloats", "roundWeightsToIntegers", "roundWeightsToWideIntegers", "roundWeightsToScaledIntegers",
        "roundWeightsToBFloats", "dotProducts",
      ])
  }
}
