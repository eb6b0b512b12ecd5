import Files
import Images

/// What says which label an image has.
public enum LabelSource: String, Sendable, Codable, CaseIterable {
  /// Nothing: images have none.
  case none
  /// The first of the sub-folders that it lies in: `dusk` for `train/dusk/0001.png`.
  case folders
}

extension LabelSource {
  /// The label of a file with this stem; nil where it lies in no sub-folder.
  static func folder(of stem: String) -> String? {
    stem.firstIndex(of: "/").map { String(stem[..<$0]) }
  }

  /// Labels that a folder may have: each is a plane of numbers beside every image.
  static let counts = 1...256
}

extension DataFolder {
  /// Gives every file the label that its sub-folder says.
  ///
  /// - Returns: what is wrong: files outside of sub-folders, held-out labels that nothing is trained on, too many labels
  mutating func labelByFolder() -> [FileError] {
    let names = Set(training.files.compactMap { LabelSource.folder(of: $0.stem) })
    labels = NaturalOrder.sorted(Array(names)) { $0 }
    guard labels.count <= LabelSource.counts.upperBound else {
      return [
        FileError(
          path: path, problem: "has \(labels.count) sub-folders, each of which would be a label",
          advice: "give at most \(LabelSource.counts.upperBound)")
      ]
    }
    let numbers = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    var problems = training.label(by: numbers)
    problems += heldOut?.label(by: numbers) ?? []
    return problems
  }
}

extension DataFolder {
  /// Checks that a run may go on with these images whose labels were `names`: they keep their numbers.
  ///
  /// - Throws: `FileError` where they are others
  func requireLabels(_ names: [String]) throws(FileError) {
    guard labels != names else { return }
    func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
    throw FileError(
      path: path, problem: "has the labels \(list(labels)), but the run was started with \(list(names))",
      advice: "restore the data folder, or start a new run")
  }
}

extension DataPart {
  /// Gives every file the number of its label.
  fileprivate mutating func label(by numbers: [String: Int]) -> [FileError] {
    var problems: [FileError] = []
    func label(_ file: inout DataFile) {
      guard let name = LabelSource.folder(of: file.stem) else {
        problems.append(
          FileError(
            path: file.path, problem: "lies in no sub-folder, whose name would be its label",
            advice: "put it into the folder of its label, or leave out \(setting: "labels", "folders")"))
        return
      }
      file.label = numbers[name]
      guard file.label == nil else { return }
      problems.append(
        FileError(
          path: file.path, problem: "has the label \(FileError.quote(name)), which no image to train on has",
          advice: "add such images, or take it out of the held-out ones"))
    }
    for index in filesA.indices { label(&filesA[index]) }
    for index in filesB.indices { label(&filesB[index]) }
    return problems
  }
}
