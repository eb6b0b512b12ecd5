import Files
import Foundation
import Parallel

/// The running statistics of a network whose passes are shared out among ranks, since these compute different parts of the loss.
///
/// Each update is r ← 0.9 · r + 0.1 · s, so a part of k passes makes 0.9ᵏ · r + b of r. Every rank is told what each part has
/// made of the statistics that the step began with, and has b by that; one part after the other then gives what one
/// process would have, in all ranks to the bit.
final class RunningStatisticsOfParts {
  private let parameters: ParameterStore
  private let group: RankGroup
  /// Those that the step began with.
  private var before: [RunningStatistics]
  /// What each part has made of them, of each normalisation: how many updates, means, variances.
  private var made: [[Float]]
  private var requests: [RankRequest] = []

  init(_ parameters: ParameterStore, _ group: RankGroup) {
    (self.parameters, self.group) = (parameters, group)
    before = parameters.runningStatistics
    let count = before.reduce(0) { $0 + Self.count($1) }
    made = [[Float]](repeating: [Float](repeating: 0, count: count), count: group.parts)
  }

  /// Numbers that are told of a normalisation.
  private static func count(_ statistics: RunningStatistics) -> Int { 1 + 2 * statistics.mean.count }

  /// Brings them together at the end of a step, unless the group has failed; all ranks call this at the same place.
  func combine() {
    guard group.sharesStatistics, group.parts > 1, group.failure == nil, !before.isEmpty else { return }
    do {
      note(in: group.part(of: group.link.rank))
      for part in 0..<group.parts { try tell(part) }
      combineAll()
    } catch {
      group.failure = error as? FileError ?? FileError(path: nil, problem: "\(error)")
    }
  }

  private func note(in part: Int) {
    var place = 0
    for (index, old) in before.enumerated() {
      let own = parameters.runningStatistics[index]
      made[part][place] = Float(own.batches - old.batches)
      for channel in own.mean.indices {
        made[part][place + 1 + channel] = own.mean[channel]
        made[part][place + 1 + own.mean.count + channel] = own.variance[channel]
      }
      place += Self.count(own)
    }
  }

  /// The first rank of a part tells those that compute others.
  private func tell(_ part: Int) throws {
    let link = group.link
    if link.rank == part {
      try made[part].withUnsafeBytes { bytes in
        for rank in 0..<link.count where group.part(of: rank) != part {
          requests.append(try link.send(bytes, to: rank, as: .statistics))
        }
        while let request = requests.popLast() { try link.wait(for: request) }
      }
    } else if group.part(of: link.rank) != part {
      try made[part].withUnsafeMutableBytes { try link.wait(for: link.receive($0, from: part, as: .statistics)) }
    }
  }

  private func combineAll() {
    var place = 0
    for index in before.indices {
      let channels = before[index].mean.count
      for channel in 0..<channels {
        before[index].mean[channel] = together(before[index].mean[channel], place + 1 + channel, place)
        before[index].variance[channel] = together(
          before[index].variance[channel], place + 1 + channels + channel, place)
        parameters.runningStatistics[index].mean[channel] = before[index].mean[channel]
        parameters.runningStatistics[index].variance[channel] = before[index].variance[channel]
      }
      for part in made { before[index].batches += Int64(part[place]) }
      parameters.runningStatistics[index].batches = before[index].batches
      place += Self.count(before[index])
    }
  }

  /// What all parts, one after the other, make of a number.
  ///
  /// - Parameters:
  ///   - place: of what each part has made of it
  ///   - updates: of how many updates these were
  private func together(_ old: Float, _ place: Int, _ updates: Int) -> Float {
    let begin = Double(old)
    var now = begin
    for part in made {
      now = pow(1 - RunningStatistics.momentum, Double(part[updates])) * (now - begin) + Double(part[place])
    }
    return Float(now)
  }
}
