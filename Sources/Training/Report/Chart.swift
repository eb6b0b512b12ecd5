import Foundation

/// One figure over the steps of a run, drawn as SVG: every value faintly, their moving mean strongly.
struct Chart: Sendable {
  /// A value, or the summary of neighbouring ones, at a step.
  struct Point: Equatable, Sendable {
    var step: Double
    var mean: Double
    var low: Double
    var high: Double
  }

  /// The figure's name.
  var title: String
  /// What it is, for readers who do not know.
  var caption: String
  /// In the order of the steps.
  var points: [Point]
  /// The range of steps that all charts of a page share.
  var steps: ClosedRange<Double>
  /// Steps to mark, with their labels.
  var marks: [(step: Double, label: String)]
  /// Whether the moving mean is drawn; few and exact figures do without.
  var isSmoothed = true

  private static let width = 480.0
  private static let height = 240.0
  private static let left = 52.0
  private static let right = 12.0
  private static let top = 22.0
  private static let bottom = 26.0

  /// The chart of one column; nil where the column has no finite value.
  init?(
    title: String, caption: String, history: History, column: Int, isSmoothed: Bool = true,
    steps: ClosedRange<Double>, marks: [(step: Double, label: String)]
  ) {
    points = history.buckets.compactMap { bucket in
      let value = bucket.values[column]
      guard value.count > 0 else { return nil }
      return Point(
        step: (Double(bucket.firstStep) + Double(bucket.lastStep)) / 2, mean: value.mean, low: value.low,
        high: value.high)
    }
    guard !points.isEmpty else { return nil }
    self.title = title
    self.caption = caption
    self.isSmoothed = isSmoothed
    self.steps = steps
    self.marks = marks
  }

  /// The figure's last smoothed value.
  var lastValue: Double { smoothed.last ?? 0 }

  /// The means, each averaged with its neighbours (a twenty-fifth of the run to each side).
  var smoothed: [Double] {
    guard isSmoothed, points.count > 4 else { return points.map(\.mean) }
    let reach = max(2, points.count / 25)
    var sums = [0.0]
    for point in points { sums.append(sums[sums.count - 1] + point.mean) }
    return points.indices.map { index in
      let near = max(0, index - reach)..<min(points.count, index + reach + 1)
      return (sums[near.upperBound] - sums[near.lowerBound]) / Double(near.count)
    }
  }

  /// The chart as a `figure` element.
  var html: String {
    let axis = Axis(
      values: points.flatMap { [$0.mean, $0.low, $0.high] }, means: smoothed, allowsLogarithm: isSmoothed)
    let smooth = smoothed
    let line = path(zip(points, smooth).map { (x($0.step), y($1, axis)) })
    let readout = zip(points, smooth).map {
      "[\(Self.short(x($0.step))),\(Int($0.step.rounded())),\"\(Self.label($1))\"]"
    }.joined(separator: ",")
    return """
      <figure class="chart"><figcaption><b>\(title.htmlEscaped)</b> \
      <span>\(caption.htmlEscaped)</span><output></output></figcaption>
      <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" aria-label="\(title.htmlEscaped)" \
      data-points='[\(readout)]'>
      \(grid(axis))
      <path class="raw" d="\(rawPath(axis))"/>
      <path class="line" d="\(line)"/>
      \(points.count <= 60 ? dots(axis, smooth) : "")
      <line class="cursor" y1="\(Int(Self.top))" y2="\(Int(Self.height - Self.bottom))" x1="-9" x2="-9"/>
      </svg></figure>
      """
  }

  // MARK: Parts

  private func grid(_ axis: Axis) -> String {
    var parts = [String]()
    let (from, to) = (Self.left, Self.width - Self.right)
    let (top, base) = (Self.top, Self.height - Self.bottom)
    for mark in marks where steps.contains(mark.step) && x(mark.step) < to - 20 {
      let at = Self.short(x(mark.step))
      parts.append(
        "<line class=\"epoch\" x1=\"\(at)\" x2=\"\(at)\" y1=\"\(Self.short(top))\" y2=\"\(Self.short(base))\"/>")
      parts.append("<text class=\"epoch\" x=\"\(at)\" y=\"\(Self.short(top - 7))\">\(mark.label.htmlEscaped)</text>")
    }
    for tick in axis.ticks {
      let at = Self.short(y(tick, axis))
      parts.append(
        "<line class=\"grid\" x1=\"\(Self.short(from))\" x2=\"\(Self.short(to))\" y1=\"\(at)\" y2=\"\(at)\"/>")
      parts.append(
        "<text class=\"y\" x=\"\(Self.short(from - 6))\" y=\"\(at)\" dy=\".32em\">\(Self.label(tick))</text>")
    }
    for tick in Axis.roundNumbers(steps.lowerBound, steps.upperBound, about: 5) {
      parts.append(
        "<text class=\"x\" x=\"\(Self.short(x(tick)))\" y=\"\(Self.short(base + 17))\">\(Self.label(tick))</text>")
    }
    if axis.isLogarithmic {
      parts.append(
        "<text class=\"x\" x=\"\(Self.short(from - 6))\" y=\"\(Self.short(base + 17))\" text-anchor=\"end\">log</text>")
    }
    return parts.joined(separator: "\n")
  }

  /// A line through all values; where rows were thinned, up and down between the lowest and highest of each group.
  private func rawPath(_ axis: Axis) -> String {
    path(
      points.flatMap { point -> [(Double, Double)] in
        let at = x(point.step)
        return point.low == point.high
          ? [(at, y(point.mean, axis))] : [(at, y(point.low, axis)), (at, y(point.high, axis))]
      })
  }

  private func dots(_ axis: Axis, _ values: [Double]) -> String {
    zip(points, values).map {
      "<circle class=\"dot\" cx=\"\(Self.short(x($0.step)))\" cy=\"\(Self.short(y($1, axis)))\" r=\"2.5\"/>"
    }.joined()
  }

  private func path(_ places: [(Double, Double)]) -> String {
    places.enumerated().map { ($0.offset == 0 ? "M" : "L") + Self.short($0.element.0) + " " + Self.short($0.element.1) }
      .joined()
  }

  private func x(_ step: Double) -> Double {
    let span = max(steps.upperBound - steps.lowerBound, 1)
    return Self.left + (step - steps.lowerBound) / span * (Self.width - Self.left - Self.right)
  }

  private func y(_ value: Double, _ axis: Axis) -> Double {
    Self.height - Self.bottom - axis.position(value) * (Self.height - Self.top - Self.bottom)
  }

  private static func short(_ value: Double) -> String { String(format: "%.1f", value) }

  /// A number for a tick or a readout: 0.05, 12, 20k, 3e-05.
  static func label(_ value: Double) -> String {
    let size = abs(value)
    switch size {
    case 0: return "0"
    case ..<0.001, 1e9...: return String(format: "%.1e", value)
    case 10000...:
      return size < 1e6 ? String(format: "%gk", (value / 100).rounded() / 10) : String(format: "%.4gM", value / 1e6)
    default: return String(format: "%.4g", value)
    }
  }
}

/// A vertical axis: where its ends are, and whether it is logarithmic.
struct Axis: Sendable {
  let low: Double
  let high: Double
  let isLogarithmic: Bool

  /// The axis for a figure's values and their moving means.
  ///
  /// Its ends leave out the outermost hundredth of the values, so that one early peak does not flatten the rest. It is
  /// logarithmic, where that is allowed, if the moving mean is positive throughout and falls or grows more than twentyfold.
  init(values: [Double], means: [Double], allowsLogarithm: Bool) {
    let sorted = values.sorted()
    let middle = sorted.isEmpty ? 0...1 : sorted[sorted.count / 100]...sorted[sorted.count - 1 - sorted.count / 100]
    var low = min(middle.lowerBound, means.min() ?? 0)
    var high = max(middle.upperBound, means.max() ?? 1)
    let positive = (means.min() ?? 0) > 0
    isLogarithmic = allowsLogarithm && positive && (means.max() ?? 1) / (means.min() ?? 1) > 20
    if isLogarithmic {
      // A single value at or near zero must not stretch the axis by decades.
      low = max(low, (means.min() ?? 1) / 10)
    } else {
      if low > 0, low < high * 0.5 { low = 0 }
      if low == high { (low, high) = low == 0 ? (0, 1) : (low - abs(low) * 0.1, high + abs(high) * 0.1) }
    }
    self.low = low
    self.high = high
  }

  /// 0 at the low end, 1 at the high end; values outside are put at the ends.
  func position(_ value: Double) -> Double {
    let share =
      isLogarithmic
      ? (log(max(value, low)) - log(low)) / (log(high) - log(low)) : (value - low) / (high - low)
    return share.isFinite ? min(max(share, 0), 1) : 0
  }

  /// Round numbers between the ends.
  var ticks: [Double] {
    guard isLogarithmic else { return Self.roundNumbers(low, high, about: 4) }
    let decades = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
    let perDecade = high / low > 1000 ? [1.0] : [1, 2, 5]
    return decades.flatMap { decade in perDecade.map { $0 * pow(10, Double(decade)) } }
      .filter { $0 >= low * 0.999 && $0 <= high * 1.001 }
  }

  /// About so many multiples of 1, 2 or 5 times a power of ten from `low` to `high`.
  static func roundNumbers(_ low: Double, _ high: Double, about count: Int) -> [Double] {
    guard high > low, (high - low).isFinite else { return [low] }
    let rough = (high - low) / Double(count)
    let power = pow(10, log10(rough).rounded(.down))
    let step = power * ([1, 2, 5].first { $0 * power >= rough * 0.8 } ?? 10)
    let first = (low / step).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    guard first.isFinite, last >= first, last - first < 50 else { return [low] }
    return (0...Int(last - first)).map { (first + Double($0)) * step }
  }
}

extension String {
  /// The text with the five characters that mean something in HTML written as entities.
  var htmlEscaped: String {
    var result = ""
    for character in unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
