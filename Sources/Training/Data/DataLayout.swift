import Files
import Images

/// Where in a data folder the images lie: recognised by the names of its sub-folders alone.
struct DataLayout: Equatable {
  /// The folders for training: one (side by side) or two (A, B).
  var training: [String]
  /// The held-out folders; empty where there are none.
  var heldOut: [String]

  /// Sub-folders that a recursive walk through the training folders leaves out: where these are no `train…` of their
  /// own, the held-out part lies inside.
  var excluded: Set<String> = []

  private static let heldOutNames: Set<String> = ["val", "test"]

  private static let trainingPairs = [("trainA", "trainB"), ("A/train", "B/train"), ("A", "B"), ("train/A", "train/B")]
  private static let heldOutPairs = [
    ("valA", "valB"), ("A/val", "B/val"), ("val/A", "val/B"), ("testA", "testB"), ("A/test", "B/test"),
    ("test/A", "test/B"),
  ]

  /// Recognises the layout of `data` for what is needed; nil for whatever is there.
  ///
  /// - Throws: `FileError` where `data` cannot be read, one of two folders is missing, or nothing is recognised.
  init(_ data: String, needs: DataNeeds?) throws {
    let names = try FolderListing.names(in: data)
    if needs != .oneSet, let pair = try Self.firstPair(of: Self.trainingPairs, in: data) {
      training = pair
      if pair == [FolderListing.join(data, "A"), FolderListing.join(data, "B")] { excluded = Self.heldOutNames }
      heldOut = try Self.firstPair(of: Self.heldOutPairs, in: data) ?? []
      return
    }
    guard needs != .twoSets else {
      throw try Self.foreign(in: data, names)
        ?? FileError(
          path: data, problem: "holds no two sets of images",
          advice: "expected PNG files in trainA and trainB, or in A and B")
    }
    let train = FolderListing.join(data, "train")
    if FolderListing.isFolder(train) {
      training = [train]
    } else {
      let isRecognised = names.contains { !$0.hasPrefix(".") && $0.lowercased().hasSuffix(".png") }
      guard isRecognised || (needs != nil && !names.isEmpty) else {
        throw try Self.foreign(in: data, names)
          ?? FileError(
            path: data, problem: names.isEmpty ? "is empty" : "holds no training images",
            advice: needs == .oneSet
              ? "expected PNG files in it or in train"
              : "expected side-by-side PNG files in it or in train, or two folders: trainA and trainB, or A and B")
      }
      training = [data]
      excluded = Self.heldOutNames
    }
    heldOut = []
    for name in ["val", "test"] where FolderListing.isFolder(FolderListing.join(data, name)) {
      heldOut = [FolderListing.join(data, name)]
      break
    }
  }

  /// What is wrong where `data` holds pictures, but of other formats.
  private static func foreign(in data: String, _ names: [String]) throws -> FileError? {
    try ForeignPictures(FolderListing(data).foreignImages).map {
      FileError(path: data, problem: "holds no PNG file, but \($0.count)", advice: $0.conversion)
    }
  }

  /// The first two folders of `candidates` that both exist.
  ///
  /// - Throws: `FileError` where one of two exists alone before that: going on would silently learn from something else.
  private static func firstPair(of candidates: [(String, String)], in data: String) throws -> [String]? {
    for (nameA, nameB) in candidates {
      let a = FolderListing.join(data, nameA)
      let b = FolderListing.join(data, nameB)
      switch (FolderListing.isFolder(a), FolderListing.isFolder(b)) {
      case (true, true): return [a, b]
      case (false, false): continue
      case (let hasA, _):
        throw FileError(
          path: hasA ? b : a, problem: "is missing, but \(hasA ? a : b) is there",
          advice: "both folders are needed: add it, or take the other one away")
      }
    }
    return nil
  }
}
