import Files
import Training

/// `translate-cli inspect FILE|RUN`
struct InspectCommand: Command {
  let words = ["inspect"]
  let summary = "tell what a file of weights or a run holds: architecture, tensors, where it came from"
  let operands = [Operand<Self>("FILE|RUN", \.path, "a .safetensors or .pth file, or folder of a training run")]
  let options = [
    OptionGroup<Self>(
      title: "Options",
      options: [
        .part(\.part),
        .maxHeader(\.maxHeader),
        .flag("json", \.json, "print JSON"),
      ])
  ]
  let examples = ["inspect latest_net_G.pth", "inspect runs/facades --json"]

  var path = ""
  var part: String?
  var maxHeader = SafetensorsFile.defaultHeaderLimit
  var json = false

  func run(on console: Console) throws -> ExitCode {
    let inspection = try ModelInspection(path, part: part, headerLimit: maxHeader)
    try console.output(json ? jsonText(inspection) : inspection.text)
    return .success
  }
}
