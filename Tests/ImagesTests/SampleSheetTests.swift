import Foundation
import Testing
@testable import Images

@Suite struct SampleSheetTests {
  let red = Picture(width: 2, height: 1, channels: 3, pixels: [255, 0, 0, 200, 0, 0])
  let grey = Picture(width: 1, height: 2, channels: 1, pixels: [7, 9])

  func pixel(_ sheet: Picture, _ x: Int, _ y: Int) -> [UInt8] {
    Array(sheet.pixels[(y * sheet.width + x) * 3..<(y * sheet.width + x) * 3 + 3])
  }

  @Test func picturesStandInTheMiddleOfTheirCells() {
    let sheet = SampleSheet.compose(rows: [[red, grey], [grey]], scale: 2, padding: 3)
    #expect(sheet.channels == 3 && sheet.alpha == nil)
    #expect(sheet.width == 3 + 4 + 3 + 2 + 3)
    #expect(sheet.height == 3 + 4 + 3 + 4 + 3)
    #expect(pixel(sheet, 0, 0) == [250, 250, 250])
    #expect(pixel(sheet, 3, 3) == [215, 215, 215], "frame above a picture lower than its row")
    #expect(pixel(sheet, 3, 4) == [255, 0, 0])
    #expect(pixel(sheet, 6, 5) == [200, 0, 0])
    #expect(pixel(sheet, 10, 3) == [7, 7, 7])
    #expect(pixel(sheet, 11, 6) == [9, 9, 9])
    #expect(pixel(sheet, 4, 10) == [7, 7, 7])
    #expect(pixel(sheet, 10, 12) == [250, 250, 250], "no picture there")
  }

  @Test func alphaLetsTheGroundThrough() {
    let image = Picture(width: 3, height: 1, channels: 1, pixels: [0, 0, 0], alpha: [0, 255, 128])
    let sheet = SampleSheet.compose(rows: [[image]], padding: 1)
    #expect((1...3).map { pixel(sheet, $0, 1)[0] } == [250, 0, 125])
  }

  @Test func titlesTakeRoomAndInk() throws {
    let plain = SampleSheet.compose(rows: [[try photo("photo_97x71")]])
    let titled = SampleSheet.compose(rows: [[try photo("photo_97x71")]], columnTitles: ["input"], rowTitles: ["7"])
    #expect(titled.width == plain.width + 10 + 16)
    #expect(titled.height == plain.height + 18 + 8)
    let ink = (0..<titled.width * 34).filter { titled.pixels[$0 * 3] == 40 }.count
    // The dots of "input", four pixels each.
    let dots = "input".reduce(0) { $0 + BitmapFont.rows($1).reduce(0) { $0 + $1.nonzeroBitCount } }
    #expect(ink == dots * 4)
  }

  @Test func anEmptySheetAndOddTitlesDoNoHarm() {
    #expect(SampleSheet.compose(rows: []).pixels.allSatisfy { $0 == 250 })
    #expect(SampleSheet.compose(rows: [], padding: 0).width == 1)
    let sheet = SampleSheet.compose(rows: [[], [red]], columnTitles: ["A→B", ""], rowTitles: ["one", "two", "three"])
    #expect(
      sheet == SampleSheet.compose(rows: [[], [red]], columnTitles: ["A?B", ""], rowTitles: ["one", "two", "three"]))
  }

  @Test func everyGlyphDiffersFromTheOthers() {
    let glyphs = (32..<127).map { Array(BitmapFont.rows(Character(UnicodeScalar(UInt8($0))))) }
    #expect(Set(glyphs).count == 95)
    #expect(glyphs.allSatisfy { $0.allSatisfy { $0 < 32 } })
  }
}
