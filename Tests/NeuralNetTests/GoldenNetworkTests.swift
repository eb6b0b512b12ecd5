import TestSupport
import Testing
import DCGAN
import NeuralNet
import PatchDisc
import ResNet
import UNet

/// Whole networks, forward and backward, against PyTorch in double precision.
@Suite struct GoldenNetworkTests {
  static let tolerance = 1e-4

  struct Case: CustomTestStringConvertible, Sendable {
    var file: String
    var make: @Sendable () throws -> Network
    var testDescription: String { file }
  }

  static let cases = [
    Case(file: "network_unet5_gray_to_rgb") { try unet(5, 4, .batch, input: 1) },
    Case(file: "network_unet7_batch") { try unet(7, 4, .batch) },
    Case(file: "network_unet7_instance") { try unet(7, 4, .instance) },
    Case(file: "network_unet8_batch") { try unet(8, 4, .batch) },
    Case(file: "network_resnet6_batch") { try resnet(6, 4, .batch) },
    Case(file: "network_resnet6_instance") { try resnet(6, 4, .instance) },
    Case(file: "network_patch3_batch") { try patch(.patch(layers: 3), 8, .batch, input: 6) },
    Case(file: "network_patch3_instance") { try patch(.patch(layers: 3), 8, .instance, input: 6) },
    Case(file: "network_patch5_batch") { try patch(.patch(layers: 5), 4, .batch, input: 3) },
    Case(file: "network_patch5_instance") { try patch(.patch(layers: 5), 4, .instance, input: 3) },
    Case(file: "network_pixel_batch") { try patch(.pixel, 8, .batch, input: 6) },
    Case(file: "network_pixel_instance") { try patch(.pixel, 8, .instance, input: 6) },
    Case(file: "network_dcgan32_batch") { try dcgan(3, 4, .batch, latent: 10) },
    Case(file: "network_dcgan32_none") { try dcgan(3, 4, .none, latent: 10) },
    Case(file: "network_dcgan64_grey") { try dcgan(4, 2, .batch, latent: 12, output: 1) },
    Case(file: "network_dcgan32_discriminator_batch") { try dcganDiscriminator(3, 4, .batch) },
    Case(file: "network_dcgan32_discriminator_none") { try dcganDiscriminator(3, 4, .none) },
  ]

  static func unet(_ levels: Int, _ filters: Int, _ kind: NormalizationKind, input: Int = 3) throws -> Network {
    var configuration = UNetConfiguration(levels: levels)
    configuration.filters = filters
    configuration.inputChannels = input
    configuration.normalization = kind
    configuration.dropout = false
    return try configuration.network()
  }

  static func resnet(_ blocks: Int, _ filters: Int, _ kind: NormalizationKind) throws -> Network {
    var configuration = ResNetConfiguration(blocks: blocks)
    configuration.filters = filters
    configuration.normalization = kind
    return try configuration.network()
  }

  static func dcgan(
    _ doublings: Int, _ filters: Int, _ kind: NormalizationKind, latent: Int, output: Int = 3
  ) throws -> Network {
    var configuration = DCGANGeneratorConfiguration()
    (configuration.doublings, configuration.filters, configuration.normalization) = (doublings, filters, kind)
    (configuration.inputChannels, configuration.outputChannels) = (latent, output)
    return try configuration.network()
  }

  static func dcganDiscriminator(_ halvings: Int, _ filters: Int, _ kind: NormalizationKind) throws -> Network {
    var configuration = DCGANDiscriminatorConfiguration()
    (configuration.halvings, configuration.filters, configuration.normalization) = (halvings, filters, kind)
    return try configuration.network()
  }

  static func patch(
    _ kind: DiscriminatorConfiguration.Kind, _ filters: Int, _ normalization: NormalizationKind, input: Int
  ) throws -> Network {
    var configuration = DiscriminatorConfiguration()
    configuration.kind = kind
    configuration.filters = filters
    configuration.inputChannels = input
    configuration.normalization = normalization
    return try configuration.network()
  }

  @Test(arguments: cases) func network(_ golden: Case) throws {
    try NetworkCheck(golden.file, golden.make()).run(Self.tolerance)
  }
}

/// Compares one network with its golden file.
struct NetworkCheck {
  let golden: Golden
  let network: Network
  let name: String

  init(_ name: String, _ network: Network) throws {
    self.name = name
    self.network = network
    golden = try Golden(name)
  }

  func run(_ tolerance: Double) throws {
    try loadWeights()
    let shape = try golden.shape("x")
    let processor = try Processor(threads: 2)
    var inference = ExecutionMode()
    inference.usesRunningStatistics = true
    let evaluation = try Execution(network, shape: shape, mode: inference, processor: processor)
    evaluation.input.setNCHW(try golden.floats("x"))
    evaluation.forward()
    expect(Closeness("\(name) y_eval", evaluation.output.nchw(), try golden.floats("y_eval"), tolerance))

    let training = try Execution(network, shape: shape, mode: .training(inputGradient: true), processor: processor)
    training.input.setNCHW(try golden.floats("x"))
    training.forward()
    expect(Closeness("\(name) y_train", training.output.nchw(), try golden.floats("y_train"), tolerance))
    training.outputGradient.setNCHW(try golden.floats("dy"))
    training.backward()
    expect(Closeness("\(name) dx", training.inputGradient.nchw(), try golden.floats("dx"), tolerance))
    let gradients = try network.parameters.gradients()
    for parameter in network.parameters.parameters {
      let reference = try golden.floats("grad/" + parameter.name)
      let gradient = network.parameters.fileOrder(parameter, from: gradients)
      if isWithoutEffect(parameter) {
        #expect(gradient.allSatisfy { $0 == 0 }, "\(parameter.name) has no effect before a normalisation")
      } else {
        expect(Closeness("\(name) gradient of \(parameter.name)", gradient, reference, tolerance))
      }
    }
    for statistics in network.parameters.runningStatistics {
      let path = "after/" + statistics.name
      expect(Closeness(path, statistics.mean, try golden.floats(path + ".running_mean"), tolerance))
      expect(Closeness(path, statistics.variance, try golden.floats(path + ".running_var"), tolerance))
    }
  }

  /// A bias in front of an instance normalisation: the reference holds nothing but rounding errors there.
  private func isWithoutEffect(_ parameter: Parameter) -> Bool {
    guard parameter.initialization == .constant(0), let reference = try? golden.floats("grad/" + parameter.name) else {
      return false
    }
    return reference.allSatisfy { abs($0) < 1e-9 }
  }

  private func loadWeights() throws {
    var used = 0
    for parameter in network.parameters.parameters {
      network.parameters.setFileOrder(parameter, try golden.floats("weights/" + parameter.name))
      used += 1
    }
    for index in network.parameters.runningStatistics.indices {
      let name = network.parameters.runningStatistics[index].name
      network.parameters.runningStatistics[index].mean = try golden.floats("weights/\(name).running_mean")
      network.parameters.runningStatistics[index].variance = try golden.floats("weights/\(name).running_var")
      used += 2
    }
    #expect(used == golden.names.count { $0.hasPrefix("weights/") && !$0.hasSuffix("num_batches_tracked") })
  }
}
