import Foundation

/// The charts of one run.
struct RunCurves {
  private let run: RunRecord
  private let steps: Chart.Steps

  init(_ run: RunRecord) {
    self.run = run
    steps = Chart.Steps([run])
  }

  /// Held-out figures; where a loss measures the same on the training images, both in one chart.
  var heldOut: [Chart] {
    guard let metrics = run.metrics else { return [] }
    return metrics.columns.enumerated().compactMap { index, name in
      let figure = run.algorithm.heldOutFigures.first { $0.name == name }
      guard let measured = Chart.Series("held out", metrics, column: index, style: 1, isSmoothed: false) else {
        return nil
      }
      var chart = Chart(title: figure?.title ?? name, caption: run.caption(name), series: [measured], steps: steps)
      if let training = training(name) { chart.series.append(training) }
      chart.marks = mark(name, metrics, index).map { [$0] } ?? []
      return chart
    }
  }

  /// The loss that measures on training images what the held-out figure does on others.
  private func training(_ figure: String) -> Chart.Series? {
    for loss in run.algorithm.losses {
      guard let counterpart = loss.heldOut, counterpart.figure == figure, let losses = run.losses,
        let column = losses.index(of: loss.name)
      else { continue }
      let weight = counterpart.weight(run.description.configuration)
      guard weight > 0 else { return nil }
      return Chart.Series("training", losses, column: column, style: 0, factor: 1 / weight)
    }
    return nil
  }

  /// The best value of a figure that is known to have one.
  private func mark(_ name: String, _ metrics: History, _ column: Int) -> Chart.Mark? {
    let whole = metrics.whole(column)
    guard let figure = run.algorithm.heldOutFigures.first(where: { $0.name == name }), whole.count > 0 else {
      return nil
    }
    let (value, step) = figure.lowerIsBetter ? (whole.low, whole.lowStep) : (whole.high, whole.highStep)
    return Chart.Mark(
      step: Double(step), value: value, label: "best \(Chart.label(value)) at step \(grouped(step))", style: 1)
  }

  var losses: [Chart] { charts { !RunRecord.sidelines.contains($0) } }

  /// Learning rate and seconds a step.
  var pace: [Chart] { charts { RunRecord.sidelines.contains($0) } }

  private func charts(_ isWanted: (String) -> Bool) -> [Chart] {
    guard let losses = run.losses else { return [] }
    return losses.columns.enumerated().filter { isWanted($0.element) }.compactMap { index, name in
      let series = Chart.Series(name, losses, column: index, isSmoothed: name != "learning_rate")
      return series.map {
        Chart(title: RunRecord.title(ofColumn: name), caption: run.caption(name), series: [$0], steps: steps)
      }
    }
  }
}

extension RunRecord {
  /// Columns of losses.csv that are no losses.
  static let sidelines: Set = ["learning_rate", "seconds"]

  static func title(ofColumn name: String) -> String {
    ["learning_rate": "learning rate", "seconds": "seconds a step"][name] ?? name
  }

  /// What a column means.
  func caption(_ column: String) -> String {
    algorithm.losses.first { $0.name == column }?.meaning
      ?? algorithm.heldOutFigures.first { $0.name == column }?.meaning
      ?? ["learning_rate": "of Adam", "seconds": "waiting for images included"][column] ?? ""
  }
}

extension Chart.Steps {
  /// The steps that charts of `runs` share; epochs where there is one run alone.
  init(_ runs: [RunRecord]) {
    let tables = runs.flatMap { [$0.losses, $0.metrics] }.compactMap(\.self)
    let first = tables.compactMap { $0.buckets.first?.firstStep }.min() ?? 0
    let last = max(tables.map(\.lastStep).max() ?? 0, first + 1)
    range = Double(first)...Double(last)
    if runs.count == 1, let starts = runs[0].losses?.epochStarts { epochs = Self.round(starts) }
  }

  /// At most about eight epochs, at round distances.
  private static func round(_ starts: [(epoch: Int, step: Int)]) -> [(step: Double, epoch: Int)] {
    guard let first = starts.first?.epoch, let last = starts.last?.epoch else { return [] }
    guard last > first else { return [(Double(starts[0].step), first)] }
    let numbers = Axis.roundNumbers(0, Double(last - first), about: 6)
    let distance = max(1, Int((numbers.dropFirst().first ?? 1).rounded()))
    return starts.filter { $0.epoch % distance == 0 }.map { (Double($0.step), $0.epoch) }
  }
}
