import Foundation
import NeuralNet
import PatchDisc
import Translate

/// What `inspect` tells of a file of weights.
struct WeightsSummary: Encodable {
  struct Tensor: Encodable {
    var name: String
    var type: String
    var shape: [Int]
  }

  struct Network: Encodable {
    var architecture: String
    var norm: String
    var filters: Int?
    var inputChannels: Int?
    var outputChannels: Int?
    var dropout: Bool?
    var upsampling: String?
    var parameters: Int
    /// Side of the square of input pixels that one logit of a discriminator sees.
    var receptiveField: Int?

    init(_ network: InferredNetwork) {
      let metadata = ModelMetadata(network)
      architecture = network.architecture
      norm = network.normalization.rawValue
      filters = metadata.filters
      inputChannels = metadata.inputChannels
      outputChannels = metadata.outputChannels
      dropout = metadata.dropout
      upsampling = metadata.upsampling?.rawValue
      parameters = network.layout.parameterCount
      if case .discriminator(let configuration) = network {
        receptiveField = PatchDiscriminator.receptiveField(configuration.kind)
      }
    }
  }

  var path: String
  var form: String
  /// nil where the tensors are those of no network that is known here.
  var network: Network?
  var metadata: [String: String]
  var tensors: [Tensor]
  /// Numbers in all tensors.
  var elements: Int

  init(_ file: WeightsFile) throws {
    path = file.path ?? ""
    form = file.form.rawValue
    network = try ArchitectureInference.inferIfKnown(file).map(Network.init)
    metadata = file.metadata
    tensors = file.tensors.map { Tensor(name: $0.name, type: $0.type.rawValue, shape: $0.shape) }
    // The product of a shape was checked when the file was opened.
    elements = file.tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
  }

  /// The lines above the list of tensors.
  var headline: String {
    var lines = ["\(path): \(form), \(tensors.count) tensors, \(elements) numbers"]
    if let network {
      var facts = [network.architecture, "\(network.norm) norm"]
      if let filters = network.filters { facts.append("\(filters) filters") }
      if let channels = network.inputChannels {
        facts.append("\(channels)" + (network.outputChannels.map { " → \($0)" } ?? "") + " channels")
      }
      if network.dropout == true { facts.append("dropout") }
      if let upsampling = network.upsampling { facts.append(upsampling) }
      lines.append("  network: " + facts.joined(separator: ", "))
      lines.append("  parameters: \(network.parameters)")
      if let field = network.receptiveField { lines.append("  receptive field: \(field)×\(field)") }
    } else {
      lines.append("  network: none that is known here")
    }
    let told = metadata.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
    return (lines + told).map(Console.printable).joined(separator: "\n") + "\n"
  }

  /// Everything for people.
  var text: String {
    let width = tensors.map(\.name.count).max() ?? 0
    return headline + "\n"
      + tensors.map { tensor in
        Console.printable(
          tensor.name.padding(toLength: width, withPad: " ", startingAt: 0) + "  \(tensor.type)  "
            + (tensor.shape.isEmpty ? "scalar" : tensor.shape.map(String.init).joined(separator: "×"))) + "\n"
      }.joined()
  }
}

/// What `inspect` tells of a run folder.
struct RunSummary: Encodable {
  var path: String
  var run: RunDescription
  /// Optimiser steps in the last checkpoint; nil before the first.
  var step: Int?
  var generators: [WeightsSummary]

  init(runFolder: String, headerLimit: Int) throws {
    path = runFolder
    run = try RunDescription.read(runFolder: runFolder)
    let folder = RunFolder(runFolder)
    generators = try ["generator", "generator_AtoB", "generator_BtoA"].map { folder.file($0 + ".safetensors") }
      .filter(FileManager.default.fileExists(atPath:))
      .map { try WeightsSummary(WeightsFile.open($0, headerLimit: headerLimit)) }
    step = generators.first?.metadata["step"].flatMap { Int($0) }
  }

  var text: String {
    let settings = run.configuration
    let lines = [
      "\(path): \(settings.objective.rawValue) training, \(settings.generator), \(settings.ngf) filters, "
        + "\(settings.direction.rawValue), version \(run.version)",
      "  data: \(run.data)", "  step: \(step.map(String.init) ?? "none saved yet")",
      "  command line: \(run.commandLine.map(shellWord).joined(separator: " "))",
    ]
    return lines.map(Console.printable).joined(separator: "\n") + "\n" + generators.map(\.headline).joined()
  }
}
