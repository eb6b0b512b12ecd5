import Files
import Foundation
import Testing
@testable import Images

@Suite struct PixelFormatTests {
  /// Two rows of two pixels, three bytes apart: red, half-transparent green; transparent, white.
  private let rows: [UInt8] = [
    200, 10, 20, 255, 0, 64, 0, 128, 9, 9, 9,
    0, 0, 0, 0, 255, 255, 255, 255,
  ]

  @Test func rowsWithGapsAreRead() throws {
    let straight = try Picture(
      bytes: rows, width: 2, height: 2, bytesPerRow: 11, format: PixelFormat(.rgba, .straight))
    #expect(straight.pixels == [200, 10, 20, 0, 64, 0, 0, 0, 0, 255, 255, 255])
    #expect(straight.alpha == [255, 128, 0, 255])
    let reversed = try Picture(bytes: rows, width: 2, height: 2, bytesPerRow: 11, format: PixelFormat(.bgra, .none))
    #expect(reversed.pixels == [20, 10, 200, 0, 64, 0, 0, 0, 0, 255, 255, 255])
    #expect(reversed.alpha == nil)
  }

  @Test func premultipliedColoursAreDividedToNearest() throws {
    // 64 × 255 / 128 = 127.5
    let picture = try Picture(
      bytes: Data(rows), width: 2, height: 2, bytesPerRow: 11, format: PixelFormat(.rgba, .premultiplied))
    #expect(picture.pixels == [200, 10, 20, 0, 128, 0, 0, 0, 0, 255, 255, 255])
  }

  @Test func everyProductAndQuotientIsRoundedToNearest() {
    for opacity in UInt8.min...255 {
      for sample in UInt8.min...255 {
        let product = (Double(sample) * Double(opacity) / 255).rounded()
        #expect(Double(Picture.multiplied(sample, by: opacity)) == product)
        guard opacity > 0 else { continue }
        let quotient = min(255, (Double(sample) * 255 / Double(opacity)).rounded())
        #expect(Double(Picture.divided(sample, by: opacity)) == quotient)
        guard sample <= opacity else { continue }
        #expect(Picture.multiplied(Picture.divided(sample, by: opacity), by: opacity) == sample)
      }
    }
  }

  @Test(arguments: PixelFormat.Order.allCases, PixelFormat.Opacity.allCases)
  func bytesComeBack(order: PixelFormat.Order, opacity: PixelFormat.Opacity) throws {
    let format = PixelFormat(order, opacity)
    // Every pair of colour and opacity that there is.
    var bytes: [UInt8] = []
    for alpha in UInt8.min...255 {
      let shown = opacity == .none ? 255 : alpha
      for value in UInt8.min...(opacity == .premultiplied ? alpha : 255) { bytes += [value, value / 2, 0, shown] }
    }
    let picture = try Picture(bytes: bytes, width: bytes.count / 4, height: 1, format: format)
    #expect(try picture.bytes(format) == bytes)
    let other = try Picture(
      bytes: picture.bytes(PixelFormat(order == .rgba ? .bgra : .rgba, opacity)), width: picture.width, height: 1,
      format: format)
    #expect(other.pixels[0] == picture.pixels[2] && other.pixels[2] == picture.pixels[0])
  }

  @Test func greyAndOpaquePicturesAreWritten() throws {
    let grey = Picture(width: 1, height: 2, channels: 1, pixels: [7, 100], alpha: [255, 51])
    #expect(try grey.bytes(PixelFormat(.bgra, .straight)) == [7, 7, 7, 255, 100, 100, 100, 51])
    #expect(try grey.bytes(PixelFormat(.bgra, .premultiplied)) == [7, 7, 7, 255, 20, 20, 20, 51])
    #expect(try grey.bytes(PixelFormat(.rgba, .none), bytesPerRow: 5) == [7, 7, 7, 255, 0, 100, 100, 100, 255, 0])
    #expect(try grey.withAlpha(nil).bytes(PixelFormat(.rgba, .straight)) == [7, 7, 7, 255, 100, 100, 100, 255])
    var memory = [UInt8](repeating: 1, count: 9)
    try memory.withUnsafeMutableBytes { try grey.write(to: $0, PixelFormat(.rgba, .none), bytesPerRow: 5) }
    #expect(memory == [7, 7, 7, 255, 1, 100, 100, 100, 255])
  }

  @Test(arguments: [
    (0, 1, nil as Int?), (1, 0, nil), (-1, -1, nil), (2, 2, 7), (2, 2, -8), (3, 2, nil), (2, 3, nil), (2, 2, 12),
    (.max, .max, nil), (.max / 4 + 1, 1, nil), (1, 1 << 31, nil), (2, .max, .max), (2, 1 << 30, .max), (1, 2, .max),
    (.min, 1, nil), (1, 1, .min),
  ])
  func whatCannotBeIsRefused(width: Int, height: Int, bytesPerRow: Int?) {
    #expect(throws: FileError.self) {
      try Picture(
        bytes: [UInt8](repeating: 0, count: 16), width: width, height: height, bytesPerRow: bytesPerRow,
        format: PixelFormat(.rgba, .straight))
    }
  }

  @Test func memoryThatIsTooSmallIsRefused() throws {
    let picture = Picture(width: 2, height: 1, channels: 1, pixels: [1, 2])
    var memory = [UInt8](repeating: 0, count: 7)
    #expect(throws: FileError.self) {
      try memory.withUnsafeMutableBytes { try picture.write(to: $0, PixelFormat(.rgba, .none)) }
    }
    #expect(throws: FileError.self) { try picture.bytes(PixelFormat(.rgba, .none), bytesPerRow: 7) }
    #expect(throws: FileError.self) {
      try Picture(width: 1, height: 2, channels: 1, pixels: [1, 2]).bytes(PixelFormat(.rgba, .none), bytesPerRow: .max)
    }
    #expect(throws: FileError.self) {
      try Picture(width: 0, height: 0, channels: 1, pixels: []).bytes(PixelFormat(.rgba, .none))
    }
  }
}
