import Files
import Images
import Weights

extension GeneratorModel {
  /// What the numbers of a pixel are that it reads and makes.
  ///
  /// - Parameter space: the colours that they mean; nil: as the file says, else red, green and blue
  /// - Throws: `FileError` where a network for L*a*b* does not make two numbers of one
  func numbers(in space: ColourSpace?) throws -> (input: PixelNumbers, output: PixelNumbers) {
    let (read, made) = (pictureChannels, configuration.outputChannels)
    switch space ?? metadata.colorSpace.flatMap(ColourSpace.init(rawValue:)) ?? .rgb {
    case .rgb: return (PixelNumbers(count: read), PixelNumbers(count: made))
    case .lab:
      guard read == 1, made == 2 else {
        throw FileError(
          path: path,
          problem: "makes \(made) numbers a pixel of \(read), where a network that colours makes a and b of L",
          advice: "translate without \(setting: "color-space", "lab")")
      }
      return (.lightness, .chroma)
    }
  }
}
