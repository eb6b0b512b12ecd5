import KernelArguments
import Testing

@testable import NeuralNet

/// The kernels for fewer bits, of every build, against their definitions.
@Suite struct LowPrecisionKernelTests {
  /// Memory that kernels read and write, with its values set one by one.
  private final class Memory<Element> {
    let base: UnsafeMutablePointer<Element>
    init(_ values: [Element]) {
      base = .allocate(capacity: max(1, values.count))
      base.initialize(from: values, count: values.count)
    }
    deinit { base.deallocate() }
    func values(_ count: Int) -> [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }
  }

  private static func group(_ bytes: [Int]) -> Int32 {
    Int32(
      bitPattern: bytes.enumerated().reduce(0) { $0 | UInt32(truncatingIfNeeded: $1.element & 255) << (8 * $1.offset) })
  }

  private static func pair(_ first: Int, _ second: Int) -> Int32 {
    Int32(bitPattern: UInt32(first & 0xFFFF) | UInt32(second & 0xFFFF) << 16)
  }

  private static func group(_ first: Float, _ second: Float) -> Int32 {
    Int32(bitPattern: first.bitPattern >> 16 | second.bitPattern & 0xFFFF_0000)
  }

  private static let mark: Float = -12345

  /// Sums are exact, whatever instructions make them: so are the results, bit for bit, of every build.
  @Test(arguments: KernelTable.available, [1, 16, 17, 32, 33, 48, 64])
  func integers(_ table: KernelTable, columns: Int) {
    var random = RandomGenerator(seed: 21)
    for (tiles, taps, groups, zeroPoint, hasBias, isExtreme) in [
      (1, 1, 4, 0, false, false), (3, 4, 16, 117, true, false), (2, 9, 5, 255, false, false),
      (1, 4, 512, 255, true, true), (1, 4, 512, 0, false, true),
    ] {
      let pixels = 7
      let input = (0..<pixels * groups).map { _ in
        (0..<4).map { _ in isExtreme ? (zeroPoint == 0 ? 255 : 0) : random.index(256) }
      }
      let weights = (0..<taps * groups * panelWidth).map { place in
        place % panelWidth < columns ? (0..<4).map { _ in isExtreme ? -127 : random.index(255) - 127 } : [0, 0, 0, 0]
      }
      var offsets = (0..<tiles * taps * gatherTile).map { _ in Int32(random.index(pixels) * groups) }
      if taps > 1 { offsets[gatherTile] = -1 }
      let steps = (0..<panelWidth).map { _ in random.uniform().asFloat }
      let bias = (0..<panelWidth).map { _ in random.uniform().asFloat }
      let tapStride = (groups + 1) * panelWidth
      var packed = [Int32](repeating: 0, count: taps * tapStride)
      for tap in 0..<taps {
        for place in 0..<groups * panelWidth {
          let bytes = weights[tap * groups * panelWidth + place]
          packed[tap * tapStride + panelWidth + place] = Self.group(bytes)
          packed[tap * tapStride + place % panelWidth] += Int32(bytes.reduce(0, +))
        }
      }
      var expected = [Float](repeating: Self.mark, count: tiles * gatherTile * (columns + 3))
      for pixel in 0..<tiles * gatherTile {
        for column in 0..<columns {
          var sum = 0
          for tap in 0..<taps {
            let place = (pixel / gatherTile * taps + tap) * gatherTile
            if offsets[place] < 0 { continue }
            let source = Int(offsets[place + pixel % gatherTile])
            for group in 0..<groups {
              for byte in 0..<4 {
                sum +=
                  (input[source + group][byte] - zeroPoint)
                  * weights[(tap * groups + group) * panelWidth + column][byte]
              }
            }
          }
          let result = Float(sum) * (steps[column] * 0.25)
          expected[pixel * (columns + 3) + column] = hasBias ? result + bias[column] : result
        }
      }
      let memory = (
        Memory(input.map(Self.group)), Memory(offsets), Memory(packed),
        Memory((0..<taps).map { Int32($0 * tapStride) }), Memory(steps), Memory(bias),
        Memory((0..<tiles * gatherTile).map { Int32($0 * (columns + 3)) }),
        Memory([Float](repeating: Self.mark, count: expected.count))
      )
      table.lowPrecision.multiplyIntegers(
        LowPrecisionProduct(
          tiles: tiles, taps: taps, groups: groups, input: memory.0.base, inputOffsets: memory.1.base,
          inputTileStride: taps * gatherTile, weights: memory.2.base, weightOffsets: memory.3.base,
          output: memory.7.base, outputOffsets: memory.6.base, columns: columns,
          bias: hasBias ? UnsafePointer(memory.5.base) : nil, zeroPoint: Int32(zeroPoint), step: 0.25,
          weightSteps: memory.4.base))
      let name = "\(tiles) tiles, \(taps) taps, \(groups) groups, zero \(zeroPoint)"
      #expect(memory.7.values(expected.count) == expected, "\(name)")

      // The same in pairs, without the zero point.
      let wide = (
        Memory(
          input.flatMap { bytes in
            (0..<2).map { Self.pair(bytes[2 * $0] - zeroPoint, bytes[2 * $0 + 1] - zeroPoint) }
          }),
        Memory(offsets.map { $0 < 0 ? $0 : 2 * $0 }), Memory([Int8](repeating: 0, count: weights.count * 4)),
        Memory((0..<taps).map { Int32($0 * groups * panelWidth) }),
        Memory([Float](repeating: Self.mark, count: expected.count))
      )
      for tap in 0..<taps {
        for row in 0..<4 * groups {
          for column in 0..<panelWidth {
            let place =
              ((tap * 4 + column / 16) * 2 * groups + row / 2) * 32 + column % 16 * 2 + row % 2
            wide.2.base[place] = Int8(weights[(tap * groups + row / 4) * panelWidth + column][row % 4])
          }
        }
      }
      wide.2.base.withMemoryRebound(to: Int32.self, capacity: weights.count) { narrow in
        table.lowPrecision.multiplyWideIntegers(
          LowPrecisionProduct(
            tiles: tiles, taps: taps, groups: 2 * groups, input: wide.0.base, inputOffsets: wide.1.base,
            inputTileStride: taps * gatherTile, weights: narrow, weightOffsets: wide.3.base,
            output: wide.4.base, outputOffsets: memory.6.base, columns: columns,
            bias: hasBias ? UnsafePointer(memory.5.base) : nil, step: 0.25, weightSteps: memory.4.base))
      }
      #expect(wide.4.values(expected.count) == expected, "\(name), in pairs")
    }
  }

  /// The sums of a tap's channels are exact, up to the greatest integers there are; pixels that fill up a tile repeat its last.
  @Test(arguments: KernelTable.available, [1, 16, 33, 64])
  func scaledIntegers(_ table: KernelTable, columns: Int) {
    var random = RandomGenerator(seed: 27)
    for (tiles, taps, groups, hasBias, isExtreme) in [
      (1, 1, 8, false, false), (3, 4, 16, true, false), (2, 9, 65, true, false), (2, 3, 256, false, true),
    ] {
      let pixels = 7
      func integers() -> (Int, Int) {
        let numbers = (0..<2).map { _ in isExtreme ? scaledMost : random.index(2 * scaledMost + 1) - scaledMost }
        return (numbers[0], numbers[1])
      }
      let steps = (0..<pixels + taps * panelWidth).map { _ in random.number() }
      let input = (0..<pixels * groups).map { _ in integers() }
      let weights = (0..<taps * groups * panelWidth).map { _ in integers() }
      var sources = (0..<tiles * taps * gatherTile).map { _ in random.index(pixels) }
      // The last tile has five pixels: its sixth is the fifth once more.
      for tap in 0..<taps {
        let place = ((tiles - 1) * taps + tap) * gatherTile
        sources[place + 5] = sources[place + 4]
      }
      var expected: [ExactSum] = []
      for pixel in 0..<tiles * gatherTile - 1 {
        for column in 0..<columns {
          var sum = ExactSum(hasBias ? Double(column) - 3 : 0)
          for tap in 0..<taps where taps == 1 || tap != 1 || pixel >= gatherTile {
            let source = sources[(pixel / gatherTile * taps + tap) * gatherTile + pixel % gatherTile]
            let step = Double(steps[source]) * Double(steps[pixels + tap * panelWidth + column])
            for group in 0..<groups {
              let (a, b) = (input[source * groups + group], weights[(tap * groups + group) * panelWidth + column])
              sum += Double(a.0 * b.0 + a.1 * b.1) * step
            }
          }
          expected.append(sum)
        }
      }
      var copy: [Int32] = []
      for pixel in 0..<pixels {
        copy += input[pixel * groups..<(pixel + 1) * groups].map { Self.pair($0.0, $0.1) }
        copy.append(Int32(bitPattern: steps[pixel].bitPattern))
      }
      var packed: [Int32] = []
      for tap in 0..<taps {
        for first in stride(from: 0, to: panelWidth, by: 16) {
          packed += (first..<first + 16).map { Int32(bitPattern: steps[pixels + tap * panelWidth + $0].bitPattern) }
          for group in 0..<groups {
            packed += (first..<first + 16).map {
              let pair = weights[(tap * groups + group) * panelWidth + $0]
              return Self.pair(pair.0, pair.1)
            }
          }
        }
      }
      var offsets = sources.map { Int32($0 * (groups + 1)) }
      if taps > 1 { offsets[gatherTile] = -1 }
      let output = GuardedPixels(tiles * gatherTile - 1, columns, gap: 3, value: nil)
      let memory = (
        Memory(copy), Memory(offsets), Memory(packed), Memory((0..<taps).map { Int32($0 * (groups + 1) * panelWidth) }),
        Memory((0..<panelWidth).map { Float($0) - 3 }),
        Memory((0..<tiles * gatherTile).map { output.offset(min($0, tiles * gatherTile - 2)) })
      )
      table.lowPrecision.multiplyScaledIntegers(
        LowPrecisionProduct(
          tiles: tiles, taps: taps, groups: groups, input: memory.0.base, inputOffsets: memory.1.base,
          inputTileStride: taps * gatherTile, weights: memory.2.base, weightOffsets: memory.3.base,
          output: output.base, outputOffsets: memory.5.base, columns: columns,
          bias: hasBias ? UnsafePointer(memory.4.base) : nil, weightSteps: memory.4.base))
      let name = "\(tiles) tiles, \(taps) taps, \(groups) groups, \(columns) columns"
      expect(name, output.values, expected, 1e-6)
      expectIntact(name, [output])
    }
  }

  /// Products of bfloat16 numbers are exact in single precision; only their sums are rounded.
  @Test(arguments: KernelTable.available, [1, 16, 17, 33, 64])
  func bfloats(_ table: KernelTable, columns: Int) {
    var random = RandomGenerator(seed: 22)
    for (tiles, taps, groups, hasBias) in [(1, 1, 8, false), (3, 4, 16, true), (2, 9, 5, true)] {
      let pixels = 7
      func numbers(_ count: Int) -> [(Float, Float)] {
        (0..<count).map { _ in (random.number().asBFloat, random.number().asBFloat) }
      }
      let input = numbers(pixels * groups)
      let weights = numbers(taps * groups * panelWidth)
      var offsets = (0..<tiles * taps * gatherTile).map { _ in Int32(random.index(pixels) * groups) }
      if taps > 1 { offsets[gatherTile] = -1 }
      let bias = (0..<panelWidth).map { _ in random.number() }
      var expected: [ExactSum] = []
      for pixel in 0..<tiles * gatherTile {
        for column in 0..<columns {
          var sum = ExactSum(hasBias ? Double(bias[column]) : 0)
          for tap in 0..<taps {
            let place = (pixel / gatherTile * taps + tap) * gatherTile
            if offsets[place] < 0 { continue }
            let source = Int(offsets[place + pixel % gatherTile])
            for group in 0..<groups {
              let (a, b) = (input[source + group], weights[(tap * groups + group) * panelWidth + column])
              sum += Double(a.0) * Double(b.0)
              sum += Double(a.1) * Double(b.1)
            }
          }
          expected.append(sum)
        }
      }
      let memory = (
        Memory(input.map(Self.group)), Memory(offsets), Memory(weights.map(Self.group)),
        Memory((0..<taps).map { Int32($0 * groups * panelWidth) }), Memory(bias),
        Memory((0..<tiles * gatherTile).map { Int32($0 * (columns + 3)) })
      )
      let output = GuardedPixels(tiles * gatherTile, columns, gap: 3, value: nil)
      table.lowPrecision.multiplyBFloats(
        LowPrecisionProduct(
          tiles: tiles, taps: taps, groups: groups, input: memory.0.base, inputOffsets: memory.1.base,
          inputTileStride: taps * gatherTile, weights: memory.2.base, weightOffsets: memory.3.base,
          output: output.base, outputOffsets: memory.5.base, columns: columns,
          bias: hasBias ? UnsafePointer(memory.4.base) : nil, zeroPoint: 0, step: 1, weightSteps: memory.4.base))
      let name = "\(tiles) tiles, \(taps) taps, \(groups) groups, \(columns) columns"
      expect(name, output.values, expected, 1e-6)
      expectIntact(name, [output])
    }
  }

  /// Weight gradients: both sides are rounded on the way, and an odd last pixel has nothing beside it.
  @Test(arguments: KernelTable.available, [16, 32, 48, 64])
  func outerProducts(_ table: KernelTable, columns: Int) {
    var random = RandomGenerator(seed: 26)
    for (pairs, rows, accumulates) in [
      (1, 1, false), (2, 6, true), (7, 16, false), (31, 17, true), (64, 64, false),
      (roundedOuterLimits.pairs, 96, true),
    ] {
      let read = (rows + 15) / 16 * 16
      let left = GuardedPixels(9, read, gap: 3) { _, _ in random.number() }
      let right = GuardedPixels(8, columns, gap: 5) { _, _ in random.number() }
      let lefts = Memory((0..<pairs).map { _ in left.offset(random.index(9)) })
      let rights = Memory((0..<pairs).map { _ in right.offset(random.index(8)) })
      let output = GuardedPixels(rows, columns, gap: panelWidth - columns) { _, _ in random.number() }
      var expected: [ExactSum] = []
      for row in 0..<rows {
        for column in 0..<columns {
          var sum = ExactSum(accumulates ? output[row, column] : 0)
          for pair in 0..<pairs {
            let a = left[Int(lefts.base[pair]) / left.stride, row],
              b = right[Int(rights.base[pair]) / right.stride, column]
            sum += Double(Float(a).asBFloat) * Double(Float(b).asBFloat)
          }
          expected.append(sum)
        }
      }
      let scratch = Memory([Float](repeating: .nan, count: roundedOuterScratch))
      table.lowPrecision.multiplyOuterBFloats(
        OuterProduct(
          pairs: pairs, rows: rows, columns: columns, left: left.base, leftOffsets: lefts.base, right: right.base,
          rightOffsets: rights.base, output: output.base, accumulates: accumulates), scratch.base)
      let name = "\(pairs) pairs, \(rows) rows, \(columns) columns"
      expect(name, output.values, expected, 1e-6)
      expectIntact(name, [output])
    }
  }

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

extension Double {
  fileprivate var asFloat: Float { Float(self) }
}

extension Float {
  /// The nearest bfloat16 number, the even one of two; by way of Double, unlike the kernels.
  fileprivate var asBFloat: Float {
    guard isFinite else { return self }
    let below = Float(bitPattern: bitPattern & 0xFFFF_0000)
    let above = Float(bitPattern: (bitPattern & 0xFFFF_0000) &+ 0x1_0000)
    // Beyond the greatest number lies what would be 2¹²⁸.
    let end = above.isFinite ? Double(above) : (sign == .minus ? -1 : 1) * 0x1p128
    let (low, high) = (abs(Double(self) - Double(below)), abs(end - Double(self)))
    if low != high { return low < high ? below : above }
    return below.bitPattern & 0x1_0000 == 0 ? below : above
  }
}
