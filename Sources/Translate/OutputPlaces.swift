import Files
import Foundation
import Images

/// Where translations go, compared with each other and with what is read, before the first of them is written.
extension FolderTranslation {
  /// Leaves out what lies in the output folder, where that lies inside the input folder: what an earlier run has made.
  ///
  /// A translation cannot be told from a picture that somebody has put there. So only `skipsExisting`, which writes
  /// over nothing, goes on beside such pictures, and only where each lies in the place of a translation.
  /// - Throws: `FileError` where pictures in the output folder would be read, or written over
  func withoutOwnOutput(_ items: [Item]) throws -> [Item] {
    guard recursive, let outputFolder = FileIdentity(output) else { return items }
    var isInOutput = ["": false]
    func liesInOutput(_ folder: String) -> Bool {
      if let known = isInOutput[folder] { return known }
      let lies = FileIdentity(FolderListing.join(input, folder)) == outputFolder || liesInOutput(split(folder).folder)
      isInOutput[folder] = lies
      return lies
    }
    let inOutput = items.filter { liesInOutput(split($0.name).folder) }
    guard !inOutput.isEmpty else { return items }
    let others = items.filter { !liesInOutput(split($0.name).folder) }
    let advice: Phrase = "choose an \(setting: "out", called: "output folder") outside of \(input)"
    guard skipsExisting || claims != nil else {
      throw FileError(
        path: output,
        problem: "lies inside the input folder and holds \(inOutput.count) of the pictures in it, which would be "
          + "translated as well, or written over",
        advice: """
          \(advice); if they are translations of an earlier run, ask for \(setting: "skip-existing"), or remove them
          """)
    }
    let translations = Set(others.compactMap { FileIdentity($0.target) })
    if let foreign = inOutput.first(where: { item in !(FileIdentity(item.source).map(translations.contains) ?? false) })
    {
      throw FileError(
        path: foreign.source, problem: "lies in the output folder, and is no translation of a picture outside of it",
        advice: advice)
    }
    return others
  }

  /// - Throws: `FileError` where two of `items` would be written to one file, or one over a picture that is read
  func requirePlaces(_ items: [Item]) throws {
    try requireDifferentTargets(items)
    var existing: [FileIdentity: Item] = [:]
    for item in items { if let identity = FileIdentity(item.target) { existing[identity] = item } }
    guard !existing.isEmpty else { return }
    for item in items {
      guard let identity = FileIdentity(item.source), let target = existing[identity]?.target else { continue }
      throw FileError(
        path: target,
        problem: target == item.source
          ? "is one of the pictures to translate, and would be written over"
          : "is the same file as \(item.source), one of the pictures to translate, and would be written over",
        advice: "choose another \(setting: "out", called: "output folder")")
    }
  }

  private func requireDifferentTargets(_ items: [Item]) throws {
    var folders = FolderNumbers()
    var first: [Place: Item] = [:]
    var clashes: [(Item, Item)] = []
    for item in items {
      let (folder, name) = split(item.target)
      let place = Place(folder: folders.number(of: folder), name: folded(name))
      if let other = first[place] { clashes.append((other, item)) } else { first[place] = item }
    }
    guard let (other, item) = clashes.first else { return }
    var problem = "would be written to \(item.target), "
    if item.target == other.target {
      problem += "and so would \(other.source)"
    } else {
      problem += "which many disks take for \(other.target), where \(other.source) goes"
    }
    if clashes.count > 1 { problem += "; \(clashes.count - 1) more clash like this" }
    throw FileError(path: item.source, problem: problem, advice: "rename one of them")
  }
}

/// A file by its folder, and by its name as a disk sees it that does not tell upper from lower case.
private struct Place: Hashable {
  var folder: Int
  var name: String
}

/// Numbers for folders: one number for one folder, whatever path leads to it, also where it is yet to be made.
private struct FolderNumbers {
  private var known: [String: Int] = [:]
  private var existing: [FileIdentity: Int] = [:]
  private var missing: [Place: Int] = [:]

  mutating func number(of path: String) -> Int {
    if let number = known[path] { return number }
    let next = existing.count + missing.count
    let number: Int
    if let identity = FileIdentity(path.isEmpty ? "." : path) {
      number = existing[identity] ?? next
      existing[identity] = number
    } else {
      let (folder, name) = split(path)
      let place = Place(folder: folder == path ? -1 : self.number(of: folder), name: folded(name))
      number = missing[place] ?? existing.count + missing.count
      missing[place] = number
    }
    known[path] = number
    return number
  }
}

/// The folder of `path`, empty where it names none, and what follows.
private func split(_ path: String) -> (folder: String, name: String) {
  guard let slash = path.lastIndex(of: "/") else { return ("", path) }
  let folder = slash == path.startIndex ? path[...slash] : path[..<slash]
  return (String(folder), String(path[path.index(after: slash)...]))
}

/// `name` without the difference of upper and lower case; Swift's strings are equal in all their Unicode forms as it is.
private func folded(_ name: String) -> String {
  // By way of upper case, which has one letter for both forms of the small sigma.
  name.utf8.allSatisfy { $0 < 0x80 } ? name.lowercased() : name.uppercased().lowercased()
}
