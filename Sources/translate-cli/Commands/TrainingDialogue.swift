import Files
import Foundation
import NeuralNet
import Training
import Translate

/// What is said while a session trains, and how it is stopped by signals.
struct TrainingDialogue {
  let console: Console
  let isQuiet: Bool
  let json: Bool

  /// Trains `session` to its end, or until a signal.
  func run(_ session: TrainingSession) throws -> ExitCode {
    say(session.data.summary)
    say(networks(session))
    session.forecast.lines.forEach(say)
    session.initialWeights.forEach(say)
    let survey = session.survey
    if survey.checked < survey.total {
      say("looked at \(survey.checked) of \(survey.total) images before the first step; check looks at all")
    }
    session.warnings.forEach { console.error("warning: \($0)") }
    if let note = session.configuration.algorithm.note(session.configuration) {
      console.error("warning: \(note.words)")
    }
    if session.step > 0 { say("going on after step \(session.step)") }

    var last: TrainingProgress?
    var duration = DurationForecast()
    let isNew = session.step == 0
    var line = ProgressLine(
      unit: "step", rateUnit: "images", rateFactor: session.configuration.batchSize, console: console,
      isQuiet: isQuiet)
    let clock = ContinuousClock()
    let start = clock.now
    func now() -> Double { start.duration(to: clock.now) / .seconds(1) }
    let interruption = Interruption.shared
    interruption.begin()
    line.update(ProgressLine.State(done: session.step, total: session.lastStep), now: 0)
    let outcome: TrainingOutcome
    do {
      defer { line.finish(now: now()) }
      outcome = try session.train(shouldStop: { interruption.isRequested }) { progress in
        last = progress
        if case .leftOut(let error) = progress.event {
          line.warn("warning: \(error.path ?? "an image"): \(error.problem); it is left out")
        }
        if case .alarm(let alarm) = progress.event { line.warn(warning(alarm, "step")) }
        if progress.event == .step,
          let seconds = duration.observe(progress.seconds, remaining: progress.lastStep - progress.step), !isQuiet
        {
          line.warn("about \(ProgressLine.duration(seconds)) \(isNew ? "in all" : "for the steps that are left")")
        }
        line.update(state(progress), now: now())
      }
    }
    if let verdict = session.verdict { console.error("warning: \(verdict.words)") }
    if json { try console.output(summary(session, last, outcome, seconds: now())) }
    let run = shellWord(session.run.path)
    for alarm in session.alarms where outcome != .dead(alarm) { console.error(warning(alarm, "since step")) }
    switch outcome {
    case .finished:
      say("trained to step \(session.step) in \(ProgressLine.duration(now())); see \(session.run.path)/index.html")
      sayBest(session)
      if session.configuration.steps != nil {
        let toTheEnd = session.step < session.stepsOfEpochs
        say(
          "go on with: \(Program.name) resume \(run) --steps "
            + (toTheEnd ? "none" : "N")
            + (toTheEnd
              ? " (to step \(session.stepsOfEpochs), the end of its \(session.epochs) epochs), or a larger number"
              : ", a larger number"))
      }
      return .success
    case .stalled:
      say(
        "stopped after step \(session.step) and saved: the best has not moved for \(session.configuration.patience ?? 0) "
          + "measurements; go on with: \(Program.name) resume \(run) --patience none")
      sayBest(session)
      return .success
    case .interrupted:
      say("stopped after step \(session.step) and saved; go on with: \(Program.name) resume \(run)")
      return interruption.exitCode ?? .success
    case .dead(let alarm):
      console.error(
        "\(Program.name): stopped after step \(session.step) and saved, since \(alarm.meaning); to go on all the same: "
          + "\(Program.name) resume \(run) --no-stop-when-dead")
      return .failure
    }
  }

  private func warning(_ alarm: TrainingAlarm, _ when: String) -> String {
    "warning: \(when) \(alarm.step): \(alarm.meaning); \(alarm.advice.words)"
  }

  private func say(_ line: String) {
    if !isQuiet { console.error(line) }
  }

  private func sayBest(_ session: TrainingSession) {
    guard let best = session.best else { return }
    say(
      "best held-out \(best.figure) \(String(format: "%.4g", best.value)) after step \(best.step); "
        + "apply it with --weights best")
  }

  private func networks(_ session: TrainingSession) -> String {
    let parts = session.networkSizes.map { name, count in
      name + " " + (count < 100_000 ? "\(count)" : String(format: "%.1f M", Double(count) / 1e6))
    }
    return "parameters: " + parts.joined(separator: ", ") + " · \(session.stepsPerEpoch) steps an epoch"
      + precisionWords(session.configuration.precision)
  }

  private func precisionWords(_ precision: Precision) -> String {
    guard precision != .float32 else { return "" }
    return " · products in \(precision.rawValue), \(PackageVersion.kernels)"
      + (Processor.hasDotProducts(precision) ? "" : ": f32 is faster here")
  }

  private func state(_ progress: TrainingProgress) -> ProgressLine.State {
    ProgressLine.State(
      done: progress.step, total: progress.lastStep, remark: "epoch \(progress.epoch)/\(progress.epochs)",
      figures: progress.smoothedLosses)
  }

  /// What `--json` prints at the end.
  private struct Summary: Encodable {
    var run: String
    var finished: Bool
    var step: Int
    var lastStep: Int
    var epoch: Int?
    var seconds: Double
    /// By the names of losses.csv.
    var losses: [String: Double]
    var best: Best?
    var alarms: [TrainingAlarm]

    struct Best: Encodable {
      var figure: String
      var value: Double
      var step: Int
    }

    private enum CodingKeys: String, CodingKey {
      case run, finished, step, epoch, seconds, losses, best, alarms
      case lastStep = "last_step"
    }
  }

  private func summary(
    _ session: TrainingSession, _ last: TrainingProgress?, _ outcome: TrainingOutcome, seconds: Double
  ) throws -> String {
    try jsonText(
      Summary(
        run: session.run.path, finished: outcome == .finished, step: session.step, lastStep: session.lastStep,
        epoch: last?.epoch, seconds: seconds,
        losses: Dictionary(last?.losses.map { ($0.name, $0.value) } ?? [], uniquingKeysWith: { $1 }),
        best: session.best.map { Summary.Best(figure: $0.figure, value: $0.value, step: $0.step) },
        alarms: session.alarms))
  }
}
