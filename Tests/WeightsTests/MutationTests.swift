import Foundation
import TestSupport
import Testing
import Files
import Weights

/// Thousands of random edits of each golden file go through the readers: they throw or read, and never trap.
@Suite struct MutationTests {
  @Test(arguments: [
    "patch_basic_batch.legacy.pth", "patch_basic_batch.safetensors", "patch_basic_batch.zip.pth",
    "patch_basic_half.zip.pth", "patch_basic_bfloat16.legacy.pth", "patch_basic_bfloat16.safetensors",
    "patch_basic_bfloat16.zip.pth", "resnet_6blocks_instance.legacy.pth", "resnet_6blocks_instance.safetensors",
    "resnet_6blocks_instance.zip.pth", "unet_128_batch.legacy.pth", "unet_128_batch.safetensors",
    "unet_128_batch.zip.pth", "nested_dictionary.zip.pth", "transposed_view.zip.pth",
  ])
  func editsAreRefusedOrDoNoHarm(_ name: String) throws {
    let original = try numbers(openCheckpoint(name))
    let (rounds, read) = try readEdits(of: name) { file in
      for (tensor, floats) in try numbers(file) where file.form == .zip {
        // Every entry of an archive has a checksum: what is read is what was written.
        #expect(floats == original[tensor], "\(tensor) has other numbers")
      }
    }
    // Edits of the numbers alone go unnoticed where there is no checksum, and so do those of padding and of names that
    // nothing asks for; those of the structure are refused. Neither is rare.
    #expect(read > rounds / 50 && read < rounds * 9 / 10, "\(read) of \(rounds) edits were read")
  }

  @Test(arguments: ["hostile_command.zip.pth", "hostile_command.legacy.pth", "truncated.zip.pth"])
  func noEditMakesAHostileFileReadable(_ name: String) throws {
    #expect(try readEdits(of: name) { _ = try ArchitectureInference.infer($0) }.read == 0)
  }

  /// Hands every edit that opens to `use`; how many were made, and how many of them could be opened and used.
  private func readEdits(of name: String, _ use: (WeightsFile) throws -> Void) throws -> (rounds: Int, read: Int) {
    let original = [UInt8](try Data(contentsOf: checkpoints.appendingPathComponent(name)))
    var generator = SystemIndependentGenerator(state: 0x5EED + UInt64(original.count))
    // Small files are read faster, so they get more edits.
    let rounds = min(3000, max(300, 60_000_000 / max(original.count, 1)))
    let structure = Self.structuralBytes(original)
    var read = 0
    for _ in 0..<rounds {
      let bytes = Self.edit(original, structure, &generator)
      do {
        let file = try WeightsFile(ByteSource(bytes: bytes, path: name))
        for tensor in file.tensors {
          // What a file claims is never more than it holds.
          #expect(tensor.shape.reduce(tensor.type.size, *) <= bytes.count)
        }
        try use(file)
        read += 1
        _ = try ArchitectureInference.infer(file)
      } catch is FileError {
        continue
      }
    }
    return (rounds, read)
  }

  /// The numbers of the first tensors, bit by bit.
  private func numbers(_ file: WeightsFile) throws -> [String: [UInt32]] {
    var numbers: [String: [UInt32]] = [:]
    for tensor in file.tensors.prefix(8) where tensor.type.isFloatingPoint {
      numbers[tensor.name] = try file.floats(tensor.name).map(\.bitPattern)
    }
    return numbers
  }

  /// Where the structure of a file is: header, pickles and directories, not numbers.
  private static func structuralBytes(_ bytes: [UInt8]) -> [Int] {
    var indices = Array(0..<min(bytes.count, 12_000)) + Array(max(0, bytes.count - 4_000)..<bytes.count)
    indices += Array(0..<min(bytes.count, 64)) + Array(max(0, bytes.count - 128)..<bytes.count)
    return indices
  }

  private static func edit(
    _ original: [UInt8], _ structure: [Int], _ generator: inout SystemIndependentGenerator
  ) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      guard !bytes.isEmpty else { return bytes }
      let isStructural = Int.random(in: 0..<8, using: &generator) > 0
      let any = Int.random(in: 0..<bytes.count, using: &generator)
      let index = isStructural ? min(structure.randomElement(using: &generator) ?? any, bytes.count - 1) : any
      switch Int.random(in: 0..<8, using: &generator) {
      case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: bytes[index] = UInt8.random(in: 0...255, using: &generator)
      case 2: bytes.removeSubrange(index...)
      case 3:
        let end = min(bytes.count, index + Int.random(in: 1...40, using: &generator))
        bytes.removeSubrange(index..<end)
      case 4:
        let end = min(bytes.count, index + Int.random(in: 1...40, using: &generator))
        bytes.insert(contentsOf: bytes[index..<end], at: Int.random(in: 0...bytes.count, using: &generator))
      case 5:
        // A length field becomes extreme.
        let values: [UInt64] = [0, 1, .max, .max >> 1, 1 << 63, 0xFFFF_FFFF, 0x7FFF_FFFF, 1 << 32, 1 << 62]
        let value = values.randomElement(using: &generator) ?? 0
        for i in 0..<[1, 2, 4, 8].randomElement(using: &generator)! where index + i < bytes.count {
          bytes[index + i] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(i)))
        }
      case 6:
        // An opcode, a digit or a bracket where something else stood.
        bytes[index] = Array("(.NKMJG}])tsuaeqrhjcQRbXU0123456789{[,:\"\\".utf8).randomElement(using: &generator) ?? 0
      default:
        let other = min(structure.randomElement(using: &generator) ?? any, bytes.count - 1)
        let length = min(Int.random(in: 1...16, using: &generator), bytes.count - max(index, other))
        for i in 0..<length { bytes[index + i] = original[min(other + i, original.count - 1)] }
      }
    }
    return bytes
  }
}

/// SplitMix64, so that the edits are the same everywhere.
struct SystemIndependentGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
