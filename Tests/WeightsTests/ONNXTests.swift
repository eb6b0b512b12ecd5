import Foundation
import TestSupport
import Testing
@testable import Files
@testable import NeuralNet
@testable import UNet
@testable import Weights

/// ONNX files against what onnx.checker accepted and ONNX Runtime computed; Fixtures/onnx/README.md tells how.
@Suite struct ONNXTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var weights: String
    var statistics: NormStatistics
    var testDescription: String { weights + "." + statistics.rawValue }
    var model: String { testDescription + ".onnx" }
    var reference: String { testDescription + ".reference.safetensors" }
  }

  static let cases = [
    Case(weights: "unet_32_batch", statistics: .image),
    Case(weights: "unet_32_batch", statistics: .running),
    Case(weights: "unet_32_instance_resize_grey", statistics: .image),
    Case(weights: "unet_32_batch_labels", statistics: .image),
    Case(weights: "resnet_1blocks_batch_resize", statistics: .running),
    Case(weights: "resnet_2blocks_instance_dropout", statistics: .image),
    Case(weights: "resnet_2blocks_none", statistics: .image),
    Case(weights: "srresnet_x4", statistics: .image),
    Case(weights: "rrdb_x2", statistics: .image),
    Case(weights: "compact_x3", statistics: .image),
  ]

  private static func path(_ name: String) -> String { fixtures.appendingPathComponent("onnx/" + name).path }

  private static func written(_ weights: WeightsFile, _ statistics: NormStatistics?) throws -> [UInt8] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("model.onnx").path
    try WeightsConversion.convert(weights, to: path, statistics: statistics)
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  @Test(arguments: cases) func writesTheVerifiedBytes(_ golden: Case) throws {
    let weights = try WeightsFile.open(Self.path(golden.weights + ".safetensors"))
    let expected = Array(try Data(contentsOf: URL(fileURLWithPath: Self.path(golden.model))))
    #expect(try Self.written(weights, golden.statistics) == expected)
  }

  @Test(arguments: cases) func runtimeComputesTheSame(_ golden: Case) throws {
    let model = try GeneratorModel(Self.path(golden.weights + ".safetensors"))
    let reference = try SafetensorsFile(path: Self.path(golden.reference))
    let shape = try #require(reference["x"]).shape
    // Two images of their own: each has statistics of its own, in ONNX as in `apply`.
    let (image, pixels) = (Shape(1, shape[1], shape[2], shape[3]), shape[1...].reduce(1, *))
    let (x, y) = (try reference.floats("x"), try reference.floats("y"))
    var mode = ExecutionMode()
    mode.usesRunningStatistics = golden.statistics == .running
    let execution = try Execution(model.network, shape: image, mode: mode, processor: Processor(threads: 1))
    var output: [Float] = []
    for index in 0..<shape[0] {
      execution.input.setNCHW(Array(x[index * pixels..<(index + 1) * pixels]))
      execution.forward()
      output += execution.output.nchw()
    }
    #expect(shape[0] == 2 && Set(y).count > y.count / 2, "the reference tells different outputs apart")
    let closeness = Closeness(golden.testDescription, output, y, 1e-4)
    #expect(closeness.holds, "\(closeness)")
  }

  @Test func holdsTheNetworkOperatorByOperator() throws {
    let weights = try WeightsFile.open(Self.path("unet_32_batch.safetensors"))
    let model = try ProtobufReader(Self.written(weights, .running))
    #expect(model.integers(1) == [8])
    #expect(model.texts(2) == ["Translate"])
    #expect(try #require(model.texts(6).first).contains("multiples of 32"))
    let operatorSet = try #require(try model.messages(8).first)
    #expect(operatorSet.texts(1) == [""] && operatorSet.integers(2) == [17])
    let properties = try model.messages(14).map { ($0.texts(1)[0], $0.texts(2)[0]) }
    let metadata = Dictionary(uniqueKeysWithValues: properties)
    #expect(metadata["architecture"] == "unet_32")
    #expect(metadata["norm_statistics"] == "running")
    #expect(properties.map(\.0) == properties.map(\.0).sorted())

    let graph = try #require(try model.messages(7).first)
    let nodes = try graph.messages(1)
    // A level hands on a leaky copy and a rectified one for the decoder.
    let down = ["Conv", "BatchNormalization", "LeakyRelu", "Relu"]
    let up = ["ConvTranspose", "BatchNormalization", "Relu", "Concat"]
    #expect(
      nodes.map { $0.texts(4)[0] } == ["Conv", "LeakyRelu", "Relu"] + down + down + down + ["Conv", "Relu"]
        + up + up + up + up + ["ConvTranspose", "Tanh"])
    // Whoever looks for a layer finds it under the name of its PyTorch module.
    for node in nodes where node.texts(1).contains(where: { $0.hasSuffix(".weight") }) {
      #expect(node.texts(1).contains(node.texts(3)[0] + ".weight"))
    }
    // Every input was defined before, and the last node makes the output.
    let initializers = try graph.messages(5)
    var known = Set(["input"] + initializers.map { $0.texts(8)[0] })
    for node in nodes {
      #expect(known.isSuperset(of: node.texts(1)), "\(node.texts(3)) reads \(node.texts(1))")
      for output in node.texts(2) { #expect(known.insert(output).inserted, "\(output) is defined twice") }
    }
    #expect(nodes.last?.texts(2) == ["output"])
    for (field, channels) in [(11, 3), (12, 3)] {
      let tensor = try #require(try graph.messages(field).first?.messages(2).first?.messages(1).first)
      #expect(tensor.integers(1) == [1])
      let axes = try #require(try tensor.messages(2).first).messages(1)
      #expect(axes.map { $0.texts(2).first } == ["batch", nil, "height", "width"])
      #expect(axes[1].integers(1) == [channels])
    }
    let first = try nodes[0].messages(5)
    #expect(first.map { $0.texts(1)[0] } == ["kernel_shape", "pads", "strides"])
    #expect(first.map { $0.integers(8) } == [[4, 4], [1, 1, 1, 1], [2, 2]])
    #expect(first.map { $0.integers(20) } == [[7], [7], [7]])
    let slope = try #require(try nodes[1].messages(5).first)
    #expect(slope.floats(2) == [0.2] && slope.integers(20) == [1])

    // The weights are there bit for bit, and nothing but what the nodes read.
    for tensor in initializers {
      let name = tensor.texts(8)[0]
      #expect(tensor.integers(1) == weights[name]?.shape)
      #expect(tensor.integers(2) == [1])
      #expect(try tensor.bytes(9)[0] == weights.withBytes(of: name) { Array($0) })
    }
    #expect(
      Set(initializers.map { $0.texts(8)[0] })
        == Set(weights.tensors.map(\.name).filter { !$0.hasSuffix("num_batches_tracked") }))
  }

  @Test func takesStatisticsFromTheMetadata() throws {
    func types(_ metadata: [String: String]) throws -> Set<String> {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let network = try GeneratorModel(Self.path("unet_32_batch.safetensors")).network
      let path = folder.appendingPathComponent("a.safetensors").path
      try SafetensorsWriter.write(NetworkTensors.tensors(of: network), metadata: metadata, to: path)
      let model = try ProtobufReader(Self.written(WeightsFile.open(path), nil))
      return Set(try model.messages(7)[0].messages(1).map { $0.texts(4)[0] })
    }
    #expect(try types([:]).contains("InstanceNormalization"))
    #expect(try types(["norm_statistics": "image"]).contains("InstanceNormalization"))
    #expect(try types(["norm_statistics": "running"]).contains("BatchNormalization"))
  }

  @Test func widensHalfPrecision() throws {
    let half = try WeightsFile.open(Self.path("unet_32_batch.safetensors"))
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("half.safetensors").path
    let tensors = try half.tensors.filter { $0.type == .float32 }.map { tensor in
      // The upper half of a number is its bfloat16.
      let bits = try half.floats(tensor.name).map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }
      return SafetensorsWriter.Tensor(name: tensor.name, type: .bfloat16, shape: tensor.shape) { sink in
        try bits.withUnsafeBytes { try sink.write($0) }
      }
    }
    try SafetensorsWriter.write(tensors, to: path)
    let file = try WeightsFile.open(path)
    let graph = try ProtobufReader(Self.written(file, .image)).messages(7)[0]
    for tensor in try graph.messages(5) {
      let expected = try file.floats(tensor.texts(8)[0]).withUnsafeBytes { Array($0) }
      #expect(tensor.integers(2) == [1] && tensor.bytes(9)[0] == expected)
    }
  }

  @Test func refuses() throws {
    let discriminator = try WeightsFile.open(
      fixtures.appendingPathComponent("checkpoints/patch_basic_batch.safetensors").path)
    let error = #expect(throws: FileError.self) { try Self.written(discriminator, nil) }
    #expect(error?.problem == "holds a discriminator (n_layers_3), expected a generator")
    let reading = #expect(throws: FileError.self) { try WeightsFile.open(Self.path("unet_32_batch.image.onnx")) }
    #expect(reading?.problem == "is an ONNX file, which is only written here")
    #expect(try WeightsForm(extensionOf: "A.ONNX") == .onnx)
    #expect(throws: FileError.self) { try WeightsForm(extensionOf: "onnx") }
  }

  /// Protocol Buffers end at 2 GiB; nothing is written, and the size is right though no weight is read.
  @Test func refusesTwoGigabytes() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var wide = UNetConfiguration(levels: 8)
    wide.filters = 256
    // A sparse file: a header, and a hole where the weights would be.
    var (members, offset): ([String], Int) = ([], 0)
    for tensor in try wide.declaration().tensors where tensor.role != .batchCount {
      let end = offset + tensor.shape.reduce(4, *)
      members.append(
        "\"\(tensor.name)\":{\"dtype\":\"F32\",\"shape\":\(tensor.shape),\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    let header = Array("{\(members.joined(separator: ","))}".utf8)
    let source = folder.appendingPathComponent("wide.safetensors")
    try Data(littleEndian(UInt64(header.count)) + header).write(to: source)
    let handle = try FileHandle(forWritingTo: source)
    try handle.truncate(atOffset: UInt64(8 + header.count + offset))
    try handle.close()

    let destination = folder.appendingPathComponent("wide.onnx").path
    let error = #expect(throws: FileError.self) {
      try WeightsConversion.convert(path: source.path, to: destination)
    }
    #expect(error?.problem.hasSuffix("bytes, an ONNX file holds up to 2147483647") == true)
    #expect(!FileManager.default.fileExists(atPath: destination))
  }
}
