import Files
import Images
import Parallel
import Synchronization
import Weights

/// Generated pictures in a folder: PNGs with numbers for names, and a sheet of them if it is wanted.
public struct FolderGeneration: Sendable {
  /// Where they go.
  public var output: String
  /// How many of each label, one of `counts`.
  public var count = 16
  /// Decides what they are made of: picture number n of a seed is the same however many are made, and under every label.
  public var seed: UInt64 = 0
  /// What they show, one of the generator's labels, or `all` for a sub-folder of each; nil where it has none.
  public var label: String?
  /// Whether they lie on the way from the first latent numbers of the seed to the second, in equal steps.
  public var interpolates = false
  /// The file of a sheet of them; nil: there is none.
  public var sheet: String?

  /// How many pictures can be made at once.
  public static let counts = 1...1_000_000

  /// Pictures in `output`.
  public init(to output: String) { self.output = output }

  /// How far it is.
  public struct Progress: Sendable {
    /// Pictures that are made.
    public var done: Int
    /// Pictures in all.
    public var total: Int
  }

  /// The most pictures of a sheet, over all labels.
  private static let sheetLimit = 256
  /// The most pictures of a sheet's row.
  private static let rowLimit = 16
  /// Encoding a picture takes about as long as making it.
  private static let codecThreads = 2

  /// Makes the pictures.
  ///
  /// - Parameters:
  ///   - shouldStop: asked between pictures; true ends the work after those that are begun
  ///   - report: called as it goes on
  /// - Returns: how many pictures are written
  /// - Throws: `FileError` where the count cannot be, the label is missing or unknown, or something cannot be written
  public func run(
    _ generator: PictureGenerator, shouldStop: () -> Bool = { false }, report: (Progress) -> Void = { _ in }
  ) throws -> Int {
    try FileError.require(count, in: Self.counts, "pictures to make")
    let isEvery = label == LabelNames.every && !generator.labels.isEmpty
    let labels = isEvery ? generator.labels.map { $0 } : [label]
    let places = try labels.map(generator.place(of:))
    let sheetBytes = sheet == nil ? 0 : min(labels.count * count, Self.sheetLimit) * generator.pictureBytes
    try SystemMemory.require(3 * sheetBytes, for: .picture)
    let folders = labels.map { isEvery ? FolderListing.join(output, $0 ?? "") : output }
    for folder in folders { try OutputFolder.make(folder) }
    if let sheet { try OutputFolder.make(forFile: sheet) }

    let failure = FirstFailure()
    let encoding = WorkQueue<Job, Void>(
      workers: Self.codecThreads, bound: 4 * PictureGenerator.batch, urgency: .yielding
    ) { job in failure.note { try PNG.write(job.picture, to: job.path) } }
    defer { encoding.stop() }
    let total = labels.count * count
    var written = 0
    var shown = labels.map { _ in [Picture]() }
    for (number, place) in places.enumerated() {
      for first in stride(from: 0, to: count, by: PictureGenerator.batch) {
        guard !failure.isThere, !shouldStop() else { break }
        let range = first..<min(first + PictureGenerator.batch, count)
        let pictures = generator.pictures(range.map { latent($0, generator.latentSize) }, label: place)
        for (index, picture) in zip(range, pictures) {
          encoding.add(Job(picture: picture, path: FolderListing.join(folders[number], name(index))))
          if sheet != nil, index < max(1, Self.sheetLimit / labels.count) { shown[number].append(picture) }
        }
        written += range.count
        report(Progress(done: written, total: total))
      }
    }
    encoding.finish()
    try failure.get()
    if let sheet, written == total {
      try PNG.write(Self.sheet(shown, labels, isRow: isEvery || interpolates), to: sheet)
    }
    return written
  }

  private struct Job: Sendable {
    let picture: Picture
    let path: String
  }

  /// What picture `index` is made of.
  private func latent(_ index: Int, _ size: Int) -> Latent {
    guard interpolates else { return Latent(seed: seed, index: index, count: size) }
    return Latent(seed: seed, index: 0, count: size).toward(
      Latent(seed: seed, index: 1, count: size), share: count > 1 ? Double(index) / Double(count - 1) : 0)
  }

  /// `0001.png`: names sort as numbers do.
  private func name(_ index: Int) -> String {
    let (number, digits) = (String(index + 1), max(4, String(count).count))
    return String(repeating: "0", count: digits - number.count) + number + ".png"
  }

  /// A square of pictures, or rows of each label.
  private static func sheet(_ pictures: [[Picture]], _ labels: [String?], isRow: Bool) -> Picture {
    let most = pictures.map(\.count).max() ?? 1
    let columns = isRow ? min(most, rowLimit) : max(1, Int(Double(most).squareRoot().rounded(.up)))
    var (rows, titles) = ([[Picture]](), [String]())
    for (label, pictures) in zip(labels, pictures) {
      for first in stride(from: 0, to: pictures.count, by: columns) {
        rows.append(Array(pictures[first..<min(first + columns, pictures.count)]))
        titles.append(first == 0 ? label ?? "" : "")
      }
    }
    return SampleSheet.compose(rows: rows, rowTitles: titles.allSatisfy(\.isEmpty) ? [] : titles, padding: 4)
  }
}

/// The first thing that went wrong on any of several threads.
private final class FirstFailure: Sendable {
  private let error = Mutex<(any Error)?>(nil)

  var isThere: Bool { error.withLock { $0 != nil } }

  func note(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      self.error.withLock { $0 = $0 ?? error }
    }
  }

  func get() throws { if let error = error.withLock({ $0 }) { throw error } }
}

extension PictureGenerator {
  /// Bytes of one of its pictures.
  fileprivate var pictureBytes: Int { imageSize * imageSize * model.configuration.outputChannels }
}
