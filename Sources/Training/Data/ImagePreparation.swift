import Files
import Images
import Weights

/// How an input is made of a target.
struct Reduction: Sendable, Equatable {
  /// How many times as wide and high as the input the target is; 1: they are the same.
  var factor = 1
  /// What width and height of targets are multiples of, so that their inputs suit the network.
  var multiple = 1
}

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
  /// Numbers of a pixel of an input picture, one of `PixelNumbers.counts`.
  package var inputChannels: Int
  /// Numbers of a pixel of a target picture, likewise.
  package var outputChannels: Int
  /// How the input is made of the target, where there is one set of images alone.
  var reduction = Reduction()
  /// Side in pixels of the largest part of a picture that is looked at where it is not cropped; nil: all of it.
  package var largestSide: Int?
  /// The colours that they mean.
  package var colourSpace: ColourSpace

  /// A preparation of the given settings, by default those of the public code.
  package init(
    mode: Preprocessing = .resizeAndCrop, loadSize: Int = 286, cropSize: Int = 256, flip: Bool = true,
    augmentation: Augmentation = Augmentation(),
    direction: Direction = .aToB, inputChannels: Int = 3, outputChannels: Int = 3, colourSpace: ColourSpace = .rgb
  ) {
    self.mode = mode
    self.loadSize = loadSize
    self.cropSize = cropSize
    self.flip = flip
    self.augmentation = augmentation
    self.direction = direction
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.colourSpace = colourSpace
  }

  /// The same without chance, for samples and figures: not mirrored or augmented, resized to the crop at once instead of cropped
  /// (as the test options of the public code), cropped in the middle where nothing is resized to a square.
  package var evaluation: ImagePreparation {
    var result = self
    result.flip = false
    result.augmentation = Augmentation()
    if mode == .resizeAndCrop { result.loadSize = cropSize }
    if reduction.factor > 1 { (result.mode, result.largestSide) = (.none, Self.largestReduced) }
    return result
  }

  /// Side in pixels of what is measured of a picture that is reduced and enlarged again: no more than looks alike everywhere.
  private static let largestReduced = 512

  /// What the network sees of a pixel of an input picture; there are as many as `PixelNumbers.counts` has.
  package var inputNumbers: PixelNumbers { colourSpace == .lab ? .lightness : Self.numbers(inputChannels) }
  /// What it should make of it.
  package var outputNumbers: PixelNumbers { colourSpace == .lab ? .chroma : Self.numbers(outputChannels) }
  /// Numbers that cannot be are refused with the first picture (`problemOfSettings`), and never seen.
  private static func numbers(_ count: Int) -> PixelNumbers {
    PixelNumbers.counts.contains(count) ? PixelNumbers(count: count) : .colour(3)
  }
  /// Those of side A: of the input, or of the target where B is the input.
  var numbersA: PixelNumbers { direction == .aToB ? inputNumbers : outputNumbers }
  /// Those of side B.
  var numbersB: PixelNumbers { direction == .aToB ? outputNumbers : inputNumbers }

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
    if mode.crops { return (cropSize, cropSize) }
    let size = resizedSize(width: width, height: height)
    return (part(of: size.width), part(of: size.height))
  }

  /// What is looked at of a side of an uncropped picture, in pixels: a multiple of the reduction.
  private func part(of side: Int) -> Int {
    let part = min(side, largestSide ?? .max)
    return part - part % reduction.multiple
  }

  /// The size of the input that is made of a target of this size.
  func inputSize(of target: (width: Int, height: Int)) -> (width: Int, height: Int) {
    (target.width / reduction.factor, target.height / reduction.factor)
  }

  /// The input that belongs to `target` where it is made of it: reduced by Pillow's bicubic filter, as the published data
  /// sets were.
  func input(of target: Picture) -> Picture {
    guard reduction.factor > 1 else { return target }
    let size = inputSize(of: (target.width, target.height))
    return target.resized(width: size.width, height: size.height, filter: .bicubic)
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
    if !mode.crops, min(size.width, size.height) < reduction.multiple {
      return FileError(
        path: path, problem: "is \(width)×\(height), too small to be reduced \(reduction.factor) times",
        advice: "take it out of the folder")
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
      for channels in [inputChannels, outputChannels] {
        try FileError.require(channels, in: PixelNumbers.counts, "channels of a picture")
      }
      return nil
    } catch {
      return error
    }
  }

  /// The part of a resized picture that the network sees for `draw`, and whether it is mirrored.
  func window(width: Int, height: Int, draw: AugmentationDraw) -> (window: ImageTensor.Window, flipped: Bool) {
    let flipped = flip && draw.isFlipped
    let (partWidth, partHeight) = mode.crops ? (cropSize, cropSize) : (part(of: width), part(of: height))
    let x = AugmentationDraw.offset(draw.x, slack: width - partWidth)
    let y = AugmentationDraw.offset(draw.y, slack: height - partHeight)
    return (ImageTensor.Window(x: x, y: y, width: partWidth, height: partHeight), flipped)
  }
}
