import Images
import Weights

/// One PNG file of the data, by what its header says.
package struct DataFile: Sendable, Equatable {
  /// The path to open.
  package internal(set) var path: String
  /// The path below the data's folder, without the extension.
  package internal(set) var stem: String
  /// What the beginning of the file says; nil where it cannot be read. Such a file keeps its place: the order through the
  /// data, and with it resuming, does not depend on which files are damaged.
  package internal(set) var header: PNGHeader?
  /// Its label, by its place among those of the folder; nil where pictures have none.
  package internal(set) var label: Int?
}

/// The images for training, or those held out from it.
///
/// Only a scan of a folder makes one: whoever reads pictures counts on partners being there.
package struct DataPart: Sendable, Equatable {
  /// How the two sides lie on disk.
  package enum Arrangement: String, Sendable, Codable {
    /// One file a pair: the left half is A, the right half B.
    case sideBySide = "side-by-side"
    /// Two folders, paired by relative path without extension.
    case pairedFolders = "paired-folders"
    /// Two folders without pairing.
    case unpairedFolders = "unpaired-folders"
    /// One folder of images that stand for both sides.
    case oneFolder = "one-folder"
  }

  /// How the two sides lie on disk.
  package internal(set) var arrangement: Arrangement
  /// The folders read: one (side by side, one set) or two (A, B).
  package internal(set) var folders: [String]
  /// The files of side A, or those that hold both sides.
  package internal(set) var filesA: [DataFile] = []
  /// The files of side B; empty where those of A hold both sides; as many as in `filesA`, in the same order, for pairs.
  package internal(set) var filesB: [DataFile] = []
  /// How many files were passed over that are no pictures.
  package internal(set) var ignored = 0

  /// How many images side A has.
  package var countA: Int { filesA.count }
  /// How many images side B has.
  package var countB: Int { holdsBothInOne ? filesA.count : filesB.count }
  /// Whether a file of side A is all there is of both sides.
  package var holdsBothInOne: Bool { arrangement == .sideBySide || arrangement == .oneFolder }

  /// All files, those of side B behind those of side A.
  package var files: [DataFile] { filesA + filesB }

  /// Width and height in pixels of the image in `file` (of one half, where it holds both sides); nil where it is unknown.
  func size(_ file: DataFile) -> (width: Int, height: Int)? {
    file.header.map { (arrangement == .sideBySide ? $0.width / 2 : $0.width, $0.height) }
  }

  /// The most frequent size of files that hold both sides, of several the smallest; nil where they lie in two folders.
  var pairSize: PictureSize? {
    guard arrangement == .sideBySide else { return nil }
    var counts: [[Int]: Int] = [:]
    for case let header? in filesA.map(\.header) { counts[[header.width, header.height], default: 0] += 1 }
    let most = counts.max { ($0.value, $1.key[0], $1.key[1]) < ($1.value, $0.key[0], $0.key[1]) }
    return most.flatMap { PictureSize(width: $0.key[0], height: $0.key[1]) }
  }

  /// What a person calls this: `side-by-side pairs in DATA/train: 200 images, 512×256`.
  package var summary: String {
    switch arrangement {
    case .sideBySide:
      "side-by-side pairs in \(folders[0]): \(count(filesA))"
    case .pairedFolders:
      "pairs in \(folders[0]) and \(folders[1]): \(count(filesA))"
    case .unpairedFolders:
      "two sets without pairs: \(folders[0]) with \(count(filesA)); \(folders[1]) with \(count(filesB))"
    case .oneFolder:
      "one set in \(folders[0]): \(count(filesA))"
    }
  }

  /// The numbers alone, for a part whose arrangement has been named: `30 in DATA/val`.
  var shortSummary: String {
    switch arrangement {
    case .sideBySide, .oneFolder: "\(readable(filesA)) in \(folders[0])"
    case .pairedFolders: "\(readable(filesA)) in \(folders[0]) and \(folders[1])"
    case .unpairedFolders: "\(readable(filesA)) in \(folders[0]), \(readable(filesB)) in \(folders[1])"
    }
  }

  private func readable(_ files: [DataFile]) -> Int { files.count { $0.header != nil } }

  /// `200 images, 512×256`, or how far sizes reach.
  private func count(_ files: [DataFile]) -> String {
    let headers = files.compactMap(\.header)
    let number = headers.count == 1 ? "1 image" : "\(headers.count) images"
    guard let first = headers.first else { return number }
    let isUniform = headers.allSatisfy { $0.width == first.width && $0.height == first.height }
    if isUniform { return "\(number), \(first.width)×\(first.height)" }
    let widths = headers.map(\.width)
    let heights = headers.map(\.height)
    return "\(number), \(range(widths)) wide, \(range(heights)) high"
  }

  private func range(_ numbers: [Int]) -> String {
    let low = numbers.min() ?? 0
    let high = numbers.max() ?? 0
    return low == high ? "\(low)" : "\(low)–\(high)"
  }
}
