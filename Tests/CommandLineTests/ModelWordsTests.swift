import TestSupport
import Foundation
import Testing

@testable import DemoData
@testable import Images
@testable import translate_cli

/// What `apply` says of models that are not what was asked for.
struct ModelWordsTests {
  @Test func dropoutAndCheckpoints() throws {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: 1, size: 32)
    func run(_ line: String) throws -> BuiltProgram.Outcome {
      try BuiltProgram.run(line.split(separator: " ").map(String.init), in: folder.url)
    }
    let trained = try run(
      "train paired data --out run --generator unet_32 --ngf 4 --ndf 4 --load-size 32 --crop-size 32 --steps 1 --quiet "
        + "--no-dropout")
    #expect(trained.status == 0, "\(trained.errors)")
    let dropout = try run("apply run data/train --out out --dropout")
    #expect(dropout.status == 1)
    #expect(
      dropout.errors
        == "translate-cli apply: run/generator.safetensors: holds a network without dropout, which has one outcome "
        + "alone; translate without --dropout\n")
    let checkpoint = try run("apply run/checkpoint.safetensors data/train --out out")
    #expect(checkpoint.status == 1)
    #expect(
      checkpoint.errors
        == "translate-cli apply: run/checkpoint.safetensors: is the checkpoint of a training, which only resuming reads; "
        + "give the run folder, run, for its generator\n")
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out"))
  }

  @Test func severalNetworksAreToldApart() {
    let file = checkpoints.appendingPathComponent("nested_networks.zip.pth").path
    let outcome = runInProcess(["apply", file, "in", "--out", "out"])
    #expect(outcome.status == .failure)
    #expect(outcome.error.contains(": holds several state dicts: "), "\(outcome.error)")
    #expect(outcome.error.contains("; say which one is meant, such as --part 'netG_B2A'\n"), "\(outcome.error)")
  }
}
