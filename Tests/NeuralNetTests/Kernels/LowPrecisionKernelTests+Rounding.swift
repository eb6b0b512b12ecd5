import KernelArguments
import Testing

@testable import NeuralNet

/// How numbers and weights become numbers of fewer bits.
extension LowPrecisionKernelTests {
  /// Ties go to the even number, ends are kept, what is no number stays none.
  @Test(arguments: KernelTable.available) func rounding(_ table: KernelTable) {
    var random = RandomGenerator(seed: 23)
    var numbers: [Float] = [
      0, -0.0, 1, -1, .infinity, -.infinity, .nan, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 1.00390625,
      1.01171875, -1.00390625, 3.0e38, -3.0e38, 0x1p-130, 255,
    ]
    numbers += (0..<112).map { _ in 100 * random.number() }
    let input = GuardedPixels(4, 32, gap: 5) { numbers[$0 * 32 + $1] }
    let output = Memory([Int32](repeating: 7, count: 4 * 20))
    table.lowPrecision.roundToBFloats(
      NumberRounding(pixels: 4, channels: 32, input: input.view, output: output.base, outputStride: 20))
    for (place, number) in numbers.enumerated() {
      let group = UInt32(bitPattern: output.base[place / 32 * 20 + place % 32 / 2])
      let rounded = Float(bitPattern: (place % 2 == 0 ? group << 16 : group & 0xFFFF_0000))
      let exact = number.asBFloat
      #expect(rounded.isNaN && exact.isNaN || rounded.bitPattern == exact.bitPattern, "\(number) became \(rounded)")
    }
    #expect((0..<4).allSatisfy { output.base[$0 * 20 + 16] == 7 }, "written beyond the channels")

    let finite = (0..<64).map { _ in 3 * random.number() } + (0..<64).map { Float($0) / 16 - 2 }
    let pixels = GuardedPixels(4, 32, gap: 5) { finite[$0 * 32 + $1] }
    table.lowPrecision.roundToIntegers(
      NumberRounding(
        pixels: 4, channels: 32, input: pixels.view, output: output.base, outputStride: 20, inverseStep: 64,
        zeroPoint: 117))
    for (place, number) in finite.enumerated() {
      let group = UInt32(bitPattern: output.base[place / 32 * 20 + place % 32 / 4])
      let byte = Float(group >> (8 * UInt32(place % 4)) & 255)
      #expect(byte == min(255, max(0, number * 64 + 117)).rounded(.toNearestOrEven), "\(number)")
    }
    table.lowPrecision.roundToWideIntegers(
      NumberRounding(
        pixels: 4, channels: 32, input: pixels.view, output: output.base, outputStride: 20, inverseStep: 64,
        zeroPoint: 117))
    for (place, number) in finite.enumerated() {
      let integer = Self.integer(output, place / 32 * 20, place % 32)
      #expect(Float(integer + 117) == min(255, max(0, number * 64 + 117)).rounded(.toNearestOrEven), "\(number)")
    }
  }

  /// The integer of a channel in pairs from `start` on.
  private static func integer(_ memory: Memory<Int32>, _ start: Int, _ channel: Int) -> Int {
    Int(Int16(truncatingIfNeeded: memory.base[start + channel / 2] >> Int32(channel % 2 * 16)))
  }

  /// Each pixel by its own greatest number; zeros, and what is too small to divide by, become zeros, and what is not finite
  /// makes all that is computed with the pixel not a number.
  @Test(arguments: KernelTable.available) func scaledRounding(_ table: KernelTable) {
    var random = RandomGenerator(seed: 28)
    let strange: [Float] = [1, -3.0e38, 1e-30, 0, 1e-35, .infinity, -.infinity, .nan]
    var numbers = (0..<strange.count * 32).map { _ in random.number() }
    for (pixel, number) in strange.enumerated() {
      if abs(number) < 1 { for channel in 0..<32 { numbers[pixel * 32 + channel] *= number } }
      numbers[pixel * 32 + 7 + 3 * pixel] = number
    }
    let input = GuardedPixels(strange.count, 32, gap: 5) { numbers[$0 * 32 + $1] }
    let output = Memory([Int32](repeating: 7, count: strange.count * 20))
    table.lowPrecision.roundToScaledIntegers(
      NumberRounding(pixels: strange.count, channels: 32, input: input.view, output: output.base, outputStride: 20))
    for pixel in strange.indices {
      let step = Float(bitPattern: UInt32(bitPattern: output.base[pixel * 20 + 16]))
      #expect(output.base[pixel * 20 + 17] == 7, "written beyond the step")
      if !strange[pixel].isFinite {
        #expect(step.isNaN)
        continue
      }
      let most = numbers[pixel * 32..<(pixel + 1) * 32].map(abs).max() ?? 0
      #expect(abs(step - most / 4095) <= step * 1e-6 || step == 0 && most < 1e-30)
      let integers = (0..<32).map { Self.integer(output, pixel * 20, $0) }
      #expect(integers.map(abs).max() == (step == 0 ? 0 : scaledMost))
      for (channel, integer) in integers.enumerated() where step > 0 {
        let exact = Double(numbers[pixel * 32 + channel])
        #expect(abs(Double(integer) * Double(step) - exact) <= Double(step) * 0.501, "\(exact) became \(integer)")
      }
    }
  }

  /// Of each vector's lanes and of pixels beyond the first; 0 is always within.
  @Test(arguments: KernelTable.available) func range(_ table: KernelTable) {
    var random = RandomGenerator(seed: 24)
    for special in 0..<96 {
      func range(_ value: Float) -> (least: Float, greatest: Float) {
        let input = GuardedPixels(3, 32, gap: 2) { pixel, channel in
          pixel * 32 + channel == special ? value : 0.5 + Float(random.uniform()) / 4
        }
        return table.lowPrecision.range(input.view, 3, 32)
      }
      #expect(range(-2).least == -2 && range(2).greatest == 2 && range(0.6).least == 0)
      for strange in [Float.nan, .infinity, -.infinity] {
        #expect(!range(strange).least.isFinite && !range(strange).greatest.isFinite, "\(strange) at \(special)")
      }
    }
  }

  /// A column of zeros has weights of 0; every other one reaches 127.
  @Test(arguments: KernelTable.available) func weights(_ table: KernelTable) {
    var random = RandomGenerator(seed: 25)
    let (taps, rows) = (3, 8)
    let numbers = (0..<taps * rows * panelWidth).map { place in
      place % panelWidth == 5 ? 0 : random.number() * Float(1 + place % panelWidth)
    }
    let weights = Memory(numbers)
    let tapStride = (rows / 4 + 1) * panelWidth
    let output = Memory([Int32](repeating: 0, count: taps * tapStride))
    let steps = Memory([Float](repeating: 0, count: panelWidth))
    table.lowPrecision.roundWeightsToIntegers(
      WeightRounding(
        taps: taps, rows: rows, weights: weights.base, weightStride: rows * panelWidth, output: output.base,
        outputStride: tapStride, steps: steps.base))
    for column in 0..<panelWidth {
      let places = (0..<taps * rows).map { $0 * panelWidth + column }
      let greatest = places.map { abs(numbers[$0]) }.max() ?? 0
      #expect(abs(steps.base[column] - greatest / 127) <= greatest * 1e-7)
      var most = 0
      for tap in 0..<taps {
        var sum = 0
        for row in 0..<rows {
          let group = output.base[tap * tapStride + (row / 4 + 1) * panelWidth + column]
          let integer = Int(Int8(truncatingIfNeeded: group >> Int32(8 * (row % 4))))
          let exact = numbers[(tap * rows + row) * panelWidth + column]
          #expect(abs(Float(integer) * steps.base[column] - exact) <= steps.base[column] * 0.50001)
          sum += integer
          most = max(most, abs(integer))
        }
        #expect(output.base[tap * tapStride + column] == Int32(sum))
      }
      #expect(most == (column == 5 ? 0 : 127))
    }
    let (integers, wide) = (output, Memory([Int32](repeating: 0, count: numbers.count / 4)))
    table.lowPrecision.roundWeightsToWideIntegers(
      WeightRounding(
        taps: taps, rows: rows, weights: weights.base, weightStride: rows * panelWidth, output: wide.base,
        outputStride: rows / 4 * panelWidth, steps: steps.base))
    let scaled = Memory([Int32](repeating: 0, count: taps * (rows / 2 + 1) * panelWidth))
    table.lowPrecision.roundWeightsToScaledIntegers(
      WeightRounding(
        taps: taps, rows: rows, weights: weights.base, weightStride: rows * panelWidth, output: scaled.base,
        outputStride: (rows / 2 + 1) * panelWidth, steps: steps.base))
    for tap in 0..<taps {
      for column in 0..<panelWidth {
        let block = (tap * 4 + column / 16) * (rows / 2 + 1) * 16
        let step = Float(bitPattern: UInt32(bitPattern: scaled.base[block + column % 16]))
        let ofTap = (0..<rows).map { numbers[(tap * rows + $0) * panelWidth + column] }
        let most = ofTap.map(abs).max() ?? 0
        #expect(abs(step - most / 4095) <= most * 1e-7)
        for row in 0..<rows {
          let group = integers.base[tap * tapStride + (row / 4 + 1) * panelWidth + column]
          let pair = wide.base[((tap * 4 + column / 16) * rows / 2 + row / 2) * 8 + column % 16 / 2]
          #expect(
            Int8(truncatingIfNeeded: pair >> Int32(column % 2 * 16 + row % 2 * 8))
              == Int8(truncatingIfNeeded: group >> Int32(8 * (row % 4))))
          let integer = Int16(
            truncatingIfNeeded: scaled.base[block + (row / 2 + 1) * 16 + column % 16] >> Int32(row % 2 * 16))
          #expect(abs(Float(integer) * step - ofTap[row]) <= step * 0.501)
        }
      }
    }
    let pairs = Memory([Int32](repeating: 0, count: numbers.count / 2))
    table.lowPrecision.roundWeightsToBFloats(
      WeightRounding(
        taps: taps, rows: rows, weights: weights.base, weightStride: rows * panelWidth, output: pairs.base,
        outputStride: rows / 2 * panelWidth, steps: steps.base))
    for (place, number) in numbers.enumerated() {
      let (row, column) = place.quotientAndRemainder(dividingBy: panelWidth)
      let group = UInt32(bitPattern: pairs.base[row / 2 * panelWidth + column])
      #expect(Float(bitPattern: row % 2 == 0 ? group << 16 : group & 0xFFFF_0000) == number.asBFloat)
    }
  }
}
