import Foundation
import TestSupport
import Testing
@testable import Files
@testable import NeuralNet
@testable import UNet
@testable import Weights

/// The names of labels in files, and what is said where one is wrong.
@Suite struct LabelNamesTests {
  @Test(arguments: [["day"], ["day", "dusk", "night"], ["a \"b\", c", "d\\", "Übergröße", "日"]])
  func namesComeBackFromText(names: [String]) { #expect(LabelNames.read(LabelNames.text(names)) == names) }

  /// Names become folders of `apply`: nothing that leads elsewhere, and nothing that a terminal would obey.
  @Test(arguments: [
    "", "day", "[]", "[1]", "[\"day\"", "[\"day\"] x", "[\"day\",\"day\"]", "[\"\"]", "[\"..\"]", "[\".\"]",
    "[\"../day\"]", "[\"/tmp\"]", "[\"a\\u0000\"]", "[\"\\u001b[2J\"]", "[\"a\\u202eb\"]", "[\"all\"]",
    "{\"day\":\"night\"}",
  ])
  func whatNamesNoFoldersIsRefused(text: String) {
    #expect(LabelNames.read(text) == nil)
    #expect(throws: FileError.self) { try ModelMetadata(strings: ["labels": text], path: "x") }
  }

  @Test func numbersOfNamesAreBounded() {
    let names = (0...LabelNames.most).map { "n\($0)" }
    #expect(LabelNames.read(LabelNames.text(names)) == nil)
    #expect(LabelNames.read(LabelNames.text(names.dropLast())) == names.dropLast())
    #expect(LabelNames.read("[\"\(String(repeating: "a", count: 256))\"]") == nil)
    #expect(LabelNames.list(names).hasSuffix("n29 and 227 more"))
  }

  @Test func missingAndUnknownLabelsAreToldWithTheKnownOnes() throws {
    let names = ["day", "dusk", "night"]
    func sentence(_ name: String?, _ names: [String]) -> String? {
      do {
        _ = try LabelNames.place(of: name, among: names, of: "m.pth")
        return nil
      } catch { return error.text { "--" + $0 } }
    }
    #expect(try LabelNames.place(of: "night", among: names, of: nil) == 2)
    #expect(try LabelNames.place(of: nil, among: [], of: nil) == nil)
    #expect(
      sentence(nil, names)
        == "m.pth: makes of a picture what a label says: day, dusk, night; choose one with --label, or all of them with "
        + "--label all")
    #expect(sentence("dsk", names) == "m.pth: knows no label 'dsk', but day, dusk, night; did you mean dusk?")
    #expect(sentence("winter", names) == "m.pth: knows no label 'winter', but day, dusk, night")
    #expect(
      sentence("day", []) == "m.pth: was trained without labels, and knows no 'day'; leave out --label")
  }

  /// Through .safetensors and .pth, and with the planes counted where pictures are meant.
  @Test func weightsKnowTheirLabels() throws {
    let folder = try TemporaryFolder()
    var configuration = UNetConfiguration(levels: 5)
    (configuration.filters, configuration.inputChannels) = (2, 5)
    let network = try configuration.network()
    var random = RandomGenerator(seed: 1)
    network.initialize(.normal, gain: 0.2, random: &random)
    func write(_ name: String, _ labels: [String]?) throws -> String {
      var metadata = ModelMetadata(configuration)
      metadata.labels = labels
      try SafetensorsWriter.write(NetworkTensors.tensors(of: network), metadata: metadata.strings, to: folder(name))
      return folder(name)
    }
    let labelled = try write("a.safetensors", ["day", "night"])
    try WeightsConversion.convert(path: labelled, to: folder("a.pth"))
    for path in [labelled, folder("a.pth")] {
      let model = try GeneratorModel(path)
      #expect(model.labels == ["day", "night"] && model.pictureChannels == 3)
      #expect(model.configuration.inputChannels == 5)
      let inspection = NetworkInspection(try WeightsFile.open(path))
      #expect(inspection.labels == ["day", "night"] && inspection.settings?.inputChannels == 5)
    }
    // One to four numbers of a picture have to be left.
    for labels in [nil, ["a", "b", "c", "d", "e"], ["a", "b", "c", "d", "e", "f"]] {
      let path = try write("bad.safetensors", labels)
      #expect(throws: FileError.self, "\(labels ?? [])") { try GeneratorModel(path) }
    }
  }
}
