import Files
import Foundation
import Images
import Weights

extension RunFolder {
  /// Whether the folder is there.
  var exists: Bool { FolderListing.isFolder(path) }

  /// Refuses a folder that holds another run, which `overwrite` allows to throw away.
  ///
  /// - Throws: `FileError` where that is so
  func requireNew(overwrite: Bool) throws {
    guard holdsRun, !overwrite else { return }
    throw FileError(
      path: path, problem: "holds another run",
      advice:
        "go on with it (resume), choose another \(setting: "out", called: "run folder"), or add \(setting: "overwrite")"
    )
  }

  /// Makes the folder ready for a new run; it should be locked by now.
  ///
  /// - Parameter overwrite: whether a run that is here is thrown away
  /// - Throws: `FileError` where it holds another run, or cannot be made
  func prepare(overwrite: Bool) throws {
    try requireNew(overwrite: overwrite)
    if holdsRun { try clear() }
    try make(samples)
  }

  /// Makes the folder itself.
  ///
  /// - Throws: `FileError` where it cannot be made
  func make() throws { try make(path) }

  private func make(_ folder: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw FileError(
        path: path, problem: "cannot be made a folder", advice: "check the path and its permissions")
    }
  }

  /// Removes the files of a run, and nothing else.
  private func clear() throws {
    let generators = weightNames.map(weights) + Self.generatorNames.map(pendingBest)
    let sheets = (try? FileManager.default.contentsOfDirectory(atPath: samples)) ?? []
    let drawn = sheets.filter { $0.hasSuffix(".png") }.map { (samples as NSString).appendingPathComponent($0) }
    for path in [checkpoint, configuration, losses, metrics, alarms, file("index.html"), file("comparison.html")]
      + generators + drawn
    where FileManager.default.fileExists(atPath: path) {
      do {
        try FileManager.default.removeItem(atPath: path)
      } catch {
        throw FileError(path: path, problem: "cannot be removed", advice: "check its permissions")
      }
    }
  }
}
