import Foundation
import TestSupport
import Testing
@testable import DemoData
@testable import Images
@testable import translate_cli

struct PrecisionCommandTests {
  private func scene() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: 3, size: 32)
    let trained = try run(
      "train paired data --out run --generator unet_32 --ngf 4 --ndf 4 --load-size 32 --crop-size 32 --steps 2 --quiet",
      folder)
    #expect(trained.status == 0, "\(trained.errors)")
    return folder
  }

  private func run(_ line: String, _ folder: TemporaryFolder) throws -> BuiltProgram.Outcome {
    try BuiltProgram.run(line.split(separator: " ").map(String.init), in: folder.url)
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func comparesAndMeasures() throws {
    let folder = try scene()
    let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).count
    let table = try run("precision run data/train", folder)
    #expect(table.status == 0, "\(table.errors)")
    let lines = table.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.first == ["mean", "p99", "max", "PSNR", "dB", "MAE", "to", "truth", "s/image"])
    #expect(
      lines.dropFirst().map { $0[0] } == ["f32", "bf16", "int8"] && lines.dropFirst().allSatisfy { $0.count == 7 })
    #expect(lines[1][1...4] == ["-", "-", "-", "-"])
    #expect(table.errors.contains("data/train holds side-by-side images as in training: their left halves"))
    #expect(table.errors.hasSuffix("3 images in each precision\n") && table.errors.contains("image 3/3"))
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).count == before, "nothing is written")

    // The truth is the other half: the figure that `evaluate` gives of what `apply` writes.
    #expect(try run("apply run data/train --out out --quiet", folder).status == 0)
    let evaluated = try object(try run("evaluate out data/train --half right --json", folder).output)
    let mean = try #require((evaluated["mean"] as? [String: Any])?["mean_absolute_error"] as? Double)
    let json = try run("precision run data/train --json --quiet", folder)
    #expect(json.status == 0 && json.errors == "")
    let summary = try object(json.output)
    let rows = try #require(summary["precisions"] as? [[String: Any]])
    #expect(summary["images"] as? Int == 3 && summary["half"] as? String == "left")
    #expect(rows.map { $0["precision"] as? String } == ["f32", "bf16", "int8"])
    #expect(abs((rows[0]["truth_mean_absolute_error"] as? Double ?? 0) - mean) < 1e-9)
    #expect(rows.allSatisfy { ($0["seconds_per_image"] as? Double ?? 0) > 0 })
    #expect(rows[0]["mean_absolute_difference"] == nil && rows[1]["mean_absolute_difference"] is Double)
  }

  @Test func oneImageAndWhatCannotBeRead() throws {
    let folder = try scene()
    let one = try run("precision run data/train --count 1 --half whole --quiet", folder)
    #expect(one.status == 0 && !one.output.contains("truth"))
    // A single translation plans as well: it tells no time.
    #expect(one.output.split(separator: "\n").dropFirst().allSatisfy { $0.hasSuffix(" -") }, "\(one.output)")
    try folder.write("no picture", to: "data/train/a.png")
    let damaged = try run("precision run data/train --half left", folder)
    #expect(damaged.status == 1 && damaged.output.contains("int8"))
    #expect(damaged.errors.contains("translate-cli precision: data/train/a.png: "), "\(damaged.errors)")
    let nothing = try run("precision run data/train/a.png --quiet", folder)
    #expect(nothing.status == 1 && nothing.output == "" && nothing.errors.filter { $0 == "\n" }.count == 1)
    #expect(
      try run("precision run nowhere", folder).errors.hasSuffix(
        "nowhere: is not there; give a folder of PNGs or one PNG\n"))
    #expect(try run("precision run data/train --count 0", folder).status == 2)
    #expect(
      try run("precision run data/train --label day", folder).errors.contains("was trained without labels"))
  }
}
