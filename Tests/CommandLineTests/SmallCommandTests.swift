import TestSupport
@testable import translate_cli
import Files
import Foundation
import Testing
@testable import DemoData
@testable import Images
@testable import Training

struct SmallCommandTests {
  @Test func demoDataIsTheSameForTheSameSeed() throws {
    let folder = try TemporaryFolder()
    func draw(_ name: String, _ kind: String, _ seed: String) throws -> [String: Data] {
      let outcome = try BuiltProgram.run(
        ["demo-data", kind, name, "--count", "2", "--size", "32", "--seed", seed, "--quiet"], in: folder.url)
      #expect(outcome.status == 0 && outcome.errors == "" && outcome.output == "")
      let root = folder.url.appendingPathComponent(name)
      let files = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".png") }
      return try Dictionary(
        uniqueKeysWithValues: files.map { ($0, try Data(contentsOf: root.appendingPathComponent($0))) })
    }
    for kind in ["paired", "labelled", "unpaired"] {
      let first = try draw(kind + "1", kind, "5")
      #expect(first.count >= 6)
      #expect(try draw(kind + "2", kind, "5") == first)
      #expect(try draw(kind + "3", kind, "6") != first)
    }
    let again = try BuiltProgram.run(["demo-data", "paired", "paired1", "--count", "2"], in: folder.url)
    #expect(again.status == 1)
    let wrong = runInProcess(["demo-data", "pared", "x"])
    #expect(wrong.status == .usage)
    #expect(
      wrong.error
        == "translate-cli: there is no command demo-data pared; demo-data is followed by paired or labelled or unpaired or shapes; "
        + "did you mean paired? (translate-cli --help)\n")
  }

  @Test func checkNamesProblemsAndEndsWithOne() throws {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path, count: 1, size: 32)
    let sound = runInProcess(["check", folder.path])
    #expect(sound.status == .success && sound.output.hasSuffix("no problems found\n") && sound.error == "")
    try folder.write("not a PNG", to: "train/broken.png")
    let broken = runInProcess(["check", folder.path, "--json"])
    #expect(broken.status == .failure)
    let report = try JSONDecoder().decode(DataCheck.self, from: Data(broken.output.utf8))
    #expect(report.problems.map(\.path) == [folder.path + "/train/broken.png"])
  }

  @Test func evaluateTellsOpacity() throws {
    let folder = try TemporaryFolder()
    let picture = Picture(width: 16, height: 16, channels: 3, pixels: [UInt8](repeating: 7, count: 768))
    try PNG.write(picture.withAlpha([UInt8](repeating: 20, count: 256)), to: folder.path + "/a.png")
    try PNG.write(picture.withAlpha([UInt8](repeating: 30, count: 256)), to: folder.path + "/b.png")
    try PNG.write(picture, to: folder.path + "/c.png")
    let both = runInProcess(["evaluate", folder.path + "/a.png", folder.path + "/b.png"])
    #expect(
      both.status == .success && both.output.hasSuffix("0.0000       inf   1.0000      10.0000\n"), "\(both.output)")
    #expect(both.output.split(separator: "\n").first?.hasSuffix("opacity MAE") == true)
    let one = runInProcess(["evaluate", folder.path + "/a.png", folder.path + "/c.png"])
    #expect(one.status == .success && !one.output.contains("opacity"), "\(one.output)")
  }

  @Test func evaluateMeasures() throws {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/a", count: 1, size: 32)
    try DemoData.writePaired(to: folder.path + "/b", count: 1, size: 32)
    let equal = runInProcess(["evaluate", folder.path + "/a/train", folder.path + "/b/train"])
    #expect(equal.status == .success && equal.error == "")
    #expect(
      equal.output == """
                              MAE   PSNR dB     SSIM
        facade_0001.png    0.0000       inf   1.0000
        mean of 1          0.0000       inf   1.0000

        """)
    let json = runInProcess(["evaluate", folder.path + "/a/val", folder.path + "/b/val", "--json"])
    #expect(try JSONDecoder().decode(FolderEvaluation.self, from: Data(json.output.utf8)).files.count == 4)
    let partial = runInProcess(["evaluate", folder.path + "/a/train", folder.path + "/b/val"])
    #expect(partial.status == .success)
    #expect(partial.error == "3 images have no output and counted nothing: facade_0002.png, …\n")
    #expect(runInProcess(["evaluate", folder.path + "/a/train", "/no/such"]).status == .failure)
  }

  @Test func convertKeepsItsHandsOffWhatIsThere() throws {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: 1, size: 32)
    let run = folder.path + "/run"
    #expect(
      runInProcess([
        "train", "paired", folder.path + "/data", "--out", run, "--generator", "unet_32", "--ngf", "4", "--ndf", "4",
        "--load-size", "32", "--crop-size", "32", "--steps", "1", "--quiet",
      ]).status == .success)
    let weights = run + "/generator.safetensors"
    let pth = folder.path + "/g.pth"
    let first = runInProcess(["convert", weights, pth])
    #expect(first.status == .success && first.error == "\(pth): unet_32, batch norm\n", "\(first.error)")
    #expect(
      runInProcess(["convert", weights, pth]).error.hasSuffix(
        "is there already; name another file, or add --overwrite\n"))
    #expect(runInProcess(["convert", weights, pth, "--overwrite", "--quiet"]) == (.success, "", ""))
    #expect(runInProcess(["convert", weights, weights, "--overwrite"]).error.contains("is the source itself"))
    #expect(runInProcess(["convert", pth, folder.path + "/g.onnxx"]).status == .failure)
    let back = folder.path + "/back.safetensors"
    #expect(runInProcess(["convert", pth, back]).status == .success)
    let inspected = runInProcess(["inspect", back, "--json"])
    let object = try #require(try JSONSerialization.jsonObject(with: Data(inspected.output.utf8)) as? [String: Any])
    let network = try #require((object["networks"] as? [[String: Any]])?.first)
    #expect(network["architecture"] as? String == "unet_32")
    #expect((network["tensors"] as? [Any])?.count == 46)
    let onnx = folder.path + "/g.onnx"
    #expect(runInProcess(["convert", run, onnx]) == (.success, "", "\(onnx): unet_32, batch norm\n"))
    #expect(FileManager.default.fileExists(atPath: onnx))
  }

  @Test(arguments: [
    ("run", "run"), ("a/b-c_d.e", "a/b-c_d.e"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("", "''"), ("$x", "'$x'"),
    ("ü", "'ü'"),
  ])
  func shellWords(text: String, expected: String) { #expect(shellWord(text) == expected) }
}
