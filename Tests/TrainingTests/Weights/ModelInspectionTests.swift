import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Training

@Suite struct ModelInspectionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func checkpoint(_ name: String) -> String { checkpoints.appendingPathComponent(name).path }

  /// What was written as JSON reads back the same.
  private func roundTrip(_ inspection: ModelInspection) throws {
    #expect(try JSONDecoder().decode(ModelInspection.self, from: JSONEncoder().encode(inspection)) == inspection)
  }

  @Test func generatorOfOthers() throws {
    let inspection = try ModelInspection(checkpoint("unet_128_batch.zip.pth"))
    try roundTrip(inspection)
    #expect(inspection.kind == .weights && inspection.run == nil && inspection.progress == nil)
    let network = try #require(inspection.networks.first)
    #expect(network.architecture == "unet_128" && network.evidence == .tensors)
    #expect(network.form == "pth (zip)")
    let settings = try #require(network.settings)
    #expect(settings.norm == .batch && settings.depth?.count == 7 && settings.outputChannels == 3)
    #expect(network.normStatistics == "image")
    #expect(network.smallestImage == 128 && network.sizeMultiple == 128 && network.receptiveField == nil)
    #expect(network.tensors.first?.name == "model.model.0.weight")
    #expect(network.parameters == network.tensors.filter(\.isTrained).reduce(0) { $0 + $1.count })
    #expect(network.bytes == network.tensors.reduce(0) { $0 + $1.count * ($1.type == "I64" ? 8 : 4) })
    let text = inspection.text
    #expect(text.contains("unet_128 (by its tensors)"))
    #expect(text.contains("\n  settings: batch norm, \(settings.filters) filters, 3 → 3 channels, 7 levels, dropout, "))
    #expect(text.contains("\n  smallest image: 128×128 pixels, in multiples of 128"))
    #expect(text.contains("F32 \(settings.filters)×3×4×4\n"))
  }

  @Test func discriminator() throws {
    let inspection = try ModelInspection(checkpoint("patch_basic_batch.safetensors"))
    try roundTrip(inspection)
    let network = try #require(inspection.networks.first)
    #expect(network.architecture == "n_layers_3" && network.settings?.depth?.count == 3)
    #expect(network.receptiveField == 70 && network.smallestImage == 24 && network.sizeMultiple == nil)
    #expect(network.parameters == 11765)
    #expect(inspection.text.contains("\n  receptive field: 70×70 pixels\n"))
    #expect(
      inspection.text.contains("\n  model.0     388  F32 4×6×4×4 + 4\n  model.2     512  F32 8×4×4×4\n"),
      "\(inspection.text)")
    #expect(network.precision == "f32" && inspection.text.contains("\n  precision: f32\n"))
    #expect(inspection.text.contains("\n  11,765 parameters in 22 tensors, 47.5 kB, F32 × 19, I64 × 3, safetensors\n"))
  }

  @Test func unknownTensors() throws {
    let inspection = try ModelInspection(checkpoint("transposed_view.zip.pth"))
    try roundTrip(inspection)
    #expect(inspection.networks[0].architecture == nil && inspection.networks[0].problem == nil)
    #expect(inspection.text.contains(": no network that is known\n"))
    #expect(inspection.text.contains("\n  weight  12  F32 4×3\n"))
  }

  @Test func brokenNetworkAndTerminal() throws {
    let tensors = [
      SafetensorsWriter.Tensor(
        name: "model.model.0.weight", shape: [1, 1, 4, 4], floats: [Float](repeating: 0, count: 16)),
      SafetensorsWriter.Tensor(name: "\u{1B}[2J", shape: [], floats: [0]),
    ]
    try SafetensorsWriter.write(tensors, metadata: ["a": "\u{1B}]0;x\u{7}"], to: folder("a.safetensors"))
    let inspection = try ModelInspection(folder("a.safetensors"))
    #expect(inspection.networks[0].problem == "holds a U-Net of 1 levels, expected 5 to 20 (unet_32 to unet_1048576)")
    #expect(inspection.text.contains("  problem: it holds a U-Net of 1 levels"))
    #expect(!inspection.text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
    #expect(inspection.text.contains("scalar"))
  }

  @Test func severalStateDicts() throws {
    let inspection = try ModelInspection(checkpoint("nested_networks.zip.pth"))
    #expect(inspection.networks.map(\.name) == ["netG_B2A", "mean", "models.D_A"])
    #expect(inspection.networks.map(\.architecture) == ["unet_32", nil, "n_layers_3"])
    #expect(inspection.text.contains("\nmodels.D_A: n_layers_3 (by its tensors)\n"))
    let one = try ModelInspection(checkpoint("nested_networks.zip.pth"), part: "models.D_A")
    #expect(one.networks.map(\.architecture) == ["n_layers_3"])
  }

  @Test func runs() throws {
    let model = try SmallModel.pix2pix()
    var settings = TrainingConfiguration.paired
    settings.generator = .unet(levels: 5)
    settings.ngf = 2
    try RunDescription(configuration: settings, data: "/data", version: "1", commandLine: ["translate-cli", "train"])
      .write(runFolder: folder.path)
    let begun = try ModelInspection(folder.path)
    #expect(begun.kind == .run && begun.networks.isEmpty && begun.progress == nil)
    #expect(begun.run?.files.map(\.name) == ["config.json"])
    #expect(begun.text.contains("nothing saved yet"))

    try Checkpoint.write(model.networks, extra: [], position: SmallModel.position, to: folder("checkpoint.safetensors"))
    let inspection = try ModelInspection(folder.path)
    try roundTrip(inspection)
    #expect(inspection.progress == .init(step: 7, epoch: 0))
    #expect(inspection.networks.map(\.name) == ["G", "D"])
    #expect(inspection.networks.map(\.architecture) == ["unet_32", "n_layers_3"])
    #expect(inspection.run?.description?.configuration == settings)
    let text = inspection.text
    #expect(
      text.hasPrefix("\(folder.path): paired training of unet_32, batch norm, 2 filters, AtoB\n  trained: 7 steps"))
    #expect(text.contains("\n  started by: translate-cli train\n"))
    #expect(text.contains("\nG: unet_32 (by its tensors)\n") && text.contains("\nD: n_layers_3 (by its tensors)\n"))
    let file = try ModelInspection(folder("checkpoint.safetensors"))
    #expect(file.kind == .checkpoint && file.networks == inspection.networks)
    #expect(file.text.hasPrefix("\(folder("checkpoint.safetensors")): training checkpoint\n  trained: 7 steps"))
  }

  @Test func refuses() throws {
    #expect(throws: FileError.self) { try ModelInspection(folder("absent")) }
    #expect(throws: FileError.self) { try ModelInspection(folder.path) }
    let onnx = fixtures.appendingPathComponent("onnx/unet_32_batch.image.onnx").path
    let error = #expect(throws: FileError.self) { try ModelInspection(onnx) }
    #expect(error?.problem == "is an ONNX file, which is only written here")
    for position in ["{", "{\"step\":-1}"] {
      try SafetensorsWriter.write(
        [.init(name: "G.x", shape: [1], floats: [0])],
        metadata: ["kind": "training checkpoint", "position": position], to: folder("bad.safetensors"))
      let damaged = #expect(throws: FileError.self) { try ModelInspection(folder("bad.safetensors")) }
      #expect(damaged?.problem == "its position is damaged")
    }
  }
}
