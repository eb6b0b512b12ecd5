import Foundation
import Pages

/// Several runs side by side: final figures, curves one over the other, the settings in which they differ, latest sheets.
struct ComparisonPage: Sendable {
  /// The runs, at least one, and the path from the page's folder to each, with a slash at its end.
  var runs: [(record: RunRecord, base: String)]
  var version: String
  /// When it was written, for a person.
  var time = ""

  /// The whole page.
  var html: String {
    var page = Page(
      title: "\(runs.count) training runs",
      header: "<h1>\(runs.count) runs side by side</h1><p>\(names.joined(separator: ", ").htmlEscaped)</p>",
      main: [figuresSection, curvesSection, settingsSection, sheetsSection].joined(separator: "\n"),
      footer: "Written by translate-cli \(version)" + (time.isEmpty ? "" : ", " + time))
    page.style = ReportStyle.css
    page.script = ReportStyle.script
    return page.html
  }

  /// The folders' names; their paths where two would be called the same.
  private var names: [String] {
    let titles = runs.map(\.record.title)
    return runs.map { run in titles.count { $0 == run.record.title } > 1 ? run.record.path : run.record.title }
  }

  private func legend(_ index: Int) -> String { "\(index + 1) \(names[index])" }

  // MARK: Figures

  private var figuresSection: String {
    let rows: [(String, [String])] =
      [
        ("method", runs.map { "\($0.record.algorithm.method)".htmlEscaped }),
        ("outcome", runs.map { badge($0.record) }),
      ]
      + facts
      + [
        ("best held-out figure", runs.map { best($0.record) }),
        ("alarms", runs.map { alarms($0.record) }),
      ]
    let notes = runs.indices.flatMap { index in
      runs[index].record.notes.map { "<li>\(legend(index).htmlEscaped): \($0.htmlEscaped)</li>" }
    }
    return "<section><h2>Final figures</h2>" + table(rows)
      + (notes.isEmpty ? "" : "<ul class=\"notes\">\(notes.joined())</ul>") + "</section>"
  }

  /// Every fact that one of the runs has, in the order of the first that has it.
  private var facts: [(String, [String])] {
    let all = runs.map { Dictionary($0.record.facts.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }) }
    var names: [String] = []
    for run in runs { for fact in run.record.facts where !names.contains(fact.name) { names.append(fact.name) } }
    return names.map { name in (name, all.map { ($0[name] ?? "–").htmlEscaped }) }
  }

  private func badge(_ run: RunRecord) -> String {
    let outcome = run.outcome
    return "<span class=\"badge \(outcome.style)\">\(outcome.symbol) \(outcome.word)</span>"
  }

  private func best(_ run: RunRecord) -> String {
    run.best.map { "\($0.title) \(Chart.label($0.value)) at step \(grouped($0.step))".htmlEscaped } ?? "–"
  }

  private func alarms(_ run: RunRecord) -> String {
    let groups = run.alarms?.byName ?? []
    guard !groups.isEmpty else { return "none" }
    return groups.map { "⚠ \($0[0].title), since step \(grouped($0[0].step))".htmlEscaped }.joined(separator: "<br>")
  }

  /// A column for each run; cells are HTML.
  private func table(_ rows: [(String, [String])]) -> String {
    let head = runs.indices.map { index in
      let page = PageLink.encoded(runs[index].base + Report.fileName)
      return "<th>\(ChartDrawing.swatch(index)) <a href=\"\(page)\">\(legend(index).htmlEscaped)</a></th>"
    }
    let lines = rows.map { name, cells in
      "<tr><th>\(name.htmlEscaped)</th>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
    }
    return "<div class=\"scroll\"><table class=\"compare\"><thead><tr><th></th>\(head.joined())</tr></thead>"
      + "<tbody>\(lines.joined())</tbody></table></div>"
  }

  // MARK: Curves

  private var curvesSection: String {
    let steps = Chart.Steps(runs.map(\.record))
    let heldOut = charts(steps, isSmoothed: false, \.metrics) { _ in true }
    let losses = charts(steps, isSmoothed: true, \.losses) { $0 != "seconds" }
    let groups = [("Held-out images", heldOut), ("Losses: moving means", losses)].filter { !$0.1.isEmpty }
    guard !groups.isEmpty else { return "" }
    return "<section><h2>Curves</h2>"
      + groups.map { title, charts in
        "<h3>\(title)</h3><div class=\"charts\">" + charts.map(\.html).joined(separator: "\n") + "</div>"
      }.joined() + "</section>"
  }

  /// A chart for each column that one of the runs has, with a line for each run that has it.
  private func charts(
    _ steps: Chart.Steps, isSmoothed: Bool, _ table: (RunRecord) -> History?, isWanted: (String) -> Bool
  ) -> [Chart] {
    var columns: [String] = []
    for run in runs {
      for name in table(run.record)?.columns ?? [] where isWanted(name) && !columns.contains(name) {
        columns.append(name)
      }
    }
    return columns.compactMap { name in
      let series = runs.indices.compactMap { index -> Chart.Series? in
        guard let history = table(runs[index].record), let column = history.index(of: name) else { return nil }
        return Chart.Series(
          legend(index), history, column: column, style: index,
          isSmoothed: isSmoothed && name != "learning_rate", showsValues: false)
      }
      guard !series.isEmpty else { return nil }
      let owner = runs.first { table($0.record)?.index(of: name) != nil }?.record
      let figure = owner?.algorithm.heldOutFigures.first { $0.name == name }
      return Chart(
        title: figure?.title ?? RunRecord.title(ofColumn: name), caption: owner?.caption(name) ?? "", series: series,
        steps: steps, showsLast: false)
    }
  }

  // MARK: Settings

  private var settingsSection: String {
    let settings = runs.map { run in
      Dictionary(run.record.settings.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }
    var names: [String] = []
    for run in runs { for row in run.record.settings where !names.contains(row.name) { names.append(row.name) } }
    var rows = names.compactMap { name -> (String, [String])? in
      let values = settings.map { $0[name] ?? "–" }
      return Set(values).count > 1 ? (name, values.map(\.htmlEscaped)) : nil
    }
    let data = runs.map(\.record.description.data)
    if Set(data).count > 1 { rows.insert(("data", data.map { "<code>\($0.htmlEscaped)</code>" }), at: 0) }
    let content = rows.isEmpty ? "<p class=\"note\">They have the same settings.</p>" : table(rows)
    return "<section><h2>Settings that differ</h2>\(content)</section>"
  }

  // MARK: Sheets

  private var sheetsSection: String {
    let figures = runs.indices.map { index in
      let run = runs[index]
      let sheet = run.record.sheets.last.map { SheetFigure($0, base: run.base).html(isLazy: true) }
      return "<div><h3>\(ChartDrawing.swatch(index)) \(legend(index).htmlEscaped)</h3>"
        + (sheet ?? "<p class=\"empty\">No sample sheet has been written.</p>") + "</div>"
    }
    let width = runs.compactMap { $0.record.sheets.last.map(SheetFigure.shownWidth) }.max() ?? 0
    return """
      <section style='--sheet:\(width > 0 ? min(width, 700) : 560)px'><h2>Latest sheets</h2>
      <div class="sheets">\(figures.joined(separator: "\n"))</div></section>
      """
  }
}
