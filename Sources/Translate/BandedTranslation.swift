import Files
import Images
import NeuralNet

/// What is told of a picture that is translated with a scratch file, before it begins.
package struct ScratchNotice: Sendable, Equatable {
  /// Of the picture, in pixels.
  package var width: Int
  package var height: Int
  /// Bytes of the scratch file, and its folder.
  package var scratchBytes: Int
  package var folder: String
}

/// A picture that memory has no room for, on its way through the network in bands with a scratch file.
struct BandedTranslation {
  private let execution: BandedExecution
  private let padding: Padding
  private let width: Int
  private let height: Int
  private let range: ClosedRange<Float>
  private let bitDepth: Int

  /// - Parameters:
  ///   - image: what is translated, in its own size
  ///   - bitDepth: bits of a sample of what becomes of it
  init(_ execution: BandedExecution, _ image: Picture, _ padding: Padding, range: ClosedRange<Float>, bitDepth: Int) {
    (self.execution, self.padding, self.range, self.bitDepth) = (execution, padding, range, bitDepth)
    (width, height) = (image.width, image.height)
  }

  /// Bytes of memory that pictures take: the padded one, and what becomes of it.
  static func pictureBytes(_ image: Picture, _ padding: Padding, outputChannels: Int, bitDepth: Int) -> Int {
    let samples = padding.paddedWidth * padding.paddedHeight
    return samples * image.channels * image.bitDepth / 8 + samples * outputChannels * bitDepth / 8
  }

  /// What the network makes of `padded`, without its borders.
  ///
  /// - Parameters:
  ///   - labels: the place of its label; empty where the model has none
  ///   - beforeBand: called before each band; what it throws ends the translation
  func output(
    of padded: Picture, dropoutKey: UInt64, labels: [Int], beforeBand: () throws -> Void
  ) throws -> Picture {
    var bytes: [UInt8] = []
    var words: [UInt16] = []
    var channels = 0
    try execution.forward(
      dropoutKey: dropoutKey,
      input: { rows, tensor in
        ImageTensor.write(
          padded,
          window: ImageTensor.Window(x: 0, y: rows.lowerBound, width: padded.width, height: rows.count), flipped: false,
          to: tensor.base, pixelStride: tensor.stride, range: range)
        if !labels.isEmpty { tensor.channels(padded.channels..<tensor.shape.c).setPlanes(of: labels) }
      },
      output: { rows, tensor in
        channels = tensor.shape.c
        if rows.lowerBound == 0 {
          if bitDepth == 16 {
            words.reserveCapacity(width * height * channels)
          } else {
            bytes.reserveCapacity(width * height * channels)
          }
        }
        let visible = rows.clamped(to: padding.top..<padding.top + height)
        guard !visible.isEmpty else { return }
        let part = tensor.image(range: range, bitDepth: bitDepth)
          .cropped(x: padding.left, y: visible.lowerBound - rows.lowerBound, width: width, height: visible.count)
        switch part.content {
        case .bytes(let samples): bytes += samples.pixels
        case .words(let samples): words += samples.pixels
        }
      }, beforeBand: beforeBand)
    return bitDepth == 16
      ? Picture(width: width, height: height, channels: channels, pixels16: words)
      : Picture(width: width, height: height, channels: channels, pixels: bytes)
  }
}
