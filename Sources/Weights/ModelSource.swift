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
  /// - Throws: `FileError` where there is no such file, or a run folder holds no generator of this direction
  package init(_ path: String, direction: Direction? = nil, part: String? = nil) throws {
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
    let names = run.generators
    let only = RunFolder.generatorNames[0]
    let wanted = names.contains(only) ? only : RunFolder.generatorName(direction ?? .aToB)
    guard names.contains(wanted) else {
      throw FileError(
        path: path,
        problem: names.isEmpty
          ? "holds no generator" : "holds no \(wanted).safetensors, only \(names.joined(separator: ", "))",
        advice: run.holdsRun ? "the run has not saved yet" : "give the folder of a training run, or a file of weights")
    }
    file = run.weights(wanted)
  }
}
