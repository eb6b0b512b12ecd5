import Foundation

/// How far a job is, said on the standard error: one redrawn line on a terminal, a plain line now and then elsewhere.
///
/// Times are seconds on any clock that only goes forward; they are passed in so that the behaviour can be tested.
struct ProgressLine: Sendable {
  /// How far a job is.
  struct State: Equatable, Sendable {
    /// Units done, in this session and before it.
    var done: Int
    /// Units in all; nil where nobody knows.
    var total: Int?
    /// Other things to tell: `epoch 3/200`.
    var remark = ""
    /// Named figures: losses.
    var figures: [(name: String, value: Double)] = []

    static func == (left: Self, right: Self) -> Bool {
      left.done == right.done && left.total == right.total && left.remark == right.remark
        && left.figures.elementsEqual(right.figures, by: ==)
    }
  }

  /// What is counted: `step`, `image`.
  private let unit: String
  /// What one unit stands for in the rate: a step's images.
  private let rateUnit: String
  private let rateFactor: Int
  private let console: Console
  private let isQuiet: Bool

  private var rate = RateMeter()
  private var state: State?
  private var shown: State?
  private var lastShown = -Double.infinity
  private var plainLines = 0
  private var isDrawn = false

  /// The pause between two redrawings on a terminal, in seconds.
  private static let redrawInterval = 0.1
  /// The pauses between plain lines, in seconds; the last one repeats.
  private static let plainIntervals = [2.0, 5, 10, 20, 30]

  /// A line about `unit`s, each of which is `rateFactor` of `rateUnit`s in what is said per second.
  init(
    unit: String, rateUnit: String, rateFactor: Int = 1, console: Console, isQuiet: Bool
  ) {
    self.unit = unit
    self.rateUnit = rateUnit
    self.rateFactor = rateFactor
    self.console = console
    self.isQuiet = isQuiet
  }

  /// Takes note of how far the job is at the time `now`, and shows it when it is time to.
  mutating func update(_ state: State, now: Double) {
    self.state = state
    rate.note(state.done, now)
    guard !isQuiet else { return }
    let pause =
      console.terminal != nil
      ? Self.redrawInterval
      : Self.plainIntervals[min(max(plainLines - 1, 0), Self.plainIntervals.count - 1)]
    if now - lastShown >= pause { show(now) }
  }

  /// Writes a line of its own, above the redrawn one; also when quiet, since it is for warnings.
  mutating func warn(_ line: String) {
    clear()
    console.error(line)
  }

  /// Shows the last state a last time and ends the line.
  mutating func finish(now: Double) {
    guard !isQuiet, state != nil else { return }
    if console.terminal != nil || state != shown { show(now) }
    if isDrawn { console.raw("\n") }
    isDrawn = false
  }

  private mutating func show(_ now: Double) {
    guard let state else { return }
    lastShown = now
    shown = state
    guard let terminal = console.terminal else {
      console.error(text(state))
      plainLines += 1
      return
    }
    let line = Console.printable(String(text(state).prefix(max(terminal.width - 1, 10))))
    let drawn = terminal.hasColor ? Self.emphasised(line) : line
    console.raw("\r\u{1B}[K" + drawn)
    isDrawn = true
  }

  private mutating func clear() {
    if isDrawn { console.raw("\r\u{1B}[K") }
    isDrawn = false
  }

  /// `step 120/4000 · epoch 3/200 · 2.4 images/s · 27 min left · G_L1 12.3`
  private func text(_ state: State) -> String {
    var parts = ["\(unit) \(state.done)" + (state.total.map { "/\($0)" } ?? "")]
    if !state.remark.isEmpty { parts.append(state.remark) }
    // A large thing may take long before the first is done.
    if let perSecond = rate.perSecond, state.done > 0 || perSecond > 0 {
      parts.append(Self.number(perSecond * Double(rateFactor)) + " \(rateUnit)/s")
      if let total = state.total, total > state.done, perSecond > 0 {
        parts.append(Self.duration(Double(total - state.done) / perSecond) + " left")
      }
    }
    if !state.figures.isEmpty {
      parts.append(state.figures.map { "\($0.name) \(Self.number($0.value))" }.joined(separator: "  "))
    }
    return parts.joined(separator: " · ")
  }

  private static func emphasised(_ line: String) -> String {
    guard let end = line.range(of: " · ")?.lowerBound else { return line }
    return "\u{1B}[1m" + line[..<end] + "\u{1B}[0m" + line[end...]
  }

  /// Three digits that count: 0.0123, 1.23, 12.3, 1230.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let size = abs(value)
    if size >= 100 || size == 0 { return String(format: "%.0f", value) }
    if size >= 10 { return String(format: "%.1f", value) }
    if size >= 1 { return String(format: "%.2f", value) }
    return size >= 0.001 ? String(format: "%.3f", value) : String(format: "%.1e", value)
  }

  /// A time as a person says it: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 3.15e9 else { return "years" }
    let seconds = Int(max(seconds, 0).rounded(.up))
    if seconds < 60 { return "\(seconds) s" }
    let minutes = (seconds + 30) / 60
    if minutes < 60 { return "\(minutes) min" }
    if minutes < 48 * 60 { return "\(minutes / 60) h \(minutes % 60) min" }
    let hours = (minutes + 30) / 60
    return "\(hours / 24) d \(hours % 24) h"
  }
}

/// Units per second over the last part of a job, so that a machine whose speed changes is seen as it is now.
struct RateMeter: Sendable {
  private var marks: [(done: Int, time: Double)] = []
  /// Seconds that the rate looks back.
  private static let window = 30.0
  private static let mostMarks = 64

  /// Takes note that `done` units were done at `time`.
  mutating func note(_ done: Int, _ time: Double) {
    // The newest mark moves on until it is far enough from the one before it.
    if marks.count > 1, marks[marks.count - 1].time - marks[marks.count - 2].time < Self.window / Double(Self.mostMarks)
    {
      marks.removeLast()
    }
    marks.append((done, time))
    while marks.count > 2, time - marks[1].time >= Self.window { marks.removeFirst() }
  }

  /// Units per second; nil before two different times are known.
  var perSecond: Double? {
    guard let first = marks.first, let last = marks.last, last.time > first.time else { return nil }
    return Double(last.done - first.done) / (last.time - first.time)
  }
}
