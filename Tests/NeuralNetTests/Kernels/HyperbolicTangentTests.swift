import Foundation
import KernelArguments
import Testing
@testable import NeuralNet

/// The vectorised tanh against the system's in double precision.
@Suite struct HyperbolicTangentTests {
  @Test(arguments: KernelTable.available.map(\.name)) func twoUnitsInTheLastPlace(_ kernels: String) throws {
    let table = try #require(KernelTable.available.first { $0.name == kernels })
    var random = RandomGenerator(seed: 9)
    var x: [Float] = [0, -0.0, .leastNonzeroMagnitude, -1e-20, 0.625, -0.625, 0.6249999, 9.01, -9.02, 20, 88, -1e30]
    x += (0..<20_000).map { _ in Float(random.uniform() * 20 - 10) }
    x += (0..<20_000).map { _ in Float(exp(random.uniform() * 30 - 25)) * (random.uniform() < 0.5 ? 1 : -1) }
    var worst = 0.0
    for (value, result) in zip(x, run(table, x, channels: 1)) {
      let exact = tanh(Double(value))
      let unit = Double(max(Float(abs(exact)).ulp, .leastNonzeroMagnitude))
      let error = abs(Double(result) - exact) / unit
      worst = max(worst, error)
      #expect(abs(result) <= 1 && error <= 2, "tanh(\(value)) = \(result), \(error) units off")
    }
    #expect(worst > 0)
  }

  @Test(arguments: KernelTable.available.map(\.name)) func whatIsNoNumberOrInfinite(_ kernels: String) throws {
    let table = try #require(KernelTable.available.first { $0.name == kernels })
    let results = run(table, [.nan, .infinity, -.infinity], channels: 1)
    #expect(results[0].isNaN && results[1] == 1 && results[2] == -1)
  }

  /// Channels between others, as in a buffer that holds a concatenation: the rest is left alone.
  @Test(arguments: KernelTable.available.map(\.name)) func channelsOfALargerBuffer(_ kernels: String) throws {
    let table = try #require(KernelTable.available.first { $0.name == kernels })
    for channels in [1, 3, 16, 17, 40] {
      let stride = channels + 5
      let before = (0..<4 * stride).map { Float($0 % 7) * 0.3 - 1 }
      var after = before
      after.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        table.tanh(PixelView(base, stride: stride), 4, channels)
      }
      for (index, value) in after.enumerated() {
        let isTouched = index % stride < channels
        #expect(isTouched ? abs(value - tanhf(before[index])) < 2e-7 : value == before[index])
      }
    }
  }

  private func run(_ table: KernelTable, _ x: [Float], channels: Int) -> [Float] {
    var values = x
    values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      table.tanh(PixelView(base, stride: channels), buffer.count / channels, channels)
    }
    return values
  }
}
