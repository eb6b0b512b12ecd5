import Foundation
import TestSupport
import Testing
import Files
import Weights

func openCheckpoint(_ name: String, part: String? = nil) throws -> WeightsFile {
  try WeightsFile.open(checkpoints.appendingPathComponent(name).path, part: part)
}

@Suite struct GoldenWeightsTests {
  /// A header may be as long as a pickle's first bytes say: 0x80, then a protocol.
  @Test func lengthOfAHeaderIsNoPickle() throws {
    let padding = String(repeating: " ", count: 0x0380 - 2)
    let file = try WeightsFile(ByteSource(bytes: [0x80, 3, 0, 0, 0, 0, 0, 0] + Array("{}\(padding)".utf8), path: nil))
    #expect(file.form == .safetensors && file.tensors.isEmpty)
  }

  @Test(arguments: ["patch_basic_batch", "resnet_6blocks_instance", "unet_128_batch"])
  func allFormsHoldTheSame(_ name: String) throws {
    let reference = try openCheckpoint(name + ".safetensors")
    let zip = try openCheckpoint(name + ".zip.pth")
    let legacy = try openCheckpoint(name + ".legacy.pth")
    #expect((reference.form, zip.form, legacy.form) == (.safetensors, .zip, .legacy))
    #expect(try contents(zip) == contents(reference))
    #expect(try contents(legacy) == contents(reference))
    #expect(zip.tensors == legacy.tensors)
    for tensor in zip.tensors {
      #expect(reference[tensor.name] == tensor)
      if tensor.type == .float32 {
        #expect(try zip.floats(tensor.name) == reference.floats(tensor.name))
        #expect(try zip.floats(tensor.name).count == tensor.shape.reduce(1, *))
      } else {
        #expect(try zip.int64s(tensor.name) == reference.int64s(tensor.name))
      }
    }
    let network = try ArchitectureInference.infer(zip)
    #expect(try ArchitectureInference.infer(reference).isEqual(network))
    // PyTorch's own order: statistics right behind their norm's γ and β.
    #expect(try network.declaration().tensors.map(\.name) == zip.tensors.map(\.name))
  }

  @Test func readsHalfPrecision() throws {
    let half = try openCheckpoint("patch_basic_half.zip.pth")
    #expect(half["model.0.weight"]?.type == .float16)
    let weight = try half.floats("model.0.weight")
    #expect(weight.count == 192)
    try half.withBytes(of: "model.0.weight") { bytes in
      for (i, value) in weight.enumerated() {
        #expect(Float(halfBits: bytes.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)) == value)
      }
    }
    // `.half()` on the whole state dict reached the batch counts too.
    #expect(half["model.3.num_batches_tracked"]?.type == .float16)
    #expect(try half.int64s("model.3.num_batches_tracked") == [0])
    #expect(try ArchitectureInference.infer(half).architecture == "n_layers_3")
  }

  @Test func readsTransposedView() throws {
    let file = try openCheckpoint("transposed_view.zip.pth")
    let weight = try #require(file["weight"])
    #expect(weight.shape == [4, 3])
    // A 3×4 storage of 0…11, seen transposed.
    #expect(try file.floats("weight") == (0..<4).flatMap { i in (0..<3).map { j in Float(j * 4 + i) } })
  }

  @Test func findsNestedDictionary() throws {
    let file = try openCheckpoint("nested_dictionary.zip.pth")
    #expect(file.tensors.map(\.name) == ["weight"])
    #expect(try openCheckpoint("nested_dictionary.zip.pth", part: "net").tensors == file.tensors)
    let error = #expect(throws: FileError.self) { try openCheckpoint("nested_dictionary.zip.pth", part: "nett") }
    #expect(error?.problem == "holds no state dict named 'nett': 'net'")
  }

  @Test(arguments: [
    (
      "hostile_command.zip.pth",
      "its pickle asks to call 'posix.system', which no state dict needs; nothing in it was executed"
    ),
    (
      "hostile_command.legacy.pth",
      "its pickle asks to call 'posix.system', which no state dict needs; nothing in it was executed"
    ),
    ("truncated.zip.pth", "is a zip archive whose end is missing"),
  ])
  func refuses(_ name: String, _ problem: String) {
    let error = #expect(throws: FileError.self) { try openCheckpoint(name) }
    #expect(error?.problem == problem)
    #expect(error?.path?.hasSuffix(name) == true)
    #expect(error?.advice != nil)
  }

  /// Every form into every other and back, byte-equal in the tensors.
  @Test(arguments: [
    "patch_basic_batch.zip.pth", "patch_basic_half.zip.pth", "resnet_6blocks_instance.legacy.pth",
    "unet_128_batch.safetensors", "transposed_view.zip.pth", "nested_dictionary.zip.pth",
  ])
  func converts(_ name: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    let source = try openCheckpoint(name)
    let network = try WeightsConversion.convert(source, to: path("a.safetensors"))
    try WeightsConversion.convert(source, to: path("a.pth"))
    let safetensors = try WeightsFile.open(path("a.safetensors"))
    let pth = try WeightsFile.open(path("a.pth"))
    #expect((safetensors.form, pth.form) == (.safetensors, .zip))
    let expected = try contents(source)
    #expect(try contents(safetensors) == expected)
    #expect(try contents(pth) == expected)
    #expect(pth.metadata == safetensors.metadata)
    if let network {
      #expect(safetensors.metadata["architecture"] == network.architecture)
      #expect(try ArchitectureInference.infer(safetensors).isEqual(network))
      #expect(try ArchitectureInference.infer(pth).isEqual(network))
    }

    // The way round gives the same files again.
    try WeightsConversion.convert(safetensors, to: path("b.pth"))
    try WeightsConversion.convert(pth, to: path("b.safetensors"))
    let (a, b) = (
      try Data(contentsOf: folder.appendingPathComponent("a.safetensors")),
      try Data(contentsOf: folder.appendingPathComponent("b.safetensors"))
    )
    #expect(a == b)
    #expect(try contents(WeightsFile.open(path("b.pth"))) == expected)

    let error = #expect(throws: FileError.self) { try WeightsConversion.convert(source, to: path("a.bin")) }
    #expect(error?.problem == "has an extension that names no form of weights")
  }
}
