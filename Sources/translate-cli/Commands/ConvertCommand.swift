import Files
import Foundation
import NeuralNet
import Weights

/// `translate-cli convert SOURCE DESTINATION`
struct ConvertCommand: Command {
  let words = ["convert"]
  let summary = "copy weights to another form: .pth to .safetensors and back, or to .onnx"
  let discussion = """
    The extension of DESTINATION tells the form: .safetensors, .pth (or .pt), .onnx. In the first two the numbers stay \
    the same, bit for bit, unless --precision says otherwise: bf16 keeps the upper half of each, in half the bytes; .onnx holds the generator as a graph for ONNX Runtime and others. Nothing in a .pth is ever \
    executed.
    """
  let operands = [
    Operand<Self>("SOURCE", \.source, "folder of a training run, or a .pth or .safetensors file"),
    Operand<Self>("DESTINATION", \.destination, "the file to write"),
  ]
  let options = [
    OptionGroup<Self>(
      title: "Options",
      options: [
        .choice("direction", \.direction, standard: "AtoB", "which generator of an unpaired run"),
        .weights("weights", \.weights),
        .part(\.part),
        .choice(
          "norm-statistics", \.statistics, standard: "as the model says, else image",
          "whose statistics batch norm uses in .onnx"),
        .storedPrecision("precision", \.precision),
        .flag("overwrite", \.overwrite, "replace DESTINATION where it is there already"),
        .maxHeader(\.maxHeader),
        .quiet(\.isQuiet),
      ])
  ]
  let examples = [
    "convert latest_net_G.pth generator.safetensors", "convert runs/facades net_G.pth",
    "convert runs/zebras horse2zebra.onnx --direction AtoB",
    "convert runs/facades small.safetensors --precision bf16",
  ]

  var source = ""
  var destination = ""
  var direction: Direction?
  var part: String?
  var weights: RunWeights?
  var statistics: NormStatistics?
  var precision: StoredPrecision?
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
    let network = try WeightsConversion.convert(
      path: source, direction: direction, part: part, weights: weights, to: destination, statistics: statistics,
      precision: precision, headerLimit: maxHeader)
    if !isQuiet {
      let what =
        network.map {
          "\($0.architecture), " + ($0.normalization == .none ? "no norm" : "\($0.normalization.rawValue) norm")
        } ?? "no network that is known here"
      console.error("\(destination): \(what)" + (precision.map { ", \($0.rawValue)" } ?? ""))
    }
    return .success
  }
}

extension Option {
  /// The numbers of a file of weights, where they are to be others than those of its source.
  fileprivate static func storedPrecision(
    _ name: String, _ property: WritableKeyPath<Target, StoredPrecision?> & Sendable
  ) -> Option {
    Option(
      name: name, form: .value(placeholder: StoredPrecision.names.joined(separator: "|")),
      help: "what numbers are rounded or widened to", standard: { _ in "as in SOURCE" },
      set: { (target: inout Target, text: String) throws(UsageError) in
        if text == Precision.int8.rawValue {
          throw .malformed(
            option: "--" + name, value: text,
            expected: "f32 or bf16 (int8 is made of either while apply --precision int8 translates)")
        }
        guard let precision = StoredPrecision(rawValue: text) else {
          throw .unknownChoice(option: "--" + name, value: text, choices: StoredPrecision.names)
        }
        target[keyPath: property] = precision
      })
  }
}
