import Foundation
import Testing

@testable import DemoData
@testable import Images
@testable import translate_cli

/// Labels as a user has them: from the folders of the data to the folders of the translations.
struct LabelCommandTests {
  @Test func fromSubfoldersToSubfolders() throws {
    let folder = try TemporaryFolder()
    func run(_ line: String) throws -> BuiltProgram.Outcome {
      try BuiltProgram.run(line.split(separator: " ").map(String.init), in: folder.url)
    }
    func tree(_ name: String) throws -> [String] {
      try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/" + name).filter { $0.hasSuffix(".png") }
        .sorted()
    }
    #expect(try run("demo-data labelled data --count 1 --size 32 --quiet").status == 0)
    let trained = try run(
      "train paired data --labels folders --direction BtoA --out run --generator unet_32 --ngf 4 --ndf 4 --load-size 32 "
        + "--crop-size 32 --steps 2 --quiet")
    #expect(trained.status == 0, "\(trained.errors)")
    #expect(
      try String(contentsOfFile: folder.path + "/run/config.json", encoding: .utf8).contains("\"label_names\""))

    let missing = try run("apply run data/val/day --out out")
    #expect(missing.status == 1)
    #expect(
      missing.errors
        == "translate-cli apply: run/generator.safetensors: makes of a picture what a label says: day, dusk, night; "
        + "choose one with --label, or all of them with --label all\n")
    #expect(
      try run("apply run data/val/day --out out --label nigth").errors
        == "translate-cli apply: run/generator.safetensors: knows no label 'nigth', but day, dusk, night; did you mean "
        + "night?\n")
    #expect(
      try run("apply run data/val/day/facade_0001.png --out out.png --label all").errors.contains(
        "out.png: is one file, but there is a translation for each label"))
    #expect(try run("apply run - --out - --label all").status == 2)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out"))

    let all = try run("apply run data/val/day --out out --label all --gallery --json")
    #expect(all.status == 0, "\(all.errors)")
    let names = (1...4).map { "facade_000\($0).png" }
    #expect(try tree("out") == ["day", "dusk", "night"].flatMap { light in names.map { "\(light)/\($0)" } })
    #expect(try String(contentsOfFile: folder.path + "/out/index.html", encoding: .utf8).contains("facade_0001, dusk"))
    #expect(try run("apply run data/val/day --out one --label dusk --quiet").errors == "")
    #expect(try tree("one") == names)
    for name in names {
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: folder.path + "/one/\(name)"))
          == Data(contentsOf: URL(fileURLWithPath: folder.path + "/out/dusk/\(name)")))
    }
    #expect(try run("evaluate out data/val --recursive --half left").status == 0)

    let inspected = try run("inspect run/generator.safetensors").output
    #expect(inspected.contains("labels: day, dusk, night"), "\(inspected)")
    #expect(try run("convert run model.pth").status == 0 && run("convert run model.onnx").status == 0)
    #expect(try run("apply model.pth data/val/day --half right --out pth --label dusk --quiet").status == 0)
    #expect(try tree("pth") == names)

    let mixed = try run("train paired data/train/day --labels folders --out other --generator unet_32 --steps 1")
    #expect(mixed.status == 1 && mixed.errors.contains("lies in no sub-folder, whose name would be its label"))
  }

  @Test func modelsWithoutLabelsRefuseThem() throws {
    let folder = try TemporaryFolder()
    try DemoData.writePaired(to: folder.path + "/data", count: 1, size: 32)
    let trained = try BuiltProgram.run(
      [
        "train", "paired", "data", "--out", "run", "--generator", "unet_32", "--ngf", "4", "--ndf", "4", "--load-size",
        "32", "--crop-size", "32", "--steps", "1", "--quiet",
      ], in: folder.url)
    #expect(trained.status == 0, "\(trained.errors)")
    for label in ["day", "all"] {
      let outcome = try BuiltProgram.run(
        ["apply", "run", "data/val", "--out", "out", "--label", label], in: folder.url)
      #expect(outcome.status == 1)
      #expect(
        outcome.errors
          == "translate-cli apply: run/generator.safetensors: was trained without labels, and knows no '\(label)'; leave "
          + "out --label\n")
    }
  }
}
