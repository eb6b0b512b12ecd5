import KernelArguments
import Testing

@testable import NeuralNet

/// The kernels for fewer bits, of every build, against their definitions.
@Suite struct LowPrecisionKernelTests {
  /// Memory that kernels read and write, with its values set one by one.
  final class Memory<Element> {
    let base: UnsafeMutablePointer<Element>
    init(_ values: [Element]) {
      base = .allocate(capacity: max(1, values.count))
      base.initialize(from: values, count: values.count)
    }
    deinit { base.deallocate() }
    func values(_ count: Int) -> [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }
  }

  static func group(_ bytes: [Int]) -> Int32 {
    Int32(
      bitPattern: bytes.enumerated().reduce(0) { $0 | UInt32(truncatingIfNeeded: $1.element & 255) << (8 * $1.offset) })
  }

  static func pair(_ first: Int, _ second: Int) -> Int32 {
    Int32(bitPattern: UInt32(first & 0xFFFF) | UInt32(second & 0xFFFF) << 16)
  }

  static func group(_ first: Float, _ second: Float) -> Int32 {
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
}

extension Double {
  fileprivate var asFloat: Float { Float(self) }
}

extension Float {
  /// The nearest bfloat16 number, the even one of two; by way of Double, unlike the kernels.
  var asBFloat: Float {
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
