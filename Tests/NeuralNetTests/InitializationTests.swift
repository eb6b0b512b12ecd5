import Foundation
import Testing
import NeuralNet
import UNet

/// Distributions of the initial weights.
@Suite struct InitializationTests {
  private static func network() throws -> Network {
    var configuration = UNetConfiguration(levels: 5)
    configuration.filters = 16
    return try configuration.network()
  }

  private static func initialized(_ kind: InitializationKind, gain: Double, seed: UInt64 = 1) throws -> Network {
    let network = try network()
    var random = RandomGenerator(seed: seed)
    network.initialize(kind, gain: gain, random: &random)
    return network
  }

  private static func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
    let square = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return (mean, (square / Double(values.count)).squareRoot())
  }

  /// Mean and deviation within five standard errors, and the share beyond two deviations that a normal law has.
  @Test(arguments: [InitializationKind.normal, .xavier, .kaiming]) func weights(kind: InitializationKind) throws {
    let gain = 0.02
    let network = try Self.initialized(kind, gain: gain)
    for parameter in network.parameters.parameters where parameter.initialization == .convolutionWeight {
      let values = network.parameters.fileOrder(parameter)
      let fanIn = Double(parameter.shape[1] * 16)
      let fanOut = Double(parameter.shape[0] * 16)
      let expected =
        switch kind {
        case .xavier: gain * (2 / (fanIn + fanOut)).squareRoot()
        case .kaiming: (2 / fanIn).squareRoot()
        default: gain
        }
      let count = Double(values.count)
      let (mean, deviation) = Self.moments(values)
      #expect(abs(mean) < 5 * expected / count.squareRoot(), "\(parameter.name): mean \(mean)")
      #expect(abs(deviation / expected - 1) < 5 / (2 * count).squareRoot(), "\(parameter.name): \(deviation)")
      let far = Double(values.count { abs(Double($0)) > 2 * expected }) / count
      #expect(abs(far - 0.0455) < 5 * (0.0455 / count).squareRoot(), "\(parameter.name): \(far) far out")
    }
  }

  @Test func normalizationsAndBiases() throws {
    let network = try Self.initialized(.normal, gain: 0.02)
    var scales: [Float] = []
    for parameter in network.parameters.parameters {
      let values = network.parameters.fileOrder(parameter)
      switch parameter.initialization {
      case .constant(let value): #expect(value == 0 && values.allSatisfy { $0 == 0 })
      case .normalizationScale: scales += values
      case .convolutionWeight: break
      }
    }
    let (mean, deviation) = Self.moments(scales)
    #expect(abs(mean - 1) < 0.005 && abs(deviation - 0.02) < 0.004, "\(scales.count) scales: \(mean) ± \(deviation)")
  }

  /// Rows, or columns where these are fewer, have the gain as norm and are orthogonal to each other.
  @Test func orthogonality() throws {
    let gain = 0.5
    let network = try Self.initialized(.orthogonal, gain: gain)
    for parameter in network.parameters.parameters where parameter.initialization == .convolutionWeight {
      let values = network.parameters.fileOrder(parameter).map(Double.init)
      let rows = parameter.shape[0]
      let columns = values.count / rows
      let (vectors, length) = (min(rows, columns), max(rows, columns))
      func value(_ vector: Int, _ index: Int) -> Double {
        rows <= columns ? values[vector * columns + index] : values[index * columns + vector]
      }
      var worst = 0.0
      for first in 0..<vectors {
        for second in first..<min(vectors, first + 6) {
          let product = (0..<length).reduce(0) { $0 + value(first, $1) * value(second, $1) } / (gain * gain)
          worst = max(worst, abs(product - (first == second ? 1 : 0)))
        }
      }
      #expect(worst < 1e-5, "\(parameter.name): \(worst)")
    }
  }

  @Test func seeds() throws {
    func values(_ network: Network) -> [[Float]] {
      network.parameters.parameters.map { network.parameters.fileOrder($0) }
    }
    for kind in InitializationKind.allCases {
      let first = values(try Self.initialized(kind, gain: 0.02, seed: 1))
      #expect(first == values(try Self.initialized(kind, gain: 0.02, seed: 1)))
      #expect(first != values(try Self.initialized(kind, gain: 0.02, seed: 2)))
    }
  }
}
