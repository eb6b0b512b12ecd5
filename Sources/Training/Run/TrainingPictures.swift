import Files
import Foundation
import Images
import NeuralNet

/// The pictures of a run: those that are trained on, in which order, and those that samples show.
///
/// All are looked at before the first step as far as `SessionLimits.survey` allows; what was read stays in memory while
/// there is room.
struct TrainingPictures {
  let folder: DataFolder
  let store: ImageStore
  let sampler: Sampler
  let samples: SamplePictures
  /// What looking at them has shown; with `skipDamaged` the damaged ones are left out, else there are none.
  let survey: PictureSurvey

  /// Looks at the pictures in `path`.
  ///
  /// - Parameters:
  ///   - state: where the order through them goes on; nil for a new run
  ///   - mayChange: whether there may be another number of them than then
  /// - Throws: `FileError` that names what would stop the training
  init(
    _ path: String, _ configuration: TrainingConfiguration, generator: RandomGenerator, resuming state: SamplerState?,
    mayChange: Bool = false, _ limits: SessionLimits
  ) throws {
    let skips = configuration.skipDamaged
    let preparation = ImagePreparation(configuration)
    folder = try DataFolder(
      path, needs: configuration.dataNeeds, recursive: configuration.recursive, labels: configuration.labels,
      limit: ImageLimit(pixels: configuration.maxPixels)
    ).limited(to: configuration.maxDatasetSize)
    try folder.requireSound(for: preparation, batchSize: configuration.batchSize, skipsDamaged: skips)
    sampler = try Sampler(folder, configuration, generator: generator, resuming: state, mayChange: mayChange)
    store = ImageStore(
      part: folder.training, preparation: preparation, cacheBytes: limits.cacheBytes, limit: folder.limit)

    samples = SamplePictures(folder, configuration)
    let (store, places) = (store, Self.placesInUse(sampler, store))
    var survey = PictureSurvey.run(
      places.map(store.file), threads: configuration.threads, until: .now + limits.survey
    ) { try store.read(places[$0]) }
    survey.damaged = Self.inOrder(folder, folder.damaged + samples.damaged + survey.damaged)
    self.survey = survey
    if !skips { try folder.refuse(survey.damaged) }
    let damaged = Set(survey.damaged.compactMap(\.path))
    for files in [folder.training.filesA, folder.training.filesB] where !files.isEmpty {
      guard files.allSatisfy({ damaged.contains($0.path) }) else { continue }
      throw FileError(
        path: path, problem: "holds no picture to train on that can be read", advice: "the check command tells why")
    }
  }

  /// A path as the run keeps it: below the data folder, which may lie elsewhere tomorrow.
  func relativePath(_ path: String) -> String {
    let prefix = folder.path.hasSuffix("/") ? folder.path : folder.path + "/"
    return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
  }

  /// All files of the training part, those first that are used first.
  private static func placesInUse(_ sampler: Sampler, _ store: ImageStore) -> [ImageStore.Place] {
    var sampler = sampler
    var seen: Set<ImageStore.Place> = []
    var places: [ImageStore.Place] = []
    for _ in 0..<sampler.epochLength {
      let sample = sampler.next()
      places += store.places(a: sample.indexA, b: sample.indexB).filter { seen.insert($0).inserted }
    }
    return places + store.places.filter { seen.insert($0).inserted }
  }

  /// One error a file, in the order of the folder.
  private static func inOrder(_ folder: DataFolder, _ errors: [FileError]) -> [FileError] {
    guard !errors.isEmpty else { return [] }
    let byPath = Dictionary(errors.map { ($0.path ?? "", $0) }, uniquingKeysWith: { first, _ in first })
    return (folder.training.files + (folder.heldOut?.files ?? [])).compactMap { byPath[$0.path] }
  }
}

/// The pictures that stay the same along the way: those that sheets show, and held-out ones that are measured.
///
/// They are read once and kept, so that none of them can turn bad while training runs.
struct SamplePictures {
  let store: ImageStore
  /// Input and target of each row of a sheet.
  let rows: [(input: Int, target: Int)]
  /// Input and target of the held-out pictures that are measured; only pairs belong together.
  let measured: [(input: Int, target: Int)]
  /// Whether there are held-out pictures to measure.
  let measures: Bool
  /// The labels of the data, in the order of their numbers.
  let labels: [String]
  /// Those that cannot be read and so are in neither.
  let damaged: [FileError]

  /// Rows of a sheet.
  private static let rowLimit = 6
  /// How many rows a sheet of pictures of `part` has.
  static func rowCount(_ part: DataPart) -> Int { min(rowLimit, max(part.countA, part.countB)) }

  /// Samples from the held-out part of `data`, or from the training part where there is none.
  init(_ data: DataFolder, _ configuration: TrainingConfiguration) {
    let store = ImageStore(
      part: data.heldOut ?? data.training, preparation: ImagePreparation(configuration).evaluation, cacheBytes: .max,
      limit: data.limit)
    let counts = store.counts
    labels = data.labels
    let order = (data.heldOut ?? data.training).byLabelsInTurn
    func first(_ limit: Int) -> [(input: Int, target: Int)] {
      (0..<min(limit, max(counts.inputs, counts.targets))).map {
        // Pairs and pictures alone can have labels: as many inputs as targets.
        order.isEmpty ? ($0 % counts.inputs, $0 % counts.targets) : (order[$0], order[$0])
      }
    }
    let rows = first(Self.rowLimit)
    measures = !configuration.algorithm.heldOutFigures.isEmpty && data.heldOut != nil
    let measured = first(measures ? configuration.algorithm.measuredPictures : 0)

    var seen: Set<ImageStore.Place> = []
    let all = (rows + measured).map { store.places(input: $0.input, target: $0.target) }
    let places = all.flatMap { $0 }.filter { seen.insert($0).inserted }
    damaged =
      PictureSurvey.run(places.map(store.file), threads: configuration.threads) { try store.read(places[$0]) }.damaged
    let paths = Set(damaged.compactMap(\.path))
    func isWhole(_ places: [ImageStore.Place]) -> Bool { !places.contains { paths.contains(store.file($0).path) } }
    func whole(_ rows: [(input: Int, target: Int)]) -> [(input: Int, target: Int)] {
      rows.filter { isWhole(store.places(input: $0.input, target: $0.target)) }
    }
    (self.rows, self.measured) = (whole(rows), whole(measured))
    self.store = store
  }
}
