import Foundation
import Testing
@testable import DemoData
@testable import Images
@testable import translate_cli

/// Where `apply` reads and writes: files by name, standard streams, halves of side-by-side files.
struct ApplyPlacesTests {
  /// A folder with side-by-side pictures of 64 × 32 pixels in `data/train`, and a run of one step on them in `run`.
  private func folder(_ options: [String] = []) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: 3, size: 32)
    let trained = try BuiltProgram.run(
      [
        "train", "paired", "data", "--out", "run", "--generator", "unet_32", "--ngf", "4", "--ndf", "4", "--load-size",
        "32", "--crop-size", "32", "--steps", "1", "--quiet",
      ] + options, in: folder.url)
    #expect(trained.status == 0, "\(trained.errors)")
    return folder
  }

  private func apply(_ folder: TemporaryFolder, _ arguments: String) throws -> BuiltProgram.Outcome {
    try BuiltProgram.run(["apply"] + arguments.split(separator: " ").map(String.init), in: folder.url)
  }

  private func picture(_ folder: TemporaryFolder, _ name: String) throws -> Picture {
    try PNG.read(folder.path + "/" + name)
  }

  /// One half of `data/train/facade_0001.png`, written to `name`.
  private func writeHalf(_ folder: TemporaryFolder, _ half: ImageHalf, to name: String) throws {
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent(name).deletingLastPathComponent(), withIntermediateDirectories: true)
    try PNG.write(picture(folder, "data/train/facade_0001.png").half(half), to: folder.path + "/" + name)
  }

  @Test func oneFileIsWrittenWhereItIsSaid() throws {
    let folder = try folder()
    try writeHalf(folder, .left, to: "one.png")
    #expect(try apply(folder, "run one.png --out new/result.png --quiet").status == 0)
    #expect(try apply(folder, "run one.png --out beside.PNG --quiet").status == 0)
    #expect(try apply(folder, "run one.png --out folder --quiet").status == 0)
    let result = try picture(folder, "new/result.png")
    #expect(try result == picture(folder, "beside.PNG") && result == picture(folder, "folder/one.png"))
    #expect(result.width == 32)
    // A folder of that name is a folder.
    try FileManager.default.createDirectory(atPath: folder.path + "/a.png", withIntermediateDirectories: true)
    #expect(try apply(folder, "run one.png --out a.png --quiet").status == 0)
    #expect(try result == picture(folder, "a.png/one.png"))
    let itself = try apply(folder, "run one.png --out one.png")
    #expect(itself.status == 1 && itself.errors.contains("is one of the pictures to translate"), "\(itself.errors)")
    let again = try apply(folder, "run one.png --out new/result.png --skip-existing")
    #expect(again.errors.contains("1 there already"))
  }

  @Test func standardStreams() throws {
    let folder = try folder()
    try writeHalf(folder, .left, to: "one.png")
    #expect(try apply(folder, "run one.png --out expected.png --quiet").status == 0)
    let expected = try Data(contentsOf: folder.url.appendingPathComponent("expected.png"))
    let program = try #require(BuiltProgram.url).path
    func shell(_ line: String) throws -> BuiltProgram.Outcome {
      try BuiltProgram.start(URL(fileURLWithPath: "/bin/sh"), ["-c", "CLI='\(program)'; " + line], in: folder.url)
        .wait()
    }
    for (name, line) in [
      ("a.png", "\"$CLI\" apply run - --out - < one.png > a.png"),
      ("b.png", "cat one.png | \"$CLI\" apply run - --out b.png"),
      ("c.png", "\"$CLI\" apply run one.png --out - | cat > c.png"),
    ] {
      let outcome = try shell(line)
      #expect(outcome.status == 0 && outcome.errors == "", "\(line): \(outcome.errors)")
      #expect(try Data(contentsOf: folder.url.appendingPathComponent(name)) == expected, "\(line)")
    }
    let pair = try shell("\"$CLI\" apply run - --out d.png --side-by-side < data/train/facade_0001.png")
    #expect(pair.status == 0 && pair.errors == "")
    #expect(try picture(folder, "d.png").width == 64 && picture(folder, "d.png").leftHalf == picture(folder, "one.png"))
    let wrong = try shell("echo no picture | \"$CLI\" apply run - --out -")
    #expect(wrong.status == 1 && wrong.output == "")
    #expect(wrong.errors.hasPrefix("translate-cli apply: the standard input: is no PNG image"), "\(wrong.errors)")
    let large = try shell("\"$CLI\" apply run - --out - --max-pixels 9 < one.png")
    #expect(large.status == 1 && large.output == "", "\(large.errors)")
  }

  @Test(arguments: [
    ("run - --out out", "--out needs a .png file, or -, for a picture from the standard input, not out"),
    ("run - --out - --recursive", "--recursive has no effect without a folder as INPUT and one as --out"),
    ("run in --out - --json", "--json has no effect without a folder as INPUT and one as --out"),
  ])
  func streamsTakeOnePicture(line: String, expected: String) {
    let outcome = runInProcess(["apply"] + line.split(separator: " ").map(String.init))
    #expect(outcome.status == .usage && outcome.error.contains(expected), "\(outcome.error)")
  }

  @Test(arguments: [("AtoB", ImageHalf.left), ("BtoA", .right)])
  func theHalfOfTheTrainingIsTaken(direction: String, half: ImageHalf) throws {
    let folder = try folder(["--direction", direction])
    try writeHalf(folder, half, to: "in/facade_0001.png")
    let plain = try apply(folder, "run in --out plain")
    #expect(plain.status == 0 && !plain.errors.contains("side-by-side"))
    let expected = try picture(folder, "plain/facade_0001.png")
    #expect(expected.width == 32)
    let taken = try apply(folder, "run data/train --out taken")
    #expect(taken.status == 0)
    #expect(
      taken.errors.hasPrefix(
        "data/train holds side-by-side images as in training: their \(half.rawValue) halves are translated; --half says "
          + "otherwise\n"), "\(taken.errors)")
    #expect(try picture(folder, "taken/facade_0001.png") == expected)
    #expect(try apply(folder, "run data/train --out other --half \(half == .left ? "right" : "left")").status == 0)
    #expect(try picture(folder, "other/facade_0001.png") != expected)
    #expect(try apply(folder, "run data/train --out whole --half whole --quiet").errors == "")
    #expect(try picture(folder, "whole/facade_0001.png").width == 64)
    // Converted weights know it too.
    #expect(try BuiltProgram.run(["convert", "run", "net.pth", "--quiet"], in: folder.url).status == 0)
    #expect(try apply(folder, "net.pth data/train --out converted --quiet").errors == "")
    #expect(try picture(folder, "converted/facade_0001.png") == expected)

    try writeHalf(folder, half, to: "data/train/single.png")
    let mixed = try apply(folder, "run data/train --out mixed")
    #expect(mixed.status == 1)
    #expect(
      mixed.errors
        == "translate-cli apply: data/train/facade_0001.png: looks like the side-by-side files of the training, but "
        + "data/train/single.png does not; say which half of each is meant, --half left, right or whole\n")
  }

  /// JPEGs are named, with what converts them; PNGs beside them are translated all the same.
  @Test func otherFormatsAreSaid() throws {
    let folder = try folder()
    for name in ["a.jpg", "b.jpeg", "c.txt"] { try folder.write("no matter", to: "my photos/" + name) }
    func run(_ words: [String]) throws -> BuiltProgram.Outcome { try BuiltProgram.run(words, in: folder.url) }
    let advice = "convert them to PNG: mogrify -format png 'my photos'/*.jpeg 'my photos'/*.jpg\n"
    let problem = "my photos: holds no PNG file, but 2 JPEGs; " + advice
    for (words, expected) in [
      (["apply", "run", "my photos", "--out", "out"], problem.replacing("PNG file", with: "PNG")),
      (["evaluate", "my photos", "data/train"], problem), (["evaluate", "data/train", "my photos"], problem),
      (["check", "my photos"], problem),
      (["train", "paired", "my photos", "--out", "new"], problem),
      (["train", "unpaired", "my photos", "--out", "new"], problem),
    ] {
      let outcome = try run(words)
      #expect(outcome.status == 1)
      let command = words.prefix(words[0] == "train" ? 2 : 1).joined(separator: " ")
      #expect(outcome.errors == "translate-cli \(command): \(expected)")
    }
    try writeHalf(folder, .left, to: "my photos/d.png")
    let mixed = try run(["apply", "run", "my photos", "--out", "out", "--json"])
    #expect(mixed.status == 0)
    #expect(mixed.errors.contains("warning: my photos: 2 JPEGs left out; " + advice), "\(mixed.errors)")
    let summary = try #require(try JSONSerialization.jsonObject(with: Data(mixed.output.utf8)) as? [String: Any])
    #expect(summary["left_out"] as? [String] == ["my photos/a.jpg", "my photos/b.jpeg"])
    // Once converted, they are passed over.
    for name in ["a.png", "b.png"] { try writeHalf(folder, .left, to: "my photos/" + name) }
    let converted = try run(["apply", "run", "my photos", "--out", "out", "--quiet"])
    #expect(converted.status == 0 && converted.errors == "")
  }
}
