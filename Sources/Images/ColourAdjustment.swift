/// Brightness, contrast and hue of a picture, changed in this order as Pillow's enhancers and torchvision's
/// `adjust_hue` do it.
package struct ColourAdjustment: Sendable, Equatable {
  /// What samples are multiplied by; 1: as they are.
  package var brightness = 1.0
  /// What distances to the mean luma are multiplied by; 1: as they are.
  package var contrast = 1.0
  /// How far hues go round, in turns of the colour circle; 0 and 1: as they are.
  package var hue = 0.0

  package init(brightness: Double = 1, contrast: Double = 1, hue: Double = 0) {
    (self.brightness, self.contrast, self.hue) = (brightness, contrast, hue)
  }
}

extension Picture {
  /// The picture with other colours; grey ones have no hue.
  package func adjusted(_ adjustment: ColourAdjustment) -> Picture {
    var result = self
    if adjustment.brightness != 1 { result = result.replacing { Double($0) * adjustment.brightness } }
    if adjustment.contrast != 1, !result.pixels.isEmpty {
      let luma = result.converted(channels: 1).pixels
      let mean = (Double(luma.reduce(0) { $0 + Int($1) }) / Double(luma.count)).rounded()
      result = result.replacing { mean + adjustment.contrast * (Double($0) - mean) }
    }
    return adjustment.hue != 0 && channels == 3 ? result.turningHues(by: adjustment.hue) : result
  }

  /// Every sample replaced by what `value` says, rounded to nearest and clamped.
  private func replacing(_ value: (UInt8) -> Double) -> Picture {
    let table = (0...255).map { UInt8(min(max(value(UInt8($0)), 0), 255).rounded()) }
    return Picture(
      width: width, height: height, channels: channels, pixels: pixels.map { table[Int($0)] }, alpha: alpha)
  }

  private func turningHues(by turns: Double) -> Picture {
    var turned = pixels
    for place in stride(from: 0, to: turned.count, by: 3) {
      var colour = HSV(
        red: Double(pixels[place]) / 255, green: Double(pixels[place + 1]) / 255, blue: Double(pixels[place + 2]) / 255)
      // Greys have no hue.
      guard colour.saturation > 0 else { continue }
      colour.hue += turns
      colour.hue -= colour.hue.rounded(.down)
      let (red, green, blue) = colour.rgb
      turned[place] = UInt8((red * 255).rounded())
      turned[place + 1] = UInt8((green * 255).rounded())
      turned[place + 2] = UInt8((blue * 255).rounded())
    }
    return Picture(width: width, height: height, channels: channels, pixels: turned, alpha: alpha)
  }

  /// The picture with the part in `window`, inside it, in one grey.
  package func blanked(_ window: ImageTensor.Window, level: UInt8) -> Picture {
    precondition(
      window.x >= 0 && window.y >= 0 && window.width >= 0 && window.height >= 0
        && window.width <= width - window.x && window.height <= height - window.y, "the window leaves the image")
    var blanked = pixels
    for row in window.y..<window.y + window.height {
      let start = (row * width + window.x) * channels
      for place in start..<start + window.width * channels { blanked[place] = level }
    }
    return Picture(width: width, height: height, channels: channels, pixels: blanked, alpha: alpha)
  }
}

/// A colour by hue (in turns), saturation and value, each from 0 to 1.
///
/// Source: Smith 1978, "Color gamut transform pairs", in the form of Python's colorsys.
struct HSV: Equatable {
  var hue: Double
  var saturation: Double
  var value: Double

  /// The colour of three samples from 0 to 1; greys have the hue 0.
  init(red: Double, green: Double, blue: Double) {
    let most = max(red, green, blue)
    let least = min(red, green, blue)
    value = most
    guard most > least else {
      (hue, saturation) = (0, 0)
      return
    }
    let range = most - least
    saturation = range / most
    let (r, g, b) = ((most - red) / range, (most - green) / range, (most - blue) / range)
    let sixths = red == most ? b - g : green == most ? 2 + r - b : 4 + g - r
    hue = sixths / 6 - (sixths / 6).rounded(.down)
  }

  /// Red, green and blue from 0 to 1.
  var rgb: (red: Double, green: Double, blue: Double) {
    guard saturation > 0 else { return (value, value, value) }
    let sector = (hue * 6).rounded(.down)
    let rest = hue * 6 - sector
    let low = value * (1 - saturation)
    let falling = value * (1 - saturation * rest)
    let rising = value * (1 - saturation * (1 - rest))
    return switch Int(sector) % 6 {
    case 0: (value, rising, low)
    case 1: (falling, value, low)
    case 2: (low, value, rising)
    case 3: (low, falling, value)
    case 4: (rising, low, value)
    default: (value, low, falling)
    }
  }
}
