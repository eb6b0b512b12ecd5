import DCGAN
import Files
import NeuralNet
import Testing
import UNet
@testable import Weights

/// Which networks of DCGAN files hold.
@Suite struct DCGANFilesTests {
  /// The public example's networks at its settings: 64×64, 100 latent numbers, 64 filters.
  @Test func publishedParameters() throws {
    #expect(try DCGANGeneratorConfiguration().declaration().tensors.parameterCount == 3_576_704)
    #expect(try DCGANDiscriminatorConfiguration().declaration().tensors.parameterCount == 2_765_568)
    let names = try DCGANGeneratorConfiguration().declaration().tensors.map(\.name)
    #expect(names.first == "main.0.weight" && names.contains("main.10.running_var") && names.last == "main.12.weight")
    #expect(try DCGANDiscriminatorConfiguration().declaration().tensors.map(\.name).last == "main.11.weight")
  }

  /// Files of the public example say nothing of it; there is no picture whose own statistics they could be.
  @Test func filesThatSayNothingHaveRunningStatistics() {
    #expect(NormStatistics.usual(of: DCGANGeneratorConfiguration()) == .running)
    #expect(NormStatistics.usual(of: UNetConfiguration(levels: 5)) == .image)
  }

  private func problem(_ change: (inout [(name: String, type: String, shape: [Int])]) -> Void) throws -> String {
    var network = DCGANGeneratorConfiguration()
    (network.doublings, network.filters, network.inputChannels) = (3, 4, 10)
    var list = try tensors(of: network)
    change(&list)
    let broken = try weights(list)
    let error = #expect(throws: FileError.self) { try ArchitectureInference.infer(broken) }
    return error?.problem ?? ""
  }

  @Test func brokenFilesAreToldWhatIsWrong() throws {
    #expect(try problem { $0[0].shape = [10, 18, 4, 4] }.contains("double with every layer but one"))
    #expect(try problem { $0[0].shape = [10, 16, 3, 3] }.contains("expected [filters, channels, 4, 4]"))
    #expect(
      try problem { $0.removeAll { $0.name == "main.4.weight" } }
        == "has no tensor 'main.4.weight', expected in dcgan_32")
    #expect(
      try problem { list in
        for layer in 1..<12 { list.append(("main.\(9 + 3 * layer).weight", "BF16", [1, 1, 4, 4])) }
      }.contains("layers that double or halve"))
    var narrow = DCGANGeneratorConfiguration()
    narrow.filters = 65536
    #expect(throws: FileError.self) { try narrow.validate() }
    narrow.doublings = 0
    #expect(throws: FileError.self) { try narrow.validate() }
    #expect(DCGANGeneratorConfiguration(imageSize: 48) == nil && DCGANGeneratorConfiguration(imageSize: 4) == nil)
  }
}
