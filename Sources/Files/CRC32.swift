/// The checksum of zip archives and PNG chunks: CRC-32 with the polynomial 0xEDB88320 (ISO 3309), eight bytes a step.
package struct CRC32 {
  private var state = UInt32.max

  /// The checksum of nothing yet.
  package init() {}

  /// The checksum of everything so far.
  package var value: UInt32 { ~state }

  /// Takes `bytes` in.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    state = Self.tables.withUnsafeBufferPointer { Self.advance(state, by: bytes, $0) }
  }

  /// The checksum of `bytes`.
  package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var checksum = CRC32()
    checksum.update(bytes)
    return checksum.value
  }

  private static func advance(
    _ start: UInt32, by bytes: UnsafeRawBufferPointer, _ tables: UnsafeBufferPointer<UInt32>
  ) -> UInt32 {
    var state = start
    var i = 0
    while i + 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)) ^ UInt64(state)
      // Each byte of the word goes through the table of its distance from the end; in halves, for the type checker.
      let low =
        tables[0x700 + Int(word & 0xFF)] ^ tables[0x600 + Int(word >> 8 & 0xFF)]
        ^ tables[0x500 + Int(word >> 16 & 0xFF)] ^ tables[0x400 + Int(word >> 24 & 0xFF)]
      let high =
        tables[0x300 + Int(word >> 32 & 0xFF)] ^ tables[0x200 + Int(word >> 40 & 0xFF)]
        ^ tables[0x100 + Int(word >> 48 & 0xFF)] ^ tables[Int(word >> 56)]
      state = low ^ high
      i += 8
    }
    while i < bytes.count {
      state = state >> 8 ^ tables[Int((state ^ UInt32(bytes[i])) & 0xFF)]
      i += 1
    }
    return state
  }

  /// Eight tables of 256: table t holds the effect of a byte that t zero bytes follow.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
      tables[byte] = value
    }
    for i in 256..<tables.count {
      let previous = tables[i - 256]
      tables[i] = previous >> 8 ^ tables[Int(previous & 0xFF)]
    }
    return tables
  }()
}
