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

/// A picture as a grid of mean colours, so that pictures of any sizes can be compared.
private struct Thumbnail {
  private static let side = 16
  /// RGB levels, 0 to 255, cell by cell.
  private let levels: [Double]

  init(_ picture: Picture) {
    let side = Self.side
    var sums = [Double](repeating: 0, count: 3 * side * side)
    var counts = [Double](repeating: 0, count: side * side)
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        let cell = y * side / picture.height * side + x * side / picture.width
        counts[cell] += 1
        for channel in 0..<3 {
          sums[3 * cell + channel] += Double(
            picture.pixels[(y * picture.width + x) * picture.channels + min(channel, picture.channels - 1)])
        }
      }
    }
    levels = sums.indices.map { counts[$0 / 3] > 0 ? sums[$0] / counts[$0 / 3] : 0 }
  }

  /// The mean difference of two levels.
  func difference(to other: Thumbnail) -> Double {
    zip(levels, other.levels).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(levels.count)
  }

  /// The levels without the mean of their channel.
  private var centred: [Double] {
    var means = [0.0, 0, 0]
    for (index, level) in levels.enumerated() { means[index % 3] += level }
    let cells = Double(levels.count / 3)
    return levels.enumerated().map { $1 - means[$0 % 3] / cells }
  }

  /// The standard deviation of levels within the picture.
  var contrast: Double { (centred.reduce(0) { $0 + $1 * $1 } / Double(levels.count)).squareRoot() }

  /// Pearson's correlation over cells and channels; nil where one has a contrast below `least`.
  func correlation(with other: Thumbnail, least: Double) -> Double? {
    guard contrast >= least, other.contrast >= least else { return nil }
    let product = zip(centred, other.centred).reduce(0) { $0 + $1.0 * $1.1 } / Double(levels.count)
    return product / (contrast * other.contrast)
  }
}
