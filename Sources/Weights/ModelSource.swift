import Foundation
import NeuralNet

/// Where a user's MODEL argument leads: a run folder or a file of weights.
public struct ModelSource: Sendable, Equatable {
  /// The file that holds the generator.
  public var file: String
  /// The name of the state dict in a nested `.pth`; nil: the only one.
  public var part: String?

  /// Finds the generator that `path` means.
  ///
  /// - Parameters:
  ///   - path: a run folder, a `.safetensors` or a `.pth`
  ///   - direction: which generator of an unpaired run; nil: the only one, or A to B
  ///   - part: the state dict in a nested `.pth`
  /// - Throws: `FileError` where there is no such file, or a run folder holds no generator of this direction
  public init(_ path: String, direction: Direction? = nil, part: String? = nil) throws {
    self.part = part
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError(
        path: path, problem: "is not there", advice: "give a run folder, a .safetensors or a .pth file")
    }
    guard isFolder.boolValue else {
      file = path
      return
    }
    let run = RunFolder(path)
    let names = ["generator", "generator_AtoB", "generator_BtoA"].filter {
      FileManager.default.fileExists(atPath: run.file($0 + ".safetensors"))
    }
    let wanted =
      names.contains("generator") ? "generator" : "generator_" + (direction ?? .aToB).rawValue
    guard names.contains(wanted) else {
      throw FileError(
        path: path,
        problem: names.isEmpty
          ? "holds no generator" : "holds no \(wanted).safetensors, only \(names.joined(separator: ", "))",
        advice: run.holdsRun ? "the run has not saved yet" : "give the folder of a training run, or a file of weights")
    }
    file = run.file(wanted + ".safetensors")
  }
}

/// A generator with its weights and what its file says about it.
public final class GeneratorModel {
  /// The file that it came from; nil: none.
  public let path: String?
  /// What determines its parameters and arithmetic.
  public let configuration: GeneratorConfiguration
  /// What its file says about itself.
  public let metadata: ModelMetadata
  /// The network.
  public let network: Network

  /// Loads the generator that `path` means.
  ///
  /// - Parameters:
  ///   - path: a run folder, a `.safetensors` or a `.pth`; its architecture is read off its metadata, names and shapes
  ///   - direction: which generator of an unpaired run; checked against a file that says which way it translates
  ///   - part: the state dict in a nested `.pth`
  /// - Throws: `FileError` where there is no generator, or it translates the other way
  public convenience init(_ path: String, direction: Direction? = nil, part: String? = nil) throws {
    let source = try ModelSource(path, direction: direction, part: part)
    try self.init(WeightsFile.open(source.file, part: source.part))
    if let direction, let own = metadata.direction, own != direction.rawValue {
      throw FileError(
        path: source.file, problem: "translates \(own), not \(direction.rawValue)",
        advice: "leave out --direction, or give the model of the other direction")
    }
  }

  /// Loads the generator in an open file.
  ///
  /// - Throws: `FileError` where it holds no generator
  public init(_ file: WeightsFile) throws {
    let inferred = try ArchitectureInference.inferGenerator(file)
    switch inferred {
    case .unet(let unet): configuration = .unet(unet)
    case .resnet(let resnet): configuration = .resnet(resnet)
    case .discriminator:
      throw FileError(path: file.path, problem: "is a discriminator", advice: "give a generator")
    }
    try Self.requireUsable(configuration, path: file.path)
    path = file.path
    metadata = try ModelMetadata(strings: file.metadata, path: file.path)
    network = try configuration.network()
    try NetworkTensors.load(network, from: file)
  }

  /// Refuses networks that no picture fits, before memory is taken for them.
  private static func requireUsable(_ configuration: GeneratorConfiguration, path: String?) throws {
    for (what, channels) in [("reads", configuration.inputChannels), ("makes", configuration.outputChannels)]
    where channels != 1 && channels != 3 {
      throw FileError(
        path: path, problem: "\(what) pictures of \(channels) channels, where PNGs have 1 (grey) or 3 (RGB)",
        advice: "give a generator for grey or RGB pictures")
    }
    guard (1...TrainingConfiguration.mostFilters).contains(configuration.filters) else {
      throw FileError(
        path: path,
        problem: "has \(configuration.filters) channels after the first convolution, expected 1 to "
          + "\(TrainingConfiguration.mostFilters)", advice: "is it damaged?")
    }
  }
}
