import Foundation
import PatchDisc
import TestSupport
import Testing
@testable import NeuralNet

/// Batch normalisation by the statistics of all ranks' images.
@Suite struct SharedStatisticsTests {
  private static let extent = 24
  private static let groups = 2

  private static func network() throws -> Network {
    let network = try GoldenNetworkTests.patch(.patch(layers: 2), 8, .batch, input: 3)
    var random = RandomGenerator(seed: 2)
    network.initialize(.normal, gain: 0.1, random: &random)
    return network
  }

  private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var random = RandomGenerator(seed: seed)
    return (0..<count).map { _ in Float(random.uniform() * 2 - 1) }
  }

  /// What a pass forward and back leaves behind.
  private struct Outcome: Sendable {
    var output: [Float]
    var inputGradient: [Float]
    var gradients: [Float]
    var running: [RunningStatistics]
    var sent = 0
  }

  /// Some images of each group of a whole batch, (N, C, H, W).
  private static func part(_ whole: [Float], _ images: Range<Int>, of all: Int) -> [Float] {
    let image = whole.count / (groups * all)
    return (0..<groups).flatMap { group in
      Array(whole[(group * all + images.lowerBound) * image..<(group * all + images.upperBound) * image])
    }
  }

  /// A pass on images of a batch of `all`, whose gradient is that of a mean over the images at hand.
  private static func pass(_ images: Range<Int>, of all: Int, _ group: RankGroup? = nil) throws -> Outcome {
    let network = try network()
    let processor = try Processor(threads: 1)
    processor.ranks = group
    let execution = try Execution(
      network, shape: Shape(groups * images.count, 3, extent, extent),
      mode: .training(groups: groups, inputGradient: true), processor: processor)
    execution.input.setNCHW(part(numbers(groups * all * 3 * extent * extent, seed: 1), images, of: all))
    execution.forward()
    let output = execution.output.nchw()
    let whole = numbers(output.count / images.count * all, seed: 3)
    execution.outputGradient.setNCHW(part(whole, images, of: all).map { $0 / Float(images.count) })
    execution.backward()
    let parameters = network.parameters
    return Outcome(
      output: output, inputGradient: execution.inputGradient.nchw(),
      gradients: Array(UnsafeBufferPointer(start: try parameters.gradients(), count: parameters.storage)),
      running: parameters.runningStatistics)
  }

  /// The same by ranks; one without images computes on the first.
  private static func passes(
    _ images: [Int], parts: Int = 1, sharing: Bool = true
  ) throws -> [Outcome] {
    try ThreadLink.run(images.count) { link in
      let group = RankGroup(link)
      group.takeParts(parts)
      group.sharesStatistics = sharing
      group.begin(images: images)
      let first = group.first
      let own = images[link.rank] > 0 ? first..<first + images[link.rank] : 0..<1
      var outcome = try pass(own, of: group.whole, group)
      try group.requireWhole()
      outcome.sent = link.sentBytes(.statistics)
      return outcome
    }.map { try $0.get() }
  }

  /// Outputs, gradients and running statistics are those of one process, and running statistics the same bits everywhere, also in
  /// a rank without images.
  @Test(arguments: [[1, 1], [3, 1], [0, 2], [2, 0, 1], [1, 2, 2, 1]]) func equalsOneProcess(images: [Int]) throws {
    let all = images.reduce(0, +)
    let one = try Self.pass(0..<all, of: all)
    let many = try Self.passes(images)
    var gradients = [Float](repeating: 0, count: one.gradients.count)
    var first = 0
    for (rank, own) in zip(images.indices, many) {
      #expect(own.running == many[0].running, "rank \(rank)")
      guard images[rank] > 0 else {
        #expect(own.sent == 0)
        continue
      }
      let range = first..<first + images[rank]
      first = range.upperBound
      let share = Float(images[rank]) / Float(all)
      let checks = [
        Closeness("output", own.output, Self.part(one.output, range, of: all), 1e-5),
        Closeness(
          "input gradient", own.inputGradient.map { $0 * share }, Self.part(one.inputGradient, range, of: all), 1e-5),
      ]
      for check in checks { #expect(check.holds, "rank \(rank) \(check)") }
      for index in gradients.indices { gradients[index] += share * own.gradients[index] }
    }
    let check = Closeness("gradients", gradients, one.gradients, 1e-5)
    #expect(check.holds, "\(check)")
    for (actual, expected) in zip(many[0].running, one.running) {
      let check = Closeness(
        expected.name, actual.mean + actual.variance, expected.mean + expected.variance, 1e-6)
      #expect(check.holds && actual.batches == expected.batches, "\(check)")
    }
  }

  /// Unasked, and where each rank has the whole batch of its part of the loss, nothing is said, and statistics are a rank's own.
  @Test func ranksThatShareNothingSayNothing() throws {
    let alone = try Self.pass(0..<1, of: 2)
    let apart = try Self.passes([1, 1], sharing: false)
    #expect(apart.allSatisfy { $0.sent == 0 } && apart[0].output == alone.output)
    #expect(apart[0].running == alone.running)
    let together = try Self.passes([1, 1])
    #expect(together.allSatisfy { $0.sent > 0 })
    #expect(!Closeness("", together[0].output, alone.output, 1e-2).holds, "the statistics of a batch are others")
    let parts = try Self.passes([2, 2], parts: 2)
    #expect(parts.allSatisfy { $0.sent == 0 } && parts[0].output == parts[1].output)
  }

  /// The first rank draws samples alone: a pass for inference waits for nobody.
  @Test(arguments: [false, true]) func inferenceWaitsForNobody(running: Bool) throws {
    let results = ThreadLink.run(2) { link in
      guard link.rank == 0 else { return 0 }
      let group = RankGroup(link)
      group.sharesStatistics = true
      let processor = try Processor(threads: 1)
      processor.ranks = group
      var mode = ExecutionMode()
      mode.usesRunningStatistics = running
      let execution = try Execution(
        try Self.network(), shape: Shape(1, 3, Self.extent, Self.extent), mode: mode, processor: processor)
      execution.input.fill(0.5)
      execution.forward()
      try group.requireWhole()
      return link.sentBytes(.statistics)
    }
    for result in results { #expect(try result.get() == 0) }
  }

  /// A rank that is gone in the middle of a pass ends it.
  @Test func aRankThatIsGoneEndsThePass() throws {
    struct Gone: Error {}
    let results = ThreadLink.run(2) { link in
      if link.rank == 1 { throw Gone() }
      let group = RankGroup(link)
      group.sharesStatistics = true
      group.begin(images: [1, 1])
      _ = try Self.pass(0..<1, of: 2, group)
      try group.requireWhole()
    }
    #expect { try results[0].get() } throws: { "\($0)".contains("rank 1 has ended") }
  }

  /// Running statistics of passes that were shared out are those of all, one part after the other.
  @Test func partsOfTheLossMakeOneHistory() throws {
    let updates: [[Float]] = [[3], [0.5, -2]]
    @Sendable func update(_ statistics: inout RunningStatistics, _ value: Float) {
      for channel in statistics.mean.indices {
        statistics.mean[channel] = 0.9 * statistics.mean[channel] + 0.1 * value * Float(channel)
        statistics.variance[channel] = 0.9 * statistics.variance[channel] + 0.1 * value * value
      }
      statistics.batches += 1
    }
    var expected = RunningStatistics(name: "n", channels: 3)
    for _ in 0..<2 { for value in updates.joined() { update(&expected, value) } }
    let results = ThreadLink.run(3) { link in
      let group = RankGroup(link)
      group.takeParts(2)
      group.sharesStatistics = true
      let parameter = Parameter(name: "a", shape: [5], initialization: .constant(0.5), layout: .vector, offset: 0)
      let store = try ParameterStore(
        parameters: [parameter], runningStatistics: [RunningStatistics(name: "n", channels: 3)])
      let adam = try Adam(store)
      try adam.share(among: group)
      let processor = try Processor(threads: 1)
      for _ in 0..<2 {
        group.begin(images: [1, 2, 1])
        for value in updates[group.part(of: link.rank)] { update(&store.runningStatistics[0], value) }
        adam.stepTogether(of: 0..<2, learningRate: 0.1, processor: processor)
        try group.requireWhole()
      }
      return store.runningStatistics[0]
    }
    for result in results {
      let actual = try result.get()
      let first = try results[0].get()
      #expect(actual == first)
      let check = Closeness("running", actual.mean + actual.variance, expected.mean + expected.variance, 1e-6)
      #expect(check.holds && actual.batches == expected.batches, "\(check)")
    }
  }
}
