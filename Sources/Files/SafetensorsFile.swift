/// A `.safetensors` file, opened and checked: u64 header length, a JSON header, the data without gaps.
///
/// Source: the specification in the README of github.com/huggingface/safetensors. Nothing of the data is read before
/// it is asked for, so a checkpoint may be larger than memory.
package struct SafetensorsFile: Sendable {
  /// One tensor of the file.
  package struct Tensor: Sendable, Equatable {
    /// Its key in the header.
    package let name: String
    /// How its numbers are stored.
    package let type: ElementType
    /// Row-major lengths, outermost first; empty for a scalar.
    package let shape: [Int]
    /// Its bytes in the file.
    package let byteRange: Range<Int>
  }

  /// The format's own limit on the length of a header.
  package static let defaultHeaderLimit = 100_000_000

  /// The strings of `__metadata__`.
  package let metadata: [String: String]
  /// The tensors in the order of the header.
  package let tensors: [Tensor]

  private let source: ByteSource
  private let indices: [String: Int]

  /// Opens the file at `path` and checks its header whole.
  ///
  /// - Throws: `FileError` where it cannot be read or breaks a rule of the format; `headerLimit` bounds the memory
  ///   that a header may take, to a small multiple of it.
  package init(path: String, headerLimit: Int = defaultHeaderLimit) throws {
    try self.init(ByteSource(path: path), headerLimit: headerLimit)
  }

  /// Reads a file from `source`.
  package init(_ source: ByteSource, headerLimit: Int = defaultHeaderLimit) throws {
    let header = try SafetensorsHeader(source, limit: headerLimit)
    self.source = source
    metadata = header.metadata
    tensors = header.tensors
    indices = header.indices
  }

  /// The file as the user named it.
  package var path: String? { source.path }

  /// The tensor called `name`, or nil.
  package subscript(name: String) -> Tensor? { indices[name].map { tensors[$0] } }

  /// Calls `body` with the bytes of a tensor as they stand in the file, at any alignment.
  ///
  /// - Throws: `FileError` where there is no such tensor or the system fails, and what `body` throws.
  package func withBytes<Result>(
    of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    try source.withBytes(in: find(name).byteRange, body)
  }

  /// Fills `buffer`, which has just its size, with the bytes of a tensor.
  package func read(_ name: String, into buffer: UnsafeMutableRawBufferPointer) throws {
    let tensor = try find(name)
    guard tensor.byteRange.count == buffer.count else {
      throw error("tensor \(FileError.quote(name)) has \(tensor.byteRange.count) bytes, expected \(buffer.count)")
    }
    try source.read(into: buffer, at: tensor.byteRange.lowerBound)
  }

  /// The numbers of a floating-point tensor, row-major; half precisions widen exactly, F64 is rounded.
  ///
  /// - Throws: `FileError` where there is no such tensor or it is of another type.
  package func floats(_ name: String) throws -> [Float] {
    let tensor = try find(name)
    guard tensor.type.isFloatingPoint else { throw wrongType(tensor, expected: "floating-point numbers") }
    return try source.floats(in: tensor.byteRange, of: tensor.type)
  }

  /// The numbers of an I64 tensor.
  package func int64s(_ name: String) throws -> [Int64] { try integers(name, of: .int64) }

  /// The numbers of a U64 tensor.
  package func uint64s(_ name: String) throws -> [UInt64] { try integers(name, of: .uint64) }

  /// The numbers of a U8 tensor.
  package func uint8s(_ name: String) throws -> [UInt8] { try integers(name, of: .uint8) }

  private func integers<Element: FixedWidthInteger>(_ name: String, of type: ElementType) throws -> [Element] {
    let tensor = try find(name)
    guard tensor.type == type else { throw wrongType(tensor, expected: type.rawValue) }
    let count = tensor.byteRange.count / type.size
    return try [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      try source.read(
        into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: tensor.byteRange.count),
        at: tensor.byteRange.lowerBound)
      initialized = count
    }
  }

  private func find(_ name: String) throws -> Tensor {
    guard let tensor = self[name] else { throw error("has no tensor \(FileError.quote(name))") }
    return tensor
  }

  private func wrongType(_ tensor: Tensor, expected: String) -> FileError {
    error("tensor \(FileError.quote(tensor.name)) holds \(tensor.type.rawValue), expected \(expected)")
  }

  private func error(_ problem: String) -> FileError { FileError(path: path, problem: problem) }
}
