import Files
import Images

/// A folder of training data: what it holds, and everything that is wrong with it.
///
/// Only names and the beginnings of files are read. The layouts that are recognised are those of the public
/// pix2pix/CycleGAN code.
public struct DataFolder: Sendable {
  /// The folder, as it was named.
  public internal(set) var path: String
  /// Whether it holds pairs.
  public internal(set) var objective: TrainingObjective
  /// The images to learn from.
  public internal(set) var training: DataPart
  /// The images for samples and figures, where there are any.
  public internal(set) var heldOut: DataPart?
  /// How large a picture may be.
  public internal(set) var limit: ImageLimit
  /// Everything that keeps it from being trained on, with paths.
  public internal(set) var problems: [FileError]

  /// What was recognised, in one sentence to print.
  public var summary: String {
    training.summary + (heldOut.map { "; held out: " + $0.shortSummary } ?? "")
  }

  /// Looks through `path`.
  ///
  /// - Parameters:
  ///   - objective: what it is to be used for; nil decides by itself: two folders are pairs where at least half of the
  ///     smaller one's names are found in the other.
  ///   - recursive: whether sub-folders are read too.
  ///   - limit: how large a picture may be.
  /// - Throws: `FileError` where the folder cannot be read or its layout is not recognised; everything else that is
  ///   wrong is collected in `problems`.
  public init(
    _ path: String, objective: TrainingObjective? = nil, recursive: Bool = false, limit: ImageLimit = .default
  ) throws {
    self.path = path
    self.limit = limit
    let layout = try DataLayout(path, objective: objective)
    var scanner = DataScanner(recursive: recursive, limit: limit)
    let folders = scanner.list(layout.training, excluding: layout.excluded)
    let isPaired = objective.map { $0 == .paired } ?? DataScanner.looksPaired(folders)
    self.objective = isPaired ? .paired : .unpaired
    training = scanner.part(folders, isPaired: isPaired)
    if !layout.heldOut.isEmpty { heldOut = scanner.part(scanner.list(layout.heldOut), isPaired: isPaired) }
    problems = scanner.problems
  }

  /// What keeps the images from being prepared in this way: pictures smaller than the crop, or sizes that differ where
  /// a batch needs them equal.
  public func problems(for preparation: ImagePreparation, batchSize: Int = 1) -> [FileError] {
    if let problem = preparation.problemOfSettings { return [problem] }
    var found: [FileError] = []
    for (part, preparation) in [(training, preparation), (heldOut, preparation.evaluation)] {
      guard let part else { continue }
      for index in 0..<part.countA {
        let size = part.sizeA(index)
        let path = part.filesA[index].path
        if let problem = preparation.problem(width: size.width, height: size.height, path: path) {
          found.append(problem)
        }
      }
      for (index, file) in part.filesB.enumerated() {
        let size = part.sizeB(index)
        if let problem = preparation.problem(width: size.width, height: size.height, path: file.path) {
          found.append(problem)
        }
      }
    }
    if batchSize > 1 { found += unequalSizes(for: preparation, batchSize: batchSize) }
    return found
  }

  /// The first image on each side that cannot share a batch with the very first.
  private func unequalSizes(for preparation: ImagePreparation, batchSize: Int) -> [FileError] {
    [training.filesA, training.filesB].compactMap { files in
      guard let first = files.first else { return nil }
      let expected = preparedSize(of: first, preparation)
      guard let other = files.first(where: { preparedSize(of: $0, preparation) != expected }) else { return nil }
      let size = preparedSize(of: other, preparation)
      return FileError(
        path: other.path,
        problem: "would be \(size.width)×\(size.height) in a batch of \(batchSize), but \(first.path) "
          + "\(expected.width)×\(expected.height)",
        advice: "choose --batch-size 1, or a --preprocess that makes all sizes equal")
    }
  }

  private func preparedSize(of file: DataFile, _ preparation: ImagePreparation) -> (width: Int, height: Int) {
    let isHalved = training.arrangement == .sideBySide
    return preparation.preparedSize(
      width: isHalved ? file.header.width / 2 : file.header.width, height: file.header.height)
  }

  /// Lets nothing pass that would stop training later.
  ///
  /// - Throws: the one `FileError` where one thing is wrong; else one that names the first few and how many more.
  public func requireSound(for preparation: ImagePreparation, batchSize: Int = 1) throws {
    // Sizes are only worth a word once every file can be read.
    let found = problems.isEmpty ? problems(for: preparation, batchSize: batchSize) : problems
    guard let first = found.first else { return }
    guard found.count > 1 else { throw first }
    let named = found.prefix(3).map { "\($0.path ?? path) \($0.problem)" }.joined(separator: "; ")
    throw FileError(
      path: path,
      problem: "has \(found.count) problems: \(named)\(found.count > 3 ? "; and \(found.count - 3) more" : "")",
      advice: "the check command lists them all")
  }
}
