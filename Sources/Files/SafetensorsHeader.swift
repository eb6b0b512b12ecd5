/// The header of a safetensors file: read, and every rule of the format checked.
struct SafetensorsHeader {
  private(set) var metadata: [String: String] = [:]
  private(set) var tensors: [SafetensorsFile.Tensor] = []
  private(set) var indices: [String: Int] = [:]

  private static let advice: Phrase = "is the file complete, and a .safetensors file?"
  /// Dimensions that a tensor may have; PyTorch's and NumPy's own limit.
  private static let rankLimit = 64

  init(_ source: ByteSource, limit: Int) throws {
    func failure(_ problem: String) -> FileError {
      FileError(path: source.path, problem: problem, advice: Self.advice)
    }
    guard source.count >= 8 else {
      throw failure("has \(source.count) bytes, a safetensors file has at least 8")
    }
    let length = try source.withBytes(in: 0..<8) { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= UInt64(clamping: source.count - 8) else {
      throw failure("says that its header has \(length) bytes, but only \(source.count - 8) follow")
    }
    guard length <= UInt64(clamping: limit) else {
      throw FileError(
        path: source.path, problem: "says that its header has \(length) bytes, the limit is \(limit)",
        advice: "raise the limit if the file can be trusted")
    }
    let dataStart = 8 + Int(length)
    do {
      try source.withBytes(in: 8..<dataStart) { bytes in
        guard bytes.first == UInt8(ascii: "{") else { throw failure("its header does not begin with '{'") }
        var cursor = JSONCursor(bytes)
        try readMembers(&cursor, dataStart: dataStart, fileEnd: source.count)
        try cursor.end()
      }
      try checkContiguity(dataStart: dataStart, fileEnd: source.count)
    } catch let problem as JSONCursor.Problem {
      throw failure("its header is wrong at byte \(8 + problem.position): \(problem.text)")
    } catch let problem as Problem {
      throw failure(problem.text)
    }
  }

  /// A rule that the whole header breaks.
  private struct Problem: Error { let text: String }

  private mutating func readMembers(_ cursor: inout JSONCursor, dataStart: Int, fileEnd: Int) throws {
    var hasMetadata = false
    try cursor.object { cursor, key in
      if key == "__metadata__" {
        guard !hasMetadata else { throw cursor.problem("the key '__metadata__' occurs twice") }
        hasMetadata = true
        metadata = try cursor.strings()
      } else {
        guard indices.updateValue(tensors.count, forKey: key) == nil else {
          throw cursor.problem("the key \(FileError.quote(key)) occurs twice")
        }
        tensors.append(try Self.readTensor(&cursor, name: key, dataStart: dataStart, fileEnd: fileEnd))
      }
    }
  }

  private static func readTensor(
    _ cursor: inout JSONCursor, name: String, dataStart: Int, fileEnd: Int
  ) throws -> SafetensorsFile.Tensor {
    var type: ElementType?
    var shape: [Int]?
    var offsets: [Int]?
    let title = "tensor \(FileError.quote(name))"
    try cursor.object { cursor, key in
      switch key {
      case "dtype" where type == nil:
        let text = try cursor.string()
        type = ElementType(rawValue: text)
        if type == nil { throw cursor.problem("\(title) has the unknown dtype \(FileError.quote(text))") }
      case "shape" where shape == nil:
        shape = try readIntegers(&cursor, atMost: rankLimit, "\(title) has more than \(rankLimit) dimensions")
      case "data_offsets" where offsets == nil:
        offsets = try readIntegers(&cursor, atMost: 2, "\(title) has more than two data_offsets")
      case "dtype", "shape", "data_offsets":
        throw cursor.problem("\(title) has '\(key)' twice")
      default:
        throw cursor.problem("\(title) has the unknown key \(FileError.quote(key))")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw cursor.problem("\(title) lacks one of dtype, shape and both data_offsets")
    }
    guard let elements = type.elements(in: shape) else { throw cursor.problem("the size of \(title) overflows") }
    let (begin, end) = (offsets[0], offsets[1])
    guard begin <= end, end <= fileEnd - dataStart else {
      throw cursor.problem("\(title) lies at bytes \(begin) to \(end) of \(fileEnd - dataStart) bytes of data")
    }
    guard end - begin == elements * type.size else {
      throw cursor.problem(
        "\(title) of shape \(shape) and dtype \(type.rawValue) has \(end - begin) bytes, "
          + "expected \(elements * type.size)")
    }
    return SafetensorsFile.Tensor(
      name: name, type: type, shape: shape, byteRange: dataStart + begin..<dataStart + end)
  }

  private static func readIntegers(
    _ cursor: inout JSONCursor, atMost limit: Int, _ complaint: @autoclosure () -> String
  ) throws -> [Int] {
    var values: [Int] = []
    try cursor.array { cursor in
      guard values.count < limit else { throw cursor.problem(complaint()) }
      values.append(try cursor.integer())
    }
    return values
  }

  /// Every byte of the data belongs to exactly one tensor.
  private func checkContiguity(dataStart: Int, fileEnd: Int) throws {
    var end = dataStart
    let order = tensors.indices.sorted {
      let (a, b) = (tensors[$0].byteRange, tensors[$1].byteRange)
      return (a.lowerBound, a.upperBound) < (b.lowerBound, b.upperBound)
    }
    for index in order {
      let tensor = tensors[index]
      guard tensor.byteRange.lowerBound == end else {
        let what = tensor.byteRange.lowerBound < end ? "an overlap" : "a hole"
        throw Problem(
          text: "there is \(what) in its data before tensor \(FileError.quote(tensor.name)), "
            + "which begins at byte \(tensor.byteRange.lowerBound - dataStart), expected \(end - dataStart)")
      }
      end = tensor.byteRange.upperBound
    }
    guard end == fileEnd else {
      throw Problem(text: "its tensors end at byte \(end), but the file has \(fileEnd)")
    }
  }
}
