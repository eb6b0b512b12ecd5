import Foundation
import TestSupport
import Testing
@testable import DemoData
@testable import Files
@testable import Images
@testable import translate_cli

/// `train generate` and `generate`, as a user types them.
struct GenerateCommandTests {
  private static let small = [
    "--ngf", "4", "--ndf", "4", "--latent-size", "8", "--load-size", "32", "--crop-size", "32", "--batch-size", "6",
    "--quiet",
  ]

  @Test func fromPicturesToPictures() throws {
    let folder = try TemporaryFolder()
    try DemoData.writeShapes(to: folder.path + "/data", count: 3, size: 32)
    let run = folder.path + "/run"
    let trained = runInProcess(
      ["train", "generate", folder.path + "/data", "--out", run, "--labels", "folders", "--steps", "2"]
        + Self.small)
    #expect(trained.status == .success, "\(trained.error)")
    #expect(runInProcess(["resume", run, "--steps", "3", "--quiet"]).status == .success)
    let config = try String(contentsOfFile: run + "/config.json", encoding: .utf8)
    #expect(config.contains("\"objective\" : \"generate\"") && config.contains("\"latent_size\" : 8"))
    #expect(!config.contains("\"direction\"") && !config.contains("\"generator\""))
    let inspected = runInProcess(["inspect", run]).output
    #expect(inspected.contains("generate training of dcgan_32, batch norm, 4 filters"))
    let page = try String(contentsOfFile: run + "/index.html", encoding: .utf8)
    #expect(page.contains("DCGAN (generate) · dcgan_32") && page.contains("energy distance"))

    func make(_ out: String, _ words: [String]) -> (status: ExitCode, output: String, error: String) {
      runInProcess(["generate", run, "--out", folder.path + "/" + out] + words)
    }
    let made = make(
      "all", ["--count", "5", "--label", "all", "--sheet", folder.path + "/sheet.png", "--seed", "4"])
    #expect(made.status == .success && made.error.contains("20 made in "), "\(made.error)")
    #expect(try FolderListing.names(in: folder.path + "/all").sorted() == ["circle", "cross", "square", "triangle"])
    #expect(try PNG.read(folder.path + "/sheet.png").width > 5 * 32)
    #expect(make("one", ["--count", "2", "--label", "cross", "--seed", "4", "--quiet", "--threads", "1"]).error == "")
    for name in ["0001.png", "0002.png"] {
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: folder.path + "/one/" + name))
          == Data(contentsOf: URL(fileURLWithPath: folder.path + "/all/cross/" + name)))
    }
    #expect(make("way", ["--count", "3", "--label", "circle", "--interpolate", "--quiet"]).status == .success)

    let missing = make("none", [])
    #expect(missing.status == .failure)
    #expect(
      missing.error.hasSuffix(
        "generator.safetensors: makes pictures of what a label says: circle, cross, square, triangle; choose one with "
          + "--label, or all of them with --label all\n"), "\(missing.error)")
    #expect(make("none", ["--label", "crss"]).error.contains("did you mean cross?"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/none"))
    let applied = runInProcess([
      "apply", run, folder.path + "/data/val/circle", "--out", folder.path + "/none",
    ])
    #expect(applied.status == .failure)
    #expect(
      applied.error.hasSuffix(
        "holds dcgan_32, which makes pictures of noise, not of pictures; make some with the generate command\n"),
      "\(applied.error)")
    #expect(make("none", ["--count", "0"]).status == .usage)
    #expect(runInProcess(["generate", run]).error.contains("--out"))
  }

  @Test func translatorsDoNotGenerate() throws {
    let folder = try TemporaryFolder()
    let model = checkpoints.appendingPathComponent("unet_128_batch.zip.pth").path
    let outcome = runInProcess(["generate", model, "--out", folder.path + "/out"])
    #expect(outcome.status == .failure)
    #expect(
      outcome.error.hasSuffix(
        "holds unet_128, which makes pictures of pictures, not of noise; give pictures to it with the apply command\n"),
      "\(outcome.error)")
  }

  @Test func whatCannotBeIsSaidBeforeAnythingIsRead() {
    let base = ["train", "generate", "d", "--out", "r"]
    #expect(
      runInProcess(base + ["--crop-size", "48"]).error.contains(
        "--crop-size is 48, of which there is no DCGAN; give 32, 64, 128, 256"))
    #expect(
      runInProcess(base + ["--gan-mode", "hinge", "--label-smoothing", "0.1"]).error.contains(
        "--label-smoothing has no effect with hinge"))
    #expect(runInProcess(base + ["--generator", "unet_64"]).error.contains("--generator"))
    #expect(runInProcess(["train", "generate", "--help"]).output.contains("--ema X"))
  }
}
