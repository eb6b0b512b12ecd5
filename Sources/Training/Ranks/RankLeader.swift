import Files
import Foundation
import NeuralNet
import Parallel
import Weights

/// The first of several ranks that train together: it has the run folder, hears of the others how they stand, and tells them
/// what to do.
package final class RankLeader {
  let group: RankGroup
  /// Threads that compute here where the settings do not say how many.
  let threads: Int?
  private var link: any RankLink { group.link }
  private var others: Range<Int> { 1..<group.link.count }

  /// What the other ranks are at.
  private enum Stage {
    /// They wait for an order, or will before long.
    case waiting
    /// They load the next batch, and will report, and then wait.
    case loading
    /// They do something that needs all ranks.
    case computing
    case dismissed
  }
  private var stage = Stage.waiting
  private var images: [Int] = []
  /// What was heard of the next batch before it was asked for.
  private var pending: [RankReport]?

  /// The leader of the ranks of `link`, whose first this is.
  package init(_ link: any RankLink, threads: Int? = nil) {
    precondition(link.rank == 0, "the first rank leads")
    (group, self.threads) = (RankGroup(link), threads)
  }

  /// The part of each batch that this rank takes.
  var part: BatchPart { group.batchPart }

  /// Decides how the work is shared out, and refuses what cannot be.
  ///
  /// Where there are enough images, ranks share these: they are more even, and nothing waits for the end of the step.
  func requireShares(_ configuration: TrainingConfiguration) throws {
    let (ranks, batch) = (link.count, configuration.batchSize)
    let most = configuration.algorithm.independentParts
    let parts = ranks > batch ? most : 1
    guard ranks <= batch * parts else {
      let what = parts == 1 ? "picture of a batch" : "picture of a batch for one of the loss's \(parts) parts"
      throw ConfigurationError(
        setting: "batch-size",
        problem: "\(batch) is too small for \(ranks) ranks, each of which takes at least one \(what)",
        advice: "give at least \((ranks + most - 1) / most), or start fewer ranks")
    }
    group.takeParts(parts)
    group.sharesStatistics = configuration.syncBatchNorm
    let hasOwnStatistics = configuration.normalizesBatches && !configuration.syncBatchNorm
    guard !hasOwnStatistics || batch == 1 || batch * parts >= 2 * ranks else {
      throw ConfigurationError(
        setting: "batch-size",
        problem:
          "\(batch) is too small for batch normalisation in \(ranks) ranks: each has statistics of its own pictures",
        advice: """
          give at least \(2 * ranks), or add \(setting: "sync-batch-norm") for those of the whole batch, or \
          \(setting: "norm", "instance")
          """)
    }
  }

  private func order(_ order: RankOrder) throws {
    for rank in others { try link.tell(order, to: rank) }
  }

  private func reports() throws -> [RankReport] { try others.map { try link.hear(RankReport.self, from: $0) } }

  // MARK: - A run

  /// Has the others build what the run is made of, and sees to it that all begin with the same weights.
  func begin(_ task: RankTask, _ model: any TranslationModel) throws {
    var task = task
    task.parts = group.parts
    try order(.begin(task))
    stage = .computing
    let reports = try reports()
    stage = .waiting
    try requireNoFailure(reports)
    try requireSameWeights(reports, model)
    for trained in model.networks { try trained.optimizer.share(among: group) }
    stage = .loading
  }

  /// The batch at hand, once all ranks have their part of the same one.
  ///
  /// - Throws: what keeps a rank from going on; all wait for orders then
  func ready(_ own: Result<Batch, any Error>) throws -> Batch {
    let reports = try takeReports()
    var batch = try own.get()
    try requireNoFailure(reports)
    for (rank, report) in zip(others, reports)
    where (report.epoch, report.position) != (batch.epoch, batch.stateAfter.position) {
      throw FileError(
        path: nil, problem: "rank \(rank) has drawn other pictures than the first one",
        advice: "see to it that all ranks find the same data folder")
    }
    try requireOneSize(batch, reports)
    images = [batch.count] + reports.map(\.images)
    batch.leftOut += reports.flatMap { $0.leftOut.map(\.error) }
    return batch
  }

  /// Has all begin a step.
  func go(learningRate: Double) throws {
    try order(.step(images: images, learningRate: learningRate))
    stage = .computing
    group.begin(images: images)
  }

  /// The losses of the whole batch: means over its pictures, added up in the order of the ranks.
  func whole(_ losses: [Double]) throws -> [Double] {
    try group.requireWhole()
    var sums = losses.map { images[0] > 0 ? $0 * group.weight(of: 0) : 0 }
    for (rank, report) in zip(others, try reports()) where images[rank] > 0 {
      for (index, bits) in report.losses.enumerated() where sums.indices.contains(index) {
        sums[index] += Double(bitPattern: bits) * group.weight(of: rank)
      }
    }
    stage = .loading
    return sums
  }

  /// Brings all moments here, and sees to it that all ranks hold the same weights.
  func gatherMoments(of model: any TranslationModel) throws {
    // They report on their next batch before they hear of anything else.
    pending = try takeReports()
    try order(.gather)
    stage = .computing
    try requireSameWeights(try reports(), model)
    for trained in model.networks { try trained.optimizer.gatherMoments(at: true) }
    // The first rank of another part has what belongs to that part alone.
    for part in 1..<group.parts { try receiveExtra(of: part, into: model) }
    stage = .waiting
  }

  private func receiveExtra(of part: Int, into model: any TranslationModel) throws {
    let data = try link.receiveMessage(from: part)
    try PartFile.with { path in
      try data.write(to: URL(fileURLWithPath: path))
      try model.loadExtra(ofPart: part, from: WeightsFile.open(path))
    }
  }

  /// How the others stand with the next batch; they wait for orders then.
  private func takeReports() throws -> [RankReport] {
    if let pending {
      self.pending = nil
      return pending
    }
    guard stage == .loading else { return [] }
    let reports = try reports()
    stage = .waiting
    return reports
  }

  func releaseMoments(of model: any TranslationModel) {
    for trained in model.networks { trained.optimizer.releaseMoments() }
  }

  /// Tells the others that it is over, where they can hear it.
  ///
  /// - Returns: whether they know; if not, they have to be ended from outside
  @discardableResult package func dismiss() -> Bool {
    _ = try? takeReports()
    if stage == .waiting, (try? order(.end)) != nil { stage = .dismissed }
    return stage == .dismissed
  }

  // MARK: - What must not be

  private func requireNoFailure(_ reports: [RankReport]) throws {
    for (rank, report) in zip(others, reports) {
      guard var error = report.failure?.error else { continue }
      error.problem = "in rank \(rank): \(error.problem)"
      throw error
    }
  }

  /// What each rank sees to among its own pictures, among those of all: files can change while training runs.
  private func requireOneSize(_ batch: Batch, _ reports: [RankReport]) throws {
    let own = RankReport.Size.all(of: batch)
    for report in reports {
      for (size, expected) in zip(report.sizes, own)
      where (size.width, size.height) != (expected.width, expected.height) {
        throw FileError.unequalSizes(
          size.path, (size.width, size.height), batch: (expected.width, expected.height))
      }
    }
  }

  private func requireSameWeights(_ reports: [RankReport], _ model: any TranslationModel) throws {
    let own = model.networks.map(\.network.parameters.digest)
    for (rank, report) in zip(others, reports) where report.failure == nil && report.digests != own {
      throw FileError(
        path: nil, problem: "rank \(rank) holds other weights than the first one",
        advice: "run the same program on processors of one kind; else suspect the memory or the network of a machine")
    }
  }
}
