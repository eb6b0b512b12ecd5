import Files
import Foundation
import Weights

extension RunFolder {
  /// Makes the folder ready for a new run.
  ///
  /// - Parameter overwrite: whether a run that is here is thrown away
  /// - Throws: `FileError` where it holds another run, or cannot be made
  func prepare(overwrite: Bool) throws {
    if holdsRun {
      guard overwrite else {
        throw FileError(
          path: path, problem: "holds another run",
          advice: "go on with it (resume), choose another --out, or add --overwrite")
      }
      try clear()
    }
    do {
      try FileManager.default.createDirectory(atPath: samples, withIntermediateDirectories: true)
    } catch {
      throw FileError(
        path: path, problem: "cannot be made a folder", advice: "check the path and its permissions")
    }
  }

  /// Removes the files of a run, and nothing else.
  private func clear() throws {
    let generators = Self.generatorNames.map(weights)
    let sheets = (try? FileManager.default.contentsOfDirectory(atPath: samples)) ?? []
    let drawn = sheets.filter { $0.hasSuffix(".png") }.map { (samples as NSString).appendingPathComponent($0) }
    for path in [checkpoint, configuration, losses, metrics, file("index.html")] + generators + drawn
    where FileManager.default.fileExists(atPath: path) {
      do {
        try FileManager.default.removeItem(atPath: path)
      } catch {
        throw FileError(path: path, problem: "cannot be removed", advice: "check its permissions")
      }
    }
  }
}
