import Foundation
import TestSupport
import Testing
@testable import NeuralNet

/// One update by several ranks.
@Suite struct SharedUpdateTests {
  /// Every parameter belongs to exactly one rank, in whole vectors, and those of a bucket are all ranks' concern alike.
  @Test(arguments: [1, 2, 3, 7, 64], [16, 48, 4096, 70_000 / 16 * 16])
  func eachNumberHasOneOwner(ranks: Int, storage: Int) {
    let ranges = OwnedRanges(storage: storage, ranks: ranks, largest: 256)
    var owners = [Int](repeating: 0, count: storage)
    for bucket in 0..<ranges.buckets {
      var end = ranges.bucket(bucket).lowerBound
      for rank in 0..<ranks {
        let range = ranges.range(bucket, of: rank)
        #expect(range.lowerBound == end && range.count <= ranges.part && range.count % 16 == 0)
        end = range.upperBound
        for index in range { owners[index] += 1 }
      }
      #expect(end == ranges.bucket(bucket).upperBound)
    }
    #expect(owners.allSatisfy { $0 == 1 })
    #expect(ranges.buckets(of: 0..<storage) == 0..<ranges.buckets && ranges.buckets(of: 8..<8).isEmpty)
    if storage > 32 {
      #expect(ranges.buckets(of: 16..<32) == 16 / (ranges.part * ranks)..<31 / (ranges.part * ranks) + 1)
    }
  }

  /// The first source comes first: single precision tells the order.
  @Test func sumsHaveTheOrderOfTheRanks() {
    let numbers: [[Float]] = [1e8, 1, -1e8].map { [Float](repeating: $0, count: 32) }
    func sum(_ order: [Int]) -> [Float] {
      var result = [Float](repeating: 7, count: 32)
      let sources = order.map { index in numbers[index].withUnsafeBufferPointer { Array($0) } }
      withUnsafeTemporaryAllocation(byteCount: 4 * 128, alignment: 64) { memory in
        let base = memory.baseAddress.map { $0.bindMemory(to: Float.self, capacity: 128) }
        guard let base else { return }
        for (place, source) in sources.enumerated() { (base + 32 * place).update(from: source, count: 32) }
        SharedUpdate.sum((0..<3).map { (UnsafePointer(base + 32 * $0), 1) }, into: base + 96, 32)
        result = Array(UnsafeBufferPointer(start: base + 96, count: 32))
      }
      return result
    }
    #expect(sum([0, 1, 2]) == [Float](repeating: 0, count: 32))
    #expect(sum([0, 2, 1]) == [Float](repeating: 1, count: 32))
  }

  private static func adam(_ count: Int) throws -> Adam {
    let parameters = [("a", count / 2), ("b", count / 3), ("c", 5)].map { name, count in
      Parameter(name: name, shape: [count], initialization: .constant(0.5), layout: .vector, offset: 0)
    }
    let store = try ParameterStore(parameters: parameters, runningStatistics: [])
    var random = RandomGenerator(seed: 1)
    store.initialize(.normal, gain: 1, random: &random)
    return try Adam(store)
  }

  private static func gradient(_ rank: Int, _ step: Int, _ index: Int) -> Float {
    Float((index &* 31 &+ rank &* 7 &+ step) % 113) / 113 - 0.4
  }

  /// Ranks with different numbers of images, one of them without any, end with the very bits of one Adam that is given the
  /// weighted sum; each has sent what it owns and what others own, no more; and the moments come together again.
  @Test(arguments: [2, 3, 5]) func equalsOneAdam(ranks: Int) throws {
    let images = (0..<ranks).map { ($0 + 1) % 3 }
    let count = 400_000
    let single = try Self.adam(count)
    let processor = try Processor(threads: 2)
    let memory = try single.parameters.gradients()
    for step in 0..<3 {
      for index in 0..<single.parameters.storage {
        memory[index] = 0
        for rank in 0..<ranks where images[rank] > 0 {
          memory[index] +=
            Self.gradient(rank, step, index) * Float(Double(images[rank]) / Double(images.reduce(0, +)))
        }
      }
      single.step(learningRate: 0.01, processor: processor)
    }
    let storage = single.parameters.storage
    func all(_ base: UnsafePointer<Float>) -> [Float] { Array(UnsafeBufferPointer(start: base, count: storage)) }
    let expected = (all(single.parameters.base), all(single.firstMoment), all(single.secondMoment))

    let results = ThreadLink.run(ranks) { link in
      let adam = try Self.adam(count)
      let group = RankGroup(link)
      let processor = try Processor(threads: 1)
      let gradients = try adam.parameters.gradients()
      try adam.share(among: group)
      for step in 0..<3 {
        group.begin(images: images)
        for index in 0..<adam.parameters.storage { gradients[index] = Self.gradient(link.rank, step, index) }
        adam.step(learningRate: 0.01, processor: processor)
        try group.requireWhole()
      }
      try adam.gatherMoments(at: link.rank == 0)
      func all(_ base: UnsafePointer<Float>) -> [Float] {
        Array(UnsafeBufferPointer(start: base, count: adam.parameters.storage))
      }
      let moments = link.rank == 0 ? [all(adam.firstMoment), all(adam.secondMoment)] : []
      return (
        weights: all(adam.parameters.base), moments: moments, digest: adam.parameters.digest,
        sent: link.sentBytes(.gradients) + link.sentBytes(.weights)
      )
    }
    for (rank, result) in results.enumerated() {
      let result = try result.get()
      #expect(result.weights == expected.0, "rank \(rank)")
      #expect(result.digest == single.parameters.digest)
      if rank == 0 { #expect(result.moments == [expected.1, expected.2]) }
      // Twice the share of a ring; a rank without images has no gradients to send.
      let once = 3 * 4 * storage * (ranks - 1) / ranks
      let bound = (images[rank] > 0 ? 2 : 1) * once + 3 * 4 * 65_536 * ranks
      #expect(result.sent <= bound && result.sent > 0, "\(result.sent) of \(bound) bytes")
    }
    let untouched = try Self.adam(count)
    #expect(expected.0 != all(untouched.parameters.base), "the update moves something")
  }

  /// Another bit of another weight is another digest.
  @Test func digestsTellWeightsApart() throws {
    let store = try Self.adam(1000).parameters
    let before = store.digest
    let place = store.valuesToChange() + 321
    let value = place.pointee
    place.pointee = value.nextUp
    #expect(store.digest != before)
    place.pointee = value
    #expect(store.digest == before)
  }

  /// A rank that is gone ends the update of the others, whose error says so.
  @Test func aRankThatIsGoneEndsAll() {
    struct Gone: Error {}
    let results = ThreadLink.run(3) { link in
      if link.rank == 2 { throw Gone() }
      let adam = try Self.adam(1000)
      let group = RankGroup(link)
      try adam.share(among: group)
      adam.step(learningRate: 0.01, processor: try Processor(threads: 1))
      try group.requireWhole()
    }
    for rank in 0..<2 {
      #expect { try results[rank].get() } throws: { "\($0)".contains("rank 2 has ended") }
    }
  }
}
