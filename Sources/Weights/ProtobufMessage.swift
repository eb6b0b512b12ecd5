import Files

/// A message in the wire format of Protocol Buffers, put together field by field.
///
/// Long payloads are not held: they are named with their length, which the format wants in front, and written when
/// their turn comes. Source: "Encoding", protobuf.dev/programming-guides/encoding.
struct ProtobufMessage {
  private enum Piece {
    case bytes([UInt8])
    case deferred(count: Int, write: (ByteSink) throws -> Void)
  }

  private enum WireType: Int {
    case varint = 0
    case lengthDelimited = 2
    case fixed32 = 5
  }

  private var pieces: [Piece] = []
  private var pending: [UInt8] = []
  /// Bytes of the whole message.
  private(set) var count = 0

  /// An integer; negative ones take ten bytes.
  package mutating func add(_ field: Int, _ value: Int) {
    key(field, .varint)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// A single-precision number.
  package mutating func add(_ field: Int, _ value: Float) {
    key(field, .fixed32)
    append(withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init))
  }

  /// A text.
  package mutating func add(_ field: Int, _ text: String) {
    key(field, .lengthDelimited)
    varint(UInt64(text.utf8.count))
    append(Array(text.utf8))
  }

  /// A message within this one.
  package mutating func add(_ field: Int, _ message: ProtobufMessage) {
    key(field, .lengthDelimited)
    varint(UInt64(message.count))
    pieces.append(.bytes(pending))
    pieces += message.pieces
    pending = message.pending
    count += message.count
  }

  /// `count` bytes that `write` produces when their turn comes.
  package mutating func add(_ field: Int, count size: Int, _ write: @escaping (ByteSink) throws -> Void) {
    key(field, .lengthDelimited)
    varint(UInt64(size))
    pieces.append(.bytes(pending))
    pieces.append(.deferred(count: size, write: write))
    pending = []
    count += size
  }

  /// Hands the message to `sink`.
  ///
  /// - Throws: what the payloads' closures and the sink throw. Traps (a programmer's error) where a closure writes
  ///   another number of bytes than was announced.
  package func write(to sink: ByteSink) throws {
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): try sink.write(bytes)
      case .deferred(let count, let write):
        let start = sink.count
        try write(sink)
        precondition(sink.count - start == count, "a payload wrote another size than it announced")
      }
    }
    try sink.write(pending)
  }

  private mutating func key(_ field: Int, _ type: WireType) { varint(UInt64(field << 3 | type.rawValue)) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append([UInt8(truncatingIfNeeded: rest) | 0x80])
      rest >>= 7
    }
    append([UInt8(rest)])
  }

  private mutating func append(_ bytes: [UInt8]) {
    pending += bytes
    count += bytes.count
  }
}
