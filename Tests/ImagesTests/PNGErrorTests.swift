import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet

/// The chunk checksum of the PNG specification (annex D), computed bit by bit.
func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
  ~bytes.reduce(UInt32.max) { crc, byte in
    (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
  }
}

private func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

/// A chunk with its length and checksum.
func chunk(_ kind: String, _ content: [UInt8]) -> [UInt8] {
  bigEndian(UInt32(content.count)) + Array(kind.utf8) + content + bigEndian(checksum(Array(kind.utf8) + content))
}

/// A header chunk.
func header(width: UInt32, height: UInt32, depth: UInt8 = 8, color: UInt8 = 2, methods: [UInt8] = [0, 0, 0]) -> [UInt8]
{
  chunk("IHDR", bigEndian(width) + bigEndian(height) + [depth, color] + methods)
}

/// The error that `body` throws.
func fileError(_ body: () throws -> Void) -> FileError? {
  do {
    try body()
    return nil
  } catch {
    return error as? FileError
  }
}

@Suite struct PNGErrorTests {
  let whole: [UInt8]
  let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  init() throws {
    whole = try Array(Data(contentsOf: images.appendingPathComponent("kinds/rgb8.png")))
  }

  func message(_ bytes: [UInt8], limit: ImageLimit = .default) -> String? {
    fileError { _ = try PNG.decode(bytes, path: "a.png", limit: limit) }?.description
  }

  @Test func otherFilesAreNamed() {
    let files: [(bytes: [UInt8], problem: String)] = [
      ([], "a.png: is empty, a PNG image was expected; get the file again"),
      (
        [0xFF, 0xD8, 0xFF, 0xE0],
        "a.png: is no PNG image, it looks like JPEG; convert it to PNG, or take it out of the folder"
      ),
      (
        Array("GIF89a".utf8),
        "a.png: is no PNG image, it looks like GIF; convert it to PNG, or take it out of the folder"
      ),
      (
        Array("RIFF1234WEBPVP8 ".utf8),
        "a.png: is no PNG image, it looks like WebP; convert it to PNG, or take it out of the folder"
      ),
      (
        Array("BM1234".utf8),
        "a.png: is no PNG image, it looks like BMP; convert it to PNG, or take it out of the folder"
      ),
      (
        [0x49, 0x49, 0x2A, 0],
        "a.png: is no PNG image, it looks like TIFF; convert it to PNG, or take it out of the folder"
      ),
      (
        [0x4D, 0x4D, 0, 0x2A],
        "a.png: is no PNG image, it looks like TIFF; convert it to PNG, or take it out of the folder"
      ),
      (Array("hello".utf8), "a.png: is no PNG image; convert it to PNG, or take it out of the folder"),
    ]
    for file in files { #expect(message(file.bytes) == file.problem) }
  }

  @Test func everyCutIsNoticed() {
    for count in 1..<whole.count {
      #expect(message(Array(whole.prefix(count))) == "a.png: is a PNG image that was cut off; get the file again")
    }
    #expect(message(whole) == nil)
    #expect(message(whole + [1, 2, 3]) == nil, "bytes behind the end do no harm")
  }

  @Test func headersThatCannotBe() {
    let rest = chunk("IDAT", []) + chunk("IEND", [])
    let headers: [(bytes: [UInt8], problem: String)] = [
      (header(width: 0, height: 5), "is a damaged PNG image: its size is 0 × 5 pixels"),
      (header(width: 5, height: 0), "is a damaged PNG image: its size is 5 × 0 pixels"),
      (header(width: .max, height: 1), "has 4294967295 × 1 pixels, more than 1000000 a side cannot be read"),
      (
        header(width: 8, height: 8, depth: 3),
        "is a damaged PNG image: colour type 2 with 3 bits a sample does not exist"
      ),
      (
        header(width: 8, height: 8, depth: 4),
        "is a damaged PNG image: colour type 2 with 4 bits a sample does not exist"
      ),
      (
        header(width: 8, height: 8, color: 5),
        "is a damaged PNG image: colour type 5 with 8 bits a sample does not exist"
      ),
      (
        header(width: 8, height: 8, methods: [1, 0, 0]),
        "is a damaged PNG image: it names an unknown compression, filter or interlace method"
      ),
      (
        header(width: 8, height: 8, methods: [0, 0, 2]),
        "is a damaged PNG image: it names an unknown compression, filter or interlace method"
      ),
      (
        chunk("IDAT", [UInt8](repeating: 0, count: 13)),
        "is a damaged PNG image: it does not begin with an IHDR chunk of 13 bytes"
      ),
      (header(width: 16384, height: 16384), "is a damaged PNG image: it has too little data for 16384 × 16384 pixels"),
      (header(width: 1_000_000, height: 1_000_000), "has 1000000 × 1000000 pixels, more than the limit of 268435456"),
    ]
    for (bytes, problem) in headers {
      #expect(fileError { _ = try PNG.decode(signature + bytes + rest, path: nil) }?.problem == problem)
    }
  }

  @Test func theLimitIsKeptAndCanBeRaised() throws {
    let area = 11 * 19
    #expect(message(whole, limit: ImageLimit(pixels: area)) == nil)
    #expect(
      message(whole, limit: ImageLimit(pixels: area - 1))
        == "a.png: has 11 × 19 pixels, more than the limit of 208; raise the limit on image size if the file is to be trusted"
    )
    let claim = signature + header(width: 1_000_000, height: 1_000_000) + chunk("IDAT", []) + chunk("IEND", [])
    #expect(message(claim, limit: ImageLimit(pixels: .max))?.contains("too little data") == true)
  }

  @Test(arguments: ["rgb8", "grey1_interlaced", "rgb_alpha16_interlaced", "palette8"])
  func everyFlippedByteOfPixelsIsNoticed(name: String) throws {
    let bytes = try Array(Data(contentsOf: images.appendingPathComponent("kinds/\(name).png")))
    let data = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("IDAT".utf8)) })
    for index in data..<bytes.count - 12 {
      var damaged = bytes
      damaged[index] ^= 0x10
      let error = fileError { _ = try PNG.decode(damaged, path: "a.png") }
      #expect(error?.problem.contains("damaged") == true, "byte \(index): \(String(describing: error))")
    }
  }

  @Test func pathsThatAreNoFiles() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("png-errors-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let missing = folder.appendingPathComponent("missing.png").path
    let pipe = folder.appendingPathComponent("pipe.png").path
    let empty = folder.appendingPathComponent("empty.png").path
    #expect(mkfifo(pipe, 0o600) == 0)
    try Data().write(to: URL(fileURLWithPath: empty))
    let paths = [
      (folder.path, "is a folder, a PNG file was expected"), (missing, "does not exist"),
      (folder.appendingPathComponent("empty.png/x.png").path, "does not exist"),
      (pipe, "is no file but a pipe, socket or device, a PNG file was expected"),
      (empty, "is empty, a PNG image was expected"),
    ]
    for (path, problem) in paths {
      for error in [fileError { _ = try PNG.read(path) }, fileError { _ = try PNG.header(path) }] {
        #expect(error?.problem == problem)
        #expect(error?.path == path)
      }
    }
    if getuid() != 0 {
      let closed = folder.appendingPathComponent("closed.png").path
      #expect(FileManager.default.createFile(atPath: closed, contents: Data(whole), attributes: [.posixPermissions: 0]))
      #expect(fileError { _ = try PNG.read(closed) }?.problem == "may not be read")
    }
    let nowhere = folder.appendingPathComponent("no/where.png").path
    #expect(fileError { try PNG.write(PNG.decode(whole), to: nowhere) }?.path == nowhere)
  }

  @Test func theHeaderIsFoundBehindALargeProfile() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("profile-\(UUID()).png").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let start = signature + header(width: 7, height: 5, depth: 8, color: 3)
    let profile = chunk("iCCP", [UInt8](repeating: 65, count: 100_000))
    let rest = chunk("PLTE", [1, 2, 3]) + chunk("tRNS", [9])
    try Data(start + profile + rest + chunk("IDAT", [])).write(to: URL(fileURLWithPath: path))
    let found = try PNG.header(path)
    #expect(found.width == 7 && found.height == 5 && found.channels == 3 && found.hasAlpha)
    try Data(start + profile + rest).write(to: URL(fileURLWithPath: path))
    #expect(fileError { _ = try PNG.header(path) }?.problem == "is a PNG image that was cut off")
    try Data(start + chunk("IEND", [])).write(to: URL(fileURLWithPath: path))
    #expect(fileError { _ = try PNG.header(path) }?.problem == "is a damaged PNG image: it holds no pixels")
  }

  /// Random edits of small files must end in a picture or an error. Half of them get right checksums again, so that
  /// the edit reaches the decoder.
  @Test func randomEditsNeverTrap() throws {
    var random = RandomGenerator(seed: 7)
    let folder = images.appendingPathComponent("kinds")
    let files = try ExpectedKind.all.keys.sorted().map {
      try Array(Data(contentsOf: folder.appendingPathComponent($0 + ".png")))
    }
    var decoded = 0
    for round in 0..<6000 {
      var bytes = files[round % files.count]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...9, using: &random)))
        case 4: bytes.replaceSubrange(place..<place, with: bytes[place..<min(bytes.count, place + 30)])
        default:
          bytes[min(bytes.count - 1, Int.random(in: 8..<33, using: &random))] = UInt8.random(in: 0...31, using: &random)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      if round % 2 == 0 { mendChecksums(&bytes) }
      if (try? PNG.decode(bytes, limit: ImageLimit(pixels: 1 << 20))) != nil { decoded += 1 }
    }
    print("random edits: \(decoded) of 6000 still decode")
    #expect(decoded > 50 && decoded < 3000, "\(decoded) of 6000 decode: the edits reach nothing, or all too little")
  }
}

/// Gives every chunk the checksum that it should have.
func mendChecksums(_ bytes: inout [UInt8]) {
  var offset = 8
  while offset + 12 <= bytes.count {
    let count = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    guard offset + 12 + count <= bytes.count else { return }
    let end = offset + 8 + count
    bytes.replaceSubrange(end..<end + 4, with: bigEndian(checksum(bytes[offset + 4..<end])))
    offset = end + 4
  }
}
