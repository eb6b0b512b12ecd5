import Images

/// How generated pictures are distributed, against those of the data: by distances between pictures of each and of both.
///
/// A picture is its mean colours on a grid, as a diagnosis sees it; a distance is the Euclidean one.
enum SampleStatistics {
  static let figures: [TrainingAlgorithm.HeldOutFigure] = [
    .init(
      name: "energy", title: "energy distance",
      meaning:
        "how far generated pictures are from held-out ones as a distribution, by coarse colours; lower is better",
      lowerIsBetter: true),
    .init(
      name: "variety", title: "variety",
      meaning:
        "how much generated pictures differ from each other, as a share of how much held-out ones do; near 0 they "
        + "are all alike", lowerIsBetter: false),
  ]

  /// Pictures that are generated at least, where few are held out.
  static let least = 64

  /// In the order of `figures`: the energy distance 2 E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖ (Székely and Rizzo, 2013, equation 5)
  /// in levels of 255, which is 0 for one distribution, and the share E‖X − X′‖ / E‖Y − Y′‖.
  ///
  /// Means are over different pictures; those of a set with fewer than two are 0, and so is the share where held-out pictures
  /// do not differ.
  static func measure(_ made: [Picture], against heldOut: [Picture]) -> [Double] {
    let (x, y) = (made.map(Thumbnail.init), heldOut.map(Thumbnail.init))
    let (within, target) = (meanDistance(within: x), meanDistance(within: y))
    var across = 0.0
    for one in x { for other in y { across += one.distance(to: other) } }
    across /= Double(max(1, x.count * y.count))
    return [2 * across - within - target, target > 0 ? within / target : 0]
  }

  private static func meanDistance(within set: [Thumbnail]) -> Double {
    var (sum, pairs) = (0.0, 0)
    for (index, one) in set.enumerated() {
      for other in set[..<index] { (sum, pairs) = (sum + one.distance(to: other), pairs + 1) }
    }
    return pairs > 0 ? sum / Double(pairs) : 0
  }
}
