import Files
import Foundation

/// Where a user's MODEL argument leads: a run folder or a file of weights.
package struct ModelSource: Sendable, Equatable {
  /// The file that holds the generator.
  package var file: String
  /// The name of the state dict in a nested `.pth`; nil: the only one.
  package var part: String?

  /// Finds the generator that `path` means.
  ///
  /// - Parameters:
  ///   - path: a run folder, a `.safetensors` or a `.pth`
  ///   - direction: which generator of an unpaired run; nil: the only one, or A to B
  ///   - part: the state dict in a nested `.pth`
  ///   - weights: which weights of a run; nil: the latest
  /// - Throws: `FileError` where there is no such file, or a run folder holds no generator of this direction or no such
  ///   weights of it
  package init(
    _ path: String, direction: Direction? = nil, part: String? = nil, weights: RunWeights? = nil
  ) throws {
    self.part = part
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError(
        path: path, problem: "is not there", advice: "give a run folder, a .safetensors or a .pth file")
    }
    guard isFolder.boolValue else {
      if let weights {
        throw FileError(
          path: path, problem: "is one file of weights, of which none can be chosen",
          advice: "give the folder of its run, or leave out \(setting: "weights", weights)")
      }
      file = path
      return
    }
    let run = RunFolder(path)
    let names = RunFolder.generatorNames.filter { !run.kept(of: $0).isEmpty }
    let only = RunFolder.generatorNames[0]
    let wanted = names.contains(only) ? only : RunFolder.generatorName(direction ?? .aToB)
    guard names.contains(wanted) else {
      throw FileError(
        path: path,
        problem: names.isEmpty
          ? "holds no generator" : "holds no \(wanted).safetensors, only \(names.joined(separator: ", "))",
        advice: run.holdsRun ? "the run has not saved yet" : "give the folder of a training run, or a file of weights")
    }
    let (kept, weights) = (run.kept(of: wanted), weights ?? .latest)
    guard kept.contains(weights) else {
      throw FileError(
        path: path, problem: "holds no \(weights.fileName(of: wanted)).safetensors",
        advice: "there are the weights \(kept.map(\.description).joined(separator: ", "))")
    }
    file = run.weights(weights.fileName(of: wanted))
  }
}
