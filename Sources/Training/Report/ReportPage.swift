import Files
import Foundation
import Pages

/// The content of a run's page: first how it went, then the curves, then what the network drew along the way, then details.
struct ReportPage: Sendable {
  var run: RunRecord
  /// The path from the page's folder to the run's, with a slash at its end; empty where they are the same.
  var base = ""
  /// The most memory that the training had, in bytes.
  var peakMemory: Int?
  /// When it was written, for a person.
  var time = ""

  /// The name of the fact that keeps the peak of memory in the page.
  static let peakMemoryFact = "peak-memory"

  /// The whole page.
  var html: String {
    let settings = run.description.configuration
    let subtitle = (["\(run.algorithm.method) (\(run.algorithm.name))"] + run.algorithm.outline(settings))
      .joined(separator: " · ")
    var page = Page(
      title: run.title + " – training run",
      header: "<h1>\(run.title.htmlEscaped)</h1><p>\(subtitle.htmlEscaped)</p>",
      main: [verdictSection, curvesSection, sheetsSection, settingsSection, commandsSection, leftOutSection]
        .filter { !$0.isEmpty }.joined(separator: "\n"),
      footer: "Written by translate-cli \(run.description.version)" + (time.isEmpty ? "" : ", " + time))
    page.style = ReportStyle.css
    page.script = ReportStyle.script
    if let peakMemory { page.facts = [(Self.peakMemoryFact, "\(peakMemory)")] }
    return page.html
  }

  // MARK: How it went

  private var verdictSection: String {
    let sentences = run.verdict.map { "<p>\($0.htmlEscaped)</p>" }
    let latest = run.sheets.last.map { sheet in
      "<div class=\"latest card\"><p class=\"note\">Latest sheet. \(legend)</p>"
        + SheetFigure(sheet, base: base, most: SheetFigure.large).html(isLazy: false) + "</div>"
    }
    return """
      <section class="verdict\(latest == nil ? " alone" : "")"><div>
      \(badge)
      \(sentences.joined())
      \(alarms)
      \(notes)
      \(tiles)
      </div>\(latest ?? "")</section>
      """
  }

  /// How it stands, in a word; a run with alarms is not simply well.
  private var badge: String {
    let outcome = run.outcome
    let alarms = run.alarms?.byName.count ?? 0
    let style = alarms > 0 && outcome != .training && outcome.style == "good" ? "warn" : outcome.style
    let more = alarms == 0 ? "" : alarms == 1 ? ", with an alarm" : ", with \(alarms) alarms"
    return
      "<p class=\"outcome \(style)\"><span aria-hidden=\"true\">\(outcome.symbol)</span> \(outcome.word)\(more)</p>"
  }

  private var legend: String { "From left to right: \(run.algorithm.sampleCaption.htmlEscaped)." }

  /// Each kind of alarm once, with what to do.
  private var alarms: String {
    guard let groups = run.alarms?.byName, !groups.isEmpty else { return "" }
    let items = groups.prefix(20).map { group in
      let last = group[group.count - 1]
      let more = group.count > 1 ? ", \(grouped(group.count))×, last at step \(grouped(last.step))" : ""
      let figures = [Self.figure("value", last.value), Self.figure("threshold", last.threshold)].filter { !$0.isEmpty }
      return """
        <li><b><span aria-hidden="true">⚠</span> \(last.title.htmlEscaped)</b> \
        <span class="note">since step \(grouped(group[0].step))\(more)\
        \(figures.isEmpty ? "" : " · " + figures.joined(separator: ", "))</span>\
        \(last.advice.isEmpty ? "" : "<br>" + last.advice.htmlEscaped)</li>
        """
    }
    return "<ul class=\"alarms\">\(items.joined())</ul>"
  }

  private static func figure(_ name: String, _ text: String) -> String {
    guard !text.isEmpty else { return "" }
    return "\(name) \(Double(text).map { $0.isFinite ? Chart.label($0) : text } ?? text)".htmlEscaped
  }

  private var notes: String {
    guard !run.notes.isEmpty else { return "" }
    return "<ul class=\"notes\">" + run.notes.map { "<li>\($0.htmlEscaped)</li>" }.joined() + "</ul>"
  }

  /// The figures that answer first questions.
  private var tiles: String {
    let facts = run.facts + (peakMemory.map { [("memory", SystemMemory.text($0))] } ?? [])
    guard !facts.isEmpty else { return "" }
    return "<dl class=\"tiles\">"
      + facts.map { "<div><dt>\($0.0.htmlEscaped)</dt><dd>\($0.1.htmlEscaped)</dd></div>" }.joined() + "</dl>"
  }

  // MARK: Curves

  private var curvesSection: String {
    let curves = RunCurves(run)
    let groups = [("Held-out images", curves.heldOut), ("Losses and pace", curves.losses + curves.pace)]
    let parts = groups.filter { !$0.1.isEmpty }.map { title, charts in
      "<h3>\(title)</h3><div class=\"charts\">" + charts.map(\.html).joined(separator: "\n") + "</div>"
    }
    guard !parts.isEmpty else { return "" }
    let note = "Faint: every value. Strong: the moving mean. Nothing is cut off."
    return "<section><h2>Curves</h2><p class=\"note\">\(note)</p>\(parts.joined(separator: "\n"))</section>"
  }

  // MARK: Sheets

  /// Sheets that are shown before the rest is folded away.
  private static let openSheets = 6

  private var sheetsSection: String {
    guard let last = run.sheets.last else {
      return "<section><h2>Along the way</h2><p class=\"empty\">No sample sheet has been written yet.</p></section>"
    }
    guard run.sheets.count > 1 else { return "" }
    let shown = RunRecord.spread(run.sheets, Self.openSheets)
    func figures(_ sheets: [RunRecord.Sheet]) -> String {
      sheets.map { SheetFigure($0, base: base).html(isLazy: true) }.joined(separator: "\n")
    }
    let others = run.sheets.count - shown.count
    let all =
      others == 0
      ? ""
      : "<details><summary>All \(grouped(run.sheets.count)), newest first</summary><div class=\"sheets\">"
        + figures(run.sheets.reversed()) + "</div></details>"
    let size = SheetFigure.shownWidth(last)
    return """
      <section style='--sheet:\(size > 0 ? min(size, 900) : 560)px'><h2>Along the way</h2>
      <p class="note">\(legend)\(others > 0 ? " \(shown.count) of \(grouped(run.sheets.count)) sheets, the first one first." : "")</p>
      <div class="sheets">\(figures(shown))</div>\(all)</section>
      """
  }

  // MARK: Damaged pictures

  /// Pictures that are named; more are only counted.
  private static let namedPictures = 100

  private var leftOutSection: String {
    let leftOut = run.leftOut
    guard !leftOut.isEmpty else { return "" }
    let rows = leftOut.prefix(Self.namedPictures).map {
      "<tr><th>\($0.path.htmlEscaped)</th><td>\($0.problem.htmlEscaped)</td></tr>"
    }
    let more = leftOut.count - rows.count
    let count = "\(grouped(leftOut.count)) damaged \(leftOut.count == 1 ? "picture was" : "pictures were")"
    return """
      <section><h2>Left out</h2><p class="note">\(count) left out\(more > 0 ? "; the first are named" : "").</p>
      <div class="scroll"><table>\(rows.joined())</table></div></section>
      """
  }
}

extension RunOutcome {
  /// The name of its style.
  var style: String {
    switch self {
    case .finished: "good"
    case .diverged: "bad"
    case .stopped: "warn"
    case .notStarted, .training: "calm"
    }
  }
}

/// A sample sheet on a page: small ones enlarged by a whole factor.
struct SheetFigure {
  private let sheet: RunRecord.Sheet
  private let url: String
  private let factor: Int

  /// Pixels of the page that a sheet is enlarged to, at most: one among many, and the one beside the verdict.
  static let small = 400
  static let large = 640

  /// The sheet in the run folder that `base` leads to.
  init(_ sheet: RunRecord.Sheet, base: String, most: Int = small) {
    self.sheet = sheet
    url = PageLink.encoded(base + "samples/" + sheet.name)
    factor = Self.factor(sheet, most)
  }

  private static func factor(_ sheet: RunRecord.Sheet, _ most: Int) -> Int {
    let side = max(sheet.width, sheet.height)
    return side > 0 ? max(1, min(4, most / side)) : 1
  }

  /// Pixels of the page that a sheet takes among many, where there is room; 0 where its size is unknown.
  static func shownWidth(_ sheet: RunRecord.Sheet) -> Int { sheet.width * factor(sheet, small) }

  func html(isLazy: Bool) -> String {
    let size = sheet.width > 0 ? " width=\"\(sheet.width * factor)\" height=\"\(sheet.height * factor)\"" : ""
    return "<figure><a href=\"\(url)\"><img src=\"\(url)\" alt=\"\(sheet.name.htmlEscaped)\"\(size)"
      + (factor > 1 ? " class=\"enlarged\"" : "") + (isLazy ? " loading=\"lazy\"" : "")
      + "></a><figcaption>\(sheet.name.htmlEscaped)</figcaption></figure>"
  }
}
