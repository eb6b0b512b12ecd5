import Foundation
import TestSupport
import Testing
import Files

/// A safetensors file of `header` (padded as told) and `data`.
func safetensorsBytes(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  let text = Array(header.utf8)
  return withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian, Array.init) + text + data
}

private func temporaryPath() -> String {
  FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString + ".safetensors").path
}

@Suite struct SafetensorsTests {
  @Test func readsGoldenFile() throws {
    let path = fixtures.appendingPathComponent("checkpoints/patch_basic_batch.safetensors").path
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata.isEmpty)
    #expect(file.tensors.first?.name == "model.3.num_batches_tracked")
    #expect(file["model.0.weight"]?.shape == [4, 6, 4, 4])
    #expect(file["model.0.weight"]?.type == .float32)
    let weight = try file.floats("model.0.weight")
    #expect(weight.count == 384)
    try file.withBytes(of: "model.0.weight") { bytes in
      for (i, value) in weight.enumerated() {
        #expect(bytes.loadUnaligned(fromByteOffset: i * 4, as: Float.self) == value)
      }
    }
    #expect(try file.int64s("model.3.num_batches_tracked").count == 1)
    #expect(throws: FileError(path: path, problem: "has no tensor 'nothing'")) { try file.floats("nothing") }
    #expect(
      throws: FileError(path: path, problem: "tensor 'model.0.weight' holds F32, expected I64")
    ) { try file.int64s("model.0.weight") }
    #expect(
      throws: FileError(
        path: path, problem: "tensor 'model.3.num_batches_tracked' holds I64, expected floating-point numbers")
    ) { try file.floats("model.3.num_batches_tracked") }
  }

  @Test func writesWhatItReads() throws {
    let path = temporaryPath()
    defer { unlink(path) }
    let large = (0..<300_000).map { Float($0) * 0.5 }
    let tensors: [SafetensorsWriter.Tensor] = [
      .init(name: "bytes", shape: [3], integers: [1, 2, 255] as [UInt8]),
      .init(name: "large", shape: [3, 100_000], floats: large),
      .init(name: "empty", shape: [0, 4], floats: []),
      .init(name: "count", shape: [], integers: [-5] as [Int64]),
      .init(name: "state", shape: [2], integers: [UInt64.max, 7]),
      .init(name: "half", type: .float16, shape: [2]) { try $0.write([0x00, 0x3C, 0x01, 0x00]) },
    ]
    let metadata = ["b": "zwei \"\\\n\u{1}é😀", "a": ""]
    try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)

    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == metadata)
    #expect(file.tensors.map(\.name) == ["count", "state", "large", "empty", "half", "bytes"])
    #expect(file.tensors.allSatisfy { $0.byteRange.lowerBound % $0.type.size == 0 })
    #expect(try file.floats("large") == large)
    #expect(try file.floats("empty") == [])
    #expect(try file.floats("half") == [1, 0x1p-24])
    #expect(try file.int64s("count") == [-5])
    #expect(try file.uint64s("state") == [.max, 7])
    #expect(try file.uint8s("bytes") == [1, 2, 255])
  }

  @Test func convertsEveryFloatingPointType() throws {
    let header =
      #"{"o":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"h":{"dtype":"F16","shape":[6],"data_offsets":[1,13]},"#
      + #""b":{"dtype":"BF16","shape":[2],"data_offsets":[13,17]},"d":{"dtype":"F64","shape":[1],"data_offsets":[17,25]}}"#
    var data: [UInt8] = [9]
    let halves: [UInt16] = [0xC000, 0x0001, 0x83FF, 0x7C00, 0x7BFF, 0x0400]
    for bits in halves + [0x3F80, 0xFF80] { data += [UInt8(bits & 0xFF), UInt8(bits >> 8)] }
    data += withUnsafeBytes(of: 0.1, Array.init)
    let file = try SafetensorsFile(ByteSource(bytes: safetensorsBytes(header, data: data)))
    #expect(try file.floats("h") == [-2, 0x1p-24, -0x1.FF8p-15, .infinity, 65504, 0x1p-14])
    #expect(try file.floats("b") == [1, -.infinity])
    #expect(try file.floats("d") == [Float(0.1)])
    #expect(Float(halfBits: 0x7E00).isNaN)
    #expect(Float(halfBits: 0x8000).sign == .minus)
  }

  #if !(os(macOS) && arch(x86_64))
    @Test func widensEveryHalfLikeTheHardware() {
      for bits in UInt16.min...UInt16.max {
        let (own, reference) = (Float(halfBits: bits), Float(Float16(bitPattern: bits)))
        #expect(own.bitPattern == reference.bitPattern || own.isNaN && reference.isNaN)
      }
    }
  #endif

  @Test func acceptsWhatTheFormatAllows() throws {
    let file = try SafetensorsFile(
      ByteSource(
        bytes: safetensorsBytes(
          "{ \"\\u0061\\ud83d\\ude00/\\n\" : { \"shape\" : [ ] , \"data_offsets\":[0,1],\"dtype\":\"BOOL\"},"
            + #""z":{"dtype":"F32","shape":[9223372036854775807,0],"data_offsets":[1,1]},"__metadata__":{}}    "#,
          data: [1])))
    #expect(file.tensors.map(\.name) == ["a😀/\n", "z"])
    #expect(file.tensors[0].shape == [])
    let empty = try SafetensorsFile(ByteSource(bytes: safetensorsBytes("{}")))
    #expect(empty.tensors.isEmpty)
  }

  /// Each rule of the format, broken, and what is said about it.
  static let hostile: [(bytes: [UInt8], problem: String)] = {
    func tensor(_ body: String, data: Int = 4) -> [UInt8] {
      safetensorsBytes("{\"t\":{\(body)}}", data: [UInt8](repeating: 0, count: data))
    }
    func pair(_ first: String, _ second: String, data: Int) -> [UInt8] {
      safetensorsBytes(
        #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[\#(first)]},"b":{"dtype":"U8","shape":[2],"#
          + #""data_offsets":[\#(second)]}}"#,
        data: [UInt8](repeating: 0, count: data))
    }
    let good = #""dtype":"F32","shape":[1],"data_offsets":[0,4]"#
    return [
      ([], "has 0 bytes, a safetensors file has at least 8"),
      ([1, 2, 3], "has 3 bytes, a safetensors file has at least 8"),
      (safetensorsBytes("{}", length: 3), "says that its header has 3 bytes, but only 2 follow"),
      (
        safetensorsBytes("{}", length: .max),
        "says that its header has 18446744073709551615 bytes, but only 2 follow"
      ),
      (
        safetensorsBytes("{}" + String(repeating: " ", count: 2000)),
        "says that its header has 2002 bytes, the limit is 1000"
      ),
      (safetensorsBytes(""), "its header does not begin with '{'"),
      (safetensorsBytes(" {}"), "its header does not begin with '{'"),
      (safetensorsBytes("[]"), "its header does not begin with '{'"),
      (safetensorsBytes("{"), "its header is wrong at byte 9: '\"' was expected"),
      (safetensorsBytes("{} x"), "its header is wrong at byte 11: something follows the end of the object"),
      (safetensorsBytes("{\"t\":3}"), "its header is wrong at byte 13: '{' was expected"),
      (
        safetensorsBytes("{\"t\":\(String(repeating: "[", count: 900))"),
        "its header is wrong at byte 13: '{' was expected"
      ),
      (safetensorsBytes("{\"t"), "its header is wrong at byte 11: a string has no end"),
      (safetensorsBytes("{\"\\q\":1}"), "its header is wrong at byte 12: an unknown escape in a string"),
      (safetensorsBytes("{\"\\ud800\":1}"), "its header is wrong at byte 16: half a surrogate pair"),
      (safetensorsBytes("{\"\n\":1}"), "its header is wrong at byte 11: a string holds a control character"),
      (
        withUnsafeBytes(of: UInt64(6).littleEndian, Array.init) + [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x7D],
        "its header is wrong at byte 12: a string is no UTF-8"
      ),
      (
        safetensorsBytes("{\"t\":{\(good)},\"t\":{\(good)}}", data: [0, 0, 0, 0]),
        "its header is wrong at byte 66: the key 't' occurs twice"
      ),
      (
        safetensorsBytes(#"{"__metadata__":{"a":"1","a":"1"}}"#),
        "its header is wrong at byte 40: the metadata key 'a' occurs twice"
      ),
      (
        safetensorsBytes(#"{"__metadata__":{},"__metadata__":{}}"#),
        "its header is wrong at byte 42: the key '__metadata__' occurs twice"
      ),
      (safetensorsBytes(#"{"__metadata__":{"a":1}}"#), "its header is wrong at byte 29: '\"' was expected"),
      (tensor(good + #","shape":[1]"#), "its header is wrong at byte 69: tensor 't' has 'shape' twice"),
      (tensor(good + #","x":[1]"#), "its header is wrong at byte 65: tensor 't' has the unknown key 'x'"),
      (tensor(""), "its header is wrong at byte 15: tensor 't' lacks one of dtype, shape and both data_offsets"),
      (
        tensor(#""dtype":"Q4","shape":[1],"data_offsets":[0,4]"#),
        "its header is wrong at byte 26: tensor 't' has the unknown dtype 'Q4'"
      ),
      (
        tensor(#""dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]"#),
        "its header is wrong at byte 81: the size of tensor 't' overflows"
      ),
      (
        tensor(#""dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]"#),
        "its header is wrong at byte 55: a number is too large"
      ),
      (
        tensor(#""dtype":"F32","shape":[-1],"data_offsets":[0,4]"#),
        "its header is wrong at byte 37: a non-negative integer was expected"
      ),
      (
        tensor(#""dtype":"F32","shape":[1.5],"data_offsets":[0,4]"#),
        "its header is wrong at byte 38: ']' was expected"
      ),
      (
        tensor(#""dtype":"F32","shape":[01],"data_offsets":[0,4]"#),
        "its header is wrong at byte 39: a number begins with 0"
      ),
      (
        tensor(#""dtype":"F32","shape":[\#([String](repeating: "1", count: 65).joined(separator: ","))]"#),
        "its header is wrong at byte 165: tensor 't' has more than 64 dimensions"
      ),
      (
        tensor(#""dtype":"F32","shape":[1],"data_offsets":[0,4,4]"#),
        "its header is wrong at byte 60: tensor 't' has more than two data_offsets"
      ),
      (
        tensor(#""dtype":"F32","shape":[1],"data_offsets":[4,0]"#),
        "its header is wrong at byte 61: tensor 't' lies at bytes 4 to 0 of 4 bytes of data"
      ),
      (
        tensor(#""dtype":"F32","shape":[2],"data_offsets":[0,8]"#),
        "its header is wrong at byte 61: tensor 't' lies at bytes 0 to 8 of 4 bytes of data"
      ),
      (
        tensor(#""dtype":"F32","shape":[2],"data_offsets":[0,4]"#),
        "its header is wrong at byte 61: tensor 't' of shape [2] and dtype F32 has 4 bytes, expected 8"
      ),
      (
        tensor(#""dtype":"BF16","shape":[2],"data_offsets":[0,4]"#, data: 3),
        "its header is wrong at byte 62: tensor 't' lies at bytes 0 to 4 of 3 bytes of data"
      ),
      (
        tensor(#""dtype":"BF16","shape":[1],"data_offsets":[0,4]"#),
        "its header is wrong at byte 62: tensor 't' of shape [1] and dtype BF16 has 4 bytes, expected 2"
      ),
      (
        tensor(#""dtype":"BF16","shape":[4611686018427387904],"data_offsets":[0,4]"#),
        "its header is wrong at byte 80: the size of tensor 't' overflows"
      ),
      (tensor(good, data: 5), "its tensors end at byte 66, but the file has 67"),
      (
        pair("0,2", "3,5", data: 5),
        "there is a hole in its data before tensor 'b', which begins at byte 3, expected 2"
      ),
      (
        pair("0,2", "1,3", data: 3),
        "there is an overlap in its data before tensor 'b', which begins at byte 1, expected 2"
      ),
      (
        safetensorsBytes(#"{"\u001b[2J":{"dtype":1}}"#),
        "its header is wrong at byte 30: '\"' was expected"
      ),
      (
        safetensorsBytes(#"{"\u001b[2J":{"x":1}}"#),
        "its header is wrong at byte 26: tensor '\u{FFFD}[2J' has the unknown key 'x'"
      ),
    ]
  }()

  @Test(arguments: hostile.indices) func refuses(_ index: Int) {
    let (bytes, problem) = Self.hostile[index]
    let error = #expect(throws: FileError.self) {
      try SafetensorsFile(ByteSource(bytes: bytes, path: "a.safetensors"), headerLimit: 1000)
    }
    #expect(error?.problem == problem)
    #expect(error?.path == "a.safetensors")
  }

  @Test func refusesFoldersAndMissingFiles() {
    let missing = #expect(throws: FileError.self) { try SafetensorsFile(path: "/nowhere/a.safetensors") }
    #expect(
      missing?.description == "/nowhere/a.safetensors: cannot be opened: No such file or directory; check the path")
    let folder = #expect(throws: FileError.self) { try SafetensorsFile(path: "/") }
    #expect(folder?.description == "/: is a folder; a file was expected here")
    let device = #expect(throws: FileError.self) { try SafetensorsFile(path: "/dev/null") }
    #expect(device?.description == "/dev/null: is no regular file; a file was expected here")
  }
}
