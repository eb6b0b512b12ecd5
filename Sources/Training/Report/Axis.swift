import Foundation

/// A vertical axis on which every value has its place: nothing is cut off, and outliers do not flatten the rest.
struct Axis: Sendable, Equatable {
  /// How values become places.
  enum Scale: Sendable, Equatable {
    case linear
    /// All values are positive.
    case logarithmic
    /// asinh(value / unit): linear near zero, logarithmic far from it, for either sign.
    case symmetric(unit: Double)
  }

  let low: Double
  let high: Double
  let scale: Scale

  /// Values that grow by more than this are shown by their logarithms.
  private static let linearRatio = 20.0
  /// How many times the range of nearly all values the range of all may be on a linear axis.
  private static let linearReach = 4.0
  /// How far below nearly all values a logarithmic axis reaches, at most: an odd value near zero takes a few decades else.
  private static let decadesBelow = 1e3

  /// The axis for `values`, all of which are finite.
  ///
  /// - Parameter trend: values that tell how far the figure moves in the main, such as its moving mean
  init(values: [Double], trend: [Double] = []) {
    let sorted = values.sorted()
    guard let least = sorted.first, let greatest = sorted.last else {
      (low, high, scale) = (0, 1, .linear)
      return
    }
    let (bulkLow, bulkHigh) = (sorted[sorted.count / 50], sorted[sorted.count - 1 - sorted.count / 50])
    let (trendLow, trendHigh) = (trend.min() ?? bulkLow, trend.max() ?? bulkHigh)
    let mainRange = max(bulkHigh, trendHigh) - min(bulkLow, trendLow)
    let hasOutliers = greatest - least > Self.linearReach * mainRange
    // Several runs may lie decades apart without one of them moving far.
    let sizes = sorted.map { abs($0) }.sorted()
    let (middle, large) = (sizes[sizes.count / 2], sizes[sizes.count - 1 - sizes.count / 50])
    let spansDecades =
      trendLow > 0 && trendHigh / trendLow > Self.linearRatio || middle > 0 && large / middle > Self.linearRatio
    let isFlat = greatest - least <= 0.5 * max(abs(least), abs(greatest))
    if isFlat || !hasOutliers && !spansDecades {
      scale = .linear
      if least == greatest {
        (low, high) = least == 0 ? (0, 1) : (least - abs(least) * 0.1, least + abs(least) * 0.1)
      } else {
        (low, high) = (least > 0 && least < greatest * 0.5 ? 0 : least, greatest)
      }
    } else if least > 0, least * Self.decadesBelow > min(bulkLow, trendLow) {
      (low, high, scale) = (least, greatest, .logarithmic)
    } else {
      let others = sizes.drop { $0 == 0 }
      (low, high) = (min(least, 0), max(greatest, 0))
      scale = .symmetric(unit: max(others[others.startIndex + others.count / 4], sizes[sizes.count - 1] * 1e-12))
    }
  }

  /// Whether distances on it are no differences of values.
  var isLogarithmic: Bool { scale != .linear }

  /// 0 at the low end, 1 at the high end; values outside are put at the ends.
  func position(_ value: Double) -> Double {
    let share = (place(max(value, low)) - place(low)) / (place(high) - place(low))
    return share.isFinite ? min(max(share, 0), 1) : 0
  }

  private func place(_ value: Double) -> Double {
    switch scale {
    // Halves, so that the distance of the ends is finite.
    case .linear: value / 2
    case .logarithmic: log(value)
    case .symmetric(let unit): asinh(value / unit)
    }
  }

  /// Round numbers between the ends.
  var ticks: [Double] {
    switch scale {
    case .linear: return Self.roundNumbers(low, high, about: 4)
    case .logarithmic:
      let decades = log10(high / low)
      if decades < 1 { return Self.roundNumbers(low, high, about: 4) }
      return Self.powers(from: low, to: high, mantissas: decades < 2.2 ? [1, 2, 5] : [1])
    case .symmetric(let unit):
      let above = high > unit ? Self.powers(from: unit, to: high, mantissas: [1], about: 4) : []
      let below = -low > unit ? Self.powers(from: unit, to: -low, mantissas: [1], about: 4) : []
      return below.reversed().map { -$0 } + [0] + above
    }
  }

  /// Powers of ten times `mantissas` within the range; where there are many, only every so many decades.
  private static func powers(from low: Double, to high: Double, mantissas: [Double], about count: Int = 6) -> [Double] {
    let first = Int(log10(low).rounded(.down))
    let last = Int(log10(high).rounded(.up))
    guard last >= first else { return [] }
    let distance = max(1, (last - first + count - 1) / count)
    // Counted from the upper end, where the values of a failing run are.
    return stride(from: Int(log10(high).rounded(.down)), through: first, by: -distance).reversed().flatMap { decade in
      mantissas.map { $0 * pow(10, Double(decade)) }
    }.filter { $0 >= low * 0.999 && $0 <= high * 1.001 }
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
