import Files
import Images
import Weights

/// How a picture on disk becomes what a network trains on, as the public pix2pix/CycleGAN code does it with Pillow:
/// split (side by side), channels, bicubic resize, crop, mirror.
package struct ImagePreparation: Sendable, Equatable {
  /// Sides in pixels that pictures may be resized or cropped to.
  package static let sides = 1...16384

  /// Whether pictures are resized, cropped or both.
  package var mode: Preprocessing
  /// Side (or width) in pixels to which pictures are resized, one of `ImagePreparation.sides`.
  package var loadSize: Int
  /// Side in pixels of the random crop, one of `ImagePreparation.sides`.
  package var cropSize: Int
  /// Whether half of the pictures are mirrored left to right.
  package var flip: Bool
  /// What else is changed by chance.
  package var augmentation: Augmentation
  /// Which side of the data is the input.
  package var direction: Direction
  /// Channels of an input picture: 1 or 3.
  package var inputChannels: Int
  /// Channels of a target picture: 1 or 3.
  package var outputChannels: Int

  /// A preparation of the given settings, by default those of the public code.
  package init(
    mode: Preprocessing = .resizeAndCrop, loadSize: Int = 286, cropSize: Int = 256, flip: Bool = true,
    augmentation: Augmentation = Augmentation(),
    direction: Direction = .aToB, inputChannels: Int = 3, outputChannels: Int = 3
  ) {
    self.mode = mode
    self.loadSize = loadSize
    self.cropSize = cropSize
    self.flip = flip
    self.augmentation = augmentation
    self.direction = direction
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
  }

  /// The same without chance, for samples and figures: not mirrored or augmented, resized to the crop at once instead of cropped
  /// (as the test options of the public code), cropped in the middle where nothing is resized to a square.
  package var evaluation: ImagePreparation {
    var result = self
    result.flip = false
    result.augmentation = Augmentation()
    if mode == .resizeAndCrop { result.loadSize = cropSize }
    return result
  }

  /// Channels of side A: those of the input, or of the target where B is the input.
  package var channelsA: Int { direction == .aToB ? inputChannels : outputChannels }
  /// Channels of side B.
  package var channelsB: Int { direction == .aToB ? outputChannels : inputChannels }

  /// The size to which a picture (one half of a side-by-side file) is resized; its own where it is not.
  ///
  /// The height for `scaleWidth` is that of `__scale_width` in the public code: rounded down, at least the crop.
  func resizedSize(width: Int, height: Int) -> (width: Int, height: Int) {
    switch mode {
    case .resizeAndCrop:
      return (loadSize, loadSize)
    case .scaleWidth, .scaleWidthAndCrop:
      if width == loadSize && height >= cropSize { return (width, height) }
      let scaled = Double(loadSize) * Double(height) / Double(max(1, width))
      return (loadSize, max(cropSize, Int(min(max(scaled, 0), 0x1p40))))
    case .crop, .none:
      return (width, height)
    }
  }

  /// The size in which a picture of this size reaches the network.
  package func preparedSize(width: Int, height: Int) -> (width: Int, height: Int) {
    mode.crops ? (cropSize, cropSize) : resizedSize(width: width, height: height)
  }

  /// What keeps a picture of this size from being prepared; nil where nothing does.
  func problem(width: Int, height: Int, path: String) -> FileError? {
    if let problem = problemOfSettings { return problem }
    let size = resizedSize(width: width, height: height)
    let (area, overflow) = size.width.multipliedReportingOverflow(by: size.height)
    if mode.resizes && (overflow || area > ImageLimit.default.pixels) {
      return FileError(
        path: path, problem: "is \(width)×\(height) and would be resized to \(size.width)×\(size.height)",
        advice: "cut it, or choose another \(setting: "preprocess")")
    }
    guard mode.crops, size.width < cropSize || size.height < cropSize else { return nil }
    return FileError(
      path: path,
      problem: "is \(width)×\(height)\(mode.resizes ? ", resized to \(size.width)×\(size.height)" : ""), "
        + "but the crop is \(cropSize)×\(cropSize)",
      advice: mode.resizes
        ? "choose a \(setting: "load-size") of at least \(setting: "crop-size")"
        : "choose a smaller \(setting: "crop-size"), or resize")
  }

  /// What no picture can be prepared with; nil where all settings are possible.
  var problemOfSettings: FileError? {
    do {
      try FileError.require(loadSize, in: ImagePreparation.sides, "pixels to resize to")
      try FileError.require(cropSize, in: ImagePreparation.sides, "pixels of a crop")
      for channels in [inputChannels, outputChannels] where channels != 1 && channels != 3 {
        throw FileError(path: nil, problem: "pictures of \(channels) channels cannot be", advice: "give 1 or 3")
      }
      return nil
    } catch {
      return error as? FileError
    }
  }

  /// The part of a resized picture that the network sees for `draw`, and whether it is mirrored.
  func window(width: Int, height: Int, draw: AugmentationDraw) -> (window: ImageTensor.Window, flipped: Bool) {
    let flipped = flip && draw.isFlipped
    guard mode.crops else {
      return (ImageTensor.Window(x: 0, y: 0, width: width, height: height), flipped)
    }
    let x = AugmentationDraw.offset(draw.x, slack: width - cropSize)
    let y = AugmentationDraw.offset(draw.y, slack: height - cropSize)
    return (ImageTensor.Window(x: x, y: y, width: cropSize, height: cropSize), flipped)
  }
}
