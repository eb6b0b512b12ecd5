import Files
import Foundation
import Images
import NeuralNet
import Parallel
import Weights

/// A rank that does as the first one says: it has no files of the run, and decides nothing.
package final class RankFollower {
  private let link: any RankLink
  private let group: RankGroup
  private let threads: Int?
  private let limits: SessionLimits

  /// A follower among the ranks of `link`.
  ///
  /// - Parameter threads: how many compute here where the settings do not say
  package convenience init(_ link: any RankLink, threads: Int? = nil) {
    self.init(link, threads: threads, limits: SessionLimits())
  }

  init(_ link: any RankLink, threads: Int? = nil, limits: SessionLimits) {
    (self.link, group, self.threads, self.limits) = (link, RankGroup(link), threads, limits)
  }

  /// Follows until it is told that it is over.
  ///
  /// - Throws: `FileError` for what the first rank cannot be told in time: the others have to be ended then
  package func serve() throws {
    guard case .begin(let task) = try order() else { return }
    group.takeParts(task.parts)
    group.sharesStatistics = task.configuration.syncBatchNorm
    let training: Training
    do {
      training = try Training(task, group, threads, limits)
    } catch {
      var report = RankReport()
      report.failure = .init(error)
      try link.tell(report, to: 0)
      _ = try order()
      return
    }
    try link.tell(RankReport(digests: training.digests), to: 0)
    try training.share(among: group)
    while try step(training) {}
  }

  private func order() throws -> RankOrder { try link.hear(RankOrder.self, from: 0) }

  /// Loads a batch, and does as is said until there is need of another one.
  ///
  /// - Returns: whether there is
  private func step(_ training: Training) throws -> Bool {
    let batch = Result { try training.nextBatch() }
    try link.tell(RankReport(of: batch), to: 0)
    while true {
      switch try order() {
      case .step(let images, let rate):
        group.begin(images: images)
        let losses = try training.step(try batch.get(), rate)
        try group.requireWhole()
        try link.tell(RankReport(losses: losses.map(\.bitPattern)), to: 0)
        return true
      case .gather:
        try link.tell(RankReport(digests: training.digests), to: 0)
        try training.gatherMoments()
        if (1..<group.parts).contains(link.rank) { try link.sendMessage(try training.extra(of: link.rank), to: 0) }
      case .begin, .end: return false
      }
    }
  }
}

extension RankReport {
  /// How a rank stands with its part of a batch.
  fileprivate init(of batch: Result<Batch, any Error>) {
    switch batch {
    case .success(let batch):
      (images, epoch, position) = (batch.count, batch.epoch, batch.stateAfter.position)
      sizes = Size.all(of: batch)
      leftOut = batch.leftOut.map { Problem($0) }
    case .failure(let error): failure = Problem(error)
    }
  }
}

extension RankFollower {
  /// What learns in a rank: the same networks, random numbers and order of pictures as in the first one.
  private final class Training {
    private let model: any TranslationModel
    private let loader: BatchLoader
    private var random: RandomGenerator

    init(_ task: RankTask, _ group: RankGroup, _ threads: Int?, _ limits: SessionLimits) throws {
      let configuration = task.configuration
      let part = group.batchPart
      let processor = try Processor(threads: configuration.threads ?? threads)
      processor.ranks = group
      var drawing = RandomGenerator(seed: configuration.seed, stream: RandomStream.weights.rawValue)
      model = try configuration.algorithm.makeModel(configuration.part(part), processor, &drawing)
      random = RandomGenerator(seed: configuration.seed, stream: RandomStream.steps.rawValue)
      var state: SamplerState?
      if let checkpoint = task.checkpoint {
        let (position, file) = try Checkpoint.read(checkpoint, into: model.networks)
        try model.loadExtra(from: file)
        state = position.sampler
        random = try position.restoredRandom(checkpoint)
      } else if let source = configuration.initFrom {
        _ = try InitialWeights.load(source, into: model)
      }
      let folder = try DataFolder(
        task.data, needs: configuration.dataNeeds, recursive: configuration.recursive, labels: configuration.labels,
        limit: ImageLimit(pixels: configuration.maxPixels)
      ).limited(to: configuration.maxDatasetSize)
      let sampler = try Sampler(
        folder, configuration,
        generator: RandomGenerator(seed: configuration.seed, stream: RandomStream.data.rawValue),
        resuming: state, mayChange: task.mayChange)
      let store = ImageStore(
        part: folder.training, preparation: ImagePreparation(configuration), cacheBytes: limits.cacheBytes,
        limit: folder.limit)
      loader = BatchLoader(
        store: store, sampler: sampler, batchSize: configuration.batchSize, skipsDamaged: configuration.skipDamaged,
        part: part)
    }

    var digests: [UInt64] { model.networks.map(\.network.parameters.digest) }

    func share(among group: RankGroup) throws {
      for trained in model.networks { try trained.optimizer.share(among: group) }
    }

    func gatherMoments() throws {
      for trained in model.networks { try trained.optimizer.gatherMoments(at: false) }
    }

    /// What a checkpoint holds of a part of the loss apart from networks.
    func extra(of part: Int) throws -> Data {
      try PartFile.with { path in
        try SafetensorsWriter.write(model.extraTensors(ofPart: part), metadata: [:], to: path)
        return try Data(contentsOf: URL(fileURLWithPath: path))
      }
    }

    func nextBatch() throws -> Batch {
      let batch = try loader.next()
      try model.check(batch)
      return batch
    }

    func step(_ batch: Batch, _ learningRate: Double) throws -> [Double] {
      defer { loader.recycle(batch) }
      return try model.step(batch, learningRate: learningRate, random: &random)
    }
  }
}
