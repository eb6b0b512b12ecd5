/// Writes `.safetensors` files that do not depend on anything but what is in them: same content, same bytes.
///
/// The header is padded with spaces to a multiple of 8 bytes and elements of 8 bytes come first, then those of 4, 2
/// and 1, so that each tensor is aligned in the file, which PyTorch's reader needs; metadata keys are sorted.
package enum SafetensorsWriter {
  /// A tensor to write.
  package struct Tensor {
    /// Its key in the header.
    package let name: String
    /// How its numbers are stored.
    package let type: ElementType
    /// Row-major lengths, outermost first; empty for a scalar.
    package let shape: [Int]
    /// Hands all bytes of the tensor to the sink, little-endian and in order, in as many pieces as it likes.
    package let write: (ByteSink) throws -> Void

    /// A tensor whose bytes `write` produces when their turn comes, so that no second copy lives in memory.
    package init(name: String, type: ElementType, shape: [Int], write: @escaping (ByteSink) throws -> Void) {
      self.name = name
      self.type = type
      self.shape = shape
      self.write = write
    }

    /// A tensor of single-precision numbers.
    package init(name: String, shape: [Int], floats: [Float]) {
      self.init(name: name, type: .float32, shape: shape) { sink in
        try floats.withUnsafeBytes { try sink.write($0) }
      }
    }

    /// A tensor of integers; `Element` is one of the fixed-width types that the format knows.
    package init<Element: FixedWidthInteger>(name: String, shape: [Int], integers: [Element]) {
      let prefix = Element.isSigned ? "I" : "U"
      guard let type = ElementType(rawValue: prefix + String(Element.bitWidth)) else {
        preconditionFailure("\(Element.self) is no type of the safetensors format")
      }
      self.init(name: name, type: type, shape: shape) { sink in
        try integers.withUnsafeBytes { try sink.write($0) }
      }
    }
  }

  /// Writes `tensors` to `path`, atomically.
  ///
  /// - Throws: `FileError` where the system refuses, and what the tensors' closures throw. Traps (a programmer's
  ///   error) where names repeat or a closure writes another number of bytes than its shape says.
  package static func write(_ tensors: [Tensor], metadata: [String: String] = [:], to path: String) throws {
    let ordered = ElementType.sizesDescending.flatMap { size in tensors.filter { $0.type.size == size } }
    let header = header(ordered, metadata: metadata)
    try AtomicFile.write(to: path) { sink in
      try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try sink.write($0) }
      try sink.write(header)
      for tensor in ordered {
        let start = sink.count
        try tensor.write(sink)
        precondition(sink.count - start == tensor.byteCount, "tensor \(tensor.name) wrote another size than its shape")
      }
    }
  }

  private static func header(_ tensors: [Tensor], metadata: [String: String]) -> [UInt8] {
    precondition(Set(tensors.map(\.name)).count == tensors.count, "tensor names repeat")
    var members: [String] = []
    if !metadata.isEmpty {
      members.append("\"__metadata__\":" + JSONCursor.text(metadata))
    }
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.byteCount
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(JSONCursor.literal(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var bytes = Array("{\(members.joined(separator: ","))}".utf8)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - bytes.count % 8) % 8))
    return bytes
  }
}

extension SafetensorsWriter.Tensor {
  /// Bytes of all elements.
  package var byteCount: Int {
    guard let elements = type.elements(in: shape) else { preconditionFailure("the size of tensor \(name) overflows") }
    return elements * type.size
  }
}

extension ElementType {
  fileprivate static let sizesDescending = [8, 4, 2, 1]
}
