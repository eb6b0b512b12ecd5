import Foundation

/// What a run's page and a comparison say of it in a few words.
extension RunRecord {
  /// Names and values: how far it is, how good, how fast.
  var facts: [(name: String, value: String)] {
    guard step > 0 else { return [] }
    let settings = description.configuration
    var facts = [("steps", grouped(step) + (settings.steps.map { " of " + grouped($0) } ?? ""))]
    if let epoch = losses?.lastEpoch, epoch > 0 {
      // A limit of steps may lead beyond the epochs.
      let all = settings.epochs + settings.decayEpochs
      facts.append(("epoch", grouped(epoch) + (epoch <= all ? " of " + grouped(all) : "")))
    }
    facts.append(("images seen", grouped(step.multipliedReportingOverflow(by: settings.batchSize).partialValue)))
    facts += heldOutFacts
    facts += timeFacts
    if !leftOut.isEmpty { facts.append(("damaged pictures left out", grouped(leftOut.count))) }
    return facts
  }

  /// The latest held-out figures.
  var heldOutFacts: [(name: String, value: String)] {
    algorithm.heldOutFigures.compactMap { figure in
      guard let metrics, let column = metrics.index(of: figure.name), let last = metrics.latest[column] else {
        return nil
      }
      let value = Chart.label(last.value)
      return ("held-out " + figure.title, figure.unit.isEmpty ? value : value + " " + figure.unit)
    }
  }

  /// Time a step, in the middle, and in all.
  var timeFacts: [(name: String, value: String)] {
    guard let losses, let column = losses.index(of: "seconds"), case let all = losses.whole(column), all.count > 0
    else {
      return []
    }
    let means = losses.buckets.map { $0.values[column] }.filter { $0.count > 0 }.map(\.mean).sorted()
    return [("seconds a step", Chart.label(means[means.count / 2])), ("time in all", duration(all.sum))]
  }

  /// Damaged pictures that were left out, by their paths below the data folder, and what is wrong with them.
  var leftOut: [(path: String, problem: String)] { position?.leftOutPictures ?? [] }

  /// At most `count` of `sheets`, at equal distances, the first and the last among them.
  static func spread(_ sheets: [Sheet], _ count: Int) -> [Sheet] {
    guard sheets.count > count else { return sheets }
    return (0..<count).map { sheets[$0 * (sheets.count - 1) / (count - 1)] }
  }
}
