/// A picture as a grid of mean colours, so that pictures of any sizes can be compared.
package struct Thumbnail {
  private static let side = 16
  /// RGB levels, 0 to 255, cell by cell.
  private let levels: [Double]

  /// The grid of `picture`.
  package init(_ picture: Picture) {
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
  package func difference(to other: Thumbnail) -> Double {
    zip(levels, other.levels).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(levels.count)
  }

  /// The Euclidean distance of the levels, as their root mean square difference.
  package func distance(to other: Thumbnail) -> Double {
    (zip(levels, other.levels).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(levels.count)).squareRoot()
  }

  /// The levels without the mean of their channel.
  private var centred: [Double] {
    var means = [0.0, 0, 0]
    for (index, level) in levels.enumerated() { means[index % 3] += level }
    let cells = Double(levels.count / 3)
    return levels.enumerated().map { $1 - means[$0 % 3] / cells }
  }

  /// The standard deviation of levels within the picture.
  package var contrast: Double { (centred.reduce(0) { $0 + $1 * $1 } / Double(levels.count)).squareRoot() }

  /// Pearson's correlation over cells and channels; nil where one has a contrast below `least`.
  package func correlation(with other: Thumbnail, least: Double) -> Double? {
    guard contrast >= least, other.contrast >= least else { return nil }
    let product = zip(centred, other.centred).reduce(0) { $0 + $1.0 * $1.1 } / Double(levels.count)
    return product / (contrast * other.contrast)
  }
}
