import Files
import Parallel

/// What ranks tell each other in the middle of a pass: some numbers of each channel of a normalisation whose statistics are those
/// of the whole batch.
///
/// Each rank that has images sends its numbers to all others that compute the same part of the loss, and all wait until they
/// have those of each. These messages are of a kind of their own, so gradients that are under way neither delay them nor are
/// mistaken for them; the thread that carries gradients on does so meanwhile. Nobody waits in a circle: what a rank waits for,
/// here and at the end of an update, comes in one order everywhere, that of the step, and takes nothing of another rank but that it
/// comes as far. An exchange ends with everything sent, so that its memory serves the next one.
extension RankGroup {
  /// Memory of an exchange: a block of numbers for each rank that computes the same part of the loss, in order.
  struct StatisticsMemory {
    fileprivate var memory: AlignedMemory?
    fileprivate var base: UnsafeMutablePointer<Double>?
    /// Numbers of a block.
    fileprivate var count = 0
    fileprivate var requests: [RankRequest] = []

    init() {}

    fileprivate mutating func reserve(_ count: Int, ranks: Int) throws {
      self.count = count
      // A double takes the place of two floats.
      guard (memory?.count ?? 0) < 2 * count * ranks else { return }
      let memory = try AlignedMemory(count: 2 * count * ranks)
      base = UnsafeMutableRawPointer(memory.base).bindMemory(to: Double.self, capacity: count * ranks)
      self.memory = memory
    }
  }

  /// Begins an exchange of `count` numbers.
  ///
  /// - Returns: where this rank writes its own; nil: there is no exchange, since statistics are not shared, nobody has another
  ///   share of the batch, or the group has failed
  func beginStatistics(_ count: Int) -> UnsafeMutablePointer<Double>? {
    guard sharesStatistics, failure == nil, part(of: link.rank) + parts < link.count else { return nil }
    do {
      try statistics.reserve(count, ranks: (link.count + parts - 1) / parts)
      return block(of: link.rank)
    } catch {
      failure = error as? FileError ?? FileError(path: nil, problem: "\(error)")
      return nil
    }
  }

  /// Sends what was written to the others, and returns when the numbers of all ranks that have images are there.
  ///
  /// - Returns: whether they are; if not, the group has failed
  func finishStatistics() -> Bool {
    do throws(FileError) {
      for rank in peers(of: link.rank) where rank != link.rank {
        if images[rank] > 0 {
          statistics.requests.append(
            try link.receive(UnsafeMutableRawBufferPointer(buffer(of: rank)), from: rank, as: .statistics))
        }
        if images[link.rank] > 0 {
          statistics.requests.append(
            try link.send(UnsafeRawBufferPointer(buffer(of: link.rank)), to: rank, as: .statistics))
        }
      }
      while let request = statistics.requests.popLast() { try link.wait(for: request) }
      return true
    } catch {
      failure = error
      return false
    }
  }

  /// Calls `body` with the numbers of each rank that has images, in the order of the ranks, after `finishStatistics`.
  func forEachStatistics(_ body: (_ rank: Int, UnsafePointer<Double>) -> Void) {
    for rank in peers(of: link.rank) where images[rank] > 0 {
      if let numbers = block(of: rank) { body(rank, UnsafePointer(numbers)) }
    }
  }

  private func block(of rank: Int) -> UnsafeMutablePointer<Double>? {
    statistics.base.map { $0 + rank / parts * statistics.count }
  }

  private func buffer(of rank: Int) -> UnsafeMutableBufferPointer<Double> {
    UnsafeMutableBufferPointer(start: block(of: rank), count: statistics.count)
  }
}
