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
  private let numbers: (input: PixelNumbers, output: PixelNumbers)
  private let width: Int
  private let height: Int
  private let range: ClosedRange<Float>
  private let bitDepth: Int

  /// - Parameters:
  ///   - image: what is translated, in its own size
  ///   - numbers: what the network reads and makes
  ///   - bitDepth: bits of a sample of what becomes of it
  init(
    _ execution: BandedExecution, _ image: Picture, _ padding: Padding,
    numbers: (input: PixelNumbers, output: PixelNumbers), range: ClosedRange<Float>, bitDepth: Int
  ) {
    (self.execution, self.padding, self.numbers, self.range) = (execution, padding, numbers, range)
    (width, height, self.bitDepth) = (image.width, image.height, bitDepth)
  }

  /// Bytes of memory that pictures take: the padded one, and what becomes of it.
  static func pictureBytes(_ image: Picture, _ padding: Padding, outputSamples: Int, bitDepth: Int) -> Int {
    let samples = padding.paddedWidth * padding.paddedHeight
    return samples * image.channels * image.bitDepth / 8 + samples * outputSamples * bitDepth / 8
  }

  /// What the network makes of `picture`, which has what it reads and no borders.
  ///
  /// - Parameters:
  ///   - labels: the place of its label; empty where the model has none
  ///   - beforeBand: called before each band with the part that is done; what it throws ends the translation
  func output(
    of picture: Picture, dropoutKey: UInt64, labels: [Int], beforeBand: (Double) throws -> Void
  ) throws -> Picture {
    var bytes = Rows<UInt8>()
    var words = Rows<UInt16>()
    try execution.forward(
      dropoutKey: dropoutKey,
      input: { rows, tensor in
        write(picture, rows, as: numbers.input, to: tensor)
        if !labels.isEmpty { tensor.channels(numbers.input.count..<tensor.shape.c).setPlanes(of: labels) }
      },
      output: { rows, tensor in
        let visible = rows.clamped(to: padding.top..<padding.top + height)
        guard !visible.isEmpty else { return }
        let part = seen(tensor, rows, picture)
          .cropped(x: padding.left, y: visible.lowerBound - rows.lowerBound, width: width, height: visible.count)
        switch part.content {
        case .bytes(let samples): bytes.append(samples, of: width * height)
        case .words(let samples): words.append(samples, of: width * height)
        }
      }, beforeBand: beforeBand)
    let colours = numbers.output.colours
    return bitDepth == 16
      ? Picture(width: width, height: height, channels: colours, pixels16: words.pixels, alpha16: words.alpha)
      : Picture(width: width, height: height, channels: colours, pixels: bytes.pixels, alpha: bytes.alpha)
  }

  /// Writes some rows of what the network sees of `picture`, borders included.
  private func write(
    _ picture: Picture, _ rows: Range<Int>, as numbers: PixelNumbers, to tensor: MutableTensorView<Float>
  ) {
    for (place, row) in rows.enumerated() {
      ImageTensor.write(
        row: padding.sourceRow(row), of: picture, padding, as: numbers,
        to: tensor.base + place * padding.paddedWidth * tensor.stride, pixelStride: tensor.stride, range: range)
    }
  }

  /// Some rows of what the network has made; chroma is seen with the lightness of `picture`.
  private func seen(_ tensor: TensorView<Float>, _ rows: Range<Int>, _ picture: Picture) -> Picture {
    guard numbers.output == .chroma else { return tensor.image(range: range, bitDepth: bitDepth) }
    var lightness = [Float](repeating: 0, count: rows.count * padding.paddedWidth)
    return lightness.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return tensor.image(range: range, bitDepth: bitDepth) }
      let view = MutableTensorView(shape: Shape(1, 1, rows.count, padding.paddedWidth), base: base, stride: 1)
      write(picture, rows, as: .lightness, to: view)
      return tensor.image(colouring: view.readOnly, range: range, bitDepth: bitDepth)
    }
  }
}

/// Rows of a picture, one band behind the other.
private struct Rows<Sample: PixelSample> {
  private(set) var pixels: [Sample] = []
  private(set) var alpha: [Sample]?

  /// Adds a band of a picture of so many pixels.
  mutating func append(_ band: PixelSamples<Sample>, of count: Int) {
    if pixels.isEmpty {
      pixels.reserveCapacity(count * band.channels)
      if band.alpha != nil { alpha = [] }
      alpha?.reserveCapacity(count)
    }
    pixels += band.pixels
    if let opacity = band.alpha { alpha? += opacity }
  }
}
