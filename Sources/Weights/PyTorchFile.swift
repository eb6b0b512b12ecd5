import Files
import Synchronization

/// A `.pth` file of `torch.save`, in the zip form (PyTorch 1.6 and later) or the one before; nothing is executed.
///
/// Source: torch/serialization.py, `_save`, `_legacy_load` and `_legacy_save`.
struct PyTorchFile {
  /// One tensor: how it lies in its storage, and where that lies in the file.
  struct Tensor {
    let name: String
    let view: StorageView
    fileprivate let storage: StoredBytes
  }

  /// The bytes of a storage, with a checksum where the form has one.
  fileprivate struct StoredBytes {
    let range: Range<Int>
    let checksum: UInt32?
  }

  /// The tensors in the order of the state dict.
  package let tensors: [Tensor]
  /// What our own writer left for our reader; PyTorch ignores it.
  let metadata: [String: String]
  private let source: ByteSource
  private let intact = IntactStorages()

  /// The longest pickle that is read; a network's has some kilobytes.
  private static let pickleLimit = 1 << 24
  /// Times the bytes of their storages that the tensors of a file may come to together.
  ///
  /// Tensors share a storage where a network uses one weight in two places, where an average is saved that has not parted
  /// from its model yet, and where one is a slice of another: 4 covers all of this at once. No option raises it, since
  /// tensors that were cloned before they were saved have no need of it.
  private static let expansionLimit = 4
  /// Where our own writer leaves metadata.
  static let metadataEntry = "translate/metadata.json"

  /// Reads the zip form; `part` names a nested dictionary with dots.
  init(zip source: ByteSource, part: String?) throws {
    let (archive, stem, objects) = try Self.readArchive(source)
    func failure(_ problem: String) -> FileError {
      FileError(path: source.path, problem: problem, advice: ZipArchive.advice)
    }
    tensors = try Self.chosen(objects, part: part, source).tensors.map { name, view in
      let key = view.storage.key
      guard let entry = archive[stem + "data/" + key] else {
        throw failure("has no storage \(FileError.quote(key)) for tensor \(FileError.quote(name))")
      }
      guard entry.range.count == view.storage.count * view.storage.type.size else {
        throw failure(
          "storage \(FileError.quote(key)) has \(entry.range.count) bytes, expected "
            + "\(view.storage.count * view.storage.type.size)")
      }
      return Tensor(
        name: name, view: view, storage: StoredBytes(range: entry.range, checksum: entry.checksum))
    }
    metadata = try archive[stem + Self.metadataEntry].map { try Self.readMetadata(source, $0) } ?? [:]
    self.source = source
    try requireModestSharing()
  }

  /// Opens the zip form: its directory, the folder within it (with a slash), and its pickle.
  private static func readArchive(
    _ source: ByteSource
  ) throws -> (archive: ZipArchive, stem: String, objects: PickleObjects) {
    let archive = try ZipArchive(source)
    func failure(_ problem: String, _ advice: Phrase? = ZipArchive.advice) -> FileError {
      FileError(path: source.path, problem: problem, advice: advice)
    }
    // TorchScript compresses its code, so it is told first.
    guard !archive.entries.contains(where: { $0.name.hasSuffix("/constants.pkl") || $0.name.contains("/code/") })
    else {
      throw failure("is a TorchScript archive", "save model.state_dict() with torch.save and use that file")
    }
    if let packed = archive.entries.first(where: { $0.method != 0 }) {
      throw failure(
        "zip entry \(FileError.quote(packed.name)) is compressed (method \(packed.method)); torch.save stores its "
          + "entries", "unpack it, or save the state_dict again with torch.save")
    }
    let pickles = archive.entries.filter { $0.name.hasSuffix("/data.pkl") && $0.name.filter { $0 == "/" }.count == 1 }
    guard let pickle = pickles.first, pickles.count == 1 else {
      throw failure("is a zip archive, but none of torch.save")
    }
    let stem = String(pickle.name.dropLast("data.pkl".count))
    if let order = archive[stem + "byteorder"] {
      let text = try source.bytes(in: order.range.prefix(16))
      guard text.elementsEqual("little".utf8) else {
        throw failure("was written on a big-endian computer", "load it there and save it as .safetensors")
      }
    }
    return (archive, stem, try readPickle(source, pickle))
  }

  /// Reads the form of PyTorch before 1.6: five pickles, then the storages.
  init(legacy source: ByteSource, part: String?) throws {
    func failure(_ problem: String) -> FileError {
      FileError(path: source.path, problem: problem, advice: ZipArchive.advice)
    }
    let (pickles, begin) = try Self.readLegacyPickles(source)
    var end = begin
    guard case .list(let keyList) = pickles[4].root else { throw failure("has no list of storages") }

    var references: [String: StorageReference] = [:]
    for storage in pickles[3].storages {
      guard references.updateValue(storage, forKey: storage.key) ?? storage == storage else {
        throw failure("describes storage \(FileError.quote(storage.key)) twice, and differently")
      }
    }
    var ranges: [String: Range<Int>] = [:]
    for case .string(let key) in pickles[4].lists[keyList] {
      guard let reference = references[key] else {
        throw failure("has a storage \(FileError.quote(key)) that no tensor uses")
      }
      guard end <= source.count - 8 else { throw failure("ends before storage \(FileError.quote(key))") }
      let count = try source.withBytes(in: end..<end + 8) { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) }
      guard count == reference.count else {
        throw failure("storage \(FileError.quote(key)) has \(count) elements, expected \(reference.count)")
      }
      let size = reference.count * reference.type.size
      guard size <= source.count - end - 8 else {
        throw failure("ends inside storage \(FileError.quote(key)) of \(size) bytes")
      }
      guard ranges.updateValue(end + 8..<end + 8 + size, forKey: key) == nil else {
        throw failure("has storage \(FileError.quote(key)) twice")
      }
      end += 8 + size
    }
    guard end == source.count else { throw failure("goes on for \(source.count - end) bytes after its last storage") }
    tensors = try Self.chosen(pickles[3], part: part, source).tensors.map { name, view in
      guard let range = ranges[view.storage.key] else {
        throw failure("has no storage \(FileError.quote(view.storage.key)) for tensor \(FileError.quote(name))")
      }
      return Tensor(name: name, view: view, storage: StoredBytes(range: range, checksum: nil))
    }
    metadata = [:]
    self.source = source
    try requireModestSharing()
  }

  /// Refuses a small file whose tensors view the same bytes over and over, before memory, time or disk is spent on them.
  private func requireModestSharing() throws {
    var storages: [Int: Int] = [:]
    for tensor in tensors { storages[tensor.storage.range.lowerBound] = tensor.storage.range.count }
    let stored = storages.values.reduce(0, +)
    let (product, overflow) = stored.multipliedReportingOverflow(by: Self.expansionLimit)
    var rest = overflow ? Int.max : product
    for view in tensors.lazy.map(\.view) {
      rest -= max(view.count, view.end - view.offset) * view.storage.type.size
      guard rest >= 0 else {
        throw FileError(
          path: source.path,
          problem: "its tensors share storages of \(stored) bytes and would come to more than "
            + "\(Self.expansionLimit) times as many", advice: "save a clone() of each in PyTorch and use that file")
      }
    }
  }

  /// Reads the five pickles of the old form and where they end.
  private static func readLegacyPickles(_ source: ByteSource) throws -> (pickles: [PickleObjects], end: Int) {
    func failure(_ problem: String) -> FileError {
      FileError(path: source.path, problem: problem, advice: ZipArchive.advice)
    }
    var end = 0
    let pickles: [PickleObjects] = try source.withBytes(in: 0..<min(source.count, pickleLimit)) { bytes in
      try (0..<5).map { index in
        let rest = UnsafeRawBufferPointer(rebasing: bytes[end...])
        let (objects, length) = try inFile(source) { try PickleReader.read(rest) }
        if index == 0, objects.root != .long(magic) { throw failure("is a pickle, but none of torch.save") }
        end += length
        return objects
      }
    }
    guard pickles[1].root == .integer(1001) else { throw failure("is of an unknown version of PyTorch's old form") }
    if case .dictionary(let system) = pickles[2].root,
      pickles[2].dictionaries[system].contains(where: {
        $0.key == .string("little_endian") && $0.value != .boolean(true)
      })
    {
      throw failure("was written on a big-endian computer")
    }
    return (pickles, end)
  }

  /// The names of the state dicts in a file of the zip form.
  static func parts(zip source: ByteSource) throws -> [String] {
    StateDictionary.names(try readArchive(source).objects)
  }

  /// The names of the state dicts in a file of the old form.
  static func parts(legacy source: ByteSource) throws -> [String] {
    StateDictionary.names(try readLegacyPickles(source).pickles[3])
  }

  /// 0x1950a86a20f9469cfc6c, least significant byte first.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  private static func readPickle(_ source: ByteSource, _ entry: ZipArchive.Entry) throws -> PickleObjects {
    guard entry.range.count <= pickleLimit else {
      throw FileError(
        path: source.path, problem: "its pickle has \(entry.range.count) bytes, the limit is \(pickleLimit)")
    }
    return try source.withBytes(in: entry.range) { bytes in
      try check(bytes, entry.checksum, "its pickle", source)
      return try inFile(source) { try PickleReader.read(bytes) }.objects
    }
  }

  private static func readMetadata(_ source: ByteSource, _ entry: ZipArchive.Entry) throws -> [String: String] {
    try source.withBytes(in: entry.range) { bytes in
      try check(bytes, entry.checksum, "its metadata", source)
      do {
        var cursor = JSONCursor(bytes)
        let strings = try cursor.strings()
        try cursor.end()
        return strings
      } catch let problem as JSONCursor.Problem {
        throw FileError(
          path: source.path, problem: "its metadata is wrong at byte \(problem.position): \(problem.text)")
      }
    }
  }

  private static func chosen(_ objects: PickleObjects, part: String?, _ source: ByteSource) throws -> StateDictionary {
    try inFile(source) { try StateDictionary(objects, part: part) }
  }

  /// Gives a problem of a pickle the path of its file.
  private static func inFile<Result>(_ source: ByteSource, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let problem as PickleProblem {
      throw FileError(path: source.path, problem: problem.problem, advice: problem.advice)
    }
  }

  private static func check(
    _ bytes: UnsafeRawBufferPointer, _ checksum: UInt32?, _ what: String, _ source: ByteSource
  ) throws {
    guard let checksum, checksum != CRC32.of(bytes) else { return }
    throw damage(what, source)
  }

  private static func damage(_ what: String, _ source: ByteSource) -> FileError {
    FileError(
      path: source.path, problem: "\(what) is damaged: the checksum differs",
      advice: "copy the file again, or save it without torch.serialization.set_crc32_options(False)")
  }
}

extension PyTorchFile {
  /// Calls `body` with a tensor's elements in row-major order, as they stand in the file.
  func withBytes<Result>(of tensor: Tensor, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    let view = tensor.view
    let size = view.storage.type.size
    let stored = tensor.storage.range
    let viewed = stored.lowerBound + view.offset * size..<stored.lowerBound + view.end * size
    if viewed != stored { try requireIntact(tensor) }
    return try source.withBytes(in: viewed) { bytes in
      if viewed == stored { try Self.check(bytes, tensor.storage.checksum, Self.title(tensor), source) }
      if view.isContiguous { return try body(bytes) }
      return try view.gather(bytes).withUnsafeBytes(body)
    }
  }

  /// Checks the whole storage that `tensor` is a part of; once, however many tensors share it.
  private func requireIntact(_ tensor: Tensor) throws {
    let (range, expected) = (tensor.storage.range, tensor.storage.checksum)
    guard let expected, !intact.starts.withLock({ $0.contains(range.lowerBound) }) else { return }
    var checksum = CRC32()
    try source.forEachPiece(of: range) { checksum.update($0) }
    guard checksum.value == expected else { throw Self.damage(Self.title(tensor), source) }
    intact.starts.withLock { _ = $0.insert(range.lowerBound) }
  }

  private static func title(_ tensor: Tensor) -> String { "tensor \(FileError.quote(tensor.name))" }
}

/// The storages whose checksum was found right, by where they begin.
private final class IntactStorages: Sendable {
  let starts = Mutex<Set<Int>>([])
}

extension StorageView {
  /// The elements in row-major order, out of the bytes from the first of them to the last.
  func gather(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    let size = storage.type.size
    var result: [UInt8] = []
    result.reserveCapacity(count * size)
    var index = [Int](repeating: 0, count: shape.count)
    var position = 0
    for _ in 0..<count {
      result.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[position * size..<(position + 1) * size]))
      // Counts up like an odometer, the last dimension first.
      for axis in shape.indices.reversed() {
        index[axis] += 1
        position += strides[axis]
        if index[axis] < shape[axis] { break }
        position -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
    return result
  }
}
