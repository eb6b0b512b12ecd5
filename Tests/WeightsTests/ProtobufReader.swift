import NeuralNet

/// A plain reader of Protocol Buffers, to check what the writer wrote.
struct ProtobufReader {
  enum Value: Equatable {
    case integer(Int)
    case fixed32(UInt32)
    case bytes([UInt8])
  }

  struct Malformed: Error {}

  private(set) var fields: [(number: Int, value: Value)] = []

  init(_ bytes: some Collection<UInt8>) throws {
    var rest = Array(bytes)[...]
    func varint() throws -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: 0, to: 64, by: 7) {
        guard let byte = rest.popFirst() else { throw Malformed() }
        value |= UInt64(byte & 0x7F) << UInt64(shift)
        if byte < 0x80 { return value }
      }
      throw Malformed()
    }
    while !rest.isEmpty {
      let key = try varint()
      let value: Value
      switch key & 7 {
      case 0: value = .integer(Int(truncatingIfNeeded: try varint()))
      case 2:
        let count = Int(try varint())
        guard count <= rest.count else { throw Malformed() }
        value = .bytes(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      case 5:
        guard rest.count >= 4 else { throw Malformed() }
        value = .fixed32(rest.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) })
        rest = rest.dropFirst(4)
      default: throw Malformed()
      }
      fields.append((Int(key >> 3), value))
    }
  }

  /// All integers of a field.
  func integers(_ number: Int) -> [Int] {
    fields.compactMap { if $0.number == number, case .integer(let value) = $0.value { value } else { nil } }
  }

  /// All byte strings of a field.
  func bytes(_ number: Int) -> [[UInt8]] {
    fields.compactMap { if $0.number == number, case .bytes(let value) = $0.value { value } else { nil } }
  }

  /// All texts of a field.
  func texts(_ number: Int) -> [String] { bytes(number).map { String(decoding: $0, as: UTF8.self) } }

  /// All messages of a field.
  func messages(_ number: Int) throws -> [ProtobufReader] { try bytes(number).map { try ProtobufReader($0) } }

  /// All single-precision numbers of a field.
  func floats(_ number: Int) -> [Float] {
    fields.compactMap {
      if $0.number == number, case .fixed32(let value) = $0.value { Float(bitPattern: value) } else { nil }
    }
  }
}
