import Files
import Foundation
import KernelArguments
import Parallel

/// An update of a network's parameters by all ranks together.
///
/// Bucket by bucket, each rank sends its gradients to who owns them; the owner adds up those of all ranks, in the order of the
/// ranks, so that the same sums come out whoever was first; updates its part of the weights, of which it alone keeps the
/// moments; and sends it to all. (Of ranks that exchange nothing else this is the shared-out optimiser of Rajbhandari et al.,
/// 2020, stage 1.) A bucket begins its way as soon as the backward pass is through with it, and buckets keep their order
/// everywhere.
///
/// Unchecked: `lock` guards all variables; gradients and weights of a bucket are nobody else's from `isFinal` to `finish`.
final class SharedUpdate: Progressing, @unchecked Sendable {
  let ranges: OwnedRanges
  private let group: RankGroup
  private let parameters: ParameterStore
  private let gradients: UnsafeMutablePointer<Float>
  private let lock = NSLock()
  /// The buckets in the order in which they go their way.
  private let order: [Int]
  /// How many parameters of each bucket have no gradient yet.
  private var missing: [Int]
  private let parametersOfBucket: [Int]
  private var update: AdamUpdate?
  private var kernels: KernelTable?
  /// How many buckets have begun, have been updated here, and have come to their end.
  private var (begun, updated, ended) = (0, 0, 0)
  private var ways: [Way]
  private let received: AlignedMemory
  private var sources: [(numbers: UnsafePointer<Float>, weight: Float)] = []
  private var failure: FileError?
  /// The parts of the loss whose gradients count in this update.
  private var parts = 0..<1

  /// What is under way of one bucket.
  private struct Way {
    /// Gradients of others for the part that this rank owns.
    var gradients: [RankRequest] = []
    /// Everything else.
    var others: [RankRequest] = []
  }

  /// Buckets that are under way at once.
  private static let window = 8

  /// - Throws: `FileError` where there is no memory for what is received
  init(_ parameters: ParameterStore, _ group: RankGroup, largestPart: Int = OwnedRanges.usualPart) throws {
    (self.parameters, self.group) = (parameters, group)
    gradients = try parameters.gradients()
    ranges = OwnedRanges(storage: parameters.storage, ranks: group.link.count, largest: largestPart)
    let (ranges, window) = (ranges, Self.window)
    var counts = [Int](repeating: 0, count: ranges.buckets)
    for parameter in parameters.parameters {
      for bucket in ranges.buckets(of: Self.range(parameter)) { counts[bucket] += 1 }
    }
    parametersOfBucket = counts
    missing = counts
    // Layers are stored in the order of the forward pass, so the backward pass ends with the first; vectors lie behind all
    // weights, and their bucket waits for all of them.
    let vectors = parameters.parameters.filter { $0.layout == .vector }.map(\.offset).min() ?? parameters.storage
    let isOfWeights = { ranges.bucket($0).upperBound <= vectors }
    order =
      (0..<ranges.buckets).reversed().filter(isOfWeights)
      + (0..<ranges.buckets).reversed().filter { !isOfWeights($0) }
    ways = [Way](repeating: Way(), count: window)
    received = try AlignedMemory(count: window * ranges.ranks * ranges.part)
  }

  private static func range(_ parameter: Parameter) -> Range<Int> {
    parameter.offset..<parameter.offset + parameter.storage
  }

  // MARK: - What the backward pass says

  /// Whether ranks compute different parts of the loss: updates then wait for the end of the step, since not all ranks come by
  /// them in one order.
  var waits: Bool { group.parts > 1 }

  /// An update begins: the gradients of no parameter are there yet.
  ///
  /// - Parameter parts: those of the loss that have gradients of these parameters; nil: all
  func begin(_ update: AdamUpdate, _ kernels: KernelTable, of parts: Range<Int>? = nil) {
    lock.lock()
    self.parts = parts ?? 0..<group.parts
    (self.update, self.kernels, missing) = (update, kernels, parametersOfBucket)
    (begun, updated, ended) = (0, 0, 0)
    lock.unlock()
    group.background.carryOn(self)
  }

  /// The gradients of some parameters are complete, and their weights are not read any more.
  func isFinal(_ indices: [Int]) {
    guard !indices.isEmpty else { return }
    lock.lock()
    defer { lock.unlock() }
    for index in indices {
      for bucket in ranges.buckets(of: Self.range(parameters.parameters[index])) { missing[bucket] -= 1 }
    }
    advance()
  }

  /// All gradients are complete: returns when all weights are those after the update, or the group has failed.
  func finish() {
    lock.lock()
    for bucket in missing.indices { missing[bucket] = 0 }
    lock.unlock()
    var pause = WaitingPause()
    while !advanceToEnd() { pause.rest() }
    group.background.carryOn(nil)
    if let failure, group.failure == nil { group.failure = failure }
  }

  // MARK: - On the way

  func progress() {
    // Who holds the lock carries on himself.
    guard lock.try() else { return }
    defer { lock.unlock() }
    advance()
  }

  private func advanceToEnd() -> Bool {
    lock.lock()
    defer { lock.unlock() }
    advance()
    return ended == order.count || failure != nil
  }

  private func advance() {
    guard failure == nil else { return }
    do throws(FileError) {
      while begun < order.count, begun - ended < Self.window, missing[order[begun]] == 0 {
        try send(order[begun], begun % Self.window)
        begun += 1
      }
      while updated < begun, try isDone(&ways[updated % Self.window].gradients) {
        try reduce(order[updated], updated % Self.window)
        updated += 1
      }
      while ended < updated, try isDone(&ways[ended % Self.window].others) { ended += 1 }
    } catch {
      failure = error
    }
  }

  private func isDone(_ requests: inout [RankRequest]) throws(FileError) -> Bool {
    while let last = requests.last {
      guard try group.link.isDone(last) else { return false }
      requests.removeLast()
    }
    return true
  }

  /// Whether the gradients of a rank count.
  private func contributes(_ rank: Int) -> Bool { group.images[rank] > 0 && parts.contains(group.part(of: rank)) }

  private func send(_ bucket: Int, _ way: Int) throws(FileError) {
    let (link, own) = (group.link, ranges.range(bucket, of: group.link.rank))
    let weights = parameters.weightsToReceive
    for other in 0..<link.count where other != link.rank {
      let range = ranges.range(bucket, of: other)
      if !own.isEmpty, contributes(other) {
        let place = UnsafeMutableRawBufferPointer(
          UnsafeMutableBufferPointer(start: buffer(way, other), count: own.count))
        ways[way].gradients.append(try link.receive(place, from: other, as: .gradients))
      }
      guard !range.isEmpty else { continue }
      if contributes(link.rank) {
        let numbers = UnsafeRawBufferPointer(
          UnsafeBufferPointer(start: gradients + range.lowerBound, count: range.count))
        ways[way].others.append(try link.send(numbers, to: other, as: .gradients))
      }
      let place = UnsafeMutableRawBufferPointer(
        UnsafeMutableBufferPointer(start: weights + range.lowerBound, count: range.count))
      ways[way].others.append(try link.receive(place, from: other, as: .weights))
    }
  }

  private func buffer(_ way: Int, _ rank: Int) -> UnsafeMutablePointer<Float> {
    received.base + (way * ranges.ranks + rank) * ranges.part
  }

  /// Adds up the gradients of the part that this rank owns, updates it, and begins to send it to all.
  private func reduce(_ bucket: Int, _ way: Int) throws(FileError) {
    let (link, own) = (group.link, ranges.range(bucket, of: group.link.rank))
    guard !own.isEmpty, let update, let kernels else { return }
    sources.removeAll(keepingCapacity: true)
    for rank in 0..<link.count where contributes(rank) {
      let numbers = rank == link.rank ? gradients + own.lowerBound : buffer(way, rank)
      sources.append((UnsafePointer(numbers), Float(group.weight(of: rank))))
    }
    Self.sum(sources, into: gradients + own.lowerBound, own.count)
    update.apply(
      own.lowerBound, own.count, momentsAt: bucket * ranges.part, gradients: gradients + own.lowerBound, kernels)
    let numbers = UnsafeRawBufferPointer(
      UnsafeBufferPointer(start: parameters.base + own.lowerBound, count: own.count))
    for other in 0..<link.count where other != link.rank {
      ways[way].others.append(try link.send(numbers, to: other, as: .weights))
    }
  }

  /// Sets `count` numbers, whole vectors, to the weighted sum of `sources`, the first of them first; it may be one of them.
  static func sum(
    _ sources: [(numbers: UnsafePointer<Float>, weight: Float)], into sum: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    let place = UnsafeMutableRawPointer(sum)
    for offset in stride(from: 0, to: count * MemoryLayout<Float>.stride, by: MemoryLayout<SIMD16<Float>>.size) {
      var total = SIMD16<Float>()
      for source in sources {
        total += UnsafeRawPointer(source.numbers).load(fromByteOffset: offset, as: SIMD16<Float>.self) * source.weight
      }
      place.storeBytes(of: total, toByteOffset: offset, as: SIMD16<Float>.self)
    }
  }

  // MARK: - Moments

  /// Picks what this rank owns out of numbers that are packed like the parameters.
  func pick(_ whole: UnsafePointer<Float>, into kept: UnsafeMutablePointer<Float>) {
    for bucket in 0..<ranges.buckets {
      let own = ranges.range(bucket, of: group.link.rank)
      (kept + bucket * ranges.part).update(from: whole + own.lowerBound, count: own.count)
    }
  }

  /// Brings what all ranks keep to the first one.
  ///
  /// - Parameter whole: packed like the parameters; the first rank's alone is written to
  func gather(_ kept: UnsafePointer<Float>, into whole: UnsafeMutablePointer<Float>?) throws {
    let link = group.link
    guard let whole else {
      return try link.sendNumbers(UnsafeBufferPointer(start: kept, count: ranges.kept), to: 0)
    }
    spread(kept, of: link.rank, into: whole)
    let memory = try AlignedMemory(count: ranges.kept)
    for rank in 0..<link.count where rank != link.rank {
      try link.receiveNumbers(UnsafeMutableBufferPointer(start: memory.base, count: ranges.kept), from: rank)
      spread(memory.base, of: rank, into: whole)
    }
  }

  private func spread(_ kept: UnsafePointer<Float>, of rank: Int, into whole: UnsafeMutablePointer<Float>) {
    for bucket in 0..<ranges.buckets {
      let range = ranges.range(bucket, of: rank)
      (whole + range.lowerBound).update(from: kept + bucket * ranges.part, count: range.count)
    }
  }
}
