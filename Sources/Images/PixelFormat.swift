import Files
import Foundation

/// How four bytes of memory make a pixel, as other libraries hand pictures over.
public struct PixelFormat: Sendable, Hashable {
  /// In which order the samples of a pixel lie in memory; the fourth is its opacity.
  public enum Order: Sendable, Hashable, CaseIterable {
    /// Red, green, blue.
    case rgba
    /// Blue, green, red.
    case bgra
  }

  /// What the fourth byte of a pixel says.
  public enum Opacity: Sendable, Hashable, CaseIterable {
    /// Nothing: it is passed over when read, and 255 when written.
    case none
    /// The opacity, which the colours do not depend on, as in PNG files.
    case straight
    /// The opacity, which the colours are multiplied with, as in most bitmaps that are drawn on a screen.
    case premultiplied
  }

  /// In which order the samples lie.
  public var order: Order
  /// What the fourth byte says.
  public var opacity: Opacity

  /// A format of this order and opacity.
  public init(_ order: Order, _ opacity: Opacity) {
    self.order = order
    self.opacity = opacity
  }

  /// Bytes of a pixel.
  public static let bytesPerPixel = 4

  /// Where red, green and blue lie within a pixel.
  fileprivate var places: (red: Int, green: Int, blue: Int) { order == .rgba ? (0, 1, 2) : (2, 1, 0) }

  /// The bytes of a picture of this size, or what cannot be about it.
  ///
  /// - Returns: how many bytes there are from the first row's beginning to the last one's end
  fileprivate static func byteCount(width: Int, height: Int, bytesPerRow: Int) throws(FileError) -> Int {
    let sides = 1...Int(Int32.max)
    try FileError.require(width, in: sides, "pixels a row")
    try FileError.require(height, in: sides, "rows")
    let row = width * bytesPerPixel
    guard bytesPerRow >= row else {
      throw FileError(
        path: nil, problem: "\(bytesPerRow) bytes a row cannot hold \(width) pixels",
        advice: "give the distance between the beginnings of two rows, at least \(row)")
    }
    let (rest, overflow) = (height - 1).multipliedReportingOverflow(by: bytesPerRow)
    let (count, isTooMuch) = rest.addingReportingOverflow(row)
    guard !overflow, !isTooMuch else {
      throw FileError(path: nil, problem: "\(height) rows of \(bytesPerRow) bytes are more than can be counted")
    }
    return count
  }
}

extension Picture {
  /// A picture in colour from bytes in memory.
  ///
  /// Colours that are multiplied with the opacity are divided by it, rounded to nearest; where the opacity is 0, they are
  /// black. No colour management.
  ///
  /// - Parameters:
  ///   - bytes: the rows from top to bottom; what follows them, and what lies between a row and the next, is passed over
  ///   - width: pixels in a row, at least 1
  ///   - height: rows, at least 1
  ///   - bytesPerRow: from the beginning of a row to that of the next; nil: rows follow each other without a gap
  ///   - format: what the bytes mean
  /// - Throws: `FileError` where the bytes are too few for the size, or there can be no such size
  public init(
    bytes: some ContiguousBytes, width: Int, height: Int, bytesPerRow: Int? = nil, format: PixelFormat
  ) throws {
    let stride = bytesPerRow ?? Self.defaultBytesPerRow(width)
    let needed = try PixelFormat.byteCount(width: width, height: height, bytesPerRow: stride)
    self = try bytes.withUnsafeBytes { source in
      guard source.count >= needed else {
        throw FileError(
          path: nil, problem: "\(source.count) bytes are too few for \(width) × \(height) pixels",
          advice: "give \(needed) bytes for rows that begin \(stride) bytes after each other")
      }
      let hasOpacity = format.opacity != .none
      try SystemMemory.require(width * height * (hasOpacity ? 4 : 3), for: .picture)
      return Picture(rows: source, width: width, height: height, stride: stride, format: format)
    }
  }

  /// The same, of bytes whose number has been checked.
  private init(rows: UnsafeRawBufferPointer, width: Int, height: Int, stride: Int, format: PixelFormat) {
    let (red, green, blue) = format.places
    let isPremultiplied = format.opacity == .premultiplied
    let count = width * height
    var alpha: [UInt8]?
    if format.opacity != .none {
      alpha = [UInt8](unsafeUninitializedCapacity: count) { alpha, initialized in
        for row in 0..<height {
          for x in 0..<width { alpha[row * width + x] = rows[row * stride + 4 * x + 3] }
        }
        initialized = count
      }
    }
    let pixels = [UInt8](unsafeUninitializedCapacity: 3 * count) { pixels, initialized in
      for row in 0..<height {
        for x in 0..<width {
          let from = row * stride + 4 * x
          let to = 3 * (row * width + x)
          (pixels[to], pixels[to + 1], pixels[to + 2]) = (rows[from + red], rows[from + green], rows[from + blue])
          guard isPremultiplied, rows[from + 3] != 255 else { continue }
          for sample in to..<to + 3 { pixels[sample] = Self.divided(pixels[sample], by: rows[from + 3]) }
        }
      }
      initialized = 3 * count
    }
    self.init(width: width, height: height, channels: 3, pixels: pixels, alpha: alpha)
  }

  /// The picture as bytes of another library's format; grey becomes three equal samples, opacity 255 where there is none.
  ///
  /// - Parameters:
  ///   - format: what the bytes shall mean
  ///   - bytesPerRow: from the beginning of a row to that of the next, at least 4 × width; nil: no gaps. Gaps are 0.
  /// - Returns: `height × bytesPerRow` bytes
  /// - Throws: `FileError` where the rows do not hold the pixels, or there is no memory
  public func bytes(_ format: PixelFormat, bytesPerRow: Int? = nil) throws -> [UInt8] {
    let stride = bytesPerRow ?? Self.defaultBytesPerRow(width)
    _ = try PixelFormat.byteCount(width: width, height: height, bytesPerRow: stride)
    let (count, overflow) = height.multipliedReportingOverflow(by: stride)
    guard !overflow else { throw SystemMemory.shortage(.max, for: .picture) }
    try SystemMemory.require(count, for: .picture)
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { try write(to: $0, format, bytesPerRow: stride) }
    return bytes
  }

  /// Writes the picture into memory that somebody else owns, as `bytes` does; gaps between rows are left as they are.
  ///
  /// - Throws: `FileError` where the memory is too small
  public func write(
    to buffer: UnsafeMutableRawBufferPointer, _ format: PixelFormat, bytesPerRow: Int? = nil
  ) throws {
    let stride = bytesPerRow ?? Self.defaultBytesPerRow(width)
    let needed = try PixelFormat.byteCount(width: width, height: height, bytesPerRow: stride)
    guard buffer.count >= needed else {
      throw FileError(
        path: nil, problem: "\(buffer.count) bytes are too few for \(width) × \(height) pixels",
        advice: "give \(needed) bytes")
    }
    let (red, green, blue) = format.places
    let isPremultiplied = format.opacity == .premultiplied
    let alpha = format.opacity == .none ? nil : alpha
    // Grey: the three samples are one.
    let next = channels == 3 ? 1 : 0
    pixels.withUnsafeBufferPointer { pixels in
      for row in 0..<height {
        for x in 0..<width {
          let place = row * width + x
          let opacity = alpha?[place] ?? 255
          let to = row * stride + 4 * x
          let from = channels * place
          var color = (pixels[from], pixels[from + next], pixels[from + 2 * next])
          if isPremultiplied, opacity != 255 {
            color.0 = Self.multiplied(color.0, by: opacity)
            color.1 = Self.multiplied(color.1, by: opacity)
            color.2 = Self.multiplied(color.2, by: opacity)
          }
          (buffer[to + red], buffer[to + green], buffer[to + blue]) = color
          buffer[to + 3] = opacity
        }
      }
    }
  }

  private static func defaultBytesPerRow(_ width: Int) -> Int {
    // Widths that cannot be are refused afterwards.
    width.multipliedReportingOverflow(by: PixelFormat.bytesPerPixel).partialValue
  }

  /// `sample × opacity / 255`, to nearest; 255 is odd, so there is nothing halfway.
  static func multiplied(_ sample: UInt8, by opacity: UInt8) -> UInt8 {
    UInt8(truncatingIfNeeded: (UInt32(sample) * UInt32(opacity) + 127) / 255)
  }

  /// `sample × 255 / opacity`, to nearest, halves up. No colour is brighter than its opacity allows; one that is, is
  /// damaged, and becomes 255.
  static func divided(_ sample: UInt8, by opacity: UInt8) -> UInt8 {
    guard opacity > 0 else { return 0 }
    return UInt8(min(255, (UInt32(sample) * 255 + UInt32(opacity) / 2) / UInt32(opacity)))
  }
}
