import Files
import Images

/// Looks into the folders of a layout and collects what is wrong.
struct DataScanner {
  /// Whether sub-folders are read too.
  let recursive: Bool
  /// How large a picture may be.
  package let limit: ImageLimit
  /// What was wrong so far with folders, names and sizes.
  private(set) var problems: [FileError] = []
  /// The files that could not be read so far.
  private(set) var damaged: [FileError] = []

  init(recursive: Bool, limit: ImageLimit) {
    self.recursive = recursive
    self.limit = limit
  }

  /// A folder's listing, or only its name where it could not be read.
  struct Folder {
    var path: String
    var listing: FolderListing?
  }

  /// Lists `folders`, without opening their files.
  mutating func list(_ folders: [String], excluding: Set<String> = []) -> [Folder] {
    folders.map { path in
      do {
        let listing = try FolderListing(path, recursive: recursive, excluding: excluding)
        problems += listing.unreadable
        if listing.files.isEmpty {
          problems.append(Self.noPNG(listing, recursive: recursive))
        } else {
          for image in listing.foreignImages {
            problems.append(
              FileError(
                path: image, problem: "is no PNG file",
                advice: ForeignPictures([image]).map { "\($0.conversion), or take it out of the folder" }))
          }
        }
        return Folder(path: path, listing: listing)
      } catch {
        problems.append(Self.fileError(error, path: path))
        return Folder(path: path, listing: nil)
      }
    }
  }

  /// What is wrong with a folder without PNGs.
  private static func noPNG(_ listing: FolderListing, recursive: Bool) -> FileError {
    if let foreign = ForeignPictures(listing.foreignImages) {
      return FileError(
        path: listing.folder, problem: "holds no PNG file, but \(foreign.count)", advice: foreign.conversion)
    }
    return FileError(
      path: listing.folder, problem: "holds no PNG file",
      advice: recursive
        ? "add the images" : "add the images; sub-folders are only read with \(setting: "recursive")")
  }

  /// Whether folders hold pairs: one folder always does, two where at least half of the smaller one's names are shared.
  static func looksPaired(_ folders: [Folder]) -> Bool {
    guard folders.count == 2 else { return true }
    let a = Set(folders[0].listing?.files.map(\.stem) ?? [])
    let b = Set(folders[1].listing?.files.map(\.stem) ?? [])
    return 2 * a.intersection(b).count >= max(1, min(a.count, b.count))
  }

  /// Reads the headers of the listed files and pairs them up.
  mutating func part(_ folders: [Folder], holding needs: DataNeeds) -> DataPart {
    let arrangement: DataPart.Arrangement =
      switch needs {
      case .pairs: folders.count == 1 ? .sideBySide : .pairedFolders
      case .twoSets: .unpairedFolders
      case .oneSet: .oneFolder
      }
    var part = DataPart(arrangement: arrangement, folders: folders.map(\.path))
    part.ignored = folders.reduce(0) { $0 + ($1.listing?.ignored ?? 0) }
    let entries = folders.map { $0.listing?.files ?? [] }
    switch arrangement {
    case .sideBySide:
      part.filesA = files(entries[0])
      for file in part.filesA {
        guard let width = file.header?.width, width % 2 != 0 else { continue }
        problems.append(
          FileError(
            path: file.path, problem: "has an odd width of \(width), but two halves of equal width were expected",
            advice: "cut it to an even width"))
      }
    case .pairedFolders:
      pair(entries[0], entries[1], into: &part)
    case .unpairedFolders:
      part.filesA = files(entries[0])
      part.filesB = files(entries[1])
    case .oneFolder:
      part.filesA = files(entries[0])
    }
    return part
  }

  private mutating func pair(_ a: [FolderListing.Entry], _ b: [FolderListing.Entry], into part: inout DataPart) {
    let partners = byStem(b)
    let own = byStem(a)
    for entry in a where partners[entry.stem] == nil { reportMissing(entry, in: part.folders[1]) }
    for entry in b where own[entry.stem] == nil { reportMissing(entry, in: part.folders[0]) }
    for entry in a where own[entry.stem] == entry {
      guard let partner = partners[entry.stem] else { continue }
      let (fileA, fileB) = (file(entry), file(partner))
      part.filesA.append(fileA)
      part.filesB.append(fileB)
      guard let sizeA = fileA.header, let sizeB = fileB.header else { continue }
      if sizeA.width != sizeB.width || sizeA.height != sizeB.height {
        problems.append(
          FileError(
            path: fileA.path,
            problem: "is \(sizeA.width)×\(sizeA.height), but its partner \(fileB.path) \(sizeB.width)×\(sizeB.height)",
            advice: "give both the same size"))
      }
    }
  }

  /// The entries by stem; a stem that two files share (`a.png`, `a.PNG`) is a problem, and the first one stays.
  private mutating func byStem(_ entries: [FolderListing.Entry]) -> [String: FolderListing.Entry] {
    var found: [String: FolderListing.Entry] = [:]
    for entry in entries {
      if let first = found[entry.stem] {
        problems.append(
          FileError(
            path: entry.path, problem: "has the same name as \(first.path)", advice: "rename or remove one of them"))
      } else {
        found[entry.stem] = entry
      }
    }
    return found
  }

  private mutating func reportMissing(_ entry: FolderListing.Entry, in folder: String) {
    problems.append(
      FileError(
        path: entry.path, problem: "has no partner: \(FolderListing.join(folder, entry.stem)).png is missing",
        advice: "add the missing file, or take this one away"))
  }

  private mutating func files(_ entries: [FolderListing.Entry]) -> [DataFile] {
    entries.map { file($0) }
  }

  private mutating func file(_ entry: FolderListing.Entry) -> DataFile {
    do {
      let header = try PNG.header(entry.path)
      try header.check(limit, path: entry.path)
      return DataFile(path: entry.path, stem: entry.stem, header: header)
    } catch {
      damaged.append(Self.fileError(error, path: entry.path))
      return DataFile(path: entry.path, stem: entry.stem, header: nil)
    }
  }

  private static func fileError(_ error: any Error, path: String) -> FileError {
    (error as? FileError) ?? FileError(path: path, problem: "cannot be read: \(error)")
  }
}
