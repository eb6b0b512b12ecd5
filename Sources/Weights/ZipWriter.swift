import Files

/// Writes a zip archive of stored entries whose data are 64-byte aligned, as PyTorch does.
///
/// Sizes and checksums stand in the central directory and in data descriptors, since the checksum of an entry is
/// known only once it has been written. Source: APPNOTE.TXT 6.3, sections 4.3.7, 4.3.9, 4.3.12 and 4.3.16.
final class ZipWriter {
  private let sink: ByteSink
  private var directory: [UInt8] = []
  private var entryCount: UInt16 = 0

  /// An archive into `sink`, which has taken nothing yet.
  init(_ sink: ByteSink) { self.sink = sink }

  /// Adds an entry of `bytes`.
  package func add(_ name: String, _ bytes: [UInt8]) throws {
    try add(name, size: bytes.count) { try $0.write(bytes) }
  }

  /// Adds an entry of `size` bytes, which `write` hands over.
  ///
  /// The caller keeps the archive below 4 GiB and 65535 entries; more traps.
  package func add(_ name: String, size: Int, _ write: (ByteSink) throws -> Void) throws {
    let offset = sink.count
    // Flags: bit 3, a data descriptor follows; bit 11, the name is UTF-8. No method, no time.
    let start: [UInt8] = [0, 0, 8, 8, 0, 0, 0, 0, 0, 0]
    let nameLength = UInt16(name.utf8.count)
    let unpadded = offset + 30 + name.utf8.count + 4
    let padding = (64 - unpadded % 64) % 64
    var header = littleEndian(0x0403_4B50 as UInt32) + start
    header += [UInt8](repeating: 0, count: 12) + littleEndian(nameLength) + littleEndian(UInt16(4 + padding))
    header += name.utf8
    // An extra field of PyTorch's own tag "FB" fills up to the alignment.
    header += Array("FB".utf8) + littleEndian(UInt16(padding)) + [UInt8](repeating: UInt8(ascii: "Z"), count: padding)
    try sink.write(header)

    var checksum = CRC32()
    let dataStart = sink.count
    sink.observer = { checksum.update($0) }
    defer { sink.observer = nil }
    try write(sink)
    sink.observer = nil
    precondition(sink.count - dataStart == size, "entry \(name) wrote another size than it said")
    let summary = littleEndian(checksum.value) + littleEndian(UInt32(size)) + littleEndian(UInt32(size))
    try sink.write(littleEndian(0x0807_4B50 as UInt32) + summary)

    directory += littleEndian(0x0201_4B50 as UInt32) + [0, 0] + start
    directory += summary + littleEndian(nameLength) + [UInt8](repeating: 0, count: 12)
    directory += littleEndian(UInt32(offset)) + name.utf8
    entryCount += 1
  }

  /// Writes the central directory and ends the archive.
  package func finish() throws {
    let start = sink.count
    try sink.write(directory)
    var end = littleEndian(0x0605_4B50 as UInt32) + [0, 0, 0, 0] + littleEndian(entryCount) + littleEndian(entryCount)
    end += littleEndian(UInt32(directory.count)) + littleEndian(UInt32(start)) + [0, 0]
    try sink.write(end)
  }

  private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }
}
