import TestSupport
@testable import translate_cli
import Foundation
import Testing
@testable import DemoData
@testable import Images

/// Translating as a user does, with a network that has taken one step.
struct ApplyCommandTests {
  /// A folder with a run in `run`, pictures of 32 × 64 pixels in `in`, and one of them in `in/sub`.
  private func folder(count: Int = 3) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: count, size: 32)
    let trained = try BuiltProgram.run(
      [
        "train", "paired", "data", "--out", "run", "--generator", "unet_64", "--ngf", "4", "--ndf", "4", "--load-size",
        "32", "--crop-size", "32", "--steps", "1", "--quiet",
      ], in: folder.url)
    #expect(trained.status == 0, "\(trained.errors)")
    let files = FileManager.default
    try files.moveItem(atPath: folder.path + "/data/train", toPath: folder.path + "/in")
    try files.createDirectory(atPath: folder.path + "/in/sub", withIntermediateDirectories: true)
    try files.moveItem(atPath: folder.path + "/in/facade_0001.png", toPath: folder.path + "/in/sub/one.png")
    return folder
  }

  private func apply(_ folder: TemporaryFolder, _ arguments: String) throws -> BuiltProgram.Outcome {
    try BuiltProgram.run(["apply"] + arguments.split(separator: " ").map(String.init), in: folder.url)
  }

  /// What is said, whatever time it took: a busy machine may need minutes.
  private func withoutTime(_ text: String) -> String {
    text.replacing(/translated in ([0-9]+ (s|min|h|d) )+to/, with: "translated in TIME to")
  }

  private func tree(_ folder: TemporaryFolder, _ name: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/" + name).filter { $0.hasSuffix(".png") }
      .sorted()
  }

  @Test func aFolderBecomesAFolder() throws {
    let folder = try folder()
    let outcome = try apply(folder, "run in --out out --half whole")
    #expect(outcome.status == 0 && outcome.output == "")
    #expect(withoutTime(outcome.errors).hasSuffix("2 translated in TIME to out\n"))
    #expect(try tree(folder, "out") == ["facade_0002.png", "facade_0003.png"])
    let input = try PNG.read(folder.path + "/in/facade_0002.png")
    let output = try PNG.read(folder.path + "/out/facade_0002.png")
    #expect(output.width == input.width && output.height == input.height && output.pixels != input.pixels)
    #expect(try apply(folder, "run in --out all --recursive --quiet").errors == "")
    #expect(try tree(folder, "all") == ["facade_0002.png", "facade_0003.png", "sub/one.png"])
    #expect(try apply(folder, "run in/sub/one.png --out single").status == 0)
    #expect(try tree(folder, "single") == ["one.png"])
    let single = try Data(contentsOf: folder.url.appendingPathComponent("single/one.png"))
    #expect(try single == Data(contentsOf: folder.url.appendingPathComponent("all/sub/one.png")))
  }

  @Test func aGalleryShowsInputsAndTranslations() throws {
    let folder = try folder()
    try folder.write("no picture", to: "in/bad.png")
    let outcome = try apply(folder, "run in --out out --gallery")
    #expect(outcome.status == 1 && outcome.errors.hasSuffix(", 1 failed; see out/index.html\n"))
    let page = try String(contentsOfFile: folder.path + "/out/index.html", encoding: .utf8)
    #expect(page.contains("src=\"../in/facade_0002.png\"") && page.contains("src=\"facade_0002.png\""))
    #expect(page.contains("2 of 3 pictures") && page.contains("<li>in/bad.png: "))
    // Before anything is translated.
    try FileManager.default.createDirectory(atPath: folder.path + "/other", withIntermediateDirectories: true)
    try folder.write("mine", to: "other/index.html")
    #expect(
      try apply(folder, "run in --out other --gallery").errors.contains("other/index.html: is no page of this program"))
    #expect(try tree(folder, "other").isEmpty)
  }

  @Test func shardsMakeTheWhole() throws {
    let folder = try folder()
    for shard in 1...3 { #expect(try apply(folder, "run in --out parts --recursive --shard \(shard)/3").status == 0) }
    #expect(try tree(folder, "parts") == ["facade_0002.png", "facade_0003.png", "sub/one.png"])
    let again = try apply(folder, "run in --out parts --recursive --skip-existing --json --quiet")
    #expect(again.status == 0 && again.errors == "")
    let summary = try #require(try JSONSerialization.jsonObject(with: Data(again.output.utf8)) as? [String: Any])
    #expect(summary["translated"] as? Int == 0 && summary["skipped"] as? Int == 3)
  }

  @Test func damagedFilesAreNamedAndPassedOver() throws {
    let folder = try folder()
    try folder.write("no PNG", to: "in/broken.png")
    try folder.write("", to: "in/empty.png")
    let outcome = try apply(folder, "run in --out out --json")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("translate-cli apply: in/broken.png: "))
    #expect(outcome.errors.contains("translate-cli apply: in/empty.png: "))
    #expect(withoutTime(outcome.errors).contains("2 translated in TIME to out, 2 failed\n"))
    #expect(try tree(folder, "out") == ["facade_0002.png", "facade_0003.png"])
    let summary = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect((summary["failures"] as? [Any])?.count == 2)
  }

  /// The first hundred are named, all are counted.
  @Test func manyFailuresAreCounted() throws {
    let folder = try folder()
    for number in 0..<102 { try folder.write("", to: "in/broken\(number).png") }
    let outcome = try apply(folder, "run in --out out --json")
    #expect(outcome.status == 1)
    #expect(outcome.errors.components(separatedBy: ": is empty, ").count == 101)
    #expect(
      withoutTime(outcome.errors).contains(
        "2 translated in TIME to out, 102 failed, the first 100 of them are named above\n"))
    let summary = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(summary["failed"] as? Int == 102 && (summary["failures"] as? [Any])?.count == 102)
  }

  /// Pictures that share a file, or would go over one that is read: one sentence, and nothing is written.
  @Test func outputsThatCollideAreRefused() throws {
    let folder = try folder()
    try FileManager.default.moveItem(
      atPath: folder.path + "/in/sub/one.png", toPath: folder.path + "/in/sub/facade_0002.png")
    func contents() throws -> [String: Data?] {
      Dictionary(
        uniqueKeysWithValues: try tree(folder, "").map {
          ($0, FileManager.default.contents(atPath: folder.path + "/" + $0))
        })
    }
    let before = try contents()
    let nested = try apply(folder, "run in --recursive --out in/sub")
    #expect(nested.status == 1)
    #expect(
      nested.errors
        == "translate-cli apply: in/sub: lies inside the input folder and holds 1 of the pictures in it, which would be "
        + "translated as well, or written over; choose an --out outside of in; if they are translations of an "
        + "earlier run, ask for --skip-existing, or remove them\n")
    #expect(try contents() == before)
  }

  /// What the disk refuses ends the command with one sentence, and --skip-existing does the rest.
  @Test func aFullDiskEndsIt() throws {
    let folder = try folder()
    try FileManager.default.createDirectory(atPath: folder.path + "/mixed", withIntermediateDirectories: true)
    try folder.write("no PNG", to: "mixed/a0.png")
    for (index, name) in ["a1", "a2", "b1", "b2", "b3", "b4", "b5", "b6"].enumerated() {
      let side = name.hasPrefix("a") ? 32 : 256
      var state = UInt32(index + 1)
      let pixels = (0..<side * side * 3).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
      }
      try PNG.write(
        Picture(width: side, height: side, channels: 3, pixels: pixels), to: folder.path + "/mixed/\(name).png")
    }
    // Files of 12 or 24 KiB at most; the side-by-side pictures have 6 and 200. 25 is SIGXFSZ, which would kill.
    let words = ["apply", "run", "mixed", "--out", "out", "--side-by-side", "--json"]
    let outcome = try BuiltProgram.run(words, in: folder.url, after: "trap '' 25; ulimit -f 24")
    #expect(outcome.status == 1)
    let written = try tree(folder, "out")
    #expect(written.allSatisfy { $0.hasPrefix("a") } && written.count > 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/out").sorted() == written)
    let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("translate-cli") }
    #expect(lines.count == 2, "\(outcome.errors)")
    #expect(lines.first?.hasPrefix("translate-cli apply: mixed/a0.png: ") == true)
    let last = try #require(lines.last)
    #expect(last.hasPrefix("translate-cli apply: out/b"))
    #expect(
      last.hasSuffix(
        ".png: cannot be written: File too large; raise the limit on the size of files (ulimit -f); "
          + "\(written.count) of 9 translations are written, go on with the same command and --skip-existing"))
    let summary = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect((summary["failures"] as? [Any])?.count == 2 && summary["translated"] as? Int == written.count)

    try FileManager.default.removeItem(atPath: folder.path + "/mixed/a0.png")
    let rest = try BuiltProgram.run(words + ["--skip-existing"], in: folder.url)
    #expect(rest.status == 0)
    #expect(
      withoutTime(rest.errors).hasSuffix(
        "\(8 - written.count) translated in TIME to out, \(written.count) there already\n"), "\(rest.errors)")
  }

  @Test func theWeightsOfARunCanBeChosen() throws {
    let folder = try folder()
    func outcome(_ weights: String, _ model: String = "run") throws -> BuiltProgram.Outcome {
      try apply(folder, "\(model) in/facade_0002.png --out \(weights) --weights \(weights) --quiet")
    }
    let missing = try outcome("3")
    #expect(missing.status == 1)
    #expect(
      missing.errors
        == "translate-cli apply: run: holds no generator_epoch_3.safetensors; there are the weights latest, best\n")
    // Of another training, to be told apart from the latest.
    let other = try BuiltProgram.run(
      [
        "train", "paired", "in", "--out", "other", "--generator", "unet_64", "--ngf", "4", "--ndf", "4", "--load-size",
        "32", "--crop-size", "32", "--steps", "1", "--seed", "5", "--quiet",
      ], in: folder.url)
    #expect(other.status == 0, "\(other.errors)")
    let latest = folder.path + "/run/generator.safetensors"
    try FileManager.default.copyItem(
      atPath: folder.path + "/other/generator.safetensors", toPath: folder.path + "/run/generator_epoch_3.safetensors")
    func picture(_ weights: String) throws -> Data {
      let outcome = try outcome(weights)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try Data(contentsOf: folder.url.appendingPathComponent(weights + "/facade_0002.png"))
    }
    #expect(try picture("latest") == picture("best"))
    #expect(try picture("3") != picture("latest"))
    #expect(try outcome("4").errors.contains("there are the weights latest, best, 3\n"))
    try FileManager.default.removeItem(atPath: latest)
    #expect(try outcome("latest").errors.contains("there are the weights best, 3\n"))
    let single = try outcome("best", "run/generator_best.safetensors")
    #expect(single.status == 1)
    #expect(single.errors.contains("give the folder of its run, or leave out --weights best\n"))
    let converted = try BuiltProgram.run(["convert", "run", "best.pth", "--weights", "best"], in: folder.url)
    #expect(converted.status == 0)
    let inspected = try BuiltProgram.run(["inspect", "best.pth"], in: folder.url)
    #expect(inspected.output.contains("metadata: best_by = l1\n"))
    #expect(
      try BuiltProgram.run(["inspect", "run"], in: folder.url).output.contains(", generator_epoch_3.safetensors "))
  }

  @Test func dropoutFollowsTheSeed() throws {
    let folder = try folder()
    func bytes(_ out: String, _ options: String) throws -> Data {
      #expect(try apply(folder, "run in --out \(out) \(options)").status == 0)
      return try Data(contentsOf: folder.url.appendingPathComponent(out + "/facade_0002.png"))
    }
    let plain = try bytes("a", "--threads 1")
    #expect(try bytes("b", "--threads 2 --batch-size 2") == plain)
    let drawn = try bytes("c", "--dropout --seed 4")
    #expect(try bytes("d", "--dropout --seed 4 --threads 1") == drawn)
    #expect(drawn != plain)
    #expect(try bytes("e", "--dropout --seed 5") != drawn)
  }

  @Test func theInputIsNeverWrittenTo() throws {
    let folder = try folder()
    let before = try tree(folder, "in")
    for out in ["in", "./in/", "in/sub/.."] {
      let outcome = try apply(folder, "run in --out \(out)")
      #expect(
        outcome.status == 1 && outcome.errors.contains("is the input folder; choose another --out"))
    }
    #expect(try apply(folder, "run in/sub/one.png --out in/sub").status == 1)
    #expect(try tree(folder, "in") == before)
  }

  @Test(arguments: [
    ("m i", "--out DIR is missing", 2),
    ("m i --out o --shard 3", "--shard needs I/N with I from 1 to N, such as 3/16, or auto, not 3", 2),
    ("m i --out o --shard 0/2", "not 0/2", 2), ("m i --out o --shard 3/2", "not 3/2", 2),
    ("m i --out o --shard 1/2/3", "not 1/2/3", 2), ("m i --out o --shard 1/99999999999999999999", "--shard needs", 2),
    ("m i --out o --seed 3", "--seed has no effect without --dropout", 2),
    ("m i --out o --norm-statistics batch", "--norm-statistics cannot be batch; it is one of image, running", 2),
    ("m i --out o --weights 0", "--weights needs latest, best or the number of an epoch, not 0", 2),
    ("m i --out o --tile 31", "--tile needs a whole number from 32 to 16384, not 31", 2),
    ("/no/model i --out o", "apply: /no/model: ", 1),
  ])
  func wrongLines(line: String, expected: String, status: Int32) {
    let outcome = runInProcess(["apply"] + line.split(separator: " ").map(String.init))
    #expect(outcome.status.rawValue == status)
    #expect(outcome.error.contains(expected), "\(outcome.error)")
  }
}
