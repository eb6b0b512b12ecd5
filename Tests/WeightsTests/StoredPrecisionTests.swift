import Foundation
import TestSupport
import Testing
import Files
@testable import Weights

@Suite struct StoredPrecisionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder(name))) }

  private static let forms = ["safetensors", "zip.pth", "legacy.pth"]

  /// Files that PyTorch saved in bfloat16, and our own of the same weights: all tensors alike to the bit.
  @Test(arguments: forms) func roundsAsPyTorch(_ form: String) throws {
    let reference = try openCheckpoint("patch_basic_bfloat16.safetensors")
    let expected = try contents(reference)
    let saved = try openCheckpoint("patch_basic_bfloat16." + form)
    #expect(try contents(saved) == expected)
    let source = try openCheckpoint("patch_basic_batch." + form)
    for name in ["a.safetensors", "a.pth"] {
      try WeightsConversion.convert(source, to: folder(name), precision: .bfloat16)
      let written = try WeightsFile.open(folder(name))
      #expect(try contents(written) == expected)
      for tensor in source.tensors { #expect(written[tensor.name] == reference[tensor.name]) }
      #expect(written.tensors.filter { $0.type == .bfloat16 }.count == 19)
      #expect(try ArchitectureInference.infer(written).architecture == "n_layers_3")
      // Half the bytes, but for the names.
      try WeightsConversion.convert(source, to: folder("whole-" + name))
      let saved = try bytes("whole-" + name).count - bytes(name).count
      let floats = source.tensors.filter(\.type.isFloatingPoint).reduce(0) { $0 + $1.shape.reduce(1, *) }
      #expect(abs(saved - 2 * floats) < 2500, "\(saved) of \(2 * floats) bytes")
    }
    // What PyTorch calls such a storage.
    #expect(try bytes("a.pth").range(of: Data("torch\nBFloat16Storage\n".utf8)) != nil)
    #expect(try bytes("a.pth").range(of: Data("FloatStorage".utf8)) == nil)
  }

  @Test(arguments: forms) func widensExactly(_ form: String) throws {
    let source = try openCheckpoint("patch_basic_bfloat16." + form)
    let whole = try openCheckpoint("patch_basic_batch." + form)
    for tensor in source.tensors where tensor.type == .bfloat16 {
      let (numbers, originals) = (try source.floats(tensor.name), try whole.floats(tensor.name))
      #expect(numbers.allSatisfy { $0.bitPattern & 0xFFFF == 0 })
      for (number, original) in zip(numbers, originals) {
        // Eight digits: half of the last one is 2⁻⁸ of a power of two.
        #expect(abs(number - original) <= original.binade.magnitude * 0x1p-8, "\(tensor.name)")
      }
    }
  }

  /// To single precision and back: the same files, byte for byte.
  @Test(arguments: ["safetensors", "pth"]) func roundTrips(_ ending: String) throws {
    let source = try openCheckpoint("patch_basic_bfloat16.safetensors")
    try WeightsConversion.convert(source, to: folder("a." + ending))
    try WeightsConversion.convert(
      WeightsFile.open(folder("a." + ending)), to: folder("b." + ending), precision: .float32)
    let whole = try WeightsFile.open(folder("b." + ending))
    #expect(whole.tensors.filter { $0.type == .float32 }.count == 19)
    for tensor in whole.tensors where tensor.type == .float32 {
      #expect(try whole.floats(tensor.name) == source.floats(tensor.name))
    }
    try FileManager.default.createDirectory(atPath: folder("c"), withIntermediateDirectories: false)
    try WeightsConversion.convert(whole, to: folder("c/a." + ending), precision: .bfloat16)
    #expect(try bytes("c/a." + ending) == bytes("a." + ending))
  }

  /// A count that `.half()` has made a floating-point number of is not rounded further.
  @Test func countsStay() throws {
    let source = try openCheckpoint("patch_basic_half.zip.pth")
    try WeightsConversion.convert(source, to: folder("a.safetensors"), precision: .bfloat16)
    let written = try WeightsFile.open(folder("a.safetensors"))
    #expect(written["model.3.num_batches_tracked"]?.type == .float16)
    #expect(written["model.3.running_var"]?.type == .bfloat16)
    #expect(NetworkInspection(written).precision == "bf16")
  }

  @Test func inspectionsTell() throws {
    func precision(_ name: String) throws -> String? { NetworkInspection(try openCheckpoint(name)).precision }
    #expect(try precision("patch_basic_bfloat16.zip.pth") == "bf16")
    #expect(try precision("patch_basic_batch.zip.pth") == "f32")
    #expect(try precision("patch_basic_half.zip.pth") == "f16")
    try SafetensorsWriter.write(
      [
        .init(name: "a", shape: [1], floats: [1]),
        .init(name: "b", type: .bfloat16, shape: [1]) { try $0.write([0x80, 0x3F]) },
      ], to: folder("mixed.safetensors"))
    #expect(NetworkInspection(try WeightsFile.open(folder("mixed.safetensors"))).precision == "mixed")
    try SafetensorsWriter.write([.init(name: "a", shape: [1], integers: [1] as [Int64])], to: folder("i.safetensors"))
    #expect(NetworkInspection(try WeightsFile.open(folder("i.safetensors"))).precision == nil)
  }

  /// The numbers of an .onnx are single precision: those of the file, widened.
  @Test func exportsToONNX() throws {
    let source = try WeightsFile.open(fixtures.appendingPathComponent("onnx/unet_32_batch.safetensors").path)
    try WeightsConversion.convert(source, to: folder("half.safetensors"), precision: .bfloat16)
    let half = try WeightsFile.open(folder("half.safetensors"))
    try WeightsConversion.convert(half, to: folder("whole.safetensors"), precision: .float32)
    for name in ["half", "whole"] {
      try WeightsConversion.convert(WeightsFile.open(folder(name + ".safetensors")), to: folder(name + ".onnx"))
    }
    #expect(try bytes("half.onnx") == bytes("whole.onnx"))
    let error = #expect(throws: FileError.self) {
      try WeightsConversion.convert(source, to: folder("a.onnx"), precision: .bfloat16)
    }
    #expect(error?.problem == "is an .onnx, whose numbers are always single precision")
    #expect(!FileManager.default.fileExists(atPath: folder("a.onnx")))
  }

  @Test func refusesCheckpoints() throws {
    try SafetensorsWriter.write(
      [.init(name: "G.a", shape: [1], floats: [1])], metadata: ["kind": WeightsFile.checkpointKind],
      to: folder("checkpoint.safetensors"))
    let error = #expect(throws: FileError.self) {
      try WeightsConversion.convert(
        WeightsFile.open(folder("checkpoint.safetensors")), to: folder("a.safetensors"), precision: .bfloat16)
    }
    #expect(error?.problem.hasPrefix("is the checkpoint of a training") == true)
  }
}
