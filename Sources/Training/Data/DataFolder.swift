import Files
import Images

/// A folder of training data: what it holds, and everything that is wrong with it.
///
/// Only names and the beginnings of files are read at first; `survey` decodes them. The layouts that are recognised are those of the public
/// pix2pix/CycleGAN code.
package struct DataFolder: Sendable {
  /// The folder, as it was named.
  package internal(set) var path: String
  /// What it holds.
  package internal(set) var holds: DataNeeds
  /// The labels of its images, which `DataFile.label` counts from 0; none where they have none.
  package internal(set) var labels: [String] = []
  /// The images to learn from.
  package internal(set) var training: DataPart
  /// The images for samples and figures, where there are any.
  package internal(set) var heldOut: DataPart?
  /// How large a picture may be.
  package internal(set) var limit: ImageLimit
  /// What is wrong with folders, names and sizes, with paths.
  package internal(set) var misfits: [FileError]
  /// The files whose beginnings cannot be read; what their pixels hold, `survey` tells.
  package internal(set) var damaged: [FileError]
  /// Everything that keeps it from being trained on, by names and beginnings of files.
  package var problems: [FileError] { misfits + damaged }

  /// What was recognised, in one sentence to print.
  package var summary: String {
    training.summary + (heldOut.map { "; held out: " + $0.shortSummary } ?? "")
  }

  /// Looks through `path`.
  ///
  /// - Parameters:
  ///   - needs: what it is to be used for; nil decides by itself: two folders are pairs where at least half of the
  ///     smaller one's names are found in the other.
  ///   - recursive: whether sub-folders are read too.
  ///   - labels: what says which label an image has; sub-folders that do are read, too.
  ///   - limit: how large a picture may be.
  /// - Throws: `FileError` where the folder cannot be read or its layout is not recognised; everything else that is
  ///   wrong is collected in `problems`.
  package init(
    _ path: String, needs: DataNeeds? = nil, recursive: Bool = false, labels source: LabelSource = .none,
    limit: ImageLimit = .default
  ) throws {
    self.path = path
    self.limit = limit
    let layout = try DataLayout(path, needs: needs)
    var scanner = DataScanner(recursive: recursive || source == .folders, limit: limit)
    let folders = scanner.list(layout.training, excluding: layout.excluded)
    holds = needs ?? (DataScanner.looksPaired(folders) ? .pairs : .twoSets)
    training = scanner.part(folders, holding: holds)
    if !layout.heldOut.isEmpty { heldOut = scanner.part(scanner.list(layout.heldOut), holding: holds) }
    misfits = scanner.problems
    damaged = scanner.damaged
    if source == .folders { misfits += labelByFolder() }
  }

  /// The same with no more than the first `count` images of each side to learn from, and what is wrong with them; nil: all.
  package func limited(to count: Int?) -> DataFolder {
    guard let count else { return self }
    var result = self
    result.training.filesA = Array(training.filesA.prefix(count))
    result.training.filesB = Array(training.filesB.prefix(count))
    let left = Set(training.files.map(\.path)).subtracting(result.training.files.map(\.path))
    func concerns(_ error: FileError) -> Bool { error.path.map { !left.contains($0) } ?? true }
    result.misfits = misfits.filter(concerns)
    result.damaged = damaged.filter(concerns)
    return result
  }

  /// What keeps the images from being prepared in this way: pictures smaller than the crop, or sizes that differ where
  /// a batch needs them equal.
  package func problems(for preparation: ImagePreparation, batchSize: Int = 1) -> [FileError] {
    if let problem = preparation.problemOfSettings { return [problem] }
    var found: [FileError] = []
    for (part, preparation) in [(training, preparation), (heldOut, preparation.evaluation)] {
      guard let part else { continue }
      for file in part.files {
        guard let size = part.size(file) else { continue }
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
      let sized = files.compactMap { file in preparedSize(of: file, preparation).map { (path: file.path, size: $0) } }
      guard let (first, expected) = sized.first, let (other, size) = sized.first(where: { $0.size != expected }) else {
        return nil
      }
      return FileError(
        path: other,
        problem: "would be \(size.width)×\(size.height) in a batch of \(batchSize), but \(first) "
          + "\(expected.width)×\(expected.height)",
        advice: "choose \(setting: "batch-size", 1), or a \(setting: "preprocess") that makes all sizes equal")
    }
  }

  private func preparedSize(of file: DataFile, _ preparation: ImagePreparation) -> (width: Int, height: Int)? {
    training.size(file).map { preparation.preparedSize(width: $0.width, height: $0.height) }
  }

  /// Lets nothing pass that would stop training later, as far as names and beginnings of files tell.
  ///
  /// - Parameter skipsDamaged: whether files that cannot be read are left out later and so are no problem here
  /// - Throws: the one `FileError` where one thing is wrong; else one that names the first few and how many more.
  package func requireSound(for preparation: ImagePreparation, batchSize: Int = 1, skipsDamaged: Bool = false) throws {
    let found = skipsDamaged ? misfits : problems
    // Sizes are only worth a word once every file can be read.
    try refuse(found.isEmpty ? problems(for: preparation, batchSize: batchSize) : found)
  }

  /// Refuses to train where anything was `found`, all in one sentence.
  ///
  /// - Throws: the one `FileError` that was found; else one that names the first few and how many more.
  func refuse(_ found: [FileError]) throws {
    guard let first = found.first else { return }
    guard found.count > 1 else { throw first }
    let named = found.prefix(3).map { "\($0.path ?? path) \($0.problem)" }.joined(separator: "; ")
    throw FileError(
      path: path,
      problem: "has \(found.count) problems: \(named)\(found.count > 3 ? "; and \(found.count - 3) more" : "")",
      advice: "the check command lists them all")
  }
}
