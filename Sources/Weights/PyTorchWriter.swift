import Files
import Foundation

/// Writes state dicts in the zip form of `torch.save`, as `torch.load(weights_only=True)` accepts them.
///
/// Each tensor has a storage of its own, 64-byte aligned in the file. Same content, same bytes.
package enum PyTorchWriter {
  /// Writes `tensors` to `path` atomically, in their order.
  ///
  /// - Parameter metadata: Strings for our own reader, in an entry that PyTorch does not look at; none where empty.
  /// - Throws: `FileError` where the system refuses, the file would need zip64 (4 GiB), or a tensor has a type that
  ///   PyTorch's storages of this form lack; what the tensors' closures throw. Traps (a programmer's error) where a
  ///   closure writes another number of bytes than its shape says.
  package static func write(
    _ tensors: [SafetensorsWriter.Tensor], metadata: [String: String] = [:], to path: String
  ) throws {
    let pickle = try pickle(tensors, path: path)
    let dataSize = tensors.reduce(0) { $0 + $1.byteCount + 256 + 2 * path.utf8.count }
    guard dataSize + pickle.count < Int(UInt32.max) - 1 << 20, tensors.count < Int(UInt16.max) - 8 else {
      throw FileError(
        path: path, problem: "would be too large for the .pth form (4 GiB)", advice: "write a .safetensors instead")
    }
    let stem = stem(of: path)
    try AtomicFile.write(to: path) { sink in
      let archive = ZipWriter(sink)
      try archive.add(stem + "/data.pkl", pickle)
      try archive.add(stem + "/byteorder", Array("little".utf8))
      for (index, tensor) in tensors.enumerated() {
        try archive.add("\(stem)/data/\(index)", size: tensor.byteCount, tensor.write)
      }
      try archive.add(stem + "/version", Array("3\n".utf8))
      if !metadata.isEmpty {
        try archive.add("\(stem)/\(PyTorchFile.metadataEntry)", Array(JSONCursor.text(metadata).utf8))
      }
      try archive.finish()
    }
  }

  /// The name of the file without its extension, which PyTorch gives the archive's folder.
  private static func stem(of path: String) -> String {
    let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    return name.isEmpty || name.utf8.count > 200 ? "archive" : name
  }

  /// An OrderedDict of tensors, in protocol 2.
  private static func pickle(_ tensors: [SafetensorsWriter.Tensor], path: String) throws -> [UInt8] {
    var pickle = PickleWriter()
    pickle.beginOrderedDictionary()
    for (index, tensor) in tensors.enumerated() {
      guard let storage = PickleGlobal.storageTypes.first(where: { $0.type == tensor.type })?.name else {
        throw FileError(
          path: path,
          problem: "cannot hold tensor \(FileError.quote(tensor.name)) of type \(tensor.type.rawValue)",
          advice: "write a .safetensors instead")
      }
      let count = tensor.byteCount / tensor.type.size
      pickle.add(tensor.name, storage: storage, key: String(index), count: count, shape: tensor.shape)
    }
    pickle.end()
    return pickle.bytes
  }
}

/// The opcodes of a state dict.
private struct PickleWriter {
  private(set) var bytes: [UInt8] = [0x80, 2]

  mutating func beginOrderedDictionary() {
    orderedDictionary()
    opcode("(")
  }

  /// A member of the dictionary: a contiguous tensor with a storage of its own.
  package mutating func add(_ name: String, storage: String, key: String, count: Int, shape: [Int]) {
    string(name)
    global("torch._utils", "_rebuild_tensor_v2")
    opcode("(")
    opcode("(")
    string("storage")
    global("torch", storage)
    string(key)
    string("cpu")
    integer(count)
    opcode("t")
    opcode("Q")
    integer(0)
    tuple(shape)
    var strides = shape
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      stride *= max(shape[axis], 1)
    }
    tuple(strides)
    bytes.append(0x89)
    orderedDictionary()
    opcode("t")
    opcode("R")
  }

  mutating func end() {
    opcode("u")
    opcode(".")
  }

  private mutating func orderedDictionary() {
    global("collections", "OrderedDict")
    opcode(")")
    opcode("R")
  }

  private mutating func opcode(_ character: Unicode.Scalar) { bytes.append(UInt8(ascii: character)) }

  private mutating func global(_ module: String, _ name: String) {
    bytes.append(contentsOf: "c\(module)\n\(name)\n".utf8)
  }

  private mutating func string(_ text: String) {
    opcode("X")
    littleEndian(UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// BININT, or LONG1 where it does not fit.
  private mutating func integer(_ value: Int) {
    if let narrow = Int32(exactly: value) {
      opcode("J")
      littleEndian(narrow)
    } else {
      bytes.append(contentsOf: [0x8A, 8])
      littleEndian(Int64(value))
    }
  }

  private mutating func tuple(_ values: [Int]) {
    opcode("(")
    values.forEach { integer($0) }
    opcode("t")
  }

  private mutating func littleEndian(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
