import Foundation
import Pages

/// A figure over the steps of a run, or of several: every value faintly, the moving mean strongly.
struct Chart: Sendable {
  /// A value, or the summary of neighbouring ones, at a step.
  struct Point: Equatable, Sendable {
    var step: Double
    var mean: Double
    var low: Double
    var high: Double
  }

  /// One line of the chart.
  struct Series: Sendable {
    /// Its name in the legend.
    var name: String
    /// Which colour, dashes and markers it has.
    var style = 0
    /// In the order of the steps.
    var points: [Point]
    /// Whether the moving mean is drawn; few and exact figures do without.
    var isSmoothed = true
    /// Whether all values are shown behind it.
    var showsValues = true

    /// A column of a table, its values multiplied by `factor`; nil where it has no finite value.
    init?(
      _ name: String, _ history: History, column: Int, style: Int = 0, isSmoothed: Bool = true,
      showsValues: Bool = true, factor: Double = 1
    ) {
      points = history.buckets.compactMap { bucket in
        let value = bucket.values[column]
        guard value.count > 0 else { return nil }
        return Point(
          step: (Double(bucket.firstStep) + Double(bucket.lastStep)) / 2, mean: factor * value.mean,
          low: factor * value.low, high: factor * value.high)
      }
      guard !points.isEmpty else { return nil }
      (self.name, self.style, self.isSmoothed, self.showsValues) = (name, style, isSmoothed, showsValues)
    }

    /// The means, each averaged with its neighbours (a twenty-fifth of the run to each side).
    var smoothed: [Double] {
      guard isSmoothed, points.count > 4 else { return points.map(\.mean) }
      let reach = max(2, points.count / 25)
      return points.indices.map { index in
        let neighbours = points[max(0, index - reach)..<min(points.count, index + reach + 1)]
        return neighbours.reduce(0) { $0 + $1.mean } / Double(neighbours.count)
      }
    }
  }

  /// A value to point at.
  struct Mark: Sendable {
    var step: Double
    var value: Double
    /// What it is, which stands above the plot: in it, it would cover a line.
    var label: String
    /// The style of the series that it belongs to.
    var style = 0
  }

  /// What the figures of a page share along their horizontal axis.
  struct Steps: Sendable {
    var range: ClosedRange<Double>
    /// The first steps of some epochs, at round distances; empty where there are none.
    var epochs: [(step: Double, epoch: Int)] = []
  }

  /// The figure's name.
  var title: String
  /// What it is, for readers who do not know.
  var caption: String
  var series: [Series]
  var steps: Steps
  var marks: [Mark] = []
  /// Whether the last value of the first series stands above the plot.
  var showsLast = true

  /// The last smoothed value of the first series.
  var lastValue: Double { series.first?.smoothed.last ?? 0 }

  /// The chart as a `figure` element.
  var html: String {
    let drawing = ChartDrawing(self)
    let legend =
      series.count < 2
      ? "" : "<span class=\"legend\">" + series.map(ChartDrawing.legend).joined(separator: " ") + "</span>"
    let best = marks.map {
      "<span class=\"mark s\($0.style)\">\(ChartDrawing.ring) \($0.label.htmlEscaped)</span>"
    }.joined()
    return """
      <figure class="chart card"><figcaption><b>\(title.htmlEscaped)</b> <output>\(showsLast ? "last " + Self.label(lastValue) : "")</output>\
      <span>\(caption.htmlEscaped)\(drawing.axis.isLogarithmic ? " · logarithmic" : "")</span>\(legend)\(best)</figcaption>
      \(drawing.svg)</figure>
      """
  }

  /// A number for a tick or a readout: 0.05, 12, 20k, 3e-05.
  static func label(_ value: Double) -> String {
    let size = abs(value)
    switch size {
    case 0: return "0"
    case ..<0.001, 1e9...: return exponent(value)
    case 10000...:
      return size < 1e6 ? String(format: "%gk", (value / 100).rounded() / 10) : String(format: "%.4gM", value / 1e6)
    default: return String(format: "%.4g", value)
    }
  }

  /// 2e-05, 1.3e+12
  private static func exponent(_ value: Double) -> String {
    String(format: "%.1e", value).replacingOccurrences(of: ".0e", with: "e")
  }
}
