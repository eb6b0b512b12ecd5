import CPNG
import Files
import Foundation

/// Encodes a picture some rows at a time as grey, grey and alpha, RGB or RGBA of 8 or 16 bits, without statements about
/// colour: what that takes does not grow with the picture's height.
package final class PNGRowWriter {
  private let width: Int
  private let height: Int
  private let channels: Int
  private let hasAlpha: Bool
  private let bitDepth: Int
  private let write: (UnsafeRawBufferPointer) throws -> Void
  /// The state of zlib has a pointer to it.
  private let stream: UnsafeMutablePointer<z_stream>
  private let output: UnsafeMutableRawBufferPointer
  /// The number of a row's filter and its bytes.
  private var row: [UInt8]
  private var rowsWritten = 0

  /// Compressed bytes of a chunk.
  private static let chunkCount = 1 << 16
  /// Level 3, and no filters for 8 bits: photographs take 5 ms instead of 22 (256 × 256 RGB) for files 1.5 times as large.
  /// 16 bits are filtered by the pixel on the left, without which they hardly compress.
  private static let level: Int32 = 3

  /// Begins a picture with the width, channels, opacity and depth of `band`.
  ///
  /// - Parameters:
  ///   - height: rows in all
  ///   - write: takes the bytes of the stream in order
  /// - Throws: `FileError` where there can be no PNG of this size; what `write` throws
  package init(like band: Picture, height: Int, _ write: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
    (width, channels, hasAlpha, bitDepth) = (band.width, band.channels, band.hasAlpha, band.bitDepth)
    (self.height, self.write) = (height, write)
    let sides = 1...PNGChunks.longestSide
    let problem = "cannot be written as PNG with \(band.width) × \(height) pixels"
    guard sides.contains(width), sides.contains(height) else { throw FileError(path: nil, problem: problem) }
    row = [UInt8](repeating: 0, count: 1 + width * (channels + (hasAlpha ? 1 : 0)) * bitDepth / 8)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    output = .allocate(byteCount: Self.chunkCount, alignment: 16)
    let memoryLevel: Int32 = 8
    guard
      deflateInit2_(
        stream, Self.level, Z_DEFLATED, MAX_WBITS, memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw SystemMemory.shortage(1 << 18, for: .picture) }
    resetOutput()
    let colorType = PNGHeader.ColorType(channels: channels, hasAlpha: hasAlpha)
    let header =
      PNGChunks.bigEndian(width) + PNGChunks.bigEndian(height) + [UInt8(bitDepth), colorType.rawValue, 0, 0, 0]
    try PNGChunks.signature.withUnsafeBytes(write)
    try put("IHDR", header)
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
    output.deallocate()
  }

  /// Takes the next rows, which have what the picture was begun with.
  ///
  /// - Throws: what writing throws
  package func write(_ band: Picture) throws {
    precondition(
      band.width == width && band.channels == channels && band.hasAlpha == hasAlpha && band.bitDepth == bitDepth
        && rowsWritten + band.height <= height, "the rows of a picture are alike")
    for y in 0..<band.height {
      switch band.content {
      case .bytes(let samples): fill(samples, y)
      case .words(let samples): fill(samples, y)
      }
      try deflateRow(Z_NO_FLUSH)
    }
    rowsWritten += band.height
  }

  /// Ends the stream after the last row.
  ///
  /// - Throws: what writing throws
  package func finish() throws {
    precondition(rowsWritten == height, "a picture has all its rows")
    row = []
    try deflateRow(Z_FINISH)
    try putOutput()
    try put("IEND", [])
  }

  // MARK: - Rows

  private func fill(_ samples: PixelSamples<UInt8>, _ y: Int) {
    let (count, channels) = (width, channels)
    let start = y * count * channels
    row.withUnsafeMutableBufferPointer { row in
      samples.pixels.withUnsafeBufferPointer { pixels in
        guard let alpha = samples.alpha else {
          _ = row[1...].update(fromContentsOf: pixels[start..<start + count * channels])
          return
        }
        var to = 1
        for x in 0..<count {
          for channel in 0..<channels { row[to + channel] = pixels[start + x * channels + channel] }
          row[to + channels] = alpha[y * count + x]
          to += channels + 1
        }
      }
    }
  }

  private func fill(_ samples: PixelSamples<UInt16>, _ y: Int) {
    let (count, channels) = (width, channels)
    row.withUnsafeMutableBufferPointer { row in
      row[0] = PNGFilter.sub
      samples.pixels.withUnsafeBufferPointer { pixels in
        var to = 1
        func put(_ sample: UInt16, _ left: UInt16) {
          row[to] = UInt8(truncatingIfNeeded: sample >> 8) &- UInt8(truncatingIfNeeded: left >> 8)
          row[to + 1] = UInt8(truncatingIfNeeded: sample) &- UInt8(truncatingIfNeeded: left)
          to += 2
        }
        for x in y * count..<(y + 1) * count {
          let isFirst = x == y * count
          for channel in 0..<channels {
            put(pixels[x * channels + channel], isFirst ? 0 : pixels[(x - 1) * channels + channel])
          }
          if let alpha = samples.alpha { put(alpha[x], isFirst ? 0 : alpha[x - 1]) }
        }
      }
    }
  }

  // MARK: - Stream

  private func deflateRow(_ flush: Int32) throws {
    try row.withUnsafeMutableBufferPointer { row in
      stream.pointee.next_in = row.baseAddress
      stream.pointee.avail_in = uInt(row.count)
      while true {
        let state = deflate(stream, flush)
        precondition(state != Z_STREAM_ERROR, "zlib is used as it wants to be")
        if state == Z_STREAM_END { return }
        if stream.pointee.avail_out > 0 { return }
        try putOutput()
      }
    }
  }

  private func resetOutput() {
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = uInt(output.count)
  }

  private func putOutput() throws {
    let count = output.count - Int(stream.pointee.avail_out)
    if count > 0 { try put("IDAT", UnsafeRawBufferPointer(rebasing: output[..<count])) }
    resetOutput()
  }

  private func put(_ kind: StaticString, _ content: [UInt8]) throws {
    try content.withUnsafeBytes { try put(kind, $0) }
  }

  private func put(_ kind: StaticString, _ content: UnsafeRawBufferPointer) throws {
    try PNGChunks.chunk(kind, content).withUnsafeBytes(write)
  }
}

extension PNG {
  /// Writes a PNG file some rows at a time; a kill at any moment leaves the old file or the new one.
  ///
  /// - Parameters:
  ///   - path: where it goes
  ///   - height: rows in all
  ///   - next: the next rows, all with the same width, channels, opacity and depth; asked until there are `height`
  /// - Throws: `FileError` naming `path` where it cannot be written; what `next` throws
  package static func write(to path: String, height: Int, _ next: () throws -> Picture) throws {
    try AtomicFile.write(to: path) { sink in
      let first = try next()
      let writer = try PNGRowWriter(like: first, height: height) { try sink.write($0) }
      try writer.write(first)
      var rows = first.height
      while rows < height {
        let band = try next()
        precondition(band.height > 0, "there are more rows until there are all")
        try writer.write(band)
        rows += band.height
      }
      try writer.finish()
    }
  }
}
