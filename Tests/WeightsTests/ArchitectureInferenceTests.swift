import TestSupport
import Testing
import DCGAN
import Files
import NeuralNet
import PatchDisc
import ResNet
import SuperResolution
import UNet
import Weights

/// A safetensors file in memory whose tensors hold a byte pattern; data of floats take one byte less than they could.
func weights(_ tensors: [(name: String, type: String, shape: [Int])], metadata: String = "") throws -> WeightsFile {
  var members = metadata.isEmpty ? [] : ["\"__metadata__\":{\(metadata)}"]
  var end = 0
  for tensor in tensors {
    let start = end
    end += tensor.shape.reduce(tensor.type == "I64" ? 8 : 2, *)
    members.append(
      "\"\(tensor.name)\":{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),\"data_offsets\":[\(start),\(end)]}")
  }
  let header = Array("{\(members.joined(separator: ","))}".utf8)
  let bytes = withUnsafeBytes(of: UInt64(header.count), Array.init) + header + [UInt8](repeating: 1, count: end)
  return try WeightsFile(ByteSource(bytes: bytes, path: "model.safetensors"))
}

func tensors(of network: any NetworkConfiguration) throws -> [(name: String, type: String, shape: [Int])] {
  try network.declaration().tensors.map { ($0.name, $0.role == .batchCount ? "I64" : "BF16", $0.shape) }
}

@Suite struct ArchitectureInferenceTests {
  static let networks: [any NetworkConfiguration] = {
    var networks: [any NetworkConfiguration] = []
    for norm in [NormalizationKind.batch, .instance] {
      for upsampling in UpsamplingKind.allCases {
        for levels in 5...9 {
          var unet = UNetConfiguration(levels: levels)
          (unet.filters, unet.inputChannels, unet.outputChannels) = (2, 1 + levels % 3, 4)
          (unet.normalization, unet.upsampling) = (norm, upsampling)
          networks.append(unet)
        }
        for blocks in [1, 6, 9] {
          var resnet = ResNetConfiguration(blocks: blocks)
          (resnet.filters, resnet.inputChannels, resnet.outputChannels) = (2, 4, 1)
          (resnet.normalization, resnet.upsampling, resnet.dropout) = (norm, upsampling, blocks == 6)
          networks.append(resnet)
        }
      }
      for kind in [DiscriminatorConfiguration.Kind.pixel, .patch(layers: 1), .patch(layers: 3), .patch(layers: 5)] {
        var discriminator = DiscriminatorConfiguration()
        (discriminator.kind, discriminator.filters, discriminator.inputChannels) = (kind, 2, 5)
        discriminator.normalization = norm
        networks.append(discriminator)
      }
    }
    for norm in [NormalizationKind.batch, .instance] {
      for size in [8, 64, 256] {
        guard var generator = DCGANGeneratorConfiguration(imageSize: size) else { continue }
        (generator.inputChannels, generator.filters, generator.outputChannels) = (7, 3, size == 64 ? 1 : 3)
        generator.normalization = norm
        networks.append(generator)
        guard size > 8, var discriminator = DCGANDiscriminatorConfiguration(imageSize: size) else { continue }
        (discriminator.inputChannels, discriminator.filters, discriminator.normalization) = (5, 3, norm)
        networks.append(discriminator)
      }
    }
    for scale in [1, 2, 3, 4] {
      var (srresnet, rrdb, compact) = (SRResNetConfiguration(), RRDBNetConfiguration(), CompactConfiguration())
      (srresnet.scale, srresnet.blocks, srresnet.filters) = (scale, scale, 3)
      (rrdb.scale, rrdb.blocks, rrdb.filters, rrdb.growth) = (scale, 5 - scale, 3, 2)
      (compact.scale, compact.convolutions, compact.filters) = (scale, 2 * scale, 3)
      (rrdb.inputChannels, rrdb.outputChannels) = (1, 1)
      networks.append(compact)
      if scale > 1 { networks.append(srresnet) }
      if scale != 3 { networks.append(rrdb) }
    }
    return networks
  }()

  @Test(arguments: networks.indices) func infersFromShapes(_ index: Int) throws {
    let network = Self.networks[index]
    #expect(try ArchitectureInference.infer(weights(tensors(of: network))).isEqual(network))
    // Old files lack the counts of batches, and wrappers put their names before all others.
    let old = try tensors(of: network).filter { $0.type != "I64" }.map {
      ("_orig_mod.module." + $0.name, $0.type, $0.shape)
    }
    #expect(try ArchitectureInference.infer(weights(old)).isEqual(network))
  }

  @Test func metadataDecideWhatShapesCannot() throws {
    var unet = UNetConfiguration(levels: 5)
    (unet.filters, unet.normalization, unet.dropout) = (2, .none, false)
    let strings = ModelMetadata(unet).strings
    let json = strings.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",")
    #expect(try ArchitectureInference.infer(weights(tensors(of: unet), metadata: json)).isEqual(unet))
    let metadata = try ModelMetadata(strings: strings, path: nil)
    #expect(metadata == ModelMetadata(unet))
    #expect(strings["format"] == "pt")
  }

  /// Counts of the public code's networks at 64 filters.
  @Test func declarationsHaveThePublishedParameters() throws {
    func unet(_ levels: Int, _ norm: NormalizationKind) throws -> Int {
      var configuration = UNetConfiguration(levels: levels)
      configuration.normalization = norm
      return try configuration.declaration().tensors.parameterCount
    }
    func resnet(_ blocks: Int, _ norm: NormalizationKind) throws -> Int {
      var configuration = ResNetConfiguration(blocks: blocks)
      configuration.normalization = norm
      return try configuration.declaration().tensors.parameterCount
    }
    func patch(_ norm: NormalizationKind) throws -> Int {
      var configuration = DiscriminatorConfiguration()
      configuration.normalization = norm
      return try configuration.declaration().tensors.parameterCount
    }
    #expect(try (unet(8, .batch), unet(8, .instance)) == (54_413_955, 54_409_603))
    #expect(try (unet(7, .batch), unet(7, .instance)) == (41_828_995, 41_825_667))
    #expect(try (resnet(9, .batch), resnet(9, .instance)) == (11_383_427, 11_378_179))
    #expect(try (resnet(6, .batch), resnet(6, .instance)) == (7_841_411, 7_837_699))
    #expect(try (patch(.batch), patch(.instance)) == (2_768_705, 2_767_809))
    #expect(try SRResNetConfiguration().declaration().tensors.parameterCount == 1_517_571)
    #expect(try RRDBNetConfiguration().declaration().tensors.parameterCount == 16_697_987)
    var rrdb = RRDBNetConfiguration()
    (rrdb.blocks, rrdb.scale) = (23, 2)
    #expect(try rrdb.declaration().tensors.parameterCount == 16_703_171)
    var compact = CompactConfiguration()
    #expect(try compact.declaration().tensors.parameterCount == 621_424)
    compact.convolutions = 32
    #expect(try compact.declaration().tensors.parameterCount == 1_213_296)
  }

  /// Names that begin an enlarging network, and shapes that none has.
  @Test func refusesEnlargersThatCannotBe() throws {
    func problem(
      _ change: (inout [(name: String, type: String, shape: [Int])]) -> Void, _ network: any EnlargerConfiguration
    )
      throws -> String?
    {
      var all = try tensors(of: network)
      change(&all)
      return #expect(throws: FileError.self) { try ArchitectureInference.infer(weights(all)) }?.problem
    }
    func small<Network: EnlargerConfiguration>(_ network: Network) -> Network {
      var network = network
      network.filters = 2
      return network
    }
    let rrdb = small(RRDBNetConfiguration())
    #expect(
      try problem({ $0[0].shape = [2, 5, 3, 3] }, rrdb)?.hasPrefix("reads 5 channels to make 3, expected as many")
        == true)
    #expect(
      try problem({ $0.removeAll { $0.name == "body.22.rdb3.conv5.bias" } }, rrdb)?.contains("conv5.bias") == true)
    let compact = small(CompactConfiguration())
    let last = try compact.declaration().tensors.count - 2
    #expect(
      try problem({ $0[last].shape = [50, 2, 3, 3] }, compact)?.hasPrefix("ends in 50 channels, expected 3 times")
        == true)
    let srresnet = small(SRResNetConfiguration())
    #expect(
      try problem({ $0[$0.count - 2].shape = [1, 2, 3, 3] }, srresnet)
        == "an SRResNet adds its input of 3 channels to an output of 1")
  }

  @Test func dropsUnusedStatisticsOfInstanceNorms() throws {
    var resnet = ResNetConfiguration(blocks: 6)
    resnet.filters = 2
    var all = try tensors(of: resnet)
    for (name, type, shape) in [
      ("model.2.running_mean", "BF16", [2]), ("model.2.running_var", "BF16", [2]),
      ("model.2.num_batches_tracked", "I64", []),
    ] { all.append((name, type, shape)) }
    let file = try weights(all)
    #expect(file["model.2.running_mean"] == nil)
    #expect(try ArchitectureInference.infer(file).isEqual(resnet))
  }

  /// One edit of a good file each, and what is said about it.
  @Test func namesEachMismatch() throws {
    typealias Tensors = [(name: String, type: String, shape: [Int])]
    var unet = UNetConfiguration(levels: 5)
    unet.filters = 2
    let good = try tensors(of: unet)
    let discriminator = try tensors(of: DiscriminatorConfiguration(filters: 2))
    func problem(metadata: String = "", _ edit: (inout Tensors) -> Void) -> String? {
      var edited = good
      edit(&edited)
      let error = #expect(throws: FileError.self) {
        try ArchitectureInference.inferGenerator(weights(edited, metadata: metadata))
      }
      #expect(error?.path == "model.safetensors")
      return error?.problem
    }
    let second = "model.model.1.model.1.weight"
    #expect(
      problem { $0.removeAll { $0.name == "model.model.3.bias" } }
        == "has no tensor 'model.model.3.bias', expected in unet_32")
    #expect(
      problem { $0[1].shape = [4, 3, 4, 4] }
        == "tensor '\(second)' has shape [4, 3, 4, 4], expected [4, 2, 4, 4] in unet_32")
    #expect(problem { $0[1].type = "I16" } == "tensor '\(second)' holds I16, expected floating-point numbers")
    #expect(
      problem { $0[0].shape = [2, 3, 5, 4] }
        == "tensor 'model.model.0.weight' has shape [2, 3, 5, 4], expected [filters, channels, 4, 4]")
    #expect(
      problem { $0.append(("extra", "BF16", [1])) }
        == "holds tensor 'extra' of shape [1], which unet_32 with batch norm does not have")
    #expect(
      problem { $0.removeAll { $0.name.contains(".model.3.model.3.") } }
        == "holds a U-Net of 3 levels, expected 5 to 20 (unet_32 to unet_1048576)")
    #expect(
      problem { $0.removeAll { $0.name == "model.model.3.weight" } }
        == "has no tensor 'model.model.3.weight', expected in such a network")
    #expect(
      problem { $0.removeAll { $0.name.hasPrefix("model.model.1.model.2") } }
        == "has neither a norm 'model.model.1.model.2.weight' (batch) nor a bias 'model.model.1.model.1.bias' "
        + "(instance or none)")
    #expect(
      problem { $0 = [("a.weight", "BF16", [2])] }
        == "holds no network that is known here; its tensors begin with 'a.weight'")
    #expect(problem { $0 = [] } == "holds no tensors")
    #expect(
      problem { $0.append(("module." + second, "BF16", [1])) }
        == "holds two tensors named '\(second)' once prefixes are removed")
    #expect(
      problem { $0 = discriminator }
        == "holds a discriminator (n_layers_3), expected a generator")

    #expect(
      problem(metadata: #""norm":"instance""#) { _ in }
        == "its metadata say 'instance' for 'norm', but its tensors are those of 'batch'")
    #expect(
      problem(metadata: #""architecture":"unet_64""#) { _ in }
        == "its metadata say 'unet_64' for 'architecture', but its tensors are those of 'unet_32'")
    #expect(
      problem(metadata: #""filters":"-1""#) { _ in }
        == "its metadata say '-1' for 'filters', expected a whole number")
    #expect(
      problem(metadata: #""norm":"group""#) { _ in }
        == "its metadata say 'group' for 'norm', expected batch or instance or none")
    #expect(
      problem(metadata: #""format_version":"2""#) { _ in }
        == "has format version 2, this program reads up to 1")
  }
}

extension DiscriminatorConfiguration {
  fileprivate init(filters: Int) {
    self.init()
    self.filters = filters
  }
}
