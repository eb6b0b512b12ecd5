import Files
import Foundation
import Weights

/// What can be told of a file of weights or a run folder: its networks, their tensors, where they came from.
public struct ModelInspection: Sendable, Equatable, Codable {
  /// What lies at the path.
  public enum Kind: String, Sendable, Codable {
    /// A file of one network or of other tensors, or of several state dicts.
    case weights
    /// The checkpoint of a training.
    case checkpoint
    /// The folder of a training.
    case run
  }

  /// A training run.
  package struct Run: Sendable, Equatable, Codable {
    /// How it was started, with every setting.
    package var description: RunDescription?
    /// Its files.
    package var files: [File]
  }

  /// A file of a run.
  package struct File: Sendable, Equatable, Codable {
    /// Its name within the folder.
    package var name: String
    /// Its length.
    package var bytes: Int
  }

  /// Where a checkpoint stands.
  package struct Progress: Sendable, Equatable, Codable {
    /// Optimiser steps done.
    package var step: Int
    /// The epoch of the last step, from 1; 0 before the first.
    package var epoch: Int
  }

  /// What was looked at, as the user named it.
  public var path: String
  /// What lies there.
  public var kind: Kind
  /// Of a run folder.
  package var run: Run?
  /// Of a checkpoint; nil too for a run that has not saved yet.
  package var progress: Progress?
  /// The networks.
  public var networks: [NetworkInspection]

  /// Looks at `path`.
  ///
  /// - Parameters:
  ///   - path: a run folder, a `.safetensors` or a `.pth`
  ///   - part: the state dict in a nested `.pth`; nil: all
  /// - Throws: `FileError` where there is nothing of this kind, or it is damaged
  public init(_ path: String, part: String? = nil) throws {
    try self.init(path, part: part, headerLimit: SafetensorsFile.defaultHeaderLimit)
  }

  /// Looks at `path`.
  ///
  /// - Parameters:
  ///   - path: a run folder, a `.safetensors` or a `.pth`
  ///   - part: the state dict in a nested `.pth`; nil: all
  ///   - headerLimit: the longest header of a `.safetensors` that is accepted, in bytes
  /// - Throws: `FileError` where there is nothing of this kind, or it is damaged
  package init(_ path: String, part: String? = nil, headerLimit: Int) throws {
    self.path = path
    let folder = RunFolder(path)
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      kind = .run
      let isDescribed = FileManager.default.fileExists(atPath: folder.configuration)
      let files = Self.files(of: folder)
      run = Run(description: isDescribed ? try RunDescription.read(runFolder: path) : nil, files: files)
      // A run that has not saved yet can be inspected too.
      if isDescribed, !files.contains(where: { $0.name.hasSuffix(".safetensors") }) {
        networks = []
        return
      }
    } else {
      kind = .weights
    }
    let stored = try StoredNetworks(path, part: part, headerLimit: headerLimit)
    networks = stored.members.map { NetworkInspection($0.file, name: $0.name) }
    if let checkpoint = stored.checkpoint {
      if kind == .weights { kind = .checkpoint }
      progress = try Progress(checkpoint)
    }
  }

  private static func files(of run: RunFolder) -> [File] {
    let weights = run.weightNames.map(run.weights)
    let paths = [run.configuration, run.checkpoint] + weights + [run.losses, run.metrics, run.file("index.html")]
    return paths.compactMap { path in
      guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber else { return nil }
      return File(name: (path as NSString).lastPathComponent, bytes: size.intValue)
    }
  }
}

extension ModelInspection.Progress {
  /// What a checkpoint says about its position; the rest of it is the business of resume.
  private struct Position: Decodable {
    struct Sampler: Decodable { var epoch: Int }
    var step: Int
    var sampler: Sampler?
  }

  fileprivate init(_ checkpoint: WeightsFile) throws {
    guard let json = checkpoint.metadata["position"],
      let position = try? JSONDecoder().decode(Position.self, from: Data(json.utf8)), position.step >= 0
    else {
      throw FileError(
        path: checkpoint.path, problem: "its position is damaged",
        advice: "start a new run with \(setting: "init-from") to keep the weights")
    }
    (step, epoch) = (position.step, position.sampler?.epoch ?? 0)
  }
}
