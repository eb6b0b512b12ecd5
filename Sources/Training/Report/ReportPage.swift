import Foundation
import NeuralNet

/// The content of a run's page.
struct ReportPage: Sendable {
  /// The run folder's name.
  var title: String
  var run: RunDescription
  var losses: History?
  var metrics: History?
  /// File names in samples/, newest first.
  var samples: [String]
  /// Damaged pictures that were left out, by their paths below the data folder, and what is wrong with them.
  var leftOut: [(path: String, problem: String)] = []

  /// Sheets that are shown before the rest is folded away.
  private static let openSamples = 4

  /// The whole page.
  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(title.htmlEscaped) – training run</title>
    <link rel="icon" href="data:,">
    <style>
    \(ReportStyle.css)
    </style>
    </head>
    <body>
    <header><h1>\(title.htmlEscaped)</h1><p>\(subtitle.htmlEscaped)</p></header>
    <main>
    \(tiles)
    \(samplesSection)
    \(curvesSection)
    \(leftOutSection)
    \(settingsSection)
    </main>
    <footer>\(footer.htmlEscaped)</footer>
    <script>
    \(ReportStyle.script)
    </script>
    </body>
    </html>

    """
  }

  // MARK: Head

  private var subtitle: String {
    let settings = run.configuration
    return
      "\(algorithm.method) (\(algorithm.name)) · \(settings.generator) · \(settings.ngf) filters · \(settings.direction.rawValue)"
  }

  private var algorithm: TrainingAlgorithm { run.configuration.algorithm }

  private var footer: String { "Written by translate-cli \(run.version)" }

  /// The figures that answer first questions.
  private var tiles: String {
    var tiles = [(name: String, value: String)]()
    if let losses, losses.rows > 0 {
      tiles.append(
        ("steps", Self.grouped(losses.lastStep) + (run.configuration.steps.map { " of " + Self.grouped($0) } ?? "")))
      let epochs = run.configuration.epochs + run.configuration.decayEpochs
      if losses.lastEpoch > 0 { tiles.append(("epoch", "\(losses.lastEpoch) of \(epochs)")) }
      if let seconds = losses.index(of: "seconds"), let chart = chart("", "", losses, seconds) {
        tiles.append(("seconds a step", Chart.label(chart.lastValue)))
      }
    }
    for figure in algorithm.heldOutFigures {
      guard let metrics, let index = metrics.index(of: figure.name),
        let last = metrics.buckets.last(where: { $0.values[index].count > 0 })
      else { continue }
      let value = Chart.label(last.values[index].mean)
      tiles.append(("held-out " + figure.title, figure.unit.isEmpty ? value : value + " " + figure.unit))
    }
    if !leftOut.isEmpty { tiles.append(("damaged pictures left out", Self.grouped(leftOut.count))) }
    guard !tiles.isEmpty else { return "<p class=\"empty\">No step has been recorded yet.</p>" }
    return "<dl class=\"tiles\">"
      + tiles.map { "<div><dt>\($0.name.htmlEscaped)</dt><dd>\($0.value.htmlEscaped)</dd></div>" }.joined() + "</dl>"
  }

  // MARK: Samples

  private var samplesSection: String {
    guard !samples.isEmpty else {
      return "<section><h2>Samples</h2><p class=\"empty\">No sample sheet has been written yet.</p></section>"
    }
    let figures = samples.map { name in
      let url = "samples/" + (name.addingPercentEncoding(withAllowedCharacters: Self.urlSafe) ?? "")
      let label = (name as NSString).deletingPathExtension.htmlEscaped
      return "<figure><a href=\"\(url)\"><img src=\"\(url)\" alt=\"\(label)\" loading=\"lazy\"></a>"
        + "<figcaption>\(label)</figcaption></figure>"
    }
    let older = figures.dropFirst(Self.openSamples)
    return """
      <section><h2>Samples</h2><p class="note">Newest first. From left to right: \(algorithm.sampleCaption.htmlEscaped).</p>
      <div class="samples">\(figures.prefix(Self.openSamples).joined(separator: "\n"))</div>
      \(older.isEmpty ? "" : "<details><summary>\(older.count) earlier</summary><div class=\"samples\">")
      \(older.joined(separator: "\n"))\(older.isEmpty ? "" : "</div></details>")
      </section>
      """
  }

  /// Letters, digits and marks that mean nothing in a URL.
  private static let urlSafe = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

  // MARK: Curves

  private var curvesSection: String {
    var sections = [String]()
    if let metrics {
      let charts = metrics.columns.enumerated().compactMap { index, name in
        chart(name, caption(name), metrics, index, isSmoothed: false)
      }
      sections.append(Self.section("Held-out images", charts))
    }
    if let losses {
      let plain = losses.columns.enumerated().filter { !Self.sidelines.contains($0.element) }
      sections.append(
        Self.section(
          "Losses", plain.compactMap { chart($0.element, caption($0.element), losses, $0.offset) }))
      let side = losses.columns.enumerated().filter { Self.sidelines.contains($0.element) }
      sections.append(
        Self.section(
          "Running",
          side.compactMap {
            chart(
              $0.element, caption($0.element), losses, $0.offset, isSmoothed: $0.element == "seconds")
          }))
      if losses.skippedLines > 0 {
        sections.append(
          "<p class=\"note\">\(losses.skippedLines) lines of losses.csv are no rows of it and were left out.</p>")
      }
    }
    return sections.joined(separator: "\n")
  }

  /// Columns of losses.csv that are no losses.
  private static let sidelines: Set = ["learning_rate", "seconds"]

  /// What a column means.
  private func caption(_ column: String) -> String {
    algorithm.losses.first { $0.name == column }?.meaning
      ?? algorithm.heldOutFigures.first { $0.name == column }?.meaning
      ?? ["learning_rate": "of Adam", "seconds": "a step"][column] ?? ""
  }

  private static func section(_ title: String, _ charts: [Chart]) -> String {
    guard !charts.isEmpty else { return "" }
    return "<section><h2>\(title)</h2><div class=\"charts\">" + charts.map(\.html).joined(separator: "\n")
      + "</div></section>"
  }

  private func chart(
    _ name: String, _ caption: String, _ history: History, _ column: Int, isSmoothed: Bool = true
  ) -> Chart? {
    let first = [losses, metrics].compactMap { $0?.buckets.first?.firstStep }.min() ?? 0
    let last = max(losses?.lastStep ?? 0, metrics?.lastStep ?? 0, first + 1)
    return Chart(
      title: name, caption: caption, history: history, column: column, isSmoothed: isSmoothed,
      steps: Double(first)...Double(last), marks: epochMarks)
  }

  /// At most about eight epochs, at round distances.
  private var epochMarks: [(step: Double, label: String)] {
    guard let starts = losses?.epochStarts, starts.count > 1, let first = starts.first?.epoch,
      let last = starts.last?.epoch
    else { return [] }
    let distance = max(1, Axis.roundNumbers(0, Double(last - first), about: 6).dropFirst().first ?? 1)
    return starts.filter { Double($0.epoch).truncatingRemainder(dividingBy: distance.rounded()) == 0 }
      .map { (Double($0.step), "epoch \($0.epoch)") }
  }

  // MARK: Damaged pictures

  /// Pictures that are named; more are only counted.
  private static let namedPictures = 100

  private var leftOutSection: String {
    guard !leftOut.isEmpty else { return "" }
    let rows = leftOut.prefix(Self.namedPictures).map {
      "<tr><th>\($0.path.htmlEscaped)</th><td>\($0.problem.htmlEscaped)</td></tr>"
    }
    let more = leftOut.count - rows.count
    let count = "\(Self.grouped(leftOut.count)) damaged \(leftOut.count == 1 ? "picture was" : "pictures were")"
    return """
      <section><h2>Left out</h2><p class="note">\(count) left out\(more > 0 ? "; the first are named" : "").</p>
      <table>\(rows.joined())</table></section>
      """
  }

  // MARK: Settings

  private var settingsSection: String {
    let standard = Self.settings(TrainingConfiguration(algorithm))
    let rows = Self.settings(run.configuration).sorted { $0.key < $1.key }.map { name, value in
      let isChanged = standard[name] != value
      return
        "<tr\(isChanged ? " class=\"changed\"" : "")><th>\(name.htmlEscaped)</th><td>\(value.htmlEscaped)</td></tr>"
    }
    let origin = [
      ("data", run.data), ("command line", run.commandLine.joined(separator: " ")),
    ].filter { !$0.1.isEmpty }.map { "<dt>\($0.0)</dt><dd><code>\($0.1.htmlEscaped)</code></dd>" }
    return """
      <section><h2>Settings</h2>
      <dl class="origin">\(origin.joined())</dl>
      <p class="note">What differs from the published defaults is marked.</p>
      <table>\(rows.joined())</table></section>
      """
  }

  /// Names and values as in config.json.
  private static func settings(_ configuration: TrainingConfiguration) -> [String: String] {
    guard let data = try? JSONEncoder().encode(configuration),
      let object = try? JSONDecoder().decode([String: StoredValue].self, from: data)
    else { return [:] }
    return object.mapValues(\.text)
  }

  /// A value of config.json as text.
  private struct StoredValue: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        text = "–"
      } else if let flag = try? value.decode(Bool.self) {
        text = flag ? "yes" : "no"
      } else if let number = try? value.decode(Int.self) {
        text = "\(number)"
      } else if let number = try? value.decode(Double.self) {
        text = "\(number)"
      } else {
        text = try value.decode(String.self)
      }
    }
  }

  /// 12 345
  private static func grouped(_ number: Int) -> String {
    var digits = String(number)
    for place in stride(from: digits.count - 3, to: 0, by: -3) {
      digits.insert("\u{202F}", at: digits.index(digits.startIndex, offsetBy: place))
    }
    return digits
  }
}
