import Testing
@testable import Images
@testable import Training

/// What pointers and arithmetic trust of a picture cannot be otherwise: each of these is a programmer's error.
@Suite struct ImageTests {
  @Test func samplesFitTheSize() async {
    await #expect(processExitsWith: .failure) { _ = Picture(width: 2, height: 2, channels: 1, pixels: [1, 2, 3]) }
    await #expect(processExitsWith: .failure) { _ = Picture(width: -1, height: -3, channels: 1, pixels: [1, 2, 3]) }
    await #expect(processExitsWith: .failure) { _ = Picture(width: 1 << 40, height: 1 << 40, channels: 1, pixels: []) }
    await #expect(processExitsWith: .failure) {
      _ = Picture(width: -1, height: -1, channels: 1, pixels: [1], alpha: [1])
    }
  }

  @Test func opacityFitsTheSize() async {
    let image = Picture(width: 2, height: 1, channels: 3, pixels: [1, 2, 3, 4, 5, 6])
    #expect(image.withAlpha([7, 8]).alpha == [7, 8])
    #expect(image.withAlpha([7, 8]).pixels == image.pixels)
    #expect(image.withAlpha([7, 8]).withAlpha(nil) == image)
    await #expect(processExitsWith: .failure) {
      _ = Picture(width: 2, height: 1, channels: 1, pixels: [1, 2]).withAlpha([1])
    }
  }

  @Test func sizesThatNoMemoryHolds() async {
    await #expect(processExitsWith: .failure) {
      _ = Picture(width: 1, height: 1, channels: 1, pixels: [1]).resized(width: 1 << 33, height: 1 << 33)
    }
    await #expect(processExitsWith: .failure) {
      let image = Picture(width: 1, height: 1, channels: 1, pixels: [1])
      _ = SampleSheet.compose(rows: [[image]], scale: Int.max)
    }
  }

  @Test func batchesHoldWholePictures() async {
    await #expect(processExitsWith: .failure) {
      _ = ImageBatch(count: 1, height: 2, width: 2, channels: 1, values: [0, 0, 0])
    }
    await #expect(processExitsWith: .failure) {
      var batch = ImageBatch(Picture(width: 1, height: 1, channels: 1, pixels: [1]))
      batch.append(
        Picture(width: 2, height: 1, channels: 1, pixels: [1, 2]), ImageTensor.Window(x: 0, y: 0, width: 2, height: 1),
        flipped: false)
    }
  }
}
