import Foundation
import NeuralNet
import Translate

/// `translate-cli convert SOURCE DESTINATION`
struct ConvertCommand: Command {
  static let words = ["convert"]
  static let summary = "copy weights to another form: .pth to .safetensors and back"
  static let discussion = """
    The extension of DESTINATION tells the form: .safetensors, .pth or .pt. The numbers stay the same, bit for bit. \
    Nothing in a .pth is ever executed.
    """
  static let operands = [
    Operand<Self>("SOURCE", \.source, "a .pth or .safetensors file"),
    Operand<Self>("DESTINATION", \.destination, "the file to write"),
  ]
  static let options = [
    OptionGroup<Self>(
      title: "Options",
      options: [
        .text("part", \.part, placeholder: "KEY", "the state dict that is meant in a .pth that holds several"),
        .flag("overwrite", \.overwrite, "replace DESTINATION where it is there already"),
        .maxHeader(\.maxHeader),
        .quiet(\.isQuiet),
      ])
  ]
  static let examples = ["convert latest_net_G.pth generator.safetensors", "convert generator.safetensors net_G.pth"]

  var source = ""
  var destination = ""
  var part: String?
  var overwrite = false
  var maxHeader = SafetensorsFile.defaultHeaderLimit
  var isQuiet = false

  func run(on console: Console) throws -> ExitCode {
    guard !isSamePlace(source, destination) else {
      throw FileError(path: destination, problem: "is the source itself", advice: "name another file")
    }
    guard overwrite || !FileManager.default.fileExists(atPath: destination) else {
      throw FileError(path: destination, problem: "is there already", advice: "name another file, or add --overwrite")
    }
    let file = try WeightsFile.open(source, part: part, headerLimit: maxHeader)
    let network = try WeightsConversion.convert(file, to: destination)
    if !isQuiet {
      let what =
        network.map { "\($0.architecture), \($0.normalization.rawValue) norm" } ?? "no network that is known here"
      console.error("\(destination): \(file.tensors.count) tensors (\(what))")
    }
    return .success
  }
}
