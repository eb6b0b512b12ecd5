import Testing
import NeuralNet

@Suite struct RandomGeneratorTests {
  /// The first numbers of the authors' C code from the state (1, 2, 3, 4).
  @Test func xoshiroVectors() throws {
    var random = try #require(RandomGenerator(state: (1, 2, 3, 4)))
    let expected: [UInt64] = [
      11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360, 607_988_272_756_665_600,
      16_172_922_978_634_559_625, 8_476_171_486_693_032_832, 10_595_114_339_597_558_777, 2_904_607_092_377_533_576,
    ]
    for number in expected { #expect(random.next() == number) }
  }

  /// The first numbers of the authors' SplitMix64 from 1234567, which spread the seed.
  @Test func splitMixVectors() {
    let state = RandomGenerator(seed: 1_234_567).state
    #expect(state.0 == 6_457_827_717_110_365_317)
    #expect(state.1 == 3_203_168_211_198_807_973)
    #expect(state.2 == 9_817_491_932_198_370_423)
    #expect(state.3 == 4_593_380_528_125_082_431)
  }

  @Test func statesGoOn() throws {
    #expect(RandomGenerator(state: (0, 0, 0, 0)) == nil)
    var random = RandomGenerator(seed: 9)
    _ = random.next()
    var restored = try #require(RandomGenerator(state: random.state))
    #expect(restored == random)
    for _ in 0..<10 { #expect(restored.next() == random.next()) }
  }

  @Test func seedsAndStreamsDiffer() {
    var starts: Set<UInt64> = []
    for seed in 0..<20 as Range<UInt64> {
      for stream in 0..<5 as Range<UInt64> {
        var random = RandomGenerator(seed: seed, stream: stream)
        starts.insert(random.next())
      }
    }
    #expect(starts.count == 100)
  }

  /// χ² of 100 classes; 148.2 is exceeded once in a thousand draws, and the seed is fixed.
  @Test func uniformity() {
    var random = RandomGenerator(seed: 1)
    var classes = [Double](repeating: 0, count: 100)
    var sum = 0.0
    let draws = 100_000
    for _ in 0..<draws {
      let value = random.uniform()
      #expect(value >= 0 && value < 1)
      classes[Int(value * 100)] += 1
      sum += value
    }
    let expected = Double(draws) / 100
    let square = classes.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
    #expect(square < 148.2, "χ² = \(square)")
    #expect(abs(sum / Double(draws) - 0.5) < 0.004)
  }

  @Test(arguments: [1, 2, 3, 7, 10, 1000]) func integers(bound: Int) {
    var random = RandomGenerator(seed: 2)
    let draws = 200 * bound
    var counts = [Double](repeating: 0, count: bound)
    for _ in 0..<draws {
      let value = random.integer(below: bound)
      guard (0..<bound).contains(value) else {
        Issue.record("\(value) is not below \(bound)")
        return
      }
      counts[value] += 1
    }
    let square = counts.reduce(0) { $0 + ($1 - 200) * ($1 - 200) / 200 }
    let freedom = Double(bound - 1)
    #expect(square <= freedom + 4 * (2 * freedom).squareRoot() + 4, "χ² = \(square)")
  }

  /// With a bound of ¾ · 2⁶³ a draw without rejection would favour a third of the numbers by far.
  @Test func largeBoundsAreNotBiased() {
    var random = RandomGenerator(seed: 3)
    let bound = Int.max / 4 * 3
    let low = (0..<20_000).count { _ in random.integer(below: bound) < bound / 3 }
    #expect(abs(Double(low) / 20_000 - 1.0 / 3) < 0.014, "\(low)")
  }

  @Test func permutations() {
    var random = RandomGenerator(seed: 4)
    #expect(random.permutation(0).isEmpty)
    #expect(random.permutation(1) == [0])
    var counts: [[Int]: Double] = [:]
    for _ in 0..<24_000 { counts[random.permutation(4), default: 0] += 1 }
    #expect(counts.count == 24)
    #expect(counts.keys.allSatisfy { $0.sorted() == [0, 1, 2, 3] })
    let square = counts.values.reduce(0) { $0 + ($1 - 1000) * ($1 - 1000) / 1000 }
    #expect(square < 49.7, "χ² = \(square) with 23 degrees of freedom")
    #expect(random.permutation(1000).sorted() == Array(0..<1000))
  }
}
