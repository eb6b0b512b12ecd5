import Foundation
import TestSupport
import Testing
import Files
import NeuralNet
import ResNet

/// Names, shapes and numbers of parameters against the public PyTorch code.
@Suite struct ParameterTests {
  private typealias Networks = GoldenNetworkTests

  @Test(arguments: [
    (8, NormalizationKind.batch, 54_413_955), (8, .instance, 54_409_603), (7, .batch, 41_828_995),
    (7, .instance, 41_825_667),
  ])
  func uNetCount(levels: Int, normalization: NormalizationKind, expected: Int) throws {
    #expect(try Networks.unet(levels, 64, normalization).parameters.count == expected)
  }

  @Test(arguments: [
    (9, NormalizationKind.batch, 11_383_427), (9, .instance, 11_378_179), (6, .batch, 7_841_411),
    (6, .instance, 7_837_699),
  ])
  func resNetCount(blocks: Int, normalization: NormalizationKind, expected: Int) throws {
    #expect(try Networks.resnet(blocks, 64, normalization).parameters.count == expected)
  }

  @Test(arguments: [(NormalizationKind.batch, 2_768_705), (.instance, 2_767_809)])
  func patchCount(normalization: NormalizationKind, expected: Int) throws {
    #expect(try Networks.patch(.patch(layers: 3), 64, normalization, input: 6).parameters.count == expected)
  }

  /// The checkpoints that the public code wrote hold these tensors and no others.
  @Test func checkpointKeys() throws {
    try expectKeys("unet_128_batch", Networks.unet(7, 4, .batch))
    try expectKeys("resnet_6blocks_instance", Networks.resnet(6, 4, .instance))
    try expectKeys("patch_basic_batch", Networks.patch(.patch(layers: 3), 4, .batch, input: 6))
  }

  /// With dropout the second convolution of a residual block moves on by one place.
  @Test func resNetNamesWithDropout() throws {
    var configuration = ResNetConfiguration(blocks: 2)
    configuration.filters = 4
    configuration.dropout = true
    configuration.normalization = .batch
    let names = try configuration.network().parameters.parameters.map(\.name)
    let block = ["conv_block.1.weight", "conv_block.2.weight", "conv_block.2.bias"]
    let second = ["conv_block.6.weight", "conv_block.7.weight", "conv_block.7.bias"]
    let expected = ["model.10.", "model.11."].flatMap { prefix in (block + second).map { prefix + $0 } }
    #expect(names.filter { $0.contains("conv_block") } == expected)
    #expect(names.suffix(2) == ["model.19.weight", "model.19.bias"])
  }

  private func expectKeys(_ name: String, _ network: Network) throws {
    let file = try SafetensorsFile(path: fixtures.appendingPathComponent("checkpoints/\(name).safetensors").path)
    var expected: [String: [Int]] = [:]
    for tensor in file.tensors { expected[tensor.name] = tensor.shape }
    var actual: [String: [Int]] = [:]
    for parameter in network.parameters.parameters { actual[parameter.name] = parameter.shape }
    for statistics in network.parameters.runningStatistics {
      actual[statistics.name + ".running_mean"] = [statistics.mean.count]
      actual[statistics.name + ".running_var"] = [statistics.variance.count]
      actual[statistics.name + ".num_batches_tracked"] = []
    }
    #expect(actual == expected, "\(name)")
  }
}
