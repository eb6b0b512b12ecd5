import Foundation
import Images

/// Which side of the data colours are changed on.
public enum JitterSide: String, Sendable, Codable, CaseIterable {
  /// The input alone: the target stays what it is.
  case input
  /// The target alone.
  case target
  /// Both; of a pair alike.
  case both
}

/// What makes more of few pictures, beside crop and mirroring: each time a picture is used it is changed by chance. All of
/// it is off at first.
///
/// Both pictures of a pair are turned, scaled and cut out alike.
public struct Augmentation: Sendable, Equatable {
  /// Whether crops are turned by 0, 90, 180 or 270 degrees.
  public var quarterTurns = false
  /// Pictures are rotated by up to so many degrees to either side, 0 to 180.
  public var rotation = 0.0
  /// Pictures are scaled by a factor between 1 / (1 + x) and 1 + x, 0 to 1.
  public var scaleJitter = 0.0
  /// Brightness is multiplied by a factor between 1 − x and 1 + x, 0 to 1.
  public var brightness = 0.0
  /// Contrast is multiplied by a factor between 1 − x and 1 + x, 0 to 1.
  public var contrast = 0.0
  /// Hues are turned by up to x of the colour circle to either side, 0 to 0.5.
  public var hue = 0.0
  /// On which side brightness, contrast and hue change.
  public var jitterSide = JitterSide.both
  /// A rectangle of this share of the crop's sides becomes grey, below 1 (DeVries and Taylor, 2017).
  public var cutout = 0.0

  /// Nothing.
  public init() {}

  /// Whether colours change.
  var changesColours: Bool { brightness > 0 || contrast > 0 || hue > 0 }

  /// Whether anything changes.
  var isOn: Bool { quarterTurns || rotation > 0 || scaleJitter > 0 || changesColours || cutout > 0 }

  /// The level of what is cut out: as near to 0 as bytes come once they are in [-1, 1].
  private static let blank: UInt8 = 128

  /// The part of `image` in `window`, mirrored where `flipped`, as `numbers` change it.
  ///
  /// - Parameter isInput: whether it is the picture to translate, or its target
  func applied(
    _ numbers: AugmentationNumbers, to image: Picture, _ window: ImageTensor.Window, flipped: Bool, isInput: Bool
  ) -> Picture {
    var map = AffineMap()
    map.scale(exp(numbers.scale * log(1 + scaleJitter)))
    map.rotate(degrees: numbers.angle * rotation)
    if quarterTurns { map.turn(quarters: numbers.quarter) }
    if flipped { map.mirror() }
    var result = image.mapped(map, window: window)
    if changesColours, jitterSide == .both || jitterSide == (isInput ? .input : .target) {
      result = result.adjusted(
        ColourAdjustment(
          brightness: 1 + numbers.brightness * brightness, contrast: 1 + numbers.contrast * contrast,
          hue: numbers.hue * hue))
    }
    guard cutout > 0 else { return result }
    let (x, width) = part(numbers.cutX, of: window.width)
    let (y, height) = part(numbers.cutY, of: window.height)
    return result.blanked(ImageTensor.Window(x: x, y: y, width: width, height: height), level: Self.blank)
  }

  /// What of `extent` pixels is cut out: around a place anywhere in it, so that at the borders it is less.
  private func part(_ place: Double, of extent: Int) -> (begin: Int, count: Int) {
    let length = Double(extent) * cutout
    let begin = max(0, Int((place * Double(extent) - length / 2).rounded()))
    let end = min(extent, Int((place * Double(extent) + length / 2).rounded()))
    return (min(begin, extent), max(0, end - begin))
  }
}

/// The random numbers behind one use of `Augmentation`: always as many, whatever is on, so that switching one thing on or
/// off changes nothing about the others.
package struct AugmentationNumbers: Sendable, Equatable {
  /// 0 to 3
  var quarter: Int
  /// These are in [-1, 1).
  var angle: Double
  var scale: Double
  var brightness: Double
  var contrast: Double
  var hue: Double
  /// These are in [0, 1).
  var cutX: Double
  var cutY: Double
}
