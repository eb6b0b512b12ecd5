import Foundation
import TestSupport
import Testing
import Files

@Suite struct NumberRoundingTests {
  /// PyTorch's own rounding of numbers between two, at the end of the range and below the smallest normal one.
  @Test func roundsAsPyTorch() throws {
    let path = fixtures.appendingPathComponent("checkpoints/bfloat16_edges.safetensors").path
    let file = try SafetensorsFile(path: path)
    let numbers = try file.floats("numbers")
    let rounded = try file.withBytes(of: "rounded") { bytes in
      (0..<bytes.count / 2).map { bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self) }
    }
    #expect(numbers.count == 122 && numbers.contains { $0.isInfinite } && rounded.contains(0x7F80))
    for (number, bits) in zip(numbers, rounded) { #expect(number.bfloat16Bits == bits, "\(number)") }
  }

  /// Every bfloat16, signalling NaNs too, comes back as it was.
  @Test func everyNumberComesBack() {
    for bits in UInt16.min...UInt16.max { #expect(Float(bfloat16Bits: bits).bfloat16Bits == bits) }
  }

  @Test(arguments: [0x7F80_0001, 0x7FC0_0000, 0x7F80_FFFF, 0xFF80_0001, 0xFFFF_FFFF, 0x7FFF_8000] as [UInt32])
  func noNumberStaysNone(bits: UInt32) {
    let number = Float(bitPattern: bits)
    let rounded = Float(bfloat16Bits: number.bfloat16Bits)
    #expect(number.isNaN && rounded.isNaN && rounded.sign == number.sign)
  }

  /// Of every type, in more numbers than are converted at a time.
  @Test(arguments: [1, 16384, 40_001]) func writesEveryType(count: Int) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { unlink(path) }
    let numbers = (0..<count).map { Float($0) * 0.37 - 1000 }
    let doubles = (0..<count).map { Double($0) * 0.37 - 1000 }
    let halves = (0..<count).map { UInt16(truncatingIfNeeded: $0 &* 7) }
    func bytes(_ values: [some Any]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
    let sources: [(ElementType, [UInt8], [Float])] = [
      (.float32, bytes(numbers), numbers), (.float64, bytes(doubles), doubles.map { Float($0) }),
      (.float16, bytes(halves), halves.map { Float(halfBits: $0) }),
      (.bfloat16, bytes(halves), halves.map { Float(bfloat16Bits: $0) }),
    ]
    for (source, stored, floats) in sources {
      let expected: [(ElementType, [UInt8])] = [
        (source, stored), (.float32, bytes(floats)), (.bfloat16, bytes(floats.map { $0.bfloat16Bits })),
      ]
      for (type, expected) in expected {
        try SafetensorsWriter.write(
          [
            .init(name: "t", type: type, shape: [count]) { sink in
              try stored.withUnsafeBytes { try source.write($0, as: type, to: sink) }
            }
          ], to: path)
        let written = try SafetensorsFile(path: path).withBytes(of: "t") { Array($0) }
        #expect(written == expected, "\(source) as \(type)")
      }
    }
  }
}
