import Images
import Testing
@testable import Translate

@Suite struct PictureBatchTests {
  private func picture(_ width: Int, _ height: Int) -> Picture {
    Picture(width: width, height: height, channels: 1, pixels: [UInt8](repeating: 0, count: width * height))
  }

  private func item(_ name: String) -> FolderTranslation.Item {
    FolderTranslation.Item(source: name, target: name, name: name)
  }

  @Test func batchesHoldPicturesOfOneSize() {
    var batch = PictureBatch(size: 2, count: 5, gains: false)
    let isEmpty = batch.removeAll(isLast: true) == nil
    #expect(isEmpty && !batch.isFull && batch.takes(picture(3, 4)))
    batch.add(item("a"), picture(3, 4))
    #expect(!batch.isFull && batch.takes(picture(3, 4)) && !batch.takes(picture(4, 3)))
    batch.add(item("b"), picture(3, 4))
    #expect(batch.isFull)
    let full = batch.removeAll(isLast: false)
    #expect(full?.entries.map(\.item.name) == ["a", "b"] && full?.filledTo == 0)
    // The rest is filled to what has been planned, but only at the end, and only at its size.
    for (size, isLast, filledTo) in [(4, true, 0), (3, false, 0), (3, true, 2)] {
      batch.add(item("c"), picture(size, 4))
      let rest = batch.removeAll(isLast: isLast)
      #expect(rest?.filledTo == filledTo)
    }
  }

  @Test func unaskedBatchesAreOfManySmallPictures() {
    #expect(PictureBatch(size: nil, count: 16, gains: true).size == 4)
    #expect(PictureBatch(size: nil, count: 15, gains: true).size == 1)
    #expect(PictureBatch(size: nil, count: 16, gains: false).size == 1)
    for (size, isFull) in [(nil, true), (4, false)] as [(Int?, Bool)] {
      var batch = PictureBatch(size: size, count: 16, gains: true)
      batch.add(item("a"), picture(1024, 512))
      #expect(batch.isFull == isFull)
    }
  }
}
