import Files
import Foundation

/// The chunks of a PNG stream (https://www.w3.org/TR/png-3/#5DataRep), as far as they concern the pixels.
enum PNGChunks {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Bytes from the start of a file up to the end of its first chunk, which is IHDR.
  static let headerByteCount = 8 + 12 + 13

  /// Most pixels in a row or column that libpng accepts as built by default; sizes within it overflow nowhere.
  static let longestSide = 1_000_000

  static let imageData = fourBytes("IDAT")
  static let end = fourBytes("IEND")
  static let transparency = fourBytes("tRNS")
  static let palette = fourBytes("PLTE")

  /// The kind of a chunk as a big-endian number.
  private static func fourBytes(_ name: StaticString) -> UInt32 {
    name.withUTF8Buffer { $0.reduce(0) { $0 << 8 | UInt32($1) } }
  }

  /// A big-endian number of four bytes; `offset + 4` must lie within `bytes`.
  static func number(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
    UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// Whether a decoder that does not know a chunk of this kind may skip it (bit 5 of its first letter).
  static func isAncillary(_ kind: UInt32) -> Bool { kind & 0x2000_0000 != 0 }

  /// The header in the first `headerByteCount` bytes of a file; `hasAlpha` is as yet without regard to tRNS.
  static func header(_ bytes: UnsafeRawBufferPointer, path: String?) throws -> PNGHeader {
    guard !bytes.isEmpty else {
      throw FileError(path: path, problem: "is empty, a PNG image was expected", advice: "get the file again")
    }
    guard bytes.starts(with: signature) else {
      if signature.starts(with: bytes) { throw truncated(path) }
      throw FileError(
        path: path, problem: "is no PNG image" + (lookalike(bytes).map { ", it looks like \($0)" } ?? ""),
        advice: "convert it to PNG, or take it out of the folder")
    }
    guard bytes.count >= headerByteCount else { throw truncated(path) }
    guard number(bytes, at: 8) == 13, number(bytes, at: 12) == fourBytes("IHDR") else {
      throw damaged(path, "it does not begin with an IHDR chunk of 13 bytes")
    }
    let width = Int(number(bytes, at: 16))
    let height = Int(number(bytes, at: 20))
    guard width > 0, height > 0 else { throw damaged(path, "its size is \(width) × \(height) pixels") }
    guard width <= longestSide, height <= longestSide else {
      throw FileError(
        path: path, problem: "has \(width) × \(height) pixels, more than \(longestSide) a side cannot be read",
        advice: "cut it into smaller images")
    }
    let depth = Int(bytes[24])
    guard let colorType = PNGHeader.ColorType(rawValue: bytes[25]), depths(colorType).contains(depth) else {
      throw damaged(path, "colour type \(bytes[25]) with \(depth) bits a sample does not exist")
    }
    guard bytes[26] == 0, bytes[27] == 0, bytes[28] <= 1 else {
      throw damaged(path, "it names an unknown compression, filter or interlace method")
    }
    return PNGHeader(
      width: width, height: height, bitDepth: depth, colorType: colorType, isInterlaced: bytes[28] == 1,
      hasAlpha: colorType == .greyAlpha || colorType == .rgbAlpha)
  }

  private static func depths(_ colorType: PNGHeader.ColorType) -> [Int] {
    switch colorType {
    case .grey: [1, 2, 4, 8, 16]
    case .palette: [1, 2, 4, 8]
    case .rgb, .greyAlpha, .rgbAlpha: [8, 16]
    }
  }

  /// What a file is that is no PNG, by its first bytes.
  private static func lookalike(_ bytes: UnsafeRawBufferPointer) -> String? {
    let kinds: [(name: String, magic: [UInt8])] = [
      ("JPEG", [0xFF, 0xD8, 0xFF]), ("GIF", Array("GIF8".utf8)), ("BMP", Array("BM".utf8)),
      ("TIFF", [0x49, 0x49, 0x2A, 0x00]), ("TIFF", [0x4D, 0x4D, 0x00, 0x2A]),
      ("a PDF document", Array("%PDF".utf8)), ("a zip archive", [0x50, 0x4B, 0x03, 0x04]),
      ("JPEG 2000", [0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50]), ("JPEG XL", [0xFF, 0x0A]),
      ("a Netpbm image", Array("P5\n".utf8)), ("a Netpbm image", Array("P6\n".utf8)),
    ]
    if let kind = kinds.first(where: { bytes.starts(with: $0.magic) }) { return kind.name }
    guard bytes.count >= 12 else { return nil }
    if bytes.starts(with: Array("RIFF".utf8)), bytes[8..<12].elementsEqual("WEBP".utf8) { return "WebP" }
    if bytes[4..<8].elementsEqual("ftyp".utf8) { return "HEIF or AVIF" }
    return nil
  }

  /// Calls `body` with the kind of each chunk up to IEND and where it lies: length, kind, content, checksum.
  ///
  /// - Throws: what `body` throws, and `FileError` where a chunk is cut off or IEND is missing.
  static func forEach(
    _ bytes: UnsafeRawBufferPointer, path: String?, _ body: (_ kind: UInt32, _ chunk: Range<Int>) throws -> Void
  ) throws {
    var offset = signature.count
    var kind: UInt32
    repeat {
      guard bytes.count - offset >= 12 else { throw truncated(path) }
      let count = Int(number(bytes, at: offset))
      kind = number(bytes, at: offset + 4)
      guard bytes.count - offset - 12 >= count else { throw truncated(path) }
      try body(kind, offset..<offset + 12 + count)
      offset += 12 + count
    } while kind != end
  }

  /// The stream `bytes` without the chunks that hold no pixels: only critical chunks and tRNS remain.
  ///
  /// libpng would convert samples by gAMA, cHRM, sRGB, iCCP, cICP or sBIT; without these it hands them out as stored.
  /// - Parameter bytes: a stream that begins as `header` demands.
  /// - Returns: the reduced stream, or nil where nothing was to be left out; and the bytes of compressed pixels in it.
  /// - Throws: `FileError` where a chunk is cut off or IEND is missing.
  static func reduced(_ bytes: UnsafeRawBufferPointer, path: String?) throws -> (
    stream: [UInt8]?, imageDataCount: Int
  ) {
    var kept: [Range<Int>] = []
    var keptCount = signature.count
    var imageDataCount = 0
    try forEach(bytes, path: path) { kind, chunk in
      if kind == imageData { imageDataCount += chunk.count - 12 }
      guard !isAncillary(kind) || kind == transparency else { return }
      if let last = kept.last, last.upperBound == chunk.lowerBound {
        kept[kept.count - 1] = last.lowerBound..<chunk.upperBound
      } else {
        kept.append(chunk)
      }
      keptCount += chunk.count
    }
    guard kept.count > 1 || kept.first?.lowerBound != signature.count else { return (nil, imageDataCount) }
    var stream: [UInt8] = []
    stream.reserveCapacity(keptCount)
    stream += signature
    for range in kept { stream += bytes[range] }
    return (stream, imageDataCount)
  }

  /// A chunk of `content`: length, kind, content, checksum.
  static func chunk(_ kind: StaticString, _ content: UnsafeRawBufferPointer) -> [UInt8] {
    var chunk = bigEndian(content.count) + bigEndian(Int(fourBytes(kind)))
    chunk += content
    return chunk + bigEndian(Int(chunk.withUnsafeBytes { CRC32.of(UnsafeRawBufferPointer(rebasing: $0[4...])) }))
  }

  /// A number of four bytes, big-endian.
  static func bigEndian(_ number: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
  }

  static func truncated(_ path: String?) -> FileError {
    FileError(path: path, problem: "is a PNG image that was cut off", advice: "get the file again")
  }

  static func damaged(_ path: String?, _ what: String) -> FileError {
    FileError(path: path, problem: "is a damaged PNG image: \(what)", advice: "get the file again")
  }
}
