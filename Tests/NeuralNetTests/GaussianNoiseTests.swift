import Testing
@testable import NeuralNet
@testable import Parallel

@Suite struct GaussianNoiseTests {
  /// Mean, deviation, kurtosis and independence of neighbours and keys, each within five standard errors.
  @Test func isNormal() {
    let count = 100_000
    let (one, other) = (GaussianNoise(key: 1), GaussianNoise(key: 2))
    func mean(_ number: (Int) -> Double) -> Double { (0..<count).reduce(0) { $0 + number($1) } / Double(count) }
    let error = 5 / Double(count).squareRoot()
    #expect(abs(mean { Double(one[place: $0]) }) < error)
    #expect(abs(mean { Double(one[place: $0]) * Double(one[place: $0]) } - 1) < error * 2.0.squareRoot())
    #expect(
      abs(
        mean {
          let x = Double(one[place: $0]); return x * x * x * x
        } - 3) < error * 96.0.squareRoot())
    #expect(abs(mean { Double(one[place: $0]) * Double(one[place: $0 + 1]) }) < error)
    #expect(abs(mean { Double(one[place: $0]) * Double(other[place: $0]) }) < error)
  }

  /// Threads and strides change nothing; what lies between the channels stays.
  @Test(arguments: [1, 3]) func addsByPlace(threads: Int) throws {
    let shape = Shape(3, 2, 33, 29)
    let memory = try AlignedMemory(count: 5 * shape.pixels)
    let view = MutableTensorView(shape: shape, base: memory.base + 1, stride: 5)
    for index in 0..<5 * shape.pixels { memory.base[index] = 4 }
    let noise = GaussianNoise(key: 9)
    noise.add(0.5, to: view, try Processor(threads: threads))
    for pixel in 0..<shape.pixels {
      for channel in 0..<2 {
        #expect(memory.base[5 * pixel + 1 + channel] == 4 + 0.5 * noise[place: 2 * pixel + channel])
      }
      #expect(memory.base[5 * pixel] == 4 && memory.base[5 * pixel + 3] == 4 && memory.base[5 * pixel + 4] == 4)
    }
  }

  @Test(arguments: [1, 3]) func parametersAreClipped(threads: Int) throws {
    let network = try GoldenNetworkTests.dcganDiscriminator(3, 32, .batch)
    var random = RandomGenerator(seed: 3)
    network.initialize(.normal, gain: 0.02, random: &random)
    let before = network.parameters.parameters.map { network.parameters.fileOrder($0) }
    network.parameters.clip(to: 0.01, WorkerPool(threads: threads))
    for (parameter, old) in zip(network.parameters.parameters, before) {
      #expect(network.parameters.fileOrder(parameter) == old.map { min(max($0, -0.01), 0.01) })
    }
    #expect(before.flatMap { $0 }.contains { abs($0) > 0.01 })
  }
}
