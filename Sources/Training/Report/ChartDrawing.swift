import Foundation
import Pages

/// A chart as SVG.
struct ChartDrawing {
  let axis: Axis
  private let chart: Chart
  /// The smoothed values of each series.
  private let lines: [[Double]]

  private static let width = 400.0
  private static let height = 236.0
  private static let left = 54.0
  private static let right = 16.0
  private static let top = 14.0
  /// Two rows of numbers below the plot: steps and epochs.
  private static let bottom = 42.0
  /// Points that are drawn as markers rather than as a line alone, at most.
  private static let mostMarkers = 60

  init(_ chart: Chart) {
    self.chart = chart
    lines = chart.series.map(\.smoothed)
    let shown = zip(chart.series, lines).flatMap { series, line in
      line + (series.showsValues ? series.points.flatMap { [$0.low, $0.high] } : [])
    }
    axis = Axis(values: shown + chart.marks.map(\.value), trend: lines.flatMap(\.self))
  }

  /// The `svg` element. The values of its lines stand in `data-` attributes for the script, where scripts are allowed.
  var svg: String {
    let bodies = chart.series.indices.map { index in
      let series = chart.series[index]
      let places = zip(series.points, lines[index]).map { (x($0.step), y($1)) }
      let hasMarkers = series.points.count <= Self.mostMarkers && (!series.isSmoothed || series.points.count < 5)
      let values = series.showsValues && series.isSmoothed ? "<path class=\"raw\" d=\"\(values(of: series))\"/>" : ""
      let markers = hasMarkers ? places.map { Self.marker(series.style, $0.0, $0.1) }.joined() : ""
      return
        "<g class=\"s\(series.style % Self.styles)\">\(values)<path class=\"line\" d=\"\(path(places))\"/>\(markers)</g>"
    }
    return """
      <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" aria-label="\(summary.htmlEscaped)" \
      data-lines="\(readout.htmlEscaped)">
      \(grid)
      \(bodies.joined(separator: "\n"))
      \(endLabels)\(marks)
      <line class="cursor" y1="\(Self.short(Self.top))" y2="\(Self.short(base))" x1="-999" x2="-999"/>
      </svg>
      """
  }

  /// What the picture shows, for who cannot see it.
  private var summary: String {
    let parts = chart.series.map { series in
      let low = series.points.map(\.low).min() ?? 0
      let high = series.points.map(\.high).max() ?? 0
      return (chart.series.count > 1 ? series.name + ": " : "")
        + "from \(Chart.label(low)) to \(Chart.label(high)), last \(Chart.label(series.smoothed.last ?? 0))"
    }
    return "\(chart.title): " + parts.joined(separator: "; ")
  }

  /// `[[name, [[x, step, value], …]], …]`
  private var readout: String {
    let lines = zip(chart.series, lines).map { series, line in
      let points = zip(series.points, line).map {
        "[\(Self.short(x($0.step))),\(Int($0.step.rounded())),\"\(Chart.label($1))\"]"
      }
      let name = (try? JSONEncoder().encode(chart.series.count > 1 ? series.name : "")) ?? Data("\"\"".utf8)
      return "[\(String(decoding: name, as: UTF8.self)),[\(points.joined(separator: ","))]]"
    }
    return "[" + lines.joined(separator: ",") + "]"
  }

  // MARK: Axes

  private var base: Double { Self.height - Self.bottom }

  private var grid: String {
    var parts = [String]()
    let (from, to) = (Self.left, Self.width - Self.right)
    for tick in axis.ticks {
      let at = Self.short(y(tick))
      parts.append(
        "<line class=\"grid\" x1=\"\(Self.short(from))\" x2=\"\(Self.short(to))\" y1=\"\(at)\" y2=\"\(at)\"/>")
      parts.append(text("y", Chart.label(tick), from - 6, y(tick) + 4))
    }
    for tick in Axis.roundNumbers(chart.steps.range.lowerBound, chart.steps.range.upperBound, about: 5) {
      let at = Self.short(x(tick))
      parts.append(
        "<line class=\"tick\" x1=\"\(at)\" x2=\"\(at)\" y1=\"\(Self.short(base))\" y2=\"\(Self.short(base + 4))\"/>")
      parts.append(text("x", Chart.label(tick), x(tick), base + 17))
    }
    parts.append(text("y name", "step", from - 14, base + 17))
    guard !chart.steps.epochs.isEmpty else { return parts.joined(separator: "\n") }
    for epoch in chart.steps.epochs where chart.steps.range.contains(epoch.step) {
      parts.append(text("x", Chart.label(Double(epoch.epoch)), x(epoch.step), base + 33))
    }
    parts.append(text("y name", "epoch", from - 14, base + 33))
    return parts.joined(separator: "\n")
  }

  private func text(_ style: String, _ words: String, _ x: Double, _ y: Double) -> String {
    "<text class=\"\(style)\" x=\"\(Self.short(x))\" y=\"\(Self.short(y))\">\(words.htmlEscaped)</text>"
  }

  // MARK: Lines

  /// A line through all values; where rows were thinned, up and down between the lowest and highest of each group.
  private func values(of series: Chart.Series) -> String {
    path(
      series.points.flatMap { point -> [(Double, Double)] in
        let at = x(point.step)
        return point.low == point.high ? [(at, y(point.mean))] : [(at, y(point.low)), (at, y(point.high))]
      })
  }

  private func path(_ places: [(Double, Double)]) -> String {
    places.enumerated().map { ($0.offset == 0 ? "M" : "L") + Self.short($0.element.0) + " " + Self.short($0.element.1) }
      .joined()
  }

  /// The number of each of several runs at the end of its line: colours alone would not do.
  private var endLabels: String {
    guard chart.series.count > 2 else { return "" }
    return zip(chart.series, lines).compactMap { series, line in
      guard let point = series.points.last, let value = line.last else { return nil }
      return "<g class=\"s\(series.style % Self.styles)\">"
        + text("end", "\(series.style + 1)", min(x(point.step) + 8, Self.width - 6), y(value) + 4) + "</g>"
    }.joined()
  }

  /// A ring around each value to point at.
  private var marks: String {
    chart.marks.map { mark in
      "<circle class=\"ring s\(mark.style % Self.styles)\" cx=\"\(Self.short(x(mark.step)))\" "
        + "cy=\"\(Self.short(y(mark.value)))\" r=\"6.5\"/>"
    }.joined()
  }

  // MARK: Styles

  /// How many series can be told apart.
  static let styles = 8

  /// The line and marker of a series with its name.
  static func legend(_ series: Chart.Series) -> String {
    "<span>\(swatch(series.style)) \(series.name.htmlEscaped)</span>"
  }

  /// The line and marker of a style.
  static func swatch(_ style: Int) -> String {
    "<svg class=\"swatch s\(style % styles)\" viewBox=\"0 0 26 10\" aria-hidden=\"true\">"
      + "<path class=\"line\" d=\"M0 5L26 5\"/>\(marker(style, 13, 5))</svg>"
  }

  /// The ring of a marked value.
  static let ring = """
    <svg class="swatch ringed" viewBox="0 0 16 16" aria-hidden="true"><circle class="ring" cx="8" cy="8" r="6.5"/></svg>
    """

  /// Disc, square, triangle, diamond in turn.
  private static func marker(_ style: Int, _ x: Double, _ y: Double) -> String {
    let corners: [(Double, Double)]
    switch style % 4 {
    case 0: return "<circle class=\"dot\" cx=\"\(short(x))\" cy=\"\(short(y))\" r=\"2.8\"/>"
    case 1: corners = [(-2.6, -2.6), (2.6, -2.6), (2.6, 2.6), (-2.6, 2.6)]
    case 2: corners = [(0, -3.4), (3.2, 2.6), (-3.2, 2.6)]
    default: corners = [(0, -3.6), (3.6, 0), (0, 3.6), (-3.6, 0)]
    }
    return "<path class=\"dot\" d=\"M"
      + corners.map { "\(short(x + $0.0)) \(short(y + $0.1))" }.joined(separator: "L") + "Z\"/>"
  }

  // MARK: Places

  private func x(_ step: Double) -> Double {
    let range = chart.steps.range
    let span = max(range.upperBound - range.lowerBound, 1)
    return Self.left + (step - range.lowerBound) / span * (Self.width - Self.left - Self.right)
  }

  private func y(_ value: Double) -> Double { base - axis.position(value) * (base - Self.top) }

  private static func short(_ value: Double) -> String { String(format: "%.1f", value) }
}
