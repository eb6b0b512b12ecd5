import Foundation
import Testing
@testable import NeuralNet
@testable import Training

@Suite struct SamplerTests {
  @Test func eachEpochIsAPermutation() {
    var sampler = Sampler.paired(count: 17, generator: RandomGenerator(seed: 1))
    var orders: [[Int]] = []
    for epoch in 1...3 {
      let samples = (0..<17).map { _ in sampler.next() }
      #expect(samples.allSatisfy { $0.epoch == epoch && $0.indexA == $0.indexB && $0.drawA == $0.drawB })
      orders.append(samples.map(\.indexA))
      #expect(orders[epoch - 1].sorted() == Array(0..<17))
      #expect(sampler.state.completedEpochs == epoch)
    }
    #expect(orders[0] != orders[1] && orders[1] != orders[2] && orders[0] != Array(0..<17))
  }

  @Test func unpairedSidesAreIndependent() {
    var sampler = Sampler.unpaired(countA: 5, countB: 20, generator: RandomGenerator(seed: 2))
    #expect(sampler.epochLength == 20)
    let samples = (0..<20).map { _ in sampler.next() }
    #expect((0..<5).allSatisfy { index in samples.filter { $0.indexA == index }.count == 4 })
    #expect(samples.allSatisfy { $0.drawA != $0.drawB })
    // Uniform with repetition: 20 draws that are all different have a probability of 2e-8.
    #expect(Set(samples.map(\.indexB)).count < 20)
    var counts = [Int](repeating: 0, count: 20)
    for _ in 0..<20_000 { counts[sampler.next().indexB] += 1 }
    #expect(counts.allSatisfy { abs($0 - 1000) < 160 }, "five standard deviations: \(counts)")
  }

  @Test func serialKeepsTheOrder() {
    var paired = Sampler.paired(count: 3, serial: true, generator: RandomGenerator(seed: 1))
    #expect((0..<7).map { _ in paired.next().indexA } == [0, 1, 2, 0, 1, 2, 0])
    var unpaired = Sampler.unpaired(countA: 2, countB: 3, serial: true, generator: RandomGenerator(seed: 1))
    let samples = (0..<6).map { _ in unpaired.next() }
    #expect(samples.map(\.indexA) == [0, 1, 0, 0, 1, 0])
    #expect(samples.map(\.indexB) == [0, 1, 2, 0, 1, 2])
  }

  @Test func batchesEndWithTheEpoch() {
    var sampler = Sampler.paired(count: 7, generator: RandomGenerator(seed: 1))
    #expect((0..<6).map { _ in sampler.nextBatch(size: 3).count } == [3, 3, 1, 3, 3, 1])
  }

  @Test(arguments: [0, 1, 6, 7, 10, 14]) func goesOnFromASavedState(_ steps: Int) throws {
    for isPaired in [true, false] {
      func fresh(_ seed: UInt64) -> Sampler {
        let generator = RandomGenerator(seed: seed)
        return isPaired
          ? .paired(count: 7, generator: generator) : .unpaired(countA: 4, countB: 7, generator: generator)
      }
      var sampler = fresh(5)
      for _ in 0..<steps { _ = sampler.next() }
      let saved = try JSONEncoder().encode(sampler.state)
      var resumed = fresh(99)
      try resumed.resume(from: JSONDecoder().decode(SamplerState.self, from: saved))
      for _ in 0..<30 { #expect(resumed.next() == sampler.next()) }
      #expect(resumed.state == sampler.state)
    }
  }

  @Test func refusesStatesThatDoNotFit() {
    var sampler = Sampler.paired(count: 3, generator: RandomGenerator(seed: 1))
    _ = sampler.next()
    let good = sampler.state
    func refuses(_ change: (inout SamplerState) -> Void) -> Bool {
      var state = good
      change(&state)
      var target = Sampler.paired(count: 3, generator: RandomGenerator(seed: 1))
      return (try? target.resume(from: state)) == nil
    }
    #expect(!refuses { _ in })
    #expect(refuses { $0.countA = 4 })
    #expect(refuses { $0.order = [0, 1, 1] })
    #expect(refuses { $0.order = [0, 1, 3] })
    #expect(refuses { $0.order = [0, 1] })
    #expect(refuses { $0.order = [0, -1, 2] })
    #expect(refuses { $0.position = 4 })
    #expect(refuses { $0.position = -1 })
    #expect(refuses { $0.epoch = 0 })
    #expect(refuses { $0.epoch = .max })
    #expect(refuses { $0.generator = [0, 0, 0, 0] })
    #expect(refuses { $0.generator = [1] })
  }
}
