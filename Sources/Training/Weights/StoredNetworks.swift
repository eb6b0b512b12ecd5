import Files
import Foundation
import NeuralNet
import Weights

/// The networks that a run folder or a file of weights holds: one, or those of a whole training.
struct StoredNetworks {
  /// One of the networks.
  struct Member {
    /// What it is called beside the others: `G`, `D_A` in checkpoints, keys of nested dictionaries; nil: it is alone.
    let name: String?
    /// Its tensors.
    let file: WeightsFile
    /// The normalisation that it was trained with, as far as it is said.
    let normalization: NormalizationKind?
    /// The labels that it was trained with; nil: nothing is said.
    let labels: [String]?

    /// A network in a file of its own, or under a name in one.
    init(name: String?, file: WeightsFile) throws {
      (self.name, self.file) = (name, file)
      let metadata = try ModelMetadata(strings: file.metadata, path: file.path)
      normalization = metadata.normalization
      labels = metadata.formatVersion == nil ? metadata.labels : metadata.labels ?? []
    }

    /// A network in a checkpoint of a training with `settings`.
    init(name: String, in checkpoint: WeightsFile, settings: TrainingConfiguration?) {
      self.name = name
      file = checkpoint.tensors(behind: name + ".")
      labels = settings?.labelNames
      normalization = name.hasPrefix("D") ? settings?.discriminatorNorm ?? settings?.norm : settings?.norm
    }
  }

  /// The file that they lie in, or the folder of their files.
  let path: String
  /// In the order of the file.
  let members: [Member]
  /// What is said about all of them, where they lie in a checkpoint.
  let checkpoint: WeightsFile?

  /// Finds the networks of `path`.
  ///
  /// - Parameters:
  ///   - path: a run folder (its checkpoint, else its generators), a `.safetensors` or a `.pth`
  ///   - part: the state dict in a nested `.pth`; nil: all
  /// - Throws: `FileError` where there are none
  init(_ path: String, part: String? = nil, headerLimit: Int = SafetensorsFile.defaultHeaderLimit) throws {
    func open(_ path: String, part: String? = nil) throws -> WeightsFile {
      try WeightsFile.open(path, part: part, headerLimit: headerLimit)
    }
    let run = RunFolder(path)
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      if FileManager.default.fileExists(atPath: run.checkpoint) {
        // A checkpoint can be used without the settings beside it.
        let settings = try? RunDescription.read(runFolder: path).configuration
        try self.init(checkpoint: open(run.checkpoint), at: run.checkpoint, settings: settings)
      } else {
        let files = run.generators.map(run.weights)
        guard !files.isEmpty else {
          throw FileError(
            path: path, problem: "holds no network",
            advice: run.holdsRun
              ? "the run has not saved yet" : "give the folder of a training run, or a file of weights"
          )
        }
        try self.init(path: path, members: files.map { try Member(name: nil, file: open($0)) }, checkpoint: nil)
      }
      return
    }
    let parts = try part.map { [$0] } ?? WeightsFile.parts(of: path)
    if parts.count > 1 {
      guard parts.count <= Self.mostNetworks else { throw Self.tooMany(path) }
      try self.init(
        path: path, members: parts.map { try Member(name: $0, file: open(path, part: $0)) }, checkpoint: nil)
      return
    }
    let file = try open(path, part: part)
    if file.isCheckpoint {
      try self.init(checkpoint: file, at: path, settings: nil)
    } else {
      try self.init(path: path, members: [Member(name: nil, file: file)], checkpoint: nil)
    }
  }

  /// A checkpoint of ours has four; a hostile file of many must not take quadratic time.
  private static let mostNetworks = 64

  private static func tooMany(_ path: String) -> FileError {
    FileError(
      path: path, problem: "holds more than \(mostNetworks) networks",
      advice: "say which one is meant, or save them apart")
  }

  private init(path: String, members: [Member], checkpoint: WeightsFile?) {
    (self.path, self.members, self.checkpoint) = (path, members, checkpoint)
  }

  /// Names of networks stand before the first dot of their tensors' names.
  private init(checkpoint file: WeightsFile, at path: String, settings: TrainingConfiguration?) throws {
    var names: [String] = []
    for tensor in file.tensors {
      let parts = tensor.name.split(separator: ".", maxSplits: 1)
      guard parts.count == 2, !["adam", "ema", "pool"].contains(parts[0]) else { continue }
      let name = String(parts[0])
      if !names.contains(name) { names.append(name) }
      guard names.count <= Self.mostNetworks else { throw Self.tooMany(path) }
    }
    guard !names.isEmpty else { throw FileError(path: path, problem: "is a training checkpoint without networks") }
    self.init(
      path: path, members: names.map { Member(name: $0, in: file, settings: settings) }, checkpoint: file)
  }
}
