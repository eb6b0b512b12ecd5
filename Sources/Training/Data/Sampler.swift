import Files
import NeuralNet

/// What the next training step looks at: which image of each side, and how it is cropped and mirrored.
package struct Sample: Sendable, Equatable {
  /// The epoch it belongs to, from 1.
  package var epoch: Int
  /// Which image of side A (or which pair).
  package var indexA: Int
  /// Which image of side B; the same as `indexA` for pairs.
  package var indexB: Int
  /// How the image of side A is augmented.
  package var drawA: AugmentationDraw
  /// How the image of side B is augmented: as A for pairs, on its own otherwise.
  package var drawB: AugmentationDraw
}

/// An endless, seeded order through the training images.
///
/// Each epoch goes through a fresh permutation, or in order where `serial` asks. For pairs, both sides share index and
/// augmentation. Unpaired, as in the public code's unaligned data set: an epoch has as many samples as the larger side
/// has images; A follows the permutation, starting over where it is the smaller side; B is drawn at random, or goes
/// along in order where `serial` asks.
package struct Sampler: Sendable {
  /// Where it stands: save it, and `init(resuming:…)` goes on from there.
  package private(set) var state: SamplerState
  private var generator: RandomGenerator
  private let isPaired: Bool
  private let serial: Bool
  /// Whether samples have the numbers of an augmentation.
  private let augments: Bool

  /// A sampler of `count` pairs (at least one).
  package static func paired(
    count: Int, serial: Bool = false, augments: Bool = false, generator: RandomGenerator
  ) -> Sampler {
    Sampler(
      countA: count, countB: count, isPaired: true, serial: serial, augments: augments, generator: generator)
  }

  /// A sampler of `countA` and `countB` images without pairing (at least one each).
  package static func unpaired(
    countA: Int, countB: Int, serial: Bool = false, augments: Bool = false, generator: RandomGenerator
  ) -> Sampler {
    Sampler(
      countA: countA, countB: countB, isPaired: false, serial: serial, augments: augments, generator: generator)
  }

  private init(
    countA: Int, countB: Int, isPaired: Bool, serial: Bool, augments: Bool, generator: RandomGenerator
  ) {
    precondition(countA > 0 && countB > 0, "there is nothing to sample")
    self.isPaired = isPaired
    self.serial = serial
    self.augments = augments
    self.generator = generator
    state = SamplerState(
      countA: countA, countB: countB, epoch: 0, position: 0, order: [], generator: Self.words(of: generator))
  }

  /// Goes on from a saved state, which must come from the same kind and number of images.
  ///
  /// - Parameter mayChange: whether there may be another number of images by now: a new epoch begins with them then.
  /// - Throws: `FileError` (without a path) where the state does not fit this sampler's data or is damaged.
  package mutating func resume(from saved: SamplerState, mayChange: Bool = false) throws {
    var saved = saved
    if mayChange, (saved.countA, saved.countB) != (state.countA, state.countB) {
      try saved.requireFits(countA: saved.countA, countB: saved.countB)
      (saved.countA, saved.countB, saved.position, saved.order) = (state.countA, state.countB, 0, [])
    } else {
      try saved.requireFits(countA: state.countA, countB: state.countB)
    }
    let words = saved.generator
    guard let restored = RandomGenerator(state: (words[0], words[1], words[2], words[3])) else {
      throw SamplerState.damaged
    }
    generator = restored
    state = saved
  }

  /// How many samples make an epoch.
  package var epochLength: Int { state.epochLength }

  /// The next sample.
  package mutating func next() -> Sample {
    if state.position == state.order.count {
      state.epoch += 1
      state.position = 0
      state.order = serial ? Array(0..<epochLength) : generator.permutation(epochLength)
    }
    let index = state.order[state.position]
    state.position += 1
    let indexA = index % state.countA
    let indexB = isPaired ? indexA : serial ? index % state.countB : generator.integer(below: state.countB)
    let drawA = AugmentationDraw(from: &generator, augments: augments)
    let drawB = isPaired ? drawA : AugmentationDraw(from: &generator, augments: augments)
    state.generator = Self.words(of: generator)
    return Sample(epoch: state.epoch, indexA: indexA, indexB: indexB, drawA: drawA, drawB: drawB)
  }

  /// The next `size` samples, fewer where the epoch ends before: a batch never reaches into the next epoch.
  package mutating func nextBatch(size: Int) -> [Sample] {
    precondition(size > 0, "a batch holds at least one sample")
    var batch = [next()]
    while batch.count < size && state.position < epochLength { batch.append(next()) }
    return batch
  }

  private static func words(of generator: RandomGenerator) -> [UInt64] {
    let state = generator.state
    return [state.0, state.1, state.2, state.3]
  }
}
