import TestSupport
import Testing
@testable import Images

@Suite struct AffineMapTests {
  private func whole(_ picture: Picture) -> ImageTensor.Window {
    ImageTensor.Window(x: 0, y: 0, width: picture.width, height: picture.height)
  }

  private func mapped(_ picture: Picture, _ change: (inout AffineMap) -> Void) -> Picture {
    var map = AffineMap()
    change(&map)
    return picture.mapped(map, window: whole(picture))
  }

  @Test(arguments: [1, 3]) func quarterTurnsMovePixels(channels: Int) {
    let picture = TemporaryFolder.picture(width: 7, height: 7, channels: channels, tag: 3)
    // Clockwise: what is above comes to lie on the right.
    let turned = (0..<7).flatMap { row in
      (0..<7).flatMap { column in
        (0..<channels).map { picture.pixels[((6 - column) * 7 + row) * channels + $0] }
      }
    }
    #expect(mapped(picture) { $0.turn(quarters: 1) }.pixels == turned)
    #expect(mapped(picture) { $0.turn(quarters: 0) } == picture)
    var around = picture
    for _ in 0..<4 { around = mapped(around) { $0.turn(quarters: 1) } }
    #expect(around == picture)
    #expect(mapped(picture) { $0.turn(quarters: 4) } == picture)
    #expect(mapped(mapped(picture) { $0.turn(quarters: 1) }) { $0.turn(quarters: -1) } == picture)
    #expect(mapped(mapped(picture) { $0.turn(quarters: 1) }) { $0.turn(quarters: 3) } == picture)
    #expect(turned != picture.pixels)
  }

  @Test func aMirrorIsAMirror() {
    let picture = TemporaryFolder.picture(width: 8, height: 5, tag: 1)
    #expect(mapped(picture) { $0.mirror() } == picture.flippedHorizontally())
    // First turned, then mirrored.
    let square = TemporaryFolder.picture(width: 6, height: 6, tag: 2)
    let both = mapped(square) {
      $0.turn(quarters: 1)
      $0.mirror()
    }
    #expect(both == mapped(square) { $0.turn(quarters: 1) }.flippedHorizontally())
  }

  @Test func windowsAreCrops() {
    let picture = TemporaryFolder.picture(width: 9, height: 8, tag: 4)
    let window = ImageTensor.Window(x: 2, y: 3, width: 4, height: 5)
    #expect(picture.mapped(AffineMap(), window: window) == picture.cropped(x: 2, y: 3, width: 4, height: 5))
  }

  @Test func degreesAreTurns() {
    let picture = TemporaryFolder.picture(width: 9, height: 9, tag: 5)
    for (degrees, quarters) in [(90.0, 1), (180, 2), (-90, 3), (360, 0)] {
      let rotated = mapped(picture) { $0.rotate(degrees: degrees) }
      #expect(rotated == mapped(picture) { $0.turn(quarters: quarters) }, "\(degrees)")
    }
  }

  /// Places between pixels are means of their neighbours, and those beyond the border those within.
  @Test func scalingInterpolatesAndReflects() {
    let ramp = Picture(width: 4, height: 1, channels: 1, pixels: [0, 10, 20, 30])
    #expect(mapped(ramp) { $0.scale(0.5) }.pixels == [15, 5, 25, 15])
    #expect(mapped(ramp) { $0.scale(2) }.pixels == [8, 13, 18, 23])
    let point = Picture(width: 1, height: 1, channels: 3, pixels: [1, 2, 3])
    #expect(mapped(point) { $0.rotate(degrees: 33) } == point)
  }

  /// A slope keeps its direction under rotation: the values of a linear picture are those of the turned line.
  @Test func rotationTurnsAroundTheMiddle() {
    let slope = Picture(
      width: 41, height: 41, channels: 1, pixels: (0..<41 * 41).map { UInt8(20 + 5 * ($0 % 41)) })
    let rotated = mapped(slope) { $0.rotate(degrees: 60) }
    for (column, row) in [(20, 20), (26, 20), (20, 25), (12, 17)] {
      // Clockwise by 60°: the source of (x, y) is (x cos 60° + y sin 60°, …).
      let x = 0.5 * Double(column - 20) + 0.75.squareRoot() * Double(row - 20)
      #expect(rotated.pixels[row * 41 + column] == UInt8((120 + 5 * x).rounded()), "\(column) \(row)")
    }
  }
}
