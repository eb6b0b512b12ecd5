import Files

/// What the beginning of a PNG file says about the picture.
package struct PNGHeader: Sendable, Equatable {
  /// How the samples of a pixel are to be read; raw values as in the file.
  package enum ColorType: UInt8, Sendable {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgbAlpha = 6

    /// Grey (1 channel) or RGB (3), with or without opacity.
    init(channels: Int, hasAlpha: Bool) {
      self = channels == 1 ? (hasAlpha ? .greyAlpha : .grey) : (hasAlpha ? .rgbAlpha : .rgb)
    }
  }

  /// Pixels in a row.
  package internal(set) var width: Int
  /// Rows.
  package internal(set) var height: Int
  /// Bits of a stored sample (or palette index): 1, 2, 4, 8 or 16.
  package internal(set) var bitDepth: Int
  /// Kind of the samples.
  package internal(set) var colorType: ColorType
  /// Whether the rows are stored in the seven passes of Adam7.
  package internal(set) var isInterlaced: Bool
  /// Whether the decoded picture has opacity samples: an alpha channel, or a tRNS chunk.
  package internal(set) var hasAlpha: Bool

  /// Channels of the decoded picture without alpha: 1 (grey) or 3 (RGB; a palette counts as RGB).
  package var channels: Int { colorType == .grey || colorType == .greyAlpha ? 1 : 3 }

  /// Bits of one stored pixel.
  var bitsPerPixel: Int {
    switch colorType {
    case .grey, .palette: bitDepth
    case .greyAlpha: 2 * bitDepth
    case .rgb: 3 * bitDepth
    case .rgbAlpha: 4 * bitDepth
    }
  }

  /// Bytes of all rows before compression, without filter bytes.
  package var rawByteCount: Int { height * rowByteCount }

  /// Bytes of a row, without its filter byte.
  var rowByteCount: Int { (width * bitsPerPixel + 7) / 8 }

  /// Rows that are decoded at once where a picture is not needed as a whole: about 2¹⁸ pixels.
  package var rowsOfBand: Int { max(1, (1 << 18) / width) }

  /// Bytes that decoding takes beside the stream: all samples, those of 8 bits with opacity once more while they are
  /// parted, those of 16 bits once more as rows of bytes.
  var decodedByteCount: Int {
    let samples = width * height * (channels + (hasAlpha ? 1 : 0))
    return bitDepth == 16 ? 2 * samples + rawByteCount : (hasAlpha ? 2 : 1) * samples
  }

  /// Throws where the picture has more pixels than `limit` allows.
  package func check(_ limit: ImageLimit, path: String?) throws {
    guard width * height <= limit.pixels else {
      throw FileError(
        path: path,
        problem: "has \(width) × \(height) pixels, more than the limit of \(limit.pixels)",
        advice: "raise the limit on image size if the file is to be trusted")
    }
  }
}
