import Foundation
import NeuralNet
import Translate

/// `translate-cli inspect FILE|RUN`
struct InspectCommand: Command {
  static let words = ["inspect"]
  static let summary = "tell what a file of weights or a run holds: architecture, tensors, where it came from"
  static let operands = [Operand<Self>("FILE|RUN", \.path, "a .safetensors or .pth file, or folder of a training run")]
  static let options = [
    OptionGroup<Self>(
      title: "Options",
      options: [
        .text("part", \.part, placeholder: "KEY", "the state dict that is meant in a .pth that holds several"),
        .maxHeader(\.maxHeader),
        .flag("json", \.json, "print JSON"),
      ])
  ]
  static let examples = ["inspect latest_net_G.pth", "inspect runs/facades --json"]

  var path = ""
  var part: String?
  var maxHeader = SafetensorsFile.defaultHeaderLimit
  var json = false

  func run(on console: Console) throws -> ExitCode {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      let description = try RunSummary(runFolder: path, headerLimit: maxHeader)
      try console.output(json ? jsonText(description) : description.text)
    } else {
      let description = try WeightsSummary(WeightsFile.open(path, part: part, headerLimit: maxHeader))
      try console.output(json ? jsonText(description) : description.text)
    }
    return .success
  }
}
