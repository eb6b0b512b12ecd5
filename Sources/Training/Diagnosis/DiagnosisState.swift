/// What a diagnosis remembers of the steps before: a part of the checkpoint, so that a resumed run sees what an unbroken one
/// would have seen.
struct DiagnosisState: Codable, Equatable {
  /// Steps observed.
  var steps = 0
  /// The losses of the first step, in the order of `TrainingAlgorithm.losses`, as are the lists that follow.
  var first: [Double] = []
  /// Means over the first steps (`Diagnosis.Limits.beginSteps`).
  var begin: [Double] = []
  /// Smoothed with a half-life of 20 steps: what people are shown.
  var smoothed: [Double] = []
  /// Smoothed with a half-life of 50 steps: what is judged.
  var slow: [Double] = []
  /// How many times in a row a sign was seen, by its name.
  var inARow: [String: Int] = [:]
  /// The last held-out figures, at most as many as are averaged.
  var heldOut: [Double] = []
  /// The first held-out figure, and the lowest one.
  var firstHeldOut: Double?
  var lowestHeldOut: Double?
  /// The lowest mean of such figures, and the training loss of that time.
  var bestHeldOut: Double?
  var trainingAtBest: Double?
  /// What was raised, each kind once.
  var alarms: [TrainingAlarm] = []

  /// Whether numbers of a file can be counted on: lists are as long as there are losses, counters stay far from overflow,
  /// and everything is finite.
  func isPlausible(losses: Int) -> Bool {
    let range = 0..<1 << 48
    let lists = [first, begin, smoothed, slow]
    let numbers =
      lists.flatMap { $0 } + heldOut + [firstHeldOut, lowestHeldOut, bestHeldOut, trainingAtBest].compactMap { $0 }
    return range.contains(steps) && lists.allSatisfy { $0.count == (steps == 0 ? 0 : losses) }
      && inARow.values.allSatisfy(range.contains) && heldOut.count <= Diagnosis.Limits.heldOutWindow
      && (bestHeldOut == nil) == (trainingAtBest == nil) && numbers.allSatisfy(\.isFinite)
      && alarms.allSatisfy { range.contains($0.step) && $0.value.isFinite && $0.threshold.isFinite }
  }
}
