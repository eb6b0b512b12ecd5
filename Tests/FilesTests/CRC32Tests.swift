import Testing
@testable import Files

@Suite struct CRC32Tests {
  /// The check value of the catalogue of parametrised CRC algorithms (CRC-32/ISO-HDLC), and the CRC of an IEND chunk.
  @Test(arguments: [("", 0), ("123456789", 0xCBF4_3926), ("IEND", 0xAE42_6082)] as [(String, UInt32)])
  func knownValues(text: String, expected: UInt32) {
    #expect(Array(text.utf8).withUnsafeBytes(CRC32.of) == expected)
  }

  /// Eight bytes a step, wherever the parts begin and end.
  @Test func partsAddUp() {
    let bytes = (0..<100).map { UInt8(truncatingIfNeeded: $0 * $0) }
    bytes.withUnsafeBytes { whole in
      for end in 0...whole.count {
        var parts = CRC32()
        parts.update(UnsafeRawBufferPointer(rebasing: whole[..<end]))
        parts.update(UnsafeRawBufferPointer(rebasing: whole[end...]))
        #expect(parts.value == CRC32.of(whole))
      }
    }
  }
}
