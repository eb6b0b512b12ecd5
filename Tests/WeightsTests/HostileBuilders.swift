/// Zip archives and pickles made by hand, with whatever is to be wrong in them.

func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }

/// One entry of a handmade archive.
struct HandmadeEntry {
  var name: String
  var data: [UInt8]
  var localName: String?
  var flags: UInt16 = 0
  var method: UInt16 = 0
  var checksum: UInt32?
  /// What the central directory says.
  var size: UInt32?
  var packedSize: UInt32?
  var offset: UInt32?
  var extra: [UInt8] = []
  var disk: UInt16 = 0

  init(_ name: String, _ data: [UInt8], _ edit: (inout HandmadeEntry) -> Void = { _ in }) {
    self.name = name
    self.data = data
    edit(&self)
  }
}

/// Bitwise CRC-32, the plain reference.
func plainCRC32(_ bytes: [UInt8]) -> UInt32 {
  var state = UInt32.max
  for byte in bytes {
    state ^= UInt32(byte)
    for _ in 0..<8 { state = state & 1 == 1 ? state >> 1 ^ 0xEDB8_8320 : state >> 1 }
  }
  return ~state
}

/// An archive of `entries`; `end` may replace the record at its end, given the directory's offset, size and count.
func handmadeZip(
  _ entries: [HandmadeEntry],
  end: ((_ offset: Int, _ size: Int, _ count: Int) -> [UInt8])? = nil
) -> [UInt8] {
  var bytes: [UInt8] = []
  var directory: [UInt8] = []
  for entry in entries {
    let offset = bytes.count
    let localName = Array((entry.localName ?? entry.name).utf8)
    bytes += [0x50, 0x4B, 3, 4, 0, 0] + littleEndian(entry.flags) + littleEndian(entry.method)
    bytes += [UInt8](repeating: 0, count: 16) + littleEndian(UInt16(localName.count)) + [0, 0] + localName
    bytes += entry.data
    directory += [0x50, 0x4B, 1, 2, 0, 0, 0, 0] + littleEndian(entry.flags) + littleEndian(entry.method)
    directory += [0, 0, 0, 0] + littleEndian(entry.checksum ?? plainCRC32(entry.data))
    let size = entry.size ?? UInt32(entry.data.count)
    directory += littleEndian(entry.packedSize ?? size) + littleEndian(size)
    directory += littleEndian(UInt16(entry.name.utf8.count)) + littleEndian(UInt16(entry.extra.count)) + [0, 0]
    directory += littleEndian(entry.disk) + [0, 0, 0, 0, 0, 0] + littleEndian(entry.offset ?? UInt32(offset))
    directory += Array(entry.name.utf8) + entry.extra
  }
  let start = bytes.count
  return bytes + directory
    + (end?(start, directory.count, entries.count) ?? zipEnd(start, directory.count, entries.count))
}

/// The usual record at the end.
func zipEnd(_ offset: Int, _ size: Int, _ count: Int, disk: UInt16 = 0) -> [UInt8] {
  [0x50, 0x4B, 5, 6] + littleEndian(disk) + [0, 0] + littleEndian(UInt16(count)) + littleEndian(UInt16(count))
    + littleEndian(UInt32(offset)).reversedFields(size: UInt32(size)) + [0, 0]
}

/// The zip64 record and its locator, and an ordinary record that refers to them.
func zip64End(_ offset: Int, _ size: Int, _ count: Int, locator: UInt64? = nil) -> [UInt8] {
  var bytes: [UInt8] =
    [0x50, 0x4B, 6, 6] + littleEndian(44 as UInt64) + [45, 0, 45, 0] + [UInt8](repeating: 0, count: 8)
  bytes += littleEndian(UInt64(count)) + littleEndian(UInt64(count)) + littleEndian(UInt64(size))
  bytes += littleEndian(UInt64(offset))
  bytes += [0x50, 0x4B, 6, 7, 0, 0, 0, 0] + littleEndian(locator ?? UInt64(offset + size)) + [1, 0, 0, 0]
  return bytes + [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 4) + [UInt8](repeating: 255, count: 12) + [0, 0]
}

extension [UInt8] {
  /// Size stands before offset in the end record.
  fileprivate func reversedFields(size: UInt32) -> [UInt8] { littleEndian(size) + self }
}

/// Opcodes of protocol 2 for handmade pickles.
enum Opcodes {
  static let start: [UInt8] = [0x80, 2]
  static func global(_ name: String) -> [UInt8] {
    let dot = name.lastIndex(of: ".") ?? name.startIndex
    return Array("c\(name[..<dot])\n\(name[dot...].dropFirst())\n".utf8)
  }
  static func string(_ text: String) -> [UInt8] {
    Array("X".utf8) + littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
  }
  static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + littleEndian(Int64(value)) }
  static func tuple(_ parts: [UInt8]...) -> [UInt8] { Array("(".utf8) + parts.joined() + Array("t".utf8) }
  static func storage(_ type: String = "FloatStorage", key: String = "0", count: Int) -> [UInt8] {
    tuple(string("storage"), global("torch.\(type)"), string(key), string("cpu"), integer(count)) + Array("Q".utf8)
  }
  static func tensor(
    _ storage: [UInt8] = storage(count: 2), offset: Int = 0, shape: [Int] = [2], strides: [Int] = [1]
  ) -> [UInt8] {
    func integers(_ values: [Int]) -> [UInt8] { Array("(".utf8) + values.flatMap(integer) + Array("t".utf8) }
    return global("torch._utils._rebuild_tensor_v2")
      + tuple(
        storage, integer(offset), integers(shape), integers(strides), [0x89],
        global("collections.OrderedDict") + Array(")R".utf8)) + Array("R".utf8)
  }
  /// A dictionary of these members.
  static func dictionary(_ members: (String, [UInt8])...) -> [UInt8] {
    Array("}(".utf8) + members.flatMap { string($0.0) + $0.1 } + Array("u".utf8)
  }
  /// A whole pickle of one value.
  static func pickle(_ value: [UInt8]) -> [UInt8] { start + value + Array(".".utf8) }
}

/// A `.pth` in the zip form with this pickle and one storage of two floats, 1 and 2.
func handmadePTH(_ pickle: [UInt8], _ more: [HandmadeEntry] = []) -> [UInt8] {
  handmadeZip(
    [HandmadeEntry("a/data.pkl", pickle), HandmadeEntry("a/data/0", [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])] + more)
}

/// A `.pth` in the legacy form.
func handmadeLegacy(
  magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19], version: Int = 1001,
  isLittleEndian: Bool = true, _ object: [UInt8], keys: [String] = ["0"], storages: [UInt8]
) -> [UInt8] {
  let system = Opcodes.dictionary(("little_endian", [isLittleEndian ? 0x88 : 0x89]))
  let list = Array("](".utf8) + keys.flatMap(Opcodes.string) + Array("e".utf8)
  return Opcodes.pickle([0x8A, UInt8(magic.count)] + magic) + Opcodes.pickle(Opcodes.integer(version))
    + Opcodes.pickle(system) + Opcodes.pickle(object) + Opcodes.pickle(list) + storages
}
