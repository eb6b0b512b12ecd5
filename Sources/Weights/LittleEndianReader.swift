/// Reads little-endian integers in a row; every method gives nil at the end of the bytes.
struct LittleEndianReader {
  private let bytes: UnsafeRawBufferPointer
  /// The byte that is read next.
  private(set) var position: Int

  /// Begins at `position`, which lies in `bytes` or at their end; `bytes` must stay alive as long as the reader.
  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  var remaining: Int { bytes.count - position }
  var isAtEnd: Bool { remaining == 0 }

  /// The next integer.
  mutating func take<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer? {
    let size = MemoryLayout<Integer>.size
    guard remaining >= size else { return nil }
    defer { position += size }
    return Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Integer.self))
  }

  /// The next `count` bytes.
  mutating func take(bytes count: Int) -> UnsafeRawBufferPointer? {
    guard count >= 0, remaining >= count else { return nil }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  /// The bytes up to the next line feed, which is passed over.
  mutating func takeLine() -> UnsafeRawBufferPointer? {
    guard let end = bytes[position...].firstIndex(of: 0x0A) else { return nil }
    defer { position = end + 1 }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<end])
  }

  /// Passes over `count` bytes; false where there are fewer.
  mutating func skip(_ count: Int) -> Bool { take(bytes: count) != nil }
}
