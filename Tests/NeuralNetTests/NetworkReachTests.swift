import TestSupport
import Testing
@testable import NeuralNet

/// How far a network sees, against what a change of one pixel of the input changes.
@Suite struct NetworkReachTests {
  @Test(arguments: ["unet", "resnet"]) func whatOnePixelChanges(name: String) throws {
    let network = try name == "unet" ? GoldenNetworkTests.unet(5, 4, .batch) : GoldenNetworkTests.resnet(1, 4, .batch)
    var random = RandomGenerator(seed: 1)
    network.initialize(.normal, gain: 0.5, random: &random)
    let reach = try #require(network.reach)
    var mode = ExecutionMode()
    mode.usesRunningStatistics = true
    #expect(!network.usesImageStatistics(mode) && network.usesImageStatistics(ExecutionMode()))
    let extent = 320
    let execution = try Execution(
      network, shape: Shape(1, 3, extent, extent), mode: mode, processor: Processor(threads: 1, algorithms: .direct))
    func output(_ changed: Int?) -> [Float] {
      let input = execution.input
      for place in 0..<extent * extent * 3 { input.base[place] = Float(place % 17) / 17 - 0.5 }
      if let changed { input.base[(160 * extent + changed) * 3] += 100 }
      execution.forward()
      return (0..<extent * extent * 3).map { execution.output.base[$0] }
    }
    let plain = output(nil)
    var farthest = 0
    for changed in 144..<176 {
      let other = output(changed)
      for column in 0..<extent {
        let isChanged = (0..<extent).contains { row in
          (0..<3).contains { plain[(row * extent + column) * 3 + $0] != other[(row * extent + column) * 3 + $0] }
        }
        if isChanged { farthest = max(farthest, abs(column - changed)) }
      }
    }
    #expect(farthest <= reach && farthest >= reach - 4, "\(farthest) of \(reach)")
  }

  @Test func publishedNetworks() throws {
    // Down: 3 · (1 + 2 + … + 128) = 765 pixels beside one another; up: as far on the other side.
    #expect(try GoldenNetworkTests.unet(8, 4, .batch).reach == 765)
    #expect(try GoldenNetworkTests.resnet(9, 4, .batch).reach == 84)
  }
}
