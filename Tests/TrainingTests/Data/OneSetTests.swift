import TestSupport
import Files
import Foundation
import Testing
@testable import Images
@testable import NeuralNet
@testable import Training

/// Images alone, of which inputs are made; and images with labels.
struct OneSetTests {
  /// A picture whose bytes are drawn.
  private func picture(_ width: Int, _ height: Int, seed: UInt64) -> Picture {
    var random = RandomGenerator(seed: seed)
    return Picture(
      width: width, height: height, channels: 3,
      pixels: (0..<width * height * 3).map { _ in UInt8(random.integer(below: 256)) })
  }

  private func write(_ picture: Picture, _ path: String) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try PNG.write(picture, to: path)
  }

  @Test func inputsAreBicubicReductionsOfTheCrop() throws {
    let folder = try TemporaryFolder()
    let sharp = picture(24, 20, seed: 3)
    try write(sharp, folder.path + "/train/a.png")
    try write(sharp, folder.path + "/val/b.png")
    let data = try DataFolder(folder.path, needs: .oneSet)
    #expect(data.problems.isEmpty && data.holds == .oneSet && data.training.arrangement == .oneFolder)
    #expect(data.training.countB == 1 && data.summary.contains("one set in"))

    var preparation = ImagePreparation(mode: .crop, cropSize: 16, flip: true)
    preparation.reduction = Reduction(factor: 4, multiple: 4)
    let store = ImageStore(part: data.training, preparation: preparation)
    for (x, y, flip) in [(0.0, 0.0, 0.0), (0.99, 0.5, 0.7)] {
      let draw = AugmentationDraw(x: x, y: y, flip: flip)
      var (input, target) = (ImageBatch(), ImageBatch())
      _ = try store.append(
        Sample(epoch: 1, indexA: 0, indexB: 0, drawA: draw, drawB: draw), toInput: &input, target: &target)
      let window = preparation.window(width: 24, height: 20, draw: draw).window
      let crop = sharp.cropped(x: window.x, y: window.y, width: 16, height: 16)
      let small = crop.resized(width: 4, height: 4, filter: .bicubic)
      func mirrored(_ picture: Picture) -> Picture {
        guard flip >= 0.5 else { return picture }
        var map = AffineMap()
        map.mirror()
        return picture.mapped(map, window: .all(of: picture))
      }
      #expect(target == ImageBatch(mirrored(crop)) && input == ImageBatch(mirrored(small)), "\(x) \(y) \(flip)")
    }
  }

  @Test func heldOutPicturesAreCutToWhatCanBeReduced() throws {
    let folder = try TemporaryFolder()
    try write(picture(531, 23, seed: 4), folder.path + "/a.png")
    let data = try DataFolder(folder.path, needs: .oneSet)
    var preparation = ImagePreparation(mode: .crop, cropSize: 8)
    preparation.reduction = Reduction(factor: 2, multiple: 4)
    let pair = try ImageStore(part: data.training, preparation: preparation.evaluation).fixedPair(input: 0)
    #expect(pair.target.shape == Shape(1, 3, 20, 512) && pair.input.shape == Shape(1, 3, 10, 256))
    let problem = try #require(preparation.evaluation.problem(width: 3, height: 9, path: "a.png"))
    #expect(problem.problem == "is 3×9, too small to be reduced 2 times")
  }

  @Test func labelsAreTheNamesOfSubfolders() throws {
    let folder = try TemporaryFolder()
    for name in ["train/night/1", "train/day/1", "train/day/deep/2", "train/dusk10/1", "train/dusk9/1", "val/dusk9/1"] {
      try write(picture(4, 2, seed: 1), folder.path + "/\(name).png")
    }
    let data = try DataFolder(folder.path, needs: .pairs, labels: .folders)
    #expect(data.problems.isEmpty, "\(data.problems)")
    #expect(data.labels == ["day", "dusk9", "dusk10", "night"])
    #expect(
      data.training.filesA.map(\.label)
        == data.training.filesA.map { file in
          data.labels.firstIndex { file.stem.hasPrefix($0 + "/") }
        })
    #expect(data.heldOut?.filesA.map(\.label) == [1])
    let store = ImageStore(part: data.training, preparation: ImagePreparation(mode: .none))
    let last = data.training.countA - 1
    let pair = try store.fixedPair(input: last)
    #expect(pair.input.labels == [3] && pair.target.labels == [3] && pair.input.padded(toMultipleOf: 4).labels == [3])
    #expect(try DataFolder(folder.path, needs: .pairs, recursive: true).labels.isEmpty)
    #expect(throws: FileError.self) { try data.requireLabels(["day"]) }
  }

  @Test func labelsThatCannotBe() throws {
    let folder = try TemporaryFolder()
    for name in ["train/day/1", "train/loose", "val/night/1"] {
      try write(picture(4, 2, seed: 1), folder.path + "/\(name).png")
    }
    let data = try DataFolder(folder.path, needs: .oneSet, labels: .folders)
    #expect(
      data.problems.map(\.problem) == [
        "lies in no sub-folder, whose name would be its label",
        "has the label 'night', which no image to train on has",
      ])
    #expect(throws: FileError.self) { try data.requireSound(for: ImagePreparation(mode: .none)) }
  }

  @Test func batchesShrinkWithTheirLabels() {
    var batch = ImageBatch()
    let small = picture(2, 2, seed: 5)
    for label in [2, 0, 1] { batch.append(small, .all(of: small), flipped: false, label: label) }
    batch.shrink(to: 2)
    #expect(batch.labels == [2, 0])
    batch.shrink(to: 0)
    #expect(batch.labels.isEmpty)
  }
}
