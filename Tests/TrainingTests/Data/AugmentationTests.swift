import TestSupport
import Foundation
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Training
@testable import Weights

@Suite struct AugmentationTests {
  /// Everything, strong.
  private static func everything() -> Augmentation {
    var augmentation = Augmentation()
    augmentation.quarterTurns = true
    augmentation.rotation = 30
    augmentation.scaleJitter = 0.4
    (augmentation.brightness, augmentation.contrast, augmentation.hue) = (0.3, 0.3, 0.2)
    augmentation.cutout = 0.3
    return augmentation
  }

  /// Side-by-side files whose halves are equal.
  private func twins(_ folder: TemporaryFolder, count: Int) throws -> DataFolder {
    try folder.makeFolder("train")
    for index in 0..<count {
      let half = TemporaryFolder.picture(width: 20, height: 16, tag: index)
      var pixels: [UInt8] = []
      for row in 0..<16 {
        let line = half.pixels[row * 60..<(row + 1) * 60]
        pixels += line + line
      }
      try PNG.write(Picture(width: 40, height: 16, channels: 3, pixels: pixels), to: folder("train/\(index).png"))
    }
    return try DataFolder(folder.path)
  }

  private func configuration(_ augmentation: Augmentation) -> TrainingConfiguration {
    var result = TrainingConfiguration.paired
    (result.preprocess, result.cropSize, result.batchSize) = (.crop, 12, 2)
    result.augmentation = augmentation
    return result
  }

  private func batches(_ data: DataFolder, _ augmentation: Augmentation, _ count: Int) throws -> [Batch] {
    let loader = try BatchLoader(
      data, configuration: configuration(augmentation), generator: RandomGenerator(seed: 6))
    return try (0..<count).map { _ in try loader.next() }
  }

  @Test func bothHalvesOfAPairChangeAlike() throws {
    let folder = try TemporaryFolder()
    let data = try twins(folder, count: 4)
    let plain = try batches(data, Augmentation(), 8)
    let changed = try batches(data, Self.everything(), 8)
    for (before, after) in zip(plain, changed) {
      #expect(before.input == before.target && after.input == after.target)
      #expect(after.input.shape == Shape(2, 3, 12, 12))
    }
    #expect(Set(changed.map(\.input.values)).count == 8)
    #expect(plain.map(\.input.values) != changed.map(\.input.values))
    // Each thing by itself changes something, and both halves alike.
    let single: [(inout Augmentation) -> Void] = [
      { $0.quarterTurns = true }, { $0.rotation = 20 }, { $0.scaleJitter = 0.2 }, { $0.brightness = 0.2 },
      { $0.contrast = 0.2 }, { $0.hue = 0.1 }, { $0.cutout = 0.4 },
    ]
    var seen = Set([plain[0].input.values])
    for (index, change) in single.enumerated() {
      var augmentation = Augmentation()
      change(&augmentation)
      let batch = try batches(data, augmentation, 1)[0]
      #expect(batch.input == batch.target, "change \(index)")
      #expect(seen.insert(batch.input.values).inserted, "change \(index) changes nothing, or what another one does")
    }
  }

  @Test func coloursChangeOnTheChosenSide() throws {
    let folder = try TemporaryFolder()
    let data = try twins(folder, count: 4)
    let plain = try batches(data, onlyDraws, 1)[0]
    for side in JitterSide.allCases {
      var augmentation = Augmentation()
      (augmentation.brightness, augmentation.hue, augmentation.jitterSide) = (0.4, 0.3, side)
      for direction in [Direction.aToB, .bToA] {
        var configuration = configuration(augmentation)
        configuration.direction = direction
        let batch = try BatchLoader(data, configuration: configuration, generator: RandomGenerator(seed: 6)).next()
        #expect((batch.input.values != plain.input.values) == (side != .target), "\(side) \(direction)")
        #expect((batch.target.values != plain.target.values) == (side != .input), "\(side) \(direction)")
      }
    }
  }

  /// Draws numbers and changes nothing: a scale of next to 1.
  private var onlyDraws: Augmentation {
    var augmentation = Augmentation()
    augmentation.scaleJitter = 1e-12
    return augmentation
  }

  /// Whoever augments nothing draws nothing more: the order of random numbers is that of before.
  @Test func nothingIsDrawnUnasked() {
    var generator = RandomGenerator(seed: 3)
    var reference = RandomGenerator(seed: 3)
    _ = AugmentationDraw(from: &generator)
    for _ in 0..<3 { _ = reference.uniform() }
    #expect(generator.state == reference.state)
    let draw = AugmentationDraw(from: &generator, augments: true)
    for _ in 0..<11 { _ = reference.uniform() }
    #expect(generator.state == reference.state)
    #expect(draw.numbers != nil && AugmentationDraw.centred.numbers == nil)
  }

  @Test func numbersKeepTheirRanges() {
    var generator = RandomGenerator(seed: 8)
    var quarters = [0, 0, 0, 0]
    for _ in 0..<8000 {
      let numbers = AugmentationNumbers(from: &generator)
      quarters[numbers.quarter] += 1
      for number in [numbers.angle, numbers.scale, numbers.brightness, numbers.contrast, numbers.hue] {
        #expect((-1..<1).contains(number))
      }
      #expect((0..<1).contains(numbers.cutX) && (0..<1).contains(numbers.cutY))
    }
    // Five standard deviations.
    #expect(quarters.allSatisfy { abs($0 - 2000) < 194 }, "\(quarters)")
  }

  @Test func samplesAndFiguresAreNotAugmented() throws {
    let folder = try TemporaryFolder()
    let data = try twins(folder, count: 2)
    let store = ImageStore(
      part: data.training, preparation: ImagePreparation(configuration(Self.everything())).evaluation)
    let plain = ImageStore(
      part: data.training, preparation: ImagePreparation(configuration(Augmentation())).evaluation)
    #expect(try store.fixedPair(input: 1).input == plain.fixedPair(input: 1).input)
  }

  /// Stopping and resuming changes nothing, in the middle of an epoch and at any number of threads.
  @Test(arguments: [TrainingAlgorithm.paired, .unpaired])
  func aResumedRunIsTheSame(algorithm: TrainingAlgorithm) throws {
    let scene = try TrainingScene(algorithm)
    var configuration = TrainingScene.configuration(algorithm)
    configuration.augmentation = Self.everything()
    configuration.augmentation.jitterSide = .input
    configuration.steps = 10
    configuration.threads = 1
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("whole")).train()
    configuration.threads = 2
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("parts"))
      .train(shouldStop: stopping(after: 4))
    _ = try TrainingSession(resuming: scene.run("parts")).train()
    #expect(try scene.result("whole") == scene.result("parts"))
    configuration.augmentation = Augmentation()
    _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("plain")).train()
    #expect(try scene.result("whole").losses != scene.result("plain").losses)
    #expect(throws: ConfigurationError.self) {
      _ = try TrainingSession(resuming: scene.run("parts")) { $0.augmentation.rotation = 5 }
    }
  }

  @Test func impossibleOnesAreRefused() {
    func problem(_ change: (inout TrainingConfiguration) -> Void) -> String? {
      var configuration = TrainingConfiguration.paired
      change(&configuration)
      do {
        try configuration.validate()
        return nil
      } catch {
        return "\(error)"
      }
    }
    #expect(problem { $0.augmentation = Self.everything() } == nil)
    #expect(
      problem { ($0.augmentation.quarterTurns, $0.preprocess) = (true, .none) }
        == "quarter turns needs square crops, which preprocess none has not; choose another preprocess, such as "
        + "resize-and-crop")
    #expect(
      problem { $0.augmentation.jitterSide = .input }
        == "jitter side has no effect without brightness, contrast or hue; add one of them")
    #expect(problem { $0.augmentation.rotation = .nan }?.hasPrefix("rotate is nan") == true)
    #expect(problem { $0.augmentation.hue = 0.6 } == "hue is 0.6; give a number from 0 to 0.5")
    #expect(problem { $0.augmentation.cutout = 1 }?.hasPrefix("cutout is 1.0") == true)
    #expect(problem { $0.augmentation.scaleJitter = -0.1 } != nil && problem { $0.augmentation.brightness = 2 } != nil)
  }

  /// `--max-dataset-size` takes the first of each side, and damage behind them does not matter.
  @Test func onlyTheFirstAreTrainedOn() throws {
    let scene = try TrainingScene(.unpaired)
    try scene.write(Data("no PNG".utf8), to: scene.picture("trainA", 5))
    var configuration = TrainingScene.configuration(.unpaired)
    configuration.steps = 2
    configuration.maxDatasetSize = 3
    let session = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("few"))
    #expect(session.stepsPerEpoch == 3 && session.data.training.countA == 3 && session.data.training.countB == 3)
    #expect(session.data.heldOut?.countA == 4)
    #expect(try session.train() == .finished)
    configuration.maxDatasetSize = nil
    let error = #expect(throws: FileError.self) {
      _ = try TrainingSession(starting: configuration, data: scene.data, run: scene.run("all"))
    }
    #expect(try error?.path == scene.picture("trainA", 5))
    let whole = try DataFolder(scene.data)
    #expect(whole.limited(to: nil).training == whole.training && whole.limited(to: 100).training == whole.training)
    #expect(
      whole.problems.count == 1 && whole.limited(to: 5).problems.isEmpty && !whole.limited(to: 6).problems.isEmpty)
  }
}
