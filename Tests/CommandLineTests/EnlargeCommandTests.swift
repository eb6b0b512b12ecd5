import TestSupport
@testable import translate_cli
import Foundation
import Testing
@testable import DemoData
@testable import Images
@testable import Training

/// `train enlarge` from end to end, as a user types it.
struct EnlargeCommandTests {
  private static let small = [
    "--factor", "2", "--generator", "compact", "--blocks", "2", "--ngf", "8", "--crop-size", "16", "--batch-size", "2",
    "--quiet",
  ]

  @Test func trainsAndEnlargesWithoutFlags() throws {
    let folder = try TemporaryFolder()
    let (data, run, out) = (folder.path + "/data", folder.path + "/run", folder.path + "/large")
    try DemoData.writePaired(to: data, count: 6, size: 32)
    let train = runInProcess(["train", "enlarge", data, "--out", run, "--steps", "3"] + Self.small)
    #expect(train.status == .success, "\(train.error)")
    // Three steps are not enough, and that is said.
    #expect(
      train.error.contains("warning: on held-out pictures the network is not better than plain bicubic enlarging"))
    let metrics = try String(contentsOfFile: run + "/metrics.csv", encoding: .utf8)
    #expect(metrics.hasPrefix("step,epoch,l1,psnr,ssim,psnr_bicubic,ssim_bicubic\n1,1,"))
    let page = try String(contentsOfFile: run + "/index.html", encoding: .utf8)
    #expect(page.contains("super-resolution (enlarge) · compact ×2 · 8 filters"))
    #expect(page.contains("On held-out pictures the network is not better than plain bicubic enlarging"))
    #expect(runInProcess(["inspect", run]).output.contains("enlarge training of compact ×2, 8 filters"))
    #expect(runInProcess(["check", data, "--objective", "enlarge", "--crop-size", "16"]).output.contains("one set in"))

    let apply = runInProcess(["apply", run, data + "/val", "--out", out, "--quiet"])
    #expect(apply.status == .success, "\(apply.error)")
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: out).sorted().first)
    let (small, large) = (try PNG.read("\(data)/val/\(name)"), try PNG.read("\(out)/\(name)"))
    #expect(large.width == 2 * small.width && large.height == 2 * small.height)

    #expect(runInProcess(["resume", run, "--steps", "4", "--quiet"]).status == .success)
    #expect(
      runInProcess(["resume", run, "--steps", "5", "--generator", "rrdb"]).error
        .contains("--generator was compact at the start of the run"))
    let wrong = runInProcess(
      ["train", "enlarge", data, "--out", run + "2", "--init-from", run] + Self.small + ["--ngf", "16"])
    #expect(
      wrong.status == .failure && wrong.error.contains("it was trained with --ngf 8"),
      "\(wrong.error)")
  }

  @Test func saysWhatCannotBe() throws {
    func error(_ words: [String]) -> String { runInProcess(["train", "enlarge", "d", "--out", "r"] + words).error }
    #expect(error(["--factor", "3"]).contains("--factor is 3; give 2 (twice) or 4 (four times)"))
    #expect(error(["--crop-size", "90"]).contains("--crop-size 90 is no multiple of 4"))
    #expect(
      error(["--generator", "rrdb", "--factor", "2", "--crop-size", "90"]).contains("is no multiple of 4"))
    #expect(error(["--generator", "unet_256"]).contains("it is one of srresnet, rrdb, compact"))
    #expect(
      error(["--feature-weights", "v.pth", "--channels", "1"]).contains("--feature-weights are those of a network that")
    )
    #expect(error(["--feature-weights", "v.pth", "--crop-size", "16"]).contains("give at least 32"))
    #expect(error(["--lambda-gan", "1", "--crop-size", "16"]).contains("too small for a discriminator"))
    #expect(error(["--lambda-l1", "1"]).contains("--lambda-l1"))
  }
}
