import Testing
@testable import Images
@testable import NeuralNet
@testable import Training

@Suite struct ImagePreparationTests {
  /// Sizes as `transforms.Resize`, `__scale_width` and `__crop` of the public code give them.
  @Test func sizesAreThoseOfThePublicCode() {
    func sizes(_ preparation: ImagePreparation, _ width: Int, _ height: Int) -> [Int] {
      let resized = preparation.resizedSize(width: width, height: height)
      let prepared = preparation.preparedSize(width: width, height: height)
      return [resized.width, resized.height, prepared.width, prepared.height]
    }
    #expect(sizes(ImagePreparation(), 100, 50) == [286, 286, 256, 256])
    #expect(sizes(ImagePreparation(mode: .crop), 300, 400) == [300, 400, 256, 256])
    #expect(sizes(ImagePreparation(mode: .scaleWidth), 600, 400) == [286, 256, 286, 256])
    #expect(sizes(ImagePreparation(mode: .scaleWidth), 333, 500) == [286, 429, 286, 429])
    #expect(sizes(ImagePreparation(mode: .scaleWidth), 286, 300) == [286, 300, 286, 300])
    #expect(sizes(ImagePreparation(mode: .scaleWidth), 286, 100) == [286, 256, 286, 256])
    #expect(sizes(ImagePreparation(mode: .scaleWidthAndCrop), 333, 500) == [286, 429, 256, 256])
    #expect(sizes(ImagePreparation(mode: .none), 33, 55) == [33, 55, 33, 55])
    #expect(sizes(ImagePreparation().evaluation, 33, 55) == [256, 256, 256, 256])
  }

  @Test func extremeSizesAreProblems() {
    let scaled = ImagePreparation(mode: .scaleWidth)
    #expect(scaled.problem(width: 1, height: Int(Int32.max), path: "x") != nil)
    #expect(scaled.problem(width: 1, height: 1000, path: "x") == nil)
    #expect(ImagePreparation(mode: .none).problem(width: .max, height: 2, path: "x") == nil)
    #expect(ImagePreparation(mode: .crop).problem(width: 255, height: 300, path: "x") != nil)
    #expect(ImagePreparation(mode: .crop).problem(width: 256, height: 256, path: "x") == nil)
  }

  @Test func cropsAreUniformAndFlipsHalf() {
    var generator = RandomGenerator(seed: 3)
    let preparation = ImagePreparation(loadSize: 14, cropSize: 10)
    var columns = [Int](repeating: 0, count: 5)
    var rows = columns
    var flips = 0
    let draws = 50_000
    for _ in 0..<draws {
      let (window, flipped) = preparation.window(width: 14, height: 14, draw: AugmentationDraw(from: &generator))
      columns[window.x] += 1
      rows[window.y] += 1
      flips += flipped ? 1 : 0
    }
    // Five standard deviations.
    #expect((columns + rows).allSatisfy { abs($0 - draws / 5) < 450 }, "\(columns) \(rows)")
    #expect(abs(flips - draws / 2) < 560, "\(flips)")
  }

  @Test func windowsKeepInside() {
    let preparation = ImagePreparation(mode: .crop, cropSize: 10, direction: .bToA, inputChannels: 1)
    let largest = AugmentationDraw(x: 1 - 0x1p-53, y: 0, flip: 0.5)
    let (window, flipped) = preparation.window(width: 30, height: 10, draw: largest)
    #expect(window == ImageTensor.Window(x: 20, y: 0, width: 10, height: 10))
    #expect(flipped)
    #expect(preparation.numbersA == .colour(3) && preparation.numbersB == .colour(1))
    let centred = preparation.evaluation.window(width: 31, height: 30, draw: .centred)
    #expect(centred.window == ImageTensor.Window(x: 11, y: 10, width: 10, height: 10))
    #expect(!centred.flipped)
  }
}
