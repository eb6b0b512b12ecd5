import CPNG
import Files
import Foundation

/// PNG streams from and to whole pictures; `PNGRowReader` and `PNGRowWriter` do with some rows at a time.
///
/// Samples are taken as stored: no gamma, profile or primaries of the file change them. Grey of 1, 2 and 4 bits is
/// stretched to 0...255, palettes become RGB, tRNS becomes alpha, alpha is not multiplied in; 16 bits stay 16 bits.
public enum PNG {
  /// Decodes a whole PNG stream.
  ///
  /// - Parameters:
  ///   - bytes: the stream.
  ///   - path: where it comes from, for errors.
  ///   - limit: checked before memory is taken.
  /// - Throws: `FileError` where the bytes are no PNG, are damaged or cut off, or hold too large a picture.
  public static func decode(_ bytes: some ContiguousBytes, path: String? = nil, limit: ImageLimit = .default) throws
    -> Picture
  {
    try bytes.withUnsafeBytes { try decode($0, path: path, limit: limit) }
  }

  private static func decode(_ bytes: UnsafeRawBufferPointer, path: String?, limit: ImageLimit) throws -> Picture {
    let header = try PNGChunks.header(bytes, path: path)
    try header.check(limit, path: path)
    let (stream, imageDataCount) = try PNGChunks.reduced(bytes, path: path)
    // Deflate shrinks at most 1032 times: a small file that claims a large picture costs no memory.
    guard header.rawByteCount / 1032 <= imageDataCount else {
      throw PNGChunks.damaged(path, "it has too little data for \(header.width) × \(header.height) pixels")
    }
    try SystemMemory.require(header.decodedByteCount, for: .picture, path: path)
    if let stream { return try stream.withUnsafeBytes { try decodeReduced($0, header, path: path) } }
    return try decodeReduced(bytes, header, path: path)
  }

  /// Decodes a stream that holds no chunk by which libpng would change samples, by its simplified interface.
  private static func decodeReduced(_ bytes: UnsafeRawBufferPointer, _ header: PNGHeader, path: String?) throws
    -> Picture
  {
    if header.bitDepth == 16 { return try decode16(bytes, header, path: path) }
    return try withImage { control in
      guard png_image_begin_read_from_memory(control, bytes.baseAddress, bytes.count) != 0,
        control.pointee.width == header.width, control.pointee.height == header.height
      else { throw PNGChunks.damaged(path, message(control)) }
      let hasAlpha = control.pointee.format & UInt32(PNG_FORMAT_FLAG_ALPHA) != 0
      control.pointee.format = format(channels: header.channels, hasAlpha: hasAlpha)
      let pixelCount = header.width * header.height
      let samples = header.channels + (hasAlpha ? 1 : 0)
      let pixels = try [UInt8](unsafeUninitializedCapacity: pixelCount * samples) { buffer, count in
        guard png_image_finish_read(control, nil, buffer.baseAddress, 0, nil) != 0 else {
          throw PNGChunks.damaged(path, message(control))
        }
        count = pixelCount * samples
      }
      guard hasAlpha else {
        return Picture(width: header.width, height: header.height, channels: header.channels, pixels: pixels)
      }
      return Picture(
        .bytes(PixelSamples(width: header.width, height: header.height, channels: header.channels, interleaved: pixels))
      )
    }
  }

  /// Decodes 16 bits a sample (see `PNG16`), with no more than zlib.
  private static func decode16(_ bytes: UnsafeRawBufferPointer, _ header: PNGHeader, path: String?) throws
    -> Picture
  {
    var compressed: [UInt8] = []
    var transparentValue: [UInt16] = []
    try PNGChunks.forEach(bytes, path: path) { kind, chunk in
      let content = UnsafeRawBufferPointer(rebasing: bytes[chunk.lowerBound + 8..<chunk.upperBound - 4])
      let checked = UnsafeRawBufferPointer(rebasing: bytes[chunk.lowerBound + 4..<chunk.upperBound - 4])
      guard CRC32.of(checked) == PNGChunks.number(bytes, at: chunk.upperBound - 4) else {
        throw PNGChunks.damaged(path, "a checksum does not match")
      }
      if kind == PNGChunks.imageData {
        compressed += content
      } else if kind == PNGChunks.transparency, !header.hasAlpha, content.count == 2 * header.channels {
        transparentValue = (0..<header.channels).map { UInt16(content[2 * $0]) << 8 | UInt16(content[2 * $0 + 1]) }
      }
    }
    let decoder = PNG16(header: header, transparentValue: transparentValue)
    var raw = [UInt8](repeating: 0, count: decoder.byteCount)
    var count = uLongf(raw.count)
    guard uncompress(&raw, &count, compressed, uLong(compressed.count)) == Z_OK, count == raw.count,
      let image = decoder.picture(&raw)
    else { throw PNGChunks.damaged(path, "its pixels cannot be decompressed") }
    return image
  }

  /// Encodes a picture with its 8 or 16 bits a sample as grey, grey and alpha, RGB or RGBA, without statements about
  /// colour.
  ///
  /// - Throws: `FileError` where the picture is empty, or larger than libpng can read.
  public static func encode(_ image: Picture) throws -> Data {
    var stream = Data()
    let writer = try PNGRowWriter(like: image, height: image.height) { stream.append(contentsOf: $0) }
    try writer.write(image)
    try writer.finish()
    return stream
  }

  /// Runs `body` with the control structure of libpng, which must not move while in use: libpng keeps a pointer to it.
  private static func withImage<Result>(_ body: (UnsafeMutablePointer<png_image>) throws -> Result) rethrows
    -> Result
  {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    return try withUnsafeMutablePointer(to: &image) { control in
      defer { png_image_free(control) }
      return try body(control)
    }
  }

  private static func format(channels: Int, hasAlpha: Bool) -> UInt32 {
    (channels == 3 ? UInt32(PNG_FORMAT_FLAG_COLOR) : 0) | (hasAlpha ? UInt32(PNG_FORMAT_FLAG_ALPHA) : 0)
  }

  /// What libpng said last.
  private static func message(_ control: UnsafeMutablePointer<png_image>) -> String {
    withUnsafeBytes(of: control.pointee.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
