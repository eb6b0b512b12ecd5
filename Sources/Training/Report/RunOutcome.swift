import Files
import Foundation

/// How a run stands, by what its files say.
enum RunOutcome: Equatable, Sendable {
  /// Nothing has been recorded yet.
  case notStarted
  case training
  case finished
  /// It ended before all steps were done.
  case stopped
  /// The loss of that name was no finite number any more.
  case diverged(loss: String, isNaN: Bool)

  /// In a word.
  var word: String {
    switch self {
    case .notStarted: "not begun"
    case .training: "in training"
    case .finished: "finished"
    case .stopped: "stopped"
    case .diverged: "diverged"
    }
  }

  /// A mark that does without colour.
  var symbol: String {
    switch self {
    case .notStarted: "○"
    case .training: "▶"
    case .finished: "✓"
    case .stopped: "■"
    case .diverged: "✕"
    }
  }
}

extension RunRecord {
  /// How the run stands.
  var outcome: RunOutcome {
    if let bad = losses?.notFinite { return .diverged(loss: bad.column, isNaN: bad.isNaN) }
    if isTraining { return .training }
    guard step > 0 else { return .notStarted }
    let settings = description.configuration
    if let steps = settings.steps { return step >= steps ? .finished : .stopped }
    let epochs = position?.sampler?.completedEpochs ?? 0
    return epochs >= settings.epochs + settings.decayEpochs ? .finished : .stopped
  }

  /// The last step that is known of.
  var step: Int { max(losses?.lastStep ?? 0, position?.step ?? 0) }

  /// The verdict: one paragraph of plain text for each thing that there is to say.
  var verdict: [String] { [progressSentence] + qualitySentences }

  private var progressSentence: String {
    let settings = description.configuration
    let epochs = settings.epochs + settings.decayEpochs
    let place =
      "step \(grouped(step))" + (settings.steps.map { " of \(grouped($0))" } ?? "")
      + (losses.map {
        $0.lastEpoch > 0 ? ", in epoch \($0.lastEpoch)" + ($0.lastEpoch <= epochs ? " of \(epochs)" : "") : ""
      } ?? "")
    switch outcome {
    case .notStarted: return "No step has been recorded yet."
    case .training: return "In training: \(place) was done when this page was written."
    case .finished: return "Finished: all \(grouped(step)) steps are done."
    case .stopped: return "Stopped after \(place). \(saved)"
    case .diverged(let loss, let isNaN):
      return "Diverged at step \(grouped(step)): \(loss) was \(isNaN ? "not a number" : "infinite"). \(saved)"
    }
  }

  private var saved: String {
    guard let saved = position?.step else { return "Nothing was saved before." }
    return saved == step ? "Everything is saved." : "What was saved last is of step \(grouped(saved))."
  }

  private var qualitySentences: [String] {
    guard step > 0 else { return [] }
    guard let best else {
      return [
        "No figure was measured on held-out images. The losses of two networks that play against each other do not tell how "
          + "good the images are: look at the sheets."
      ]
    }
    var sentences = [
      "The best \(best.title) on held-out images is \(Chart.label(best.value)), of step \(grouped(best.step))."
    ]
    if let latest = best.latest, latest.step > best.step, best.measurementsSince > 0 {
      let count = best.measurementsSince == 1 ? "1 measurement" : "\(grouped(best.measurementsSince)) measurements"
      sentences[0] +=
        " It has not become better since: \(count) later, at step \(grouped(latest.step)), it is \(Chart.label(latest.value))."
    } else if let latest = best.latest, latest.step == best.step, outcome != .training, (metrics?.rows ?? 0) > 2 {
      sentences[0] += " That is the latest one: more training may make it better still."
    }
    if best.hasWeights { sentences.append("The weights of that step are kept.") }
    return sentences + [verdictOfFigures].compactMap(\.self)
  }

  /// What the algorithm says of the figures that were measured last.
  private var verdictOfFigures: String? {
    guard let metrics else { return nil }
    let figures = algorithm.heldOutFigures.compactMap { metrics.index(of: $0.name).flatMap { metrics.latest[$0] } }
    guard figures.count == algorithm.heldOutFigures.count, let verdict = algorithm.verdict(figures.map(\.value)) else {
      return nil
    }
    let words = verdict.text(callingSettings: Phrase.plain)
    return words.prefix(1).uppercased() + words.dropFirst() + "."
  }
}

/// 12 345
func grouped(_ number: Int) -> String {
  var digits = String(number)
  for place in stride(from: digits.count - 3, to: 0, by: -3) {
    digits.insert("\u{202F}", at: digits.index(digits.startIndex, offsetBy: place))
  }
  return digits
}

/// 14 s, 3 min 20 s, 5 h 12 min, 3 d 4 h
func duration(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e12 else { return "–" }
  let whole = Int(seconds.rounded())
  switch whole {
  case ..<1: return "under 1 s"
  case ..<60: return "\(whole) s"
  case ..<3600: return "\(whole / 60) min" + (whole % 60 > 0 ? " \(whole % 60) s" : "")
  case ..<86400: return "\(whole / 3600) h" + (whole / 60 % 60 > 0 ? " \(whole / 60 % 60) min" : "")
  default: return "\(whole / 86400) d" + (whole / 3600 % 24 > 0 ? " \(whole / 3600 % 24) h" : "")
  }
}
