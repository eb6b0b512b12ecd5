import TestSupport
import Testing
import NeuralNet
import SuperResolution

/// Networks that enlarge, forward and backward, against PyTorch in double precision.
@Suite struct GoldenEnlargerTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var file: String
    var configuration: any EnlargerConfiguration
    var testDescription: String { file }
  }

  static let cases = [
    Case(file: "enlarging_srresnet_x4", configuration: srresnet(4, blocks: 2)),
    Case(file: "enlarging_srresnet_x3", configuration: srresnet(3, blocks: 1, channels: 1)),
    Case(file: "enlarging_srresnet_x2", configuration: srresnet(2, blocks: 1)),
    Case(file: "enlarging_rrdb_x4", configuration: rrdb(4, blocks: 1, filters: 4, growth: 2)),
    Case(file: "enlarging_rrdb_x2", configuration: rrdb(2, blocks: 2, filters: 2, growth: 2)),
    Case(file: "enlarging_rrdb_x1", configuration: rrdb(1, blocks: 1, filters: 3, growth: 2)),
    Case(file: "enlarging_compact_x4", configuration: compact(4, convolutions: 2, filters: 6)),
    Case(file: "enlarging_compact_x2", configuration: compact(2, convolutions: 2, filters: 4)),
    Case(file: "enlarging_compact_x1", configuration: compact(1, convolutions: 1, filters: 4, channels: 1)),
  ]

  static func srresnet(_ scale: Int, blocks: Int, channels: Int = 3) -> SRResNetConfiguration {
    var network = SRResNetConfiguration()
    (network.scale, network.blocks, network.filters) = (scale, blocks, 4)
    (network.inputChannels, network.outputChannels) = (channels, channels)
    return network
  }

  static func rrdb(_ scale: Int, blocks: Int, filters: Int, growth: Int) -> RRDBNetConfiguration {
    var network = RRDBNetConfiguration()
    (network.scale, network.blocks, network.filters, network.growth) = (scale, blocks, filters, growth)
    return network
  }

  static func compact(_ scale: Int, convolutions: Int, filters: Int, channels: Int = 3) -> CompactConfiguration {
    var network = CompactConfiguration()
    (network.scale, network.convolutions, network.filters) = (scale, convolutions, filters)
    (network.inputChannels, network.outputChannels) = (channels, channels)
    return network
  }

  @Test(arguments: cases) func network(_ golden: Case) throws {
    let numbers = try Golden(golden.file)
    let network = try golden.configuration.network()
    #expect(
      network.parameters.parameters.map(\.name).sorted()
        == numbers.names.filter { $0.hasPrefix("weights/") }.map { String($0.dropFirst(8)) }.sorted())
    for parameter in network.parameters.parameters {
      network.parameters.setFileOrder(parameter, try numbers.floats("weights/" + parameter.name))
    }
    let (shape, processor) = (try numbers.shape("x"), try Processor(threads: 2))
    func compare(_ name: String, _ actual: [Float], _ tolerance: Double = 2e-5) throws {
      let closeness = Closeness("\(golden.file) \(name)", actual, try numbers.floats(name), tolerance)
      #expect(closeness.holds, "\(closeness)")
    }
    for mode in [ExecutionMode(), .training(inputGradient: true)] {
      let execution = try Execution(network, shape: shape, mode: mode, processor: processor)
      execution.input.setNCHW(try numbers.floats("x"))
      execution.forward()
      #expect(
        execution.output.shape
          == Shape(
            shape.n, shape.c, shape.h * golden.configuration.scale, shape.w * golden.configuration.scale))
      try compare("y", execution.output.nchw(), 2e-6)
      guard mode.keepsActivations else { continue }
      execution.outputGradient.setNCHW(try numbers.floats("dy"))
      execution.backward()
      try compare("dx", execution.inputGradient.nchw())
      let gradients = try network.parameters.gradients()
      for parameter in network.parameters.parameters {
        try compare("grad/" + parameter.name, network.parameters.fileOrder(parameter, from: gradients))
      }
    }
  }

  /// A number of the output sees just that far: the outermost pixel that it should see changes it, the next one does not.
  @Test(arguments: [(4, 1), (2, 1), (1, 1)]) func reachOfAnRRDBNet(scale: Int, blocks: Int) throws {
    try checkReach(Self.rrdb(scale, blocks: blocks, filters: 2, growth: 1))
  }

  @Test(arguments: [2, 3, 4]) func reachOfAnSRResNet(scale: Int) throws {
    try checkReach(Self.srresnet(scale, blocks: 2))
  }

  @Test(arguments: [1, 2, 4]) func reachOfACompactNetwork(scale: Int) throws {
    try checkReach(Self.compact(scale, convolutions: 3, filters: 4))
  }

  private func checkReach(_ configuration: any EnlargerConfiguration) throws {
    #expect(configuration.receptiveField == 2 * configuration.reach + 1)
    let network = try configuration.network()
    for parameter in network.parameters.parameters {
      // All positive: no rectifier hides what it should show.
      network.parameters.setFileOrder(parameter, [Float](repeating: 0.5, count: parameter.count))
    }
    let multiple = configuration.sizeMultiple
    let width = 2 * (configuration.reach / multiple + 2) * multiple
    let shape = Shape(1, configuration.inputChannels, multiple, width)
    let execution = try Execution(
      network, shape: shape, mode: .training(parameterGradients: false, inputGradient: true),
      processor: Processor(threads: 1))
    execution.input.fill(1)
    execution.forward()
    // All that is made of the pixels from `width / 2` on.
    let gradient = execution.outputGradient
    gradient.fill(0)
    let (scale, half) = (configuration.scale, width / 2)
    for row in 0..<gradient.shape.h {
      for column in half * scale..<gradient.shape.w {
        for channel in 0..<gradient.shape.c {
          gradient.base[(row * gradient.shape.w + column) * gradient.stride + channel] = 1
        }
      }
    }
    execution.backward()
    let seen = execution.inputGradient
    let columns = (0..<width).filter { seen.base[$0 * seen.stride] != 0 }
    // `half` lies at the beginning of an unshuffled pixel: from there on, it reaches less far by the others of it.
    #expect(columns.first == half - configuration.reach + multiple - 1)
  }
}
