import Images

/// One PNG file of the data, by what its header says.
public struct DataFile: Sendable, Equatable {
  /// The path to open.
  public internal(set) var path: String
  /// The path below the data's folder, without the extension.
  public internal(set) var stem: String
  /// What the beginning of the file says.
  public internal(set) var header: PNGHeader
}

/// The images for training, or those held out from it.
///
/// Only a scan of a folder makes one: whoever reads pictures counts on partners being there.
public struct DataPart: Sendable, Equatable {
  /// How the two sides lie on disk.
  public enum Arrangement: String, Sendable, Codable {
    /// One file a pair: the left half is A, the right half B.
    case sideBySide = "side-by-side"
    /// Two folders, paired by relative path without extension.
    case pairedFolders = "paired-folders"
    /// Two folders without pairing.
    case unpairedFolders = "unpaired-folders"
  }

  /// How the two sides lie on disk.
  public internal(set) var arrangement: Arrangement
  /// The folders read: one (side by side) or two (A, B).
  public internal(set) var folders: [String]
  /// The files of side A, or those that hold both sides.
  public internal(set) var filesA: [DataFile] = []
  /// The files of side B; empty for side-by-side files; as many as in `filesA`, in the same order, for pairs.
  public internal(set) var filesB: [DataFile] = []
  /// How many files were passed over that are no pictures.
  public internal(set) var ignored = 0

  /// How many images side A has.
  public var countA: Int { filesA.count }
  /// How many images side B has.
  public var countB: Int { arrangement == .sideBySide ? filesA.count : filesB.count }

  /// Width and height of image `index` of side A, in pixels.
  public func sizeA(_ index: Int) -> (width: Int, height: Int) { size(filesA[index]) }
  /// Width and height of image `index` of side B, in pixels.
  public func sizeB(_ index: Int) -> (width: Int, height: Int) {
    size(arrangement == .sideBySide ? filesA[index] : filesB[index])
  }

  private func size(_ file: DataFile) -> (width: Int, height: Int) {
    (arrangement == .sideBySide ? file.header.width / 2 : file.header.width, file.header.height)
  }

  /// What a person calls this: `side-by-side pairs in DATA/train: 200 images, 512×256`.
  public var summary: String {
    switch arrangement {
    case .sideBySide:
      "side-by-side pairs in \(folders[0]): \(count(filesA))"
    case .pairedFolders:
      "pairs in \(folders[0]) and \(folders[1]): \(count(filesA))"
    case .unpairedFolders:
      "two sets without pairs: \(folders[0]) with \(count(filesA)); \(folders[1]) with \(count(filesB))"
    }
  }

  /// The numbers alone, for a part whose arrangement has been named: `30 in DATA/val`.
  var shortSummary: String {
    switch arrangement {
    case .sideBySide: "\(filesA.count) in \(folders[0])"
    case .pairedFolders: "\(filesA.count) in \(folders[0]) and \(folders[1])"
    case .unpairedFolders: "\(filesA.count) in \(folders[0]), \(filesB.count) in \(folders[1])"
    }
  }

  /// `200 images, 512×256`, or how far sizes reach.
  private func count(_ files: [DataFile]) -> String {
    let number = files.count == 1 ? "1 image" : "\(files.count) images"
    guard let first = files.first?.header else { return number }
    let isUniform = files.allSatisfy { $0.header.width == first.width && $0.header.height == first.height }
    if isUniform { return "\(number), \(first.width)×\(first.height)" }
    let widths = files.map(\.header.width)
    let heights = files.map(\.header.height)
    return "\(number), \(range(widths)) wide, \(range(heights)) high"
  }

  private func range(_ numbers: [Int]) -> String {
    let low = numbers.min() ?? 0
    let high = numbers.max() ?? 0
    return low == high ? "\(low)" : "\(low)–\(high)"
  }
}
