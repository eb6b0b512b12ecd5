import TestSupport
import Testing
@testable import NeuralNet
import Parallel
import UNet

/// The moving average of weights against the same in double precision.
@Suite struct WeightAverageTests {
  /// A small U-Net with batch norms, and what sets its parameters and statistics to other numbers each time.
  private static func network() throws -> Network {
    var configuration = UNetConfiguration(levels: 5)
    configuration.filters = 5
    return try configuration.network()
  }

  private static func draw(_ network: Network, _ random: inout RandomGenerator) {
    network.initialize(.normal, gain: 0.5, random: &random)
    for index in network.parameters.runningStatistics.indices {
      network.parameters.runningStatistics[index].batches += 1
      for channel in network.parameters.runningStatistics[index].mean.indices {
        network.parameters.runningStatistics[index].mean[channel] = Float(random.uniform() - 0.5)
        network.parameters.runningStatistics[index].variance[channel] = Float(random.uniform() + 0.5)
      }
    }
  }

  /// All parameters in file order, then all statistics.
  private static func numbers(_ store: ParameterStore) -> [Float] {
    store.parameters.flatMap { store.fileOrder($0) } + store.runningStatistics.flatMap { $0.mean + $0.variance }
  }

  private static func numbers(_ average: WeightAverage) -> [Float] {
    let store = average.parameters
    return store.parameters.flatMap { store.fileOrder($0, from: average.values) }
      + average.runningStatistics.flatMap { $0.mean + $0.variance }
  }

  @Test(arguments: [1, 2, 3]) func isThatOfItsDefinition(threads: Int) throws {
    let network = try Self.network()
    let pool = try Processor(threads: threads).pool
    var random = RandomGenerator(seed: 5)
    Self.draw(network, &random)
    let average = try WeightAverage(of: network.parameters, decay: 0.8)
    var expected = Self.numbers(network.parameters).map(Double.init)
    // The memory is shorter than the decay says up to the 31st update.
    for update in 1...40 {
      Self.draw(network, &random)
      average.update(pool)
      let decay = min(0.8, Double(1 + update) / Double(10 + update))
      for (place, value) in Self.numbers(network.parameters).enumerated() {
        expected[place] = decay * expected[place] + (1 - decay) * Double(value)
      }
    }
    expect(Closeness("average", Self.numbers(average), expected.map { Float($0) }, 1e-6))
    #expect(average.updates == 40)
    #expect(average.runningStatistics.allSatisfy { $0.batches == 41 })
  }

  @Test func threadsChangeNothing() throws {
    func bits(_ threads: Int) throws -> [UInt32] {
      let network = try Self.network()
      let pool = try Processor(threads: threads).pool
      var random = RandomGenerator(seed: 5)
      Self.draw(network, &random)
      let average = try WeightAverage(of: network.parameters, decay: 0.9)
      for _ in 0..<3 {
        Self.draw(network, &random)
        average.update(pool)
      }
      return Self.numbers(average).map(\.bitPattern)
    }
    #expect(try bits(1) == bits(3))
  }

  @Test func exchangingTwiceChangesNothing() throws {
    let network = try Self.network()
    let pool = try Processor(threads: 2).pool
    var random = RandomGenerator(seed: 5)
    Self.draw(network, &random)
    let average = try WeightAverage(of: network.parameters, decay: 0.9)
    Self.draw(network, &random)
    average.update(pool)
    let (weights, averaged) = (Self.numbers(network.parameters), Self.numbers(average))
    let version = network.parameters.version
    #expect(weights != averaged)
    average.exchange(pool)
    #expect(Self.numbers(network.parameters) == averaged && Self.numbers(average) == weights)
    // What was derived from the weights is derived anew.
    #expect(network.parameters.version != version)
    average.exchange(pool)
    #expect(Self.numbers(network.parameters) == weights && Self.numbers(average) == averaged)
  }
}
