import Files

/// The directory of a zip archive; whoever reads an entry checks first that it is stored and not compressed.
///
/// Source: PKWARE's APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12 and 4.3.14 to 4.3.16. Sizes are taken from the central
/// directory alone, since PyTorch leaves those of the local headers at zero and writes data descriptors.
struct ZipArchive {
  /// One file in the archive.
  struct Entry {
    let name: String
    let checksum: UInt32
    /// How it is compressed; 0 where it is stored.
    let method: UInt16
    /// Where its bytes lie in the archive's file, compressed or not.
    let range: Range<Int>
  }

  /// The entries in the order of the central directory.
  let entries: [Entry]
  private let indices: [String: Int]

  package static let advice: Phrase = "is the file complete, and was it written by torch.save?"
  /// The largest central directory that is read, far beyond any network's.
  private static let directoryLimit = 1 << 24

  /// Reads and checks the directory of the archive in `source`.
  ///
  /// - Throws: `FileError` where the archive is damaged, split or encrypted, or its entries overlap or repeat.
  init(_ source: ByteSource) throws {
    let directory = try ZipDirectory(source)
    func failure(_ problem: String) -> FileError {
      FileError(path: source.path, problem: problem, advice: Self.advice)
    }
    guard directory.range.count <= Self.directoryLimit else {
      throw failure("its zip directory has \(directory.range.count) bytes, the limit is \(Self.directoryLimit)")
    }
    var entries: [Entry] = []
    var indices: [String: Int] = [:]
    var extents: [Range<Int>] = []
    try source.withBytes(in: directory.range) { bytes in
      var reader = LittleEndianReader(bytes)
      while !reader.isAtEnd {
        guard let record = ZipRecord(&reader) else {
          throw failure("its zip directory is damaged at entry \(entries.count + 1)")
        }
        let title = "zip entry \(FileError.quote(record.name))"
        if let problem = record.problem { throw failure("\(title) \(problem)") }
        guard let start = try Self.dataStart(of: record, in: source, before: directory.range.lowerBound) else {
          throw failure("\(title) and its local header do not agree")
        }
        guard record.size <= directory.range.lowerBound - start else {
          throw failure("\(title) says it has \(record.size) bytes, more than the file holds")
        }
        guard indices.updateValue(entries.count, forKey: record.name) == nil else {
          throw failure("\(title) occurs twice")
        }
        entries.append(
          Entry(name: record.name, checksum: record.checksum, method: record.method, range: start..<start + record.size)
        )
        extents.append(record.headerOffset..<start + record.size)
      }
    }
    guard entries.count == directory.entryCount else {
      throw failure("its zip directory has \(entries.count) entries, but says \(directory.entryCount)")
    }
    let order = extents.indices.sorted { extents[$0].lowerBound < extents[$1].lowerBound }
    for (a, b) in zip(order, order.dropFirst()) where extents[a].upperBound > extents[b].lowerBound {
      throw failure(
        "zip entries \(FileError.quote(entries[a].name)) and \(FileError.quote(entries[b].name)) overlap")
    }
    self.entries = entries
    self.indices = indices
  }

  /// The entry called `name`, or nil.
  subscript(name: String) -> Entry? { indices[name].map { entries[$0] } }

  /// The first byte of an entry's data, or nil where its local header is missing or names another entry.
  private static func dataStart(of record: ZipRecord, in source: ByteSource, before end: Int) throws -> Int? {
    guard record.headerOffset <= end - 30 else { return nil }
    return try source.withBytes(in: record.headerOffset..<record.headerOffset + 30) { bytes in
      var reader = LittleEndianReader(bytes)
      guard reader.take(UInt32.self) == 0x0403_4B50, reader.skip(2), let flags = reader.take(UInt16.self),
        flags & 1 == 0, reader.take(UInt16.self) == record.method, reader.skip(16),
        let nameLength = reader.take(UInt16.self), let extraLength = reader.take(UInt16.self)
      else { return nil }
      let nameStart = record.headerOffset + 30
      let start = nameStart + Int(nameLength) + Int(extraLength)
      guard start <= end, Int(nameLength) == record.name.utf8.count else { return nil }
      let name = try source.bytes(in: nameStart..<nameStart + Int(nameLength))
      return name.elementsEqual(record.name.utf8) ? start : nil
    }
  }
}

/// Where the central directory lies, from the end record and, where there is one, its zip64 form.
private struct ZipDirectory {
  let range: Range<Int>
  let entryCount: Int

  init(_ source: ByteSource) throws {
    func failure(_ problem: String) -> FileError {
      FileError(path: source.path, problem: problem, advice: ZipArchive.advice)
    }
    // The end record has 22 bytes and a comment of at most 65535.
    let tailStart = max(0, source.count - 22 - 65535)
    let found: (offset: Int, fields: [UInt64])? = try source.withBytes(in: tailStart..<source.count) { bytes in
      for offset in stride(from: bytes.count - 22, through: 0, by: -1) {
        var reader = LittleEndianReader(bytes, at: offset)
        guard reader.take(UInt32.self) == 0x0605_4B50, let disks = reader.take(UInt32.self),
          let here = reader.take(UInt16.self), let total = reader.take(UInt16.self),
          let size = reader.take(UInt32.self), let start = reader.take(UInt32.self),
          let comment = reader.take(UInt16.self), reader.remaining == Int(comment)
        else { continue }
        return (tailStart + offset, [UInt64(disks), UInt64(here), UInt64(total), UInt64(size), UInt64(start)])
      }
      return nil
    }
    guard let found else { throw failure("is a zip archive whose end is missing") }
    var end = found.offset
    var fields = found.fields
    if let zip64 = try Self.zip64(source, before: found.offset) {
      (end, fields) = zip64
    }
    guard fields[0] == 0, fields[1] == fields[2] else { throw failure("is one part of a split zip archive") }
    guard let count = Int(exactly: fields[1]), let size = Int(exactly: fields[3]), let start = Int(exactly: fields[4]),
      start <= end, size == end - start
    else { throw failure("its zip directory does not lie where its end record says") }
    range = start..<end
    entryCount = count
  }

  /// The place and the fields of the zip64 end record, or nil where no locator stands before the end record.
  private static func zip64(_ source: ByteSource, before end: Int) throws -> (Int, [UInt64])? {
    guard end >= 20 + 56 else { return nil }
    let damaged = FileError(
      path: source.path, problem: "its zip64 end record is damaged", advice: ZipArchive.advice)
    let offset: UInt64? = try source.withBytes(in: end - 20..<end) { bytes in
      var reader = LittleEndianReader(bytes)
      guard reader.take(UInt32.self) == 0x0706_4B50 else { return nil }
      guard reader.take(UInt32.self) == 0, let offset = reader.take(UInt64.self) else { throw damaged }
      return offset
    }
    guard let offset else { return nil }
    guard let start = Int(exactly: offset), start <= end - 20 - 56 else { throw damaged }
    return try source.withBytes(in: start..<start + 56) { bytes in
      var reader = LittleEndianReader(bytes)
      guard reader.take(UInt32.self) == 0x0606_4B50, let length = reader.take(UInt64.self),
        length == UInt64(end - 20 - start - 12), reader.skip(4), let disks = reader.take(UInt64.self),
        let here = reader.take(UInt64.self), let total = reader.take(UInt64.self),
        let size = reader.take(UInt64.self), let directory = reader.take(UInt64.self)
      else { throw damaged }
      return (start, [disks, here, total, size, directory])
    }
  }
}

/// One entry of the central directory.
private struct ZipRecord {
  let name: String
  let checksum: UInt32
  let method: UInt16
  /// Bytes in the archive.
  let size: Int
  let headerOffset: Int
  /// Why the entry is refused, or nil.
  let problem: String?

  /// Reads the next entry; nil where it is damaged.
  init?(_ reader: inout LittleEndianReader) {
    guard reader.take(UInt32.self) == 0x0201_4B50, reader.skip(4), let flags = reader.take(UInt16.self),
      let method = reader.take(UInt16.self), reader.skip(4), let checksum = reader.take(UInt32.self),
      let packedSize = reader.take(UInt32.self), let size = reader.take(UInt32.self),
      let nameLength = reader.take(UInt16.self), let extraLength = reader.take(UInt16.self),
      let commentLength = reader.take(UInt16.self), let disk = reader.take(UInt16.self), reader.skip(6),
      let offset = reader.take(UInt32.self), let nameBytes = reader.take(bytes: Int(nameLength)),
      let name = String(validating: nameBytes, as: UTF8.self), let extra = reader.take(bytes: Int(extraLength)),
      reader.skip(Int(commentLength))
    else { return nil }
    var wide = Zip64Fields(extra)
    guard let realSize = wide.value(size), let realPackedSize = wide.value(packedSize),
      let realOffset = wide.value(offset), let size = Int(exactly: realPackedSize),
      let headerOffset = Int(exactly: realOffset)
    else { return nil }
    self.name = name
    self.checksum = checksum
    self.method = method
    self.size = size
    self.headerOffset = headerOffset
    // Bits 0, 6 and 13: traditional and strong encryption, hidden header values.
    if flags & (1 | 1 << 6 | 1 << 13) != 0 {
      problem = "is encrypted; only plain entries are read"
    } else if method == 0, realPackedSize != realSize {
      problem = "is stored with \(realPackedSize) bytes, expected \(realSize)"
    } else if disk != 0 {
      problem = "lies on another part of a split archive"
    } else {
      problem = nil
    }
  }
}

/// The 64-bit values of an entry's zip64 extra field, in the order in which the 32-bit ones are all ones.
private struct Zip64Fields {
  private var values: LittleEndianReader

  init(_ extra: UnsafeRawBufferPointer) {
    var reader = LittleEndianReader(extra)
    while let tag = reader.take(UInt16.self), let size = reader.take(UInt16.self),
      let body = reader.take(bytes: Int(size))
    {
      if tag == 1 {
        values = LittleEndianReader(body)
        return
      }
    }
    values = LittleEndianReader(UnsafeRawBufferPointer(start: nil, count: 0))
  }

  /// `narrow`, or the wide value that it stands for; nil where that is missing.
  package mutating func value(_ narrow: UInt32) -> UInt64? {
    narrow == .max ? values.take(UInt64.self) : UInt64(narrow)
  }
}
