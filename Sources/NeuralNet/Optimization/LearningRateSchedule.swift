import Foundation

/// How the learning rate falls over the epochs.
public enum LearningRatePolicy: String, Sendable, Codable, CaseIterable {
  /// Constant, then linearly towards 0 over the decay epochs.
  case linear
  /// A tenth after every so many epochs.
  case step
  /// A fifth when a figure has not improved for five epochs.
  case plateau
  /// Half a cosine over all epochs.
  case cosine
}

/// The factor of the learning rate in each epoch.
package struct LearningRateSchedule: Sendable, Codable, Equatable {
  /// How it falls.
  package var policy: LearningRatePolicy
  /// Epochs at the full rate (linear).
  package var constantEpochs: Int
  /// Epochs of decay that follow (linear); the sum is the length of the cosine.
  package var decayEpochs: Int
  /// Epochs between two steps (step).
  package var stepEpochs: Int
  /// Best figure so far (plateau).
  private var best: Double?
  /// Epochs since (plateau).
  private var badEpochs = 0
  /// Factor by now (plateau).
  private var plateauFactor = 1.0

  /// A schedule at its start.
  package init(policy: LearningRatePolicy, constantEpochs: Int, decayEpochs: Int, stepEpochs: Int = 50) {
    self.policy = policy
    self.constantEpochs = constantEpochs
    self.decayEpochs = decayEpochs
    self.stepEpochs = stepEpochs
  }

  /// The factor of epoch `epoch`, counted from 1.
  ///
  /// Linear: 1 − max(0, epoch − constant) / (decay + 1), so that no epoch trains at rate 0; epochs
  /// beyond the schedule stay at its last factor.
  package func factor(epoch: Int) -> Double {
    // In floating point, since sums of any integers overflow; those that training allows are exact.
    let (constant, decay) = (max(0, Double(constantEpochs)), max(0, Double(decayEpochs)))
    let whole = max(1, constant + decay)
    let epoch = min(max(1, Double(epoch)), whole)
    return switch policy {
    case .linear: 1 - max(0, epoch - constant) / (decay + 1)
    case .step: pow(0.1, ((epoch - 1) / max(1, Double(stepEpochs))).rounded(.down))
    case .plateau: plateauFactor
    case .cosine: (1 + cos(.pi * (epoch - 1) / whole)) / 2
    }
  }

  /// Whether what a file says of its development can be: a small count, a factor in 0 ... 1.
  package var isPlausible: Bool { (0...1_000_000).contains(badEpochs) && (0...1).contains(plateauFactor) }

  /// Takes over how an earlier schedule has developed, whose length may have been another.
  package mutating func `continue`(from earlier: LearningRateSchedule) {
    best = earlier.best
    badEpochs = earlier.badEpochs
    plateauFactor = earlier.plateauFactor
  }

  /// Tells the schedule the figure of a finished epoch, lower being better; only `plateau` listens.
  ///
  /// As PyTorch's ReduceLROnPlateau in the public code: factor 0.2, relative threshold 0.01, patience 5.
  package mutating func observe(_ figure: Double) {
    guard policy == .plateau, figure.isFinite else { return }
    if let best, figure >= best * (1 - 0.01) {
      if badEpochs >= 5 {
        plateauFactor *= 0.2
        badEpochs = 0
      } else {
        badEpochs += 1
      }
    } else {
      best = figure
      badEpochs = 0
    }
  }
}
