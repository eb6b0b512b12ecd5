import TestSupport
import Foundation
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Training

@Suite struct BatchLoaderTests {
  /// Side-by-side files in which B is A plus one, sample by sample.
  private func pairs(_ folder: TemporaryFolder, count: Int, width: Int = 20, height: Int = 16) throws -> DataFolder {
    try folder.makeFolder("train")
    for index in 0..<count {
      let half = TemporaryFolder.picture(width: width, height: height, tag: index)
      var pixels: [UInt8] = []
      for row in 0..<height {
        let line = half.pixels[row * width * 3..<(row + 1) * width * 3].map { min($0, 254) }
        pixels += line + line.map { $0 + 1 }
      }
      let image = Picture(width: 2 * width, height: height, channels: 3, pixels: pixels)
      try PNG.write(image, to: folder("train/\(index).png"))
    }
    return try DataFolder(folder.path)
  }

  private func configuration(_ change: (inout TrainingConfiguration) -> Void = { _ in }) -> TrainingConfiguration {
    var result = TrainingConfiguration.paired
    (result.preprocess, result.cropSize, result.batchSize) = (.crop, 12, 2)
    change(&result)
    return result
  }

  @Test func bothHalvesShareTheirAugmentation() throws {
    let folder = try TemporaryFolder()
    let data = try pairs(folder, count: 5)
    let loader = try BatchLoader(data, configuration: configuration(), generator: RandomGenerator(seed: 1))
    for step in 0..<15 {
      let batch = try loader.next()
      let size = step % 3 == 2 ? 1 : 2
      #expect(batch.input.count == size && batch.inputPaths.count == size)
      #expect(batch.isLastOfEpoch == (step % 3 == 2) && batch.epoch == step / 3 + 1)
      #expect(batch.input.shape == [size, 12, 12, 3])
      #expect(batch.input.values.count == size * 12 * 12 * 3)
      #expect(zip(batch.input.values, batch.target.values).allSatisfy { abs($1 - $0 - 1 / 127.5) < 1e-6 })
      loader.recycle(batch)
    }
  }

  @Test func directionSwapsTheSides() throws {
    let folder = try TemporaryFolder()
    let data = try pairs(folder, count: 2)
    let configuration = configuration { ($0.direction, $0.inputChannels) = (.bToA, 1) }
    let batch = try BatchLoader(data, configuration: configuration, generator: RandomGenerator(seed: 1)).next()
    #expect(batch.input.channels == 1 && batch.target.channels == 3)
    let colour = self.configuration { $0.direction = .bToA }
    let swapped = try BatchLoader(data, configuration: colour, generator: RandomGenerator(seed: 1)).next()
    #expect(zip(swapped.input.values, swapped.target.values).allSatisfy { $0 > $1 })
  }

  @Test func timingDoesNotMatter() throws {
    let folder = try TemporaryFolder()
    let data = try pairs(folder, count: 7)
    func batches(
      workers: Int, depth: Int, cacheBytes: Int, recycles: Bool, stackSize: Int = 1 << 20
    ) throws -> [Batch] {
      let store = ImageStore(
        part: data.training, preparation: ImagePreparation(configuration()), cacheBytes: cacheBytes)
      let sampler = Sampler.paired(count: 7, generator: RandomGenerator(seed: 9))
      let loader = BatchLoader(
        store: store, sampler: sampler, batchSize: 3, workers: workers, depth: depth, stackSize: stackSize)
      return try (0..<20).map { _ in
        let batch = try loader.next()
        if recycles { loader.recycle(batch) }
        return batch
      }
    }
    let expected = try batches(workers: 1, depth: 1, cacheBytes: 0, recycles: false)
    #expect(try batches(workers: 4, depth: 6, cacheBytes: 1 << 20, recycles: true) == expected)
    #expect(try batches(workers: 3, depth: 2, cacheBytes: 3000, recycles: true) == expected)
    // More stack than there are addresses: no worker can be started.
    #expect(try batches(workers: 2, depth: 2, cacheBytes: 3000, recycles: true, stackSize: 1 << 50) == expected)
    #expect(Set(expected.map(\.input.values)).count == 20)
  }

  @Test func resumesInTheMiddleOfAnEpoch() throws {
    let folder = try TemporaryFolder()
    let data = try pairs(folder, count: 7)
    let first = try BatchLoader(data, configuration: configuration(), generator: RandomGenerator(seed: 4))
    for _ in 0..<4 { _ = try first.next() }
    let saved = try first.next().stateAfter
    #expect(saved.epoch == 2 && saved.position == 2)
    let second = try BatchLoader(
      data, configuration: configuration(), generator: RandomGenerator(seed: 0), resuming: saved)
    for _ in 0..<10 { #expect(try second.next() == first.next()) }
    var wrong = saved
    wrong.countA = 8
    let error = #expect(throws: FileError.self) {
      try BatchLoader(data, configuration: configuration(), generator: RandomGenerator(seed: 0), resuming: wrong)
    }
    #expect(error?.path == folder.path)
  }

  @Test func unpairedSidesMayDifferInSize() throws {
    let folder = try TemporaryFolder()
    for index in 0..<3 { try folder.image("trainA/a\(index).png", width: 14, height: 13, tag: index) }
    for index in 0..<2 { try folder.image("trainB/b\(index).png", width: 9, height: 7, tag: index) }
    var configuration = TrainingConfiguration.unpaired
    configuration.preprocess = .none
    let loader = try BatchLoader(
      try DataFolder(folder.path), configuration: configuration, generator: RandomGenerator(seed: 4))
    for _ in 0..<6 {
      let batch = try loader.next()
      #expect(batch.input.shape == [1, 13, 14, 3])
      #expect(batch.target.shape == [1, 7, 9, 3])
      #expect(batch.inputPaths[0].contains("/trainA/") && batch.targetPaths[0].contains("/trainB/"))
    }
  }

  @Test func settingsThatCannotBe() throws {
    let folder = try TemporaryFolder()
    let data = try pairs(folder, count: 2)
    let changes: [(inout TrainingConfiguration) -> Void] = [
      { $0.batchSize = 0 }, { $0.batchSize = -1 }, { $0.batchSize = .max }, { $0.cropSize = 0 }, { $0.cropSize = .min },
      { $0.cropSize = .max }, { $0.inputChannels = 5 }, { $0.outputChannels = .max },
      { ($0.preprocess, $0.loadSize) = (.resizeAndCrop, 0) }, { ($0.preprocess, $0.loadSize) = (.scaleWidth, .min) },
      { ($0.preprocess, $0.loadSize) = (.scaleWidthAndCrop, .max) },
    ]
    for (index, change) in changes.enumerated() {
      let configuration = configuration(change)
      #expect(throws: FileError.self, "change \(index)") {
        try BatchLoader(data, configuration: configuration, generator: RandomGenerator(seed: 1))
      }
      let preparation = ImagePreparation(configuration)
      _ = preparation.preparedSize(width: 1 << 31, height: 1 << 31)
      guard configuration.batchSize == 2 else { continue }
      let store = ImageStore(part: data.training, preparation: preparation)
      #expect(throws: FileError.self, "change \(index)") { try store.fixedPair(input: 0) }
    }
  }

  /// Pairs are asked for by one number, which the smaller of two unordered sets may not have.
  @Test func setsAreNoPairs() throws {
    let folder = try TemporaryFolder()
    for index in 0..<3 { try folder.image("trainA/a\(index).png", width: 16, height: 16) }
    try folder.image("trainB/b.png", width: 16, height: 16)
    let data = try DataFolder(folder.path)
    let error = #expect(throws: FileError.self) {
      try BatchLoader(data, configuration: configuration(), generator: RandomGenerator(seed: 1))
    }
    #expect(error?.problem == "holds two sets without pairs")
  }

  @Test func errorsOfWorkersReachTheCaller() throws {
    let folder = try TemporaryFolder()
    let data = try pairs(folder, count: 3)
    try FileManager.default.removeItem(atPath: folder("train/1.png"))
    let loader = try BatchLoader(
      data,
      configuration: configuration {
        $0.serial = true; $0.batchSize = 1
      }, generator: RandomGenerator(seed: 4))
    #expect(try loader.next().inputPaths == [folder("train/0.png")])
    for _ in 0..<2 {
      let error = #expect(throws: FileError.self) { try loader.next() }
      #expect(error?.path == folder("train/1.png"))
    }
  }

  /// What is left out changes nothing of what is left: the same samples with the same augmentation, in the same epochs.
  @Test(arguments: [1, 2, 3])
  func damagedSamplesAreLeftOut(batchSize: Int) throws {
    let folder = try TemporaryFolder()
    let data = try pairs(folder, count: 7)
    let configuration = configuration {
      $0.batchSize = batchSize
      $0.skipDamaged = true
    }
    func batches(until epoch: Int) throws -> [Batch] {
      let loader = try BatchLoader(data, configuration: configuration, generator: RandomGenerator(seed: 5))
      var batches: [Batch] = []
      while batches.last.map({ !($0.isLastOfEpoch && $0.epoch == epoch) }) ?? true { batches.append(try loader.next()) }
      return batches
    }
    let whole = try batches(until: 9)
    let damaged = Set([1, 4, 5].map { folder("train/\($0).png") })
    for path in damaged { try folder.write(String(path.dropFirst(folder.path.count + 1)), Data("no PNG".utf8)) }
    let rest = try batches(until: 9)

    func samples(_ batches: [Batch]) -> [(path: String, epoch: Int, input: [Float], target: [Float])] {
      batches.flatMap { batch in
        let size = batch.input.values.count / batch.input.count
        return batch.inputPaths.enumerated().map { index, path in
          let range = index * size..<(index + 1) * size
          return (path, batch.epoch, Array(batch.input.values[range]), Array(batch.target.values[range]))
        }
      }
    }
    let expected = samples(whole).filter { !damaged.contains($0.path) }
    #expect(samples(rest).elementsEqual(expected, by: ==))
    #expect(rest.flatMap(\.leftOut).count == 9 * 3)
    #expect(rest.allSatisfy { $0.input.count > 0 && $0.input.count == $0.target.count })
    // Each epoch ends once, where it ends without damage.
    let ends = { (batches: [Batch]) in batches.filter(\.isLastOfEpoch).map(\.stateAfter) }
    #expect(ends(rest) == ends(whole) && ends(rest).count == 9)
  }

  @Test func filesThatChangedAreNamed() throws {
    let folder = try TemporaryFolder()
    let data = try pairs(folder, count: 1)
    try folder.image("train/0.png", width: 13)
    let loader = try BatchLoader(data, configuration: configuration(), generator: RandomGenerator(seed: 4))
    let error = #expect(throws: FileError.self) { try loader.next() }
    #expect(error?.problem.contains("odd width of 13") == true)
  }

  /// Its threads end with it, be they at work or waiting for room, and then nothing holds the pictures any more.
  @Test(.timeLimit(.minutes(1)), arguments: [0, 1, 4])
  func itsThreadsEndWithIt(delivered: Int) throws {
    let folder = try TemporaryFolder()
    let data = try pairs(folder, count: 3)
    for round in 0..<20 {
      weak var pictures: ImageStore?
      do {
        let store = ImageStore(part: data.training, preparation: ImagePreparation(configuration()))
        pictures = store
        let sampler = Sampler.paired(count: 3, generator: RandomGenerator(seed: 4))
        let loader = BatchLoader(store: store, sampler: sampler, batchSize: 2, workers: 3, depth: 2)
        for _ in 0..<delivered { _ = try loader.next() }
        // In every other round the batches that there is room for are ready.
        if round % 2 == 1 { Thread.sleep(forTimeInterval: 0.005) }
        withExtendedLifetime(loader) {}
      }
      // A thread lets go of the store just after it has said that it ends.
      let deadline = ContinuousClock.now + .seconds(10)
      while pictures != nil && ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.001) }
      try #require(pictures == nil, "a thread is left in round \(round)")
    }
  }

  /// Resize, then crop, then mirror: the order of the public code, with whole-image operations.
  @Test func preparationIsThatOfThePublicCode() throws {
    let folder = try TemporaryFolder()
    let data = try pairs(folder, count: 1)
    let store = ImageStore(part: data.training, preparation: ImagePreparation(loadSize: 30, cropSize: 24))
    let draw = AugmentationDraw(x: 0.3, y: 0.99, flip: 0.7)
    let sample = Sample(epoch: 1, indexA: 0, indexB: 0, drawA: draw, drawB: draw)
    var (input, target) = (ImageBatch(), ImageBatch())
    _ = try store.append(sample, toInput: &input, target: &target)
    let image = try PNG.read(folder("train/0.png"))
    for (batch, x) in [(input, 0), (target, 20)] {
      let expected = image.cropped(x: x, y: 0, width: 20, height: 16).resized(width: 30, height: 30, filter: .bicubic)
        .cropped(x: 2, y: 6, width: 24, height: 24).flippedHorizontally()
      #expect(ImageTensor.image(from: batch.values, width: 24, height: 24, channels: 3, pixelStride: 3) == expected)
    }
  }

  @Test func fixedPairsAreWholeAndUnmirrored() throws {
    let folder = try TemporaryFolder()
    let data = try pairs(folder, count: 2, width: 20, height: 16)
    let store = ImageStore(part: data.training, preparation: ImagePreparation(mode: .none).evaluation)
    let pair = try store.fixedPair(input: 1)
    #expect(pair.input.width == 20 && pair.input.height == 16 && pair.inputPath == folder("train/1.png"))
    let image = try PNG.read(folder("train/1.png"))
    let back = ImageTensor.image(from: pair.input.values, width: 20, height: 16, channels: 3, pixelStride: 3)
    #expect(back == image.cropped(x: 0, y: 0, width: 20, height: 16))
  }
}

extension ImageBatch {
  fileprivate var shape: [Int] { [count, height, width, channels] }
}
