import TestSupport
import Testing
@testable import Images

@Suite struct ImageTensorTests {
  @Test func valuesAreThoseOfTorchvision() {
    let image = Picture(width: 256, height: 1, channels: 1, pixels: (0..<256).map { UInt8($0) })
    var floats = [Float](repeating: 0, count: 256)
    ImageTensor.write(image, to: &floats, pixelStride: 1)
    #expect(floats[0] == -1 && floats[255] == 1)
    for value in 0..<256 { #expect(floats[value] == (Float(value) / 255 - 0.5) / 0.5) }
    #expect(ImageTensor.image(from: floats, width: 256, height: 1, channels: 1, pixelStride: 1) == image)
  }

  @Test func keepsWhatLiesBetweenPixels() {
    let image = TemporaryFolder.picture(width: 5, height: 3)
    var floats = [Float](repeating: 7, count: 15 * 8)
    ImageTensor.write(image, to: &floats, pixelStride: 8)
    for pixel in 0..<15 {
      #expect(floats[pixel * 8 + 3..<pixel * 8 + 8].allSatisfy { $0 == 7 })
      #expect(floats[pixel * 8 + 2] == (Float(image.pixels[pixel * 3 + 2]) / 255 - 0.5) / 0.5)
    }
    #expect(ImageTensor.image(from: floats, width: 5, height: 3, channels: 3, pixelStride: 8) == image)
  }

  @Test func cropsAndMirrors() {
    let image = TemporaryFolder.picture(width: 6, height: 5)
    let window = ImageTensor.Window(x: 2, y: 1, width: 3, height: 4)
    for flipped in [false, true] {
      var floats = [Float](repeating: 0, count: 36)
      ImageTensor.write(image, window: window, flipped: flipped, to: &floats, pixelStride: 3)
      let result = ImageTensor.image(from: floats, width: 3, height: 4, channels: 3, pixelStride: 3)
      for y in 0..<4 {
        for x in 0..<3 {
          let source = ((y + 1) * 6 + 2 + (flipped ? 2 - x : x)) * 3
          #expect(
            Array(result.pixels[(y * 3 + x) * 3..<(y * 3 + x) * 3 + 3]) == Array(image.pixels[source..<source + 3]))
        }
      }
    }
  }

  @Test func roundsToNearestAndClamps() {
    let values: [Float] = [
      -1.5, 1.5, .nan, .infinity, -.infinity, 0, 0.4 / 127.5 - 1, 0.6 / 127.5 - 1, 254.4 / 127.5 - 1, 254.6 / 127.5 - 1,
    ]
    let image = ImageTensor.image(from: values, width: 10, height: 1, channels: 1, pixelStride: 1)
    #expect(image.pixels == [0, 255, 0, 255, 0, 128, 0, 1, 254, 255])
  }
}
