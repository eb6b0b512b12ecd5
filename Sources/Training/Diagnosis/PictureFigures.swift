import Images

/// What sample rows tell of one direction of translation, against the pictures that it should be like.
struct PictureFigures {
  /// How much translations differ from each other, as a share of how much targets do; nil where targets hardly differ or
  /// there are fewer than two.
  let variety: Double?
  /// The translations' contrast as a share of the targets'; nil where these have hardly any.
  let contrast: Double?
  /// Correlation of a translation with its target, or with its input where there is no target; the mean over rows that have
  /// structure, nil without one.
  let correlation: Double?
  /// How far a grid at the period of upsampling stands out, as a multiple of what targets have; nil for small pictures.
  let checkerboard: Double?

  /// Levels of 255 that pictures must differ by, or vary by, for a share of it to mean something.
  private static let least = 3.0

  /// The figures of `rows`; those that lack a picture are passed over.
  init(_ rows: [[Picture]], _ translation: TrainingAlgorithm.SampleTranslation) {
    let needed = [translation.input, translation.output, translation.target]
    let rows = rows.filter { row in needed.allSatisfy(row.indices.contains) }
    func column(_ index: Int) -> [Thumbnail] { rows.map { Thumbnail($0[index]) } }
    let (outputs, targets) = (column(translation.output), column(translation.target))
    let references = translation.isPaired ? targets : column(translation.input)

    let difference = Self.difference(targets)
    variety = difference.flatMap { wanted in
      wanted < Self.least ? nil : Self.difference(outputs).map { $0 / wanted }
    }
    let wanted = Self.contrast(targets)
    contrast = wanted < Self.least ? nil : Self.contrast(outputs) / wanted
    let correlations = zip(outputs, references).compactMap { $0.correlation(with: $1, least: Self.least) }
    correlation = correlations.isEmpty ? nil : correlations.reduce(0, +) / Double(correlations.count)
    checkerboard = GridPower.checkerboard(
      rows.map { $0[translation.output] }, against: rows.map { $0[translation.target] })
  }

  /// The mean difference between two of `pictures`, in levels; nil for fewer than two.
  private static func difference(_ pictures: [Thumbnail]) -> Double? {
    var (sum, pairs) = (0.0, 0.0)
    for (index, one) in pictures.enumerated() {
      for other in pictures[..<index] { (sum, pairs) = (sum + one.difference(to: other), pairs + 1) }
    }
    return pairs > 0 ? sum / pairs : nil
  }

  private static func contrast(_ pictures: [Thumbnail]) -> Double {
    pictures.isEmpty ? 0 : pictures.reduce(0) { $0 + $1.contrast } / Double(pictures.count)
  }
}
