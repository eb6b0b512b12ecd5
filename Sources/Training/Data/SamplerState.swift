import Files

/// Where a sampler stands, between two samples: with it, sampling goes on bit for bit, in the middle of an epoch too.
package struct SamplerState: Codable, Sendable, Equatable {
  /// How many training images there are on each side; equal for pairs.
  package var countA: Int
  /// How many training images there are on side B.
  package var countB: Int
  /// The epoch of the latest sample, from 1; 0 before the first sample.
  package var epoch: Int
  /// How many samples of that epoch have been taken.
  package var position: Int
  /// The order of that epoch: a permutation of its positions, empty before the first sample.
  package var order: [Int]
  /// The state words of the random generator.
  package var generator: [UInt64]

  /// How many samples make an epoch.
  package var epochLength: Int { max(countA, countB) }

  /// How many epochs have been taken to their end.
  package var completedEpochs: Int { position == epochLength ? epoch : max(0, epoch - 1) }

  /// Checks a state that was read from a file against the data at hand.
  ///
  /// - Throws: `FileError` (without a path) saying what does not fit.
  func requireFits(countA: Int, countB: Int) throws(FileError) {
    guard self.countA == countA && self.countB == countB else {
      let before = self.countA == self.countB ? "\(self.countA)" : "\(self.countA) and \(self.countB)"
      let now = countA == countB ? "\(countA)" : "\(countA) and \(countB)"
      throw FileError(
        path: nil, problem: "the training data has changed: \(now) images, but \(before) when the run was saved",
        advice: "restore the data folder, or name it with \(setting: "data") to go on with these in a new epoch")
    }
    var seen = [Bool](repeating: false, count: epochLength)
    for index in order {
      guard index >= 0, index < epochLength, !seen[index] else { throw Self.damaged }
      seen[index] = true
    }
    guard (0..<1 << 48).contains(epoch), position >= 0, position <= order.count,
      epoch == 0 ? order.isEmpty : order.count == epochLength, generator.count == 4
    else { throw Self.damaged }
  }

  static let damaged = FileError(
    path: nil, problem: "the saved position in the training data is damaged",
    advice: "start a new run, with \(setting: "init-from") to keep the weights")
}
