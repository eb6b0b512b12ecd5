import Foundation
import TestSupport
import Testing
@testable import Files
@testable import Images
@testable import NeuralNet
@testable import Translate
@testable import UNet
@testable import Weights

/// Translating with networks that were trained with labels.
@Suite struct LabelTests {
  private static let names = ["day", "dusk", "night"]

  private func scene() throws -> (scene: ModelScene, model: String) {
    let scene = try ModelScene()
    var configuration = ModelScene.unet()
    configuration.inputChannels = 3 + Self.names.count
    return (scene, try scene.model("m.safetensors", configuration, labels: Self.names))
  }

  private func problem(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return (error as? FileError)?.text { "--" + $0 } ?? "\(error)" }
  }

  /// The planes lie behind the picture: 1 in that of the label, 0 in the others.
  @Test func aLabelIsAPlaneOfOnes() throws {
    let (scene, model) = try scene()
    defer { withExtendedLifetime(scene) {} }
    let translator = try Translator(model: model)
    #expect(translator.labels == Self.names)
    let picture = ModelScene.noise(64, 128, seed: 1)
    let network = translator.model.network
    let execution = try Execution(
      network, shape: Shape(1, 6, 128, 64), mode: ExecutionMode(), processor: Processor(threads: 1))
    for (place, label) in Self.names.enumerated() {
      var planes = [Float](repeating: 0, count: 6 * 128 * 64)
      for index in picture.pixels.indices {
        planes[index % 3 * 128 * 64 + index / 3] = Float(picture.pixels[index]) / 127.5 - 1
      }
      for pixel in 0..<128 * 64 { planes[(3 + place) * 128 * 64 + pixel] = 1 }
      execution.input.setNCHW(planes)
      execution.forward()
      let wanted = execution.output.image()
      let output = try translator.translate(picture, label: label)
      let differences = zip(output.pixels, wanted.pixels).map { abs(Int($0) - Int($1)) }
      #expect((differences.max() ?? 255) <= 1, "\(label)")
    }
    let outputs = try Self.names.map { try translator.translate(picture, label: $0) }
    #expect(outputs[0] != outputs[1] && outputs[1] != outputs[2] && outputs[0] != outputs[2])
  }

  /// Neither a batch of several labels, nor borders, nor tiles, nor what was translated before mixes labels up.
  @Test func batchesAndTilesKeepLabelsApart() throws {
    let (scene, model) = try scene()
    defer { withExtendedLifetime(scene) {} }
    let translator = try Translator(model: model)
    let picture = ModelScene.noise(70, 66, seed: 2)
    let single = try Self.names.map { try translator.translate(picture, label: $0) }
    #expect(
      try translator.translate([picture, picture, picture], names: [], labels: Self.names.reversed(), filledTo: 4)
        == single.reversed())
    var options = Translator.Options()
    options.tile = 64
    let tiled = try Translator(model: model, options: options)
    let night = try tiled.translate(picture, label: "night")
    #expect(try tiled.translate([picture, picture], names: [], labels: ["day", "night"], filledTo: 0)[1] == night)
    #expect(try tiled.translate(picture, label: "day") != night)
  }

  @Test func aFolderForEachLabel() throws {
    let (scene, model) = try scene()
    let translator = try Translator(model: model)
    try FileManager.default.createDirectory(atPath: scene.path("in/sub"), withIntermediateDirectories: true)
    for (index, name) in ["a.png", "sub/b.png"].enumerated() {
      try PNG.write(ModelScene.noise(64, 64, seed: UInt64(index)), to: scene.path("in/" + name))
    }
    var folder = FolderTranslation(scene.path("in"), to: scene.path("out"))
    folder.recursive = true
    folder.labels = .each(translator.labels)
    let summary = try folder.run(translator)
    #expect(summary.translated == 6 && summary.failures.isEmpty)
    for label in Self.names {
      for name in ["a.png", "sub/b.png"] {
        let wanted = try translator.translate(PNG.read(scene.path("in/" + name)), label: label)
        #expect(try PNG.read(scene.path("out/\(label)/\(name)")) == wanted, "\(label) \(name)")
      }
    }
    folder.skipsExisting = true
    try FileManager.default.removeItem(atPath: scene.path("out/dusk/a.png"))
    #expect(try folder.run(translator).translated == 1)
    folder.labels = .one("dusk")
    folder.output = scene.path("one")
    #expect(try folder.run(translator).translated == 2)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: scene.path("one/a.png")))
        == Data(contentsOf: URL(fileURLWithPath: scene.path("out/dusk/a.png"))))
  }

  @Test func whatCannotBeIsSaidBeforeAnythingIsWritten() throws {
    let (scene, model) = try scene()
    let (labelled, plain) = (
      try Translator(model: model), try Translator(model: scene.model("p.safetensors", ModelScene.unet()))
    )
    try PNG.write(ModelScene.noise(64, 64, seed: 1), to: scene.path("in.png"))
    func refusal(_ translator: Translator, _ labels: FolderTranslation.Labels, _ output: String = "out") -> String? {
      var folder = FolderTranslation(scene.path("in.png"), to: scene.path(output))
      folder.labels = labels
      return problem { _ = try folder.run(translator) }
    }
    let missing =
      model + ": makes of a picture what a label says: day, dusk, night; choose one with --label, or all of them with "
      + "--label all"
    #expect(refusal(labelled, .none) == missing && refusal(labelled, .each([])) == missing)
    #expect(problem { _ = try labelled.translate(ModelScene.noise(64, 64, seed: 1)) } == missing)
    #expect(
      refusal(labelled, .one("nigth")) == model + ": knows no label 'nigth', but day, dusk, night; did you mean night?")
    #expect(
      refusal(plain, .one("day"))
        == scene.path("p.safetensors") + ": was trained without labels, and knows no 'day'; leave out --label")
    #expect(
      refusal(labelled, .each(Self.names), "out.png")
        == scene.path("out.png")
        + ": is one file, but there is a translation for each label; name a folder, or choose one label with --label")
    #expect(try FileManager.default.contentsOfDirectory(atPath: scene.folder.path).count == 3)
  }
}
