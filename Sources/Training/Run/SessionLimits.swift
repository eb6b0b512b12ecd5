/// What a session may take of time and memory; none of it changes what comes out.
struct SessionLimits {
  /// How long pictures are looked at before the first step.
  var survey = Duration.seconds(10)
  /// Memory for decoded pictures to train on.
  var cacheBytes = 1 << 30
  /// After this much training a new run is saved for the first time, so that there is something to resume.
  var firstSave = Duration.seconds(60)
  /// However long an epoch is, no more than this much work is lost to a power cut.
  var longestUnsaved = Duration.seconds(900)
}

/// When a run is saved between its epochs.
struct SaveSchedule {
  private let longestUnsaved: Duration
  private var deadline: ContinuousClock.Instant

  /// The schedule of a session that begins at `begin`; `isNew` where nothing of its run has been saved before.
  init(_ limits: SessionLimits, isNew: Bool, begin: ContinuousClock.Instant) {
    longestUnsaved = limits.longestUnsaved
    deadline = begin + (isNew ? min(limits.firstSave, limits.longestUnsaved) : limits.longestUnsaved)
  }

  /// Whether to save now, since one more step as long as the last would end too late.
  func isDue(at now: ContinuousClock.Instant, lastStep: Duration) -> Bool { now + lastStep > deadline }

  /// Takes note of a save.
  mutating func saved(at now: ContinuousClock.Instant) { deadline = now + longestUnsaved }
}
