import Foundation
import TestSupport
import Testing
@testable import DemoData

struct ConvertPrecisionTests {
  @Test func convertsToHalfTheSize() throws {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: 1, size: 32)
    func run(_ line: String) throws -> BuiltProgram.Outcome {
      try BuiltProgram.run(line.split(separator: " ").map(String.init), in: folder.url)
    }
    let trained = try run(
      "train paired data --out run --generator unet_32 --ngf 4 --ndf 4 --load-size 32 --crop-size 32 --steps 1 --quiet")
    #expect(trained.status == 0, "\(trained.errors)")
    let small = try run("convert run small.safetensors --precision bf16")
    #expect(small.status == 0 && small.errors == "small.safetensors: unet_32, batch norm, bf16\n")
    func size(_ name: String) throws -> Int { try Data(contentsOf: folder.url.appendingPathComponent(name)).count }
    #expect(try size("small.safetensors") * 10 < size("run/generator.safetensors") * 6)
    let inspected = try run("inspect small.safetensors").output
    #expect(inspected.contains("\n  precision: bf16\n") && inspected.contains("  BF16 4×3×4×4"), "\(inspected)")
    let network = try #require(
      ((try JSONSerialization.jsonObject(with: Data(try run("inspect small.safetensors --json").output.utf8))
        as? [String: Any])?["networks"] as? [[String: Any]])?.first)
    #expect(network["precision"] as? String == "bf16" && network["architecture"] as? String == "unet_32")
    for line in [
      "apply small.safetensors data/train --half left --out out --quiet", "convert small.safetensors a.onnx --quiet",
    ] {
      #expect(try run(line).status == 0, "\(line)")
    }
    let int8 = try run("convert run a.safetensors --precision int8")
    #expect(int8.status == 2)
    #expect(
      int8.errors
        == "translate-cli convert: --precision needs f32 or bf16 (int8 is made of either while apply --precision int8 "
        + "translates), not int8 (translate-cli convert --help)\n")
    let onnx = try run("convert run b.onnx --precision bf16")
    #expect(onnx.status == 1)
    #expect(
      onnx.errors
        == "translate-cli convert: b.onnx: is an .onnx, whose numbers are always single precision; write it without "
        + "--precision, or a .safetensors or .pth with it\n")
  }
}
