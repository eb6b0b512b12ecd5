import CPNG
import Files
import Foundation

/// The chunks of a PNG file one after the other, their contents in pieces, their checksums compared.
final class PNGChunkReader {
  let path: String
  let header: PNGHeader
  /// Bytes of the file.
  let byteCount: Int
  /// The kind of the chunk at hand.
  private(set) var kind: UInt32 = 0
  /// Bytes of its content that have not been read.
  private(set) var remaining = 0
  private let file: FileHandle
  private var checksum = CRC32()
  private var hasChunk = false

  /// Opens a file and reads its first chunk, the header.
  ///
  /// - Throws: `FileError` naming `path` where it cannot be read or is no PNG
  init(_ path: String) throws {
    self.path = path
    file = try PNG.open(path)
    byteCount = try PNG.fileSize(file, path: path)
    let beginning = try PNG.bytes(of: file, count: PNGChunks.headerByteCount, path: path)
    header = try beginning.withUnsafeBytes { bytes in
      let header = try PNGChunks.header(bytes, path: path)
      let checked = UnsafeRawBufferPointer(rebasing: bytes[12..<bytes.count - 4])
      guard CRC32.of(checked) == PNGChunks.number(bytes, at: bytes.count - 4) else {
        throw PNGChunks.damaged(path, "a checksum does not match")
      }
      return header
    }
  }

  /// Goes on to the next chunk, past what has not been read of the one at hand; the answer is its kind.
  @discardableResult
  func next() throws -> UInt32 {
    if hasChunk {
      if remaining > 0 {
        let place = Int(try file.offset()) + remaining
        guard place <= byteCount - 4 else { throw PNGChunks.truncated(path) }
        try PNG.seek(file, to: place + 4, path: path)
      } else {
        try check()
      }
    }
    let start = try PNG.bytes(of: file, count: 8, path: path)
    guard start.count == 8 else { throw PNGChunks.truncated(path) }
    checksum = CRC32()
    start.withUnsafeBytes { bytes in
      remaining = Int(PNGChunks.number(bytes, at: 0))
      kind = PNGChunks.number(bytes, at: 4)
      checksum.update(UnsafeRawBufferPointer(rebasing: bytes[4...]))
    }
    hasChunk = true
    return kind
  }

  /// Up to `count` of the bytes that are left of the content.
  func read(_ count: Int) throws -> Data {
    let part = try PNG.bytes(of: file, count: min(count, remaining), path: path)
    guard !part.isEmpty || remaining == 0 else { throw PNGChunks.truncated(path) }
    part.withUnsafeBytes { checksum.update($0) }
    remaining -= part.count
    return part
  }

  /// All that is left of the content, which its caller knows to be little.
  func content() throws -> [UInt8] {
    var content: [UInt8] = []
    while remaining > 0 { content += try read(remaining) }
    return content
  }

  /// Compares the checksum behind a content that has been read.
  func check() throws {
    let stored = try PNG.bytes(of: file, count: 4, path: path)
    guard stored.count == 4 else { throw PNGChunks.truncated(path) }
    guard stored.withUnsafeBytes({ PNGChunks.number($0, at: 0) }) == checksum.value else {
      throw PNGChunks.damaged(path, "a checksum does not match")
    }
  }
}

/// What the image data of a PNG file decompress to, in pieces.
///
/// The state of zlib has a pointer to its control structure, which therefore lies in memory of its own.
final class PNGInflater {
  private let chunks: PNGChunkReader
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: UnsafeMutableRawBufferPointer
  private var isEnded = false

  /// Bytes that are read of the file at once.
  private static let inputCount = 1 << 16

  /// A decompressor of the chunk at hand of `chunks`, the first of the image data, and those that follow it.
  init(_ chunks: PNGChunkReader) throws {
    self.chunks = chunks
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    input = .allocate(byteCount: Self.inputCount, alignment: 16)
    guard inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw SystemMemory.shortage(1 << 16, for: .picture, path: chunks.path)
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  /// The next byte.
  func byte() throws -> UInt8 {
    var byte: UInt8 = 0
    try withUnsafeMutableBytes(of: &byte) { try fill($0) }
    return byte
  }

  /// Fills `target` with the next bytes.
  ///
  /// - Throws: `FileError` where there are no more, or they are damaged
  func fill(_ target: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < target.count {
      guard !isEnded else { throw damaged }
      let part = UnsafeMutableRawBufferPointer(rebasing: target[done..<min(target.count, done + 1 << 30)])
      stream.pointee.next_out = part.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = uInt(part.count)
      try advance()
      done += part.count - Int(stream.pointee.avail_out)
    }
  }

  /// Reads on to the end of the file: what is missing or damaged behind the last row is found as well.
  func finish() throws {
    var extra: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
    while !isEnded {
      let isFull = try extra.withUnsafeMutableBufferPointer { extra in
        stream.pointee.next_out = extra.baseAddress
        stream.pointee.avail_out = uInt(extra.count)
        try advance()
        return stream.pointee.avail_out == 0
      }
      // More than the rows: libpng overlooks that too.
      if isFull { break }
    }
    while chunks.kind != PNGChunks.end {
      // Image data that nobody needs have a checksum all the same.
      if chunks.kind == PNGChunks.imageData { while chunks.remaining > 0 { _ = try chunks.read(Self.inputCount) } }
      try chunks.next()
    }
    _ = try chunks.read(chunks.remaining)
    try chunks.check()
  }

  /// One step of zlib, with more input where it has none left.
  private func advance() throws {
    if stream.pointee.avail_in == 0 {
      while chunks.remaining == 0 {
        guard try chunks.next() == PNGChunks.imageData else { throw damaged }
      }
      let part = try chunks.read(input.count)
      part.copyBytes(to: input)
      stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_in = uInt(part.count)
    }
    switch inflate(stream, Z_NO_FLUSH) {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: isEnded = true
    default: throw damaged
    }
  }

  private var damaged: FileError { PNGChunks.damaged(chunks.path, "its pixels cannot be decompressed") }
}
