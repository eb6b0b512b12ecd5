/// How the bytes of a row of a PNG file, filters undone, become samples of 8 or 16 bits and opacity.
///
/// Grey of 1, 2 and 4 bits is stretched to 0 … 255, a palette becomes RGB, what tRNS names becomes opacity 0.
struct PNGStoredRows {
  private let header: PNGHeader
  /// 256 colours of three samples, black where the file names none.
  private let palette: [UInt8]
  /// Opacity of each of them.
  private let paletteOpacity: [UInt8]
  /// The samples of the one grey or RGB value that is transparent; empty: there is none.
  private let transparent: [UInt16]

  /// - Parameters:
  ///   - header: of the file; is told whether there is opacity
  ///   - palette: red, green and blue of each colour
  ///   - transparency: the content of the tRNS chunk, empty where there is none; what cannot be is passed over
  init(_ header: inout PNGHeader, palette: [UInt8], transparency: [UInt8]) {
    self.palette = palette + [UInt8](repeating: 0, count: 768 - palette.count)
    var opacity = [UInt8](repeating: .max, count: 256)
    var transparent: [UInt16] = []
    switch header.colorType {
    case .palette where (1...palette.count / 3).contains(transparency.count):
      opacity.replaceSubrange(0..<transparency.count, with: transparency)
      header.hasAlpha = true
    case .grey, .rgb:
      guard transparency.count == 2 * header.channels else { break }
      let mask = UInt16.max >> (16 - header.bitDepth)
      transparent = (0..<header.channels).map {
        (UInt16(transparency[2 * $0]) << 8 | UInt16(transparency[2 * $0 + 1])) & mask
      }
      header.hasAlpha = true
    default: break
    }
    paletteOpacity = opacity
    self.transparent = transparent
    self.header = header
  }

  /// Samples of a file of up to 8 bits.
  ///
  /// - Parameters:
  ///   - row: as stored
  ///   - pixels: width × channels samples
  ///   - opacity: width samples, all 255; nil where the file has none
  func expand(
    _ row: [UInt8], to pixels: UnsafeMutableBufferPointer<UInt8>, opacity: UnsafeMutableBufferPointer<UInt8>?
  ) {
    let channels = header.channels
    row.withUnsafeBufferPointer { row in
      switch header.colorType {
      case .grey, .palette: expandPacked(row, pixels, opacity)
      case .rgb:
        _ = pixels.update(fromContentsOf: row)
        guard let opacity, !transparent.isEmpty else { return }
        for x in 0..<header.width
        where row[3 * x] == transparent[0] && row[3 * x + 1] == transparent[1] && row[3 * x + 2] == transparent[2] {
          opacity[x] = 0
        }
      case .greyAlpha, .rgbAlpha:
        for x in 0..<header.width {
          let source = x * (channels + 1)
          for channel in 0..<channels { pixels[x * channels + channel] = row[source + channel] }
          opacity?[x] = row[source + channels]
        }
      }
    }
  }

  /// One stored number a pixel, of 1 to 8 bits.
  private func expandPacked(
    _ row: UnsafeBufferPointer<UInt8>, _ pixels: UnsafeMutableBufferPointer<UInt8>,
    _ opacity: UnsafeMutableBufferPointer<UInt8>?
  ) {
    let depth = header.bitDepth
    let perByte = 8 / depth
    let mask = UInt8.max >> (8 - depth)
    let step = UInt8.max / mask
    let isPalette = header.colorType == .palette
    for x in 0..<header.width {
      // The leftmost pixel lies in the highest bits.
      let shift = UInt8(truncatingIfNeeded: 8 - depth * (x % perByte + 1))
      let value = row[x / perByte] >> shift & mask
      if isPalette {
        let color = 3 * Int(value)
        (pixels[3 * x], pixels[3 * x + 1], pixels[3 * x + 2]) = (palette[color], palette[color + 1], palette[color + 2])
        opacity?[x] = paletteOpacity[Int(value)]
      } else {
        pixels[x] = value * step
        if let hidden = transparent.first, UInt16(value) == hidden { opacity?[x] = 0 }
      }
    }
  }

  /// Samples of a file of 16 bits, as above.
  func expand(
    _ row: [UInt8], to pixels: UnsafeMutableBufferPointer<UInt16>, opacity: UnsafeMutableBufferPointer<UInt16>?
  ) {
    let channels = header.channels
    let perPixel = header.bitsPerPixel / 16
    row.withUnsafeBufferPointer { row in
      for x in 0..<header.width {
        var isTransparent = !transparent.isEmpty
        for sample in 0..<perPixel {
          let place = 2 * (x * perPixel + sample)
          let value = UInt16(row[place]) << 8 | UInt16(row[place + 1])
          if sample < channels {
            pixels[x * channels + sample] = value
            if isTransparent { isTransparent = value == transparent[sample] }
          } else {
            opacity?[x] = value
          }
        }
        if isTransparent { opacity?[x] = 0 }
      }
    }
  }
}
