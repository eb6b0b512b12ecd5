import Files

/// What a training run tells whoever started it, after every step and at every event.
public struct TrainingProgress: Sendable {
  /// Why it tells.
  public enum Event: Sendable, Equatable {
    /// A step is done.
    case step
    /// A checkpoint and the generators are written.
    case saved
    /// A sample sheet has been drawn to this path.
    case sampled(path: String)
    /// A picture could not be read and was left out, for the first time in this session.
    case leftOut(FileError)
    /// Something goes wrong, seen for the first time in this run.
    case alarm(TrainingAlarm)
  }

  /// Why it tells.
  public var event: Event
  /// Steps done, those before a resume included.
  public var step: Int
  /// The step with which training ends.
  public var lastStep: Int
  /// The epoch of this step, from 1.
  public var epoch: Int
  /// All epochs.
  public var epochs: Int
  /// Images in the step.
  public var images: Int
  /// Names and values of the losses, in the order of losses.csv.
  public var losses: [(name: String, value: Double)]
  /// The same, smoothed exponentially with a half-life of 20 steps: what single steps say is mostly chance.
  public var smoothedLosses: [(name: String, value: Double)]
  /// The learning rate of the step.
  public var learningRate: Double
  /// Seconds that the step took, waiting for images included.
  public var seconds: Double
}

/// How training came to an end.
public enum TrainingOutcome: Sendable, Equatable {
  /// All steps are done.
  case finished
  /// It was asked to stop; everything is saved.
  case interrupted
  /// The best held-out figure has not moved for as many measurements as the patience allows; everything is saved.
  case stalled
  /// An alarm was raised that leaves no hope, and `stopWhenDead` was set; everything is saved.
  case dead(TrainingAlarm)
}
