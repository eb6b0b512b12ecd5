import TestSupport
import Testing
import NeuralNet

/// Each layer, forward and backward, against PyTorch in double precision.
@Suite struct GoldenLayerTests {
  static let tolerance = 2e-6

  struct Convolution: CustomTestStringConvertible, Sendable {
    var name: String
    var geometry: ConvolutionGeometry
    var testDescription: String { name }
  }

  static let convolutions = [
    Convolution(name: "conv_k1", geometry: .convolution(kernel: 1)),
    Convolution(
      name: "conv_k3_s1_reflect1", geometry: .convolution(kernel: 3, padding: 1, paddingMode: .reflection)),
    Convolution(name: "conv_k3_s2_p1", geometry: .convolution(kernel: 3, stride: 2, padding: 1)),
    Convolution(name: "conv_k4_s1_p1", geometry: .convolution(kernel: 4, padding: 1)),
    Convolution(name: "conv_k4_s2_p1", geometry: .convolution(kernel: 4, stride: 2, padding: 1)),
    Convolution(name: "conv_k4_s2_p1_2x2", geometry: .convolution(kernel: 4, stride: 2, padding: 1)),
    Convolution(name: "conv_k4_s2_p1_odd", geometry: .convolution(kernel: 4, stride: 2, padding: 1)),
    Convolution(
      name: "conv_k7_s1_reflect3", geometry: .convolution(kernel: 7, padding: 3, paddingMode: .reflection)),
    Convolution(name: "convT_k3_s2_p1_op1", geometry: .transposed(kernel: 3, stride: 2, padding: 1, outputPadding: 1)),
    Convolution(name: "convT_k4_s2_p1", geometry: .transposed(kernel: 4, stride: 2, padding: 1)),
    Convolution(name: "convT_k4_s2_p1_1x1", geometry: .transposed(kernel: 4, stride: 2, padding: 1)),
  ]

  @Test(arguments: convolutions) func convolution(_ layer: Convolution) throws {
    let golden = try Golden("layers")
    let shape = try golden.shape(layer.name + "/y")
    var builder = NetworkBuilder(inputChannels: try golden.shape(layer.name + "/x").c)
    let output = builder.value(channels: shape.c)
    builder.convolution("layer", layer.geometry, from: builder.input, hasBias: true, to: (output, .identity))
    let network = try builder.build(output: output)
    let run = try LayerRun(network, golden, layer.name)
    run.set("layer.weight", try golden.floats(layer.name + "/w"))
    run.set("layer.bias", try golden.floats(layer.name + "/b"))
    try run.check("y", "dx", Self.tolerance)
    #expect(run.execution.output.shape == shape)
    try run.checkGradient("layer.weight", layer.name + "/dw", Self.tolerance)
    try run.checkGradient("layer.bias", layer.name + "/db", Self.tolerance)
  }

  @Test func batchNormTraining() throws {
    let name = "batch_norm_train"
    let golden = try Golden("layers")
    let run = try LayerRun(try Self.pointwise(channels: 4, .batch, .identity), golden, name)
    run.set("norm.weight", try golden.floats(name + "/gamma"))
    run.set("norm.bias", try golden.floats(name + "/beta"))
    try run.setRunning(name)
    try run.check("y", "dx", Self.tolerance)
    try run.checkGradient("norm.weight", name + "/dgamma", Self.tolerance)
    try run.checkGradient("norm.bias", name + "/dbeta", Self.tolerance)
    let after = run.network.parameters.runningStatistics[0]
    expect(Closeness("running mean", after.mean, try golden.floats(name + "/running_mean_after"), 1e-6))
    expect(Closeness("running variance", after.variance, try golden.floats(name + "/running_var_after"), 1e-6))
    #expect(after.batches == 1)
  }

  @Test func batchNormInference() throws {
    let name = "batch_norm_eval"
    let golden = try Golden("layers")
    var mode = ExecutionMode()
    mode.usesRunningStatistics = true
    let run = try LayerRun(try Self.pointwise(channels: 4, .batch, .identity), golden, name, mode)
    run.set("norm.weight", try golden.floats(name + "/gamma"))
    run.set("norm.bias", try golden.floats(name + "/beta"))
    try run.setRunning(name)
    try run.check("y", nil, Self.tolerance)
    let after = run.network.parameters.runningStatistics[0]
    #expect(after.mean == (try golden.floats(name + "/running_mean")))
    #expect(after.batches == 0)
  }

  @Test func instanceNorm() throws {
    let run = try LayerRun(try Self.pointwise(channels: 5, .instance, .identity), Golden("layers"), "instance_norm")
    try run.check("y", "dx", Self.tolerance)
  }

  @Test func activations() throws {
    let golden = try Golden("layers")
    for (name, activation) in [
      ("relu", Activation.relu), ("leaky_relu_0.2", .leakyRelu), ("tanh", .tanh),
    ] {
      let run = try LayerRun(try Self.pointwise(channels: 2, .none, activation), golden, name)
      try run.check("y", "dx", Self.tolerance)
    }
  }

  /// A 1×1 kernel of ones on a grid that is padded or upsampled: the padding alone.
  @Test func reflectionAndUpsampling() throws {
    let golden = try Golden("layers")
    var padding = ConvolutionGeometry(kernel: 1)
    padding.padding = 2
    padding.paddingMode = .reflection
    var upsampling = ConvolutionGeometry(kernel: 1)
    upsampling.upsampling = 2
    for (name, geometry) in [("reflection_pad_2", padding), ("upsample_nearest_2x", upsampling)] {
      let run = try LayerRun(try Self.pointwise(channels: 2, .none, .identity, geometry), golden, name)
      try run.check("y", "dx", Self.tolerance)
    }
  }

  /// A network that passes its input through an identity matrix to what is tested.
  static func pointwise(
    channels: Int, _ kind: NormalizationKind, _ activation: Activation,
    _ geometry: ConvolutionGeometry = ConvolutionGeometry(kernel: 1)
  ) throws -> Network {
    var builder = NetworkBuilder(inputChannels: channels)
    let output = builder.value(channels: channels)
    builder.convolution(
      "identity", geometry, from: builder.input, hasBias: false, normalization: (kind, "norm"),
      to: (output, activation))
    let network = try builder.build(output: output)
    let identity = (0..<channels * channels).map { $0 / channels == $0 % channels ? Float(1) : 0 }
    network.parameters.setFileOrder(network.parameters.parameters[0], identity)
    return network
  }
}

/// One network with the input and upstream gradient of a golden case.
final class LayerRun {
  let network: Network
  let execution: Execution
  private let golden: Golden
  private let name: String

  init(_ network: Network, _ golden: Golden, _ name: String, _ mode: ExecutionMode? = nil) throws {
    self.network = network
    self.golden = golden
    self.name = name
    execution = try Execution(
      network, shape: try golden.shape(name + "/x"), mode: mode ?? .training(inputGradient: true),
      processor: Processor(threads: 2))
  }

  func set(_ parameter: String, _ values: [Float]) {
    guard let place = network.parameters.parameters.first(where: { $0.name == parameter }) else {
      Issue.record("no parameter \(parameter)")
      return
    }
    network.parameters.setFileOrder(place, values)
  }

  func setRunning(_ name: String) throws {
    network.parameters.runningStatistics[0].mean = try golden.floats(name + "/running_mean")
    network.parameters.runningStatistics[0].variance = try golden.floats(name + "/running_var")
  }

  func check(_ output: String, _ inputGradient: String?, _ tolerance: Double) throws {
    execution.input.setNCHW(try golden.floats(name + "/x"))
    execution.forward()
    expect(Closeness("\(name)/\(output)", execution.output.nchw(), try golden.floats("\(name)/\(output)"), tolerance))
    guard let inputGradient else { return }
    execution.outputGradient.setNCHW(try golden.floats(name + "/dy"))
    execution.backward()
    expect(
      Closeness(
        "\(name)/\(inputGradient)", execution.inputGradient.nchw(), try golden.floats("\(name)/\(inputGradient)"),
        tolerance))
  }

  func checkGradient(_ parameter: String, _ reference: String, _ tolerance: Double) throws {
    guard let place = network.parameters.parameters.first(where: { $0.name == parameter }) else {
      Issue.record("no parameter \(parameter)")
      return
    }
    let gradient = network.parameters.fileOrder(place, from: try network.parameters.gradients())
    expect(Closeness(reference, gradient, try golden.floats(reference), tolerance))
  }
}

func expect(_ closeness: Closeness, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(closeness.holds, "\(closeness)", sourceLocation: sourceLocation)
}
