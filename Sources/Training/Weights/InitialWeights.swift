import Files
import Foundation
import NeuralNet
import Weights

/// Starting from the weights of another model, wholly or in part.
enum InitialWeights {
  /// Puts the networks of `source` into those of `model`.
  ///
  /// A run's checkpoint and a `.pth` of several state dicts give the networks that are called the same; a file of one
  /// network goes where its metadata (direction, role) or its name in the manner of the public code
  /// (`latest_net_G_A.pth`) say, else to the first generator or discriminator. States of optimisers stay behind.
  /// - Returns: sentences that say what was found and what starts afresh
  /// - Throws: `FileError` where nothing in `source` belongs to a network of `model`, or something does not fit
  package static func load(_ source: String, into model: any TranslationModel) throws -> [String] {
    let stored = try StoredNetworks(source)
    let assignment = try Assignment(stored, to: model)
    for match in assignment.matches { try NetworkFit(match.member, into: match.trained, of: model).check() }
    var sentences: [String] = []
    for trained in model.networks {
      guard let match = assignment.matches.first(where: { $0.trained.name == trained.name }) else {
        sentences.append("\(trained.name) starts fresh")
        continue
      }
      try NetworkTensors.load(trained.network, from: match.member.file)
      guard trained.network.parameters.areFinite else {
        throw FileError(
          path: match.member.file.path, problem: "has a weight for \(trained.name) that is infinite or not a number",
          advice: "give weights from before the training diverged")
      }
      sentences.append("\(trained.name) from \(match.origin): \(millions(trained.network.parameters.count)) parameters")
      let labels = model.generators.first { $0.network === trained.network }?.labels ?? []
      if let before = match.member.labels, before != labels, before.count == labels.count {
        sentences.append(
          "its labels \(LabelNames.list(before)) are \(LabelNames.list(labels)) from here on, in this order")
      }
    }
    if stored.checkpoint != nil { sentences.append("optimisers and image pools start fresh") }
    if !assignment.unused.isEmpty {
      sentences.append("not used: \(assignment.unused.map(FileError.quote).joined(separator: ", "))")
    }
    return sentences
  }

  /// `54.4 M`, or all digits of small numbers.
  private static func millions(_ count: Int) -> String {
    count < 100_000
      ? String(count) : String(format: "%.1f M", locale: Locale(identifier: "en_US_POSIX"), Double(count) / 1e6)
  }
}

/// Which stored network goes where.
private struct Assignment {
  struct Match {
    var trained: TrainedNetwork
    var member: StoredNetworks.Member
    /// Where it comes from, for a person.
    var origin: String
  }

  private(set) var matches: [Match] = []
  /// Names of stored networks that have no counterpart.
  private(set) var unused: [String] = []

  init(_ stored: StoredNetworks, to model: any TranslationModel) throws {
    for member in stored.members {
      let found =
        try member.name.map { name in model.networks.first { Self.word(name) == Self.word($0.name) } }
        ?? Self.target(of: member.file, in: model)
      guard let found else {
        unused.append(member.name ?? member.file.path ?? "")
        continue
      }
      let file = FileError.quote(member.file.path ?? stored.path)
      let origin = member.name.map { "\(FileError.quote($0)) in \(file)" } ?? file
      if let other = matches.first(where: { $0.trained.name == found.name }) {
        throw FileError(
          path: stored.path, problem: "holds two networks for \(found.name): \(other.origin) and \(origin)",
          advice: "give a file of one of them")
      }
      matches.append(Match(trained: found, member: member, origin: origin))
    }
    guard matches.isEmpty else { return }
    let wanted = model.networks.map(\.name).joined(separator: ", ")
    throw FileError(
      path: stored.path,
      problem:
        "holds \(unused.map(FileError.quote).joined(separator: ", ")), none of which is called like a network of "
        + "this training (\(wanted))",
      advice: "give a file of one network, such as a run's generator.safetensors")
  }

  /// Where a file of one network belongs.
  private static func target(of file: WeightsFile, in model: any TranslationModel) throws -> TrainedNetwork? {
    let isGenerator = try ArchitectureInference.infer(file) is any GeneratorConfiguration
    let metadata = try ModelMetadata(strings: file.metadata, path: file.path)
    let candidates = model.networks.filter { trained in
      model.generators.contains { $0.network === trained.network } == isGenerator
    }
    if isGenerator, let direction = metadata.direction,
      let generator = model.generators.first(where: { $0.direction?.rawValue == direction })
    {
      return candidates.first { $0.network === generator.network }
    }
    let stem = ((file.path ?? "") as NSString).lastPathComponent.split(separator: ".").first.map(String.init) ?? ""
    let words = [metadata.role, stem.range(of: "_net_").map { String(stem[$0.upperBound...]) }]
    for case let name? in words {
      if let match = candidates.first(where: { word($0.name) == word(name) }) { return match }
    }
    return candidates.first
  }

  /// A network's name without what people put around it: `netG_A`, `generator_A2B` and `models.G_AB.state_dict` are all
  /// `g_a`; nil where a name is none of these.
  private static func word(_ name: String) -> String? {
    for component in name.lowercased().split(separator: ".").reversed() {
      var words = component.split { $0 == "_" || $0 == "-" }.map(String.init)
        .filter { !["net", "model", "state", "dict", "weights"].contains($0) }
      guard var first = words.first else { continue }
      if first.hasPrefix("net") { first = String(first.dropFirst(3)) }
      let kinds = ["g": "g", "gen": "g", "generator": "g", "d": "d", "disc": "d", "discriminator": "d"]
      let sides = ["a": "a", "ab": "a", "a2b": "a", "atob": "a", "b": "b", "ba": "b", "b2a": "b", "btoa": "b"]
      guard let kind = kinds[first] else { return nil }
      words.removeFirst()
      if words.isEmpty { return kind }
      guard words.count == 1, let side = sides[words[0]] else { return nil }
      return kind + "_" + side
    }
    return nil
  }
}
