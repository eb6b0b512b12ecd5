import Foundation
import TestSupport
import Testing
@testable import Files
@testable import NeuralNet
@testable import Weights

/// A family that is not in the list: one network of every operation and every way to put values together.
private struct EveryOperation: TranslationGeneratorConfiguration {
  static let title = "every operation"
  static let depthName = (key: "depth", words: "layers")
  static var usualNames: [String] { [] }
  static func recognized(in evidence: NetworkEvidence) -> EveryOperation? { nil }
  init?(architecture name: String) { nil }
  init() {}

  var architecture: String { "every_operation" }
  var inputChannels = 3
  var outputChannels = 3
  var filters = 8
  var normalization = NormalizationKind.batch
  var dropout = true
  var upsampling = UpsamplingKind.transposed
  var depth: Int? { nil }
  var smallestImage: Int { 8 }
  var sizeMultiple: Int { 4 }
  func validate() {}

  func declaration() throws -> NetworkDeclaration {
    var builder = NetworkBuilder(inputChannels: inputChannels)
    let below = builder.value(channels: 8)
    let joined = builder.concatenation(8, 8)
    builder.convolution(
      "first", .convolution(kernel: 3, padding: 1, paddingMode: .reflection), from: builder.input, hasBias: true,
      normalization: (.batch, "first_norm"), hasDropout: dropout, to: (below, .leakyRelu), and: (joined.first, .relu))
    // Written as a whole, read in parts.
    let parts = builder.concatenation(12, 4)
    builder.convolution(
      "pooled", .convolution(kernel: 3, padding: 1), from: builder.maxPooling(below), hasBias: false,
      to: (parts.whole, .identity))
    builder.convolution(
      "up", .transposed(kernel: 3, stride: 2, padding: 1, outputPadding: 1), from: builder.prelu("slope", parts.first),
      hasBias: true, normalization: (.instance, "up_norm"), to: (joined.second, .relu))
    // Written in parts, read as a whole.
    let mixed = builder.value(channels: 8)
    builder.convolution(
      "mixed", .convolution(kernel: 1), from: joined.whole, hasBias: true, residual: below, to: (mixed, .identity))
    let total = builder.value(channels: 8)
    builder.convolution(
      "shuffled", .convolution(kernel: 1), from: builder.pixelShuffle(parts.second, factor: 2), hasBias: true,
      residual: mixed, to: (total, .identity))
    let output = builder.value(channels: outputChannels)
    builder.convolution(
      "last", .convolution(kernel: 3, padding: 1, paddingMode: .reflection, upsampling: 2),
      from: builder.maxPooling(total), hasBias: true, to: (output, .tanh))
    return try builder.declaration(output: output)
  }
}

/// What the families of today do not use yet, against ONNX Runtime.
@Suite struct ONNXOperationTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func fixture(_ suffix: String) -> String {
    fixtures.appendingPathComponent("onnx/every_operation.running" + suffix).path
  }

  /// The network with weights by a formula, the same on every machine.
  private static func network() throws -> Network {
    let network = try EveryOperation().network()
    let store = network.parameters
    func numbers(_ count: Int, _ seed: Int) -> [Float] {
      (0..<count).map { Float(($0 * 37 + seed * 11) % 101 - 50) / 128 }
    }
    for (seed, parameter) in store.parameters.enumerated() {
      store.setFileOrder(parameter, numbers(parameter.count, seed))
    }
    for index in store.runningStatistics.indices {
      store.runningStatistics[index].mean = numbers(8, 3)
      store.runningStatistics[index].variance = numbers(8, 5).map { $0 + 1 }
    }
    return network
  }

  @Test func writesTheVerifiedBytes() throws {
    let network = try Self.network()
    try SafetensorsWriter.write(NetworkTensors.tensors(of: network), to: folder("weights.safetensors"))
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("every_operation.running.onnx").path
    let file = try WeightsFile.open(folder("weights.safetensors"))
    let model = try ONNXExporter.model(file, EveryOperation(), statistics: .running)
    try AtomicFile.write(to: path) { try model.write(to: $0) }
    let written = try Data(contentsOf: URL(fileURLWithPath: path))
    let verified = try? Data(contentsOf: URL(fileURLWithPath: Self.fixture(".onnx")))
    #expect(written == verified, "after an intended change, copy \(path) to the fixtures and run verify.py")
  }

  @Test func runtimeComputesTheSame() throws {
    let reference = try SafetensorsFile(path: Self.fixture(".reference.safetensors"))
    let shape = try #require(reference["x"]).shape
    var mode = ExecutionMode()
    mode.usesRunningStatistics = true
    let execution = try Execution(
      Self.network(), shape: Shape(shape[0], shape[1], shape[2], shape[3]), mode: mode,
      processor: Processor(threads: 1))
    execution.input.setNCHW(try reference.floats("x"))
    execution.forward()
    let closeness = Closeness("every operation", execution.output.nchw(), try reference.floats("y"), 2e-6)
    #expect(closeness.holds, "\(closeness)")
  }
}
