import TestSupport
import Testing
@testable import Images

@Suite struct ColourAdjustmentTests {
  /// Python's colorsys: the colour, its hue, saturation and value, and the colour with its hue turned by 0.1 and by -0.37.
  private static let colorsys: [(rgb: [UInt8], hsv: (Double, Double, Double), turned: [UInt8])] = [
    ([255, 0, 0], (0.0, 1.0, 1.0), [255, 153, 0, 0, 56, 255]),
    ([12, 200, 77], (0.39095744680851063, 0.9400000000000001, 0.7843137254901961), [12, 200, 190, 200, 36, 12]),
    ([3, 4, 250], (0.6659919028340081, 0.988, 0.9803921568627451), [150, 3, 250, 58, 250, 3]),
    ([250, 128, 7], (0.08299039780521261, 0.972, 0.9803921568627451), [226, 250, 7, 75, 7, 250]),
    ([90, 90, 91], (0.6666666666666666, 0.01098901098901095, 0.3568627450980392), [91, 90, 91, 90, 91, 90]),
    ([200, 20, 190], (0.8425925925925926, 0.8999999999999999, 0.7843137254901961), [200, 20, 82, 20, 200, 170]),
    ([17, 60, 59], (0.49612403100775193, 0.7166666666666667, 0.23529411764705882), [17, 35, 60, 60, 50, 17]),
  ]

  @Test func coloursAreThoseOfColorsys() {
    for (rgb, hsv, turned) in Self.colorsys {
      let colour = HSV(red: Double(rgb[0]) / 255, green: Double(rgb[1]) / 255, blue: Double(rgb[2]) / 255)
      for (ours, theirs) in [(colour.hue, hsv.0), (colour.saturation, hsv.1), (colour.value, hsv.2)] {
        #expect(abs(ours - theirs) < 1e-14, "\(rgb): \(ours) \(theirs)")
      }
      let picture = Picture(width: 1, height: 1, channels: 3, pixels: rgb)
      #expect(
        picture.adjusted(ColourAdjustment(hue: 0.1)).pixels + picture.adjusted(ColourAdjustment(hue: -0.37)).pixels
          == turned, "\(rgb)")
    }
  }

  /// Every colour of a coarse grid comes back from a full turn, and from a third three times.
  @Test func aFullTurnChangesNothing() {
    let levels = stride(from: 0, through: 255, by: 17).map { UInt8($0) }
    let pixels = levels.flatMap { red in levels.flatMap { green in levels.flatMap { [red, green, $0] } } }
    let picture = Picture(width: levels.count * levels.count, height: levels.count, channels: 3, pixels: pixels)
    for turns in [1.0, -1, 2] { #expect(picture.adjusted(ColourAdjustment(hue: turns)) == picture) }
    var around = picture
    for _ in 0..<3 { around = around.adjusted(ColourAdjustment(hue: 1.0 / 3)) }
    #expect(around == picture)
    #expect(picture.adjusted(ColourAdjustment(hue: 1.0 / 3)) != picture)
    let grey = TemporaryFolder.picture(width: 4, height: 4, channels: 1)
    #expect(grey.adjusted(ColourAdjustment(hue: 0.3)) == grey)
  }

  @Test func brightnessAndContrast() {
    let picture = Picture(width: 2, height: 1, channels: 1, pixels: [40, 200])
    #expect(picture.adjusted(ColourAdjustment(brightness: 0.5)).pixels == [20, 100])
    #expect(picture.adjusted(ColourAdjustment(brightness: 1.5)).pixels == [60, 255])
    #expect(picture.adjusted(ColourAdjustment(contrast: 0.5)).pixels == [80, 160])
    #expect(picture.adjusted(ColourAdjustment(contrast: 2)).pixels == [0, 255])
    #expect(picture.adjusted(ColourAdjustment(contrast: 0)).pixels == [120, 120])
    #expect(picture.adjusted(ColourAdjustment(brightness: 0.5, contrast: 0)).pixels == [60, 60])
    #expect(picture.adjusted(ColourAdjustment()) == picture)
    // The mean is that of the luma: 0.299 of full red.
    let red = Picture(width: 1, height: 1, channels: 3, pixels: [255, 0, 0])
    #expect(red.adjusted(ColourAdjustment(contrast: 0)).pixels == [76, 76, 76])
  }

  @Test func onlyTheWindowBecomesGrey() {
    let picture = TemporaryFolder.picture(width: 5, height: 4, tag: 2)
    let blanked = picture.blanked(ImageTensor.Window(x: 1, y: 2, width: 3, height: 2), level: 128)
    for row in 0..<4 {
      for column in 0..<5 {
        let place = 3 * (row * 5 + column)
        let isInside = row >= 2 && (1...3).contains(column)
        #expect(blanked.pixels[place] == (isInside ? 128 : picture.pixels[place]))
      }
    }
    #expect(picture.blanked(ImageTensor.Window(x: 5, y: 4, width: 0, height: 0), level: 0) == picture)
  }
}
