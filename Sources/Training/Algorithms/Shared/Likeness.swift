import Images

/// How alike translations and their targets are: the held-out figures of algorithms that learn from pairs.
enum Likeness {
  static let figures: [TrainingAlgorithm.HeldOutFigure] = [
    .init(name: "l1", title: "L1", meaning: "mean absolute difference; lower is better", lowerIsBetter: true),
    .init(name: "psnr", title: "PSNR", unit: "dB", meaning: "in dB; higher is better", lowerIsBetter: false),
    .init(name: "ssim", title: "SSIM", meaning: "structural similarity; higher is better", lowerIsBetter: false),
  ]

  /// In the order of `figures`: the mean absolute error in [−1, 1], PSNR (at most 100, as of equal pictures), SSIM.
  static func measure(_ output: Picture, _ target: Picture) throws -> [Double] {
    let comparison = try ImageMetrics.compare(output, target)
    return [comparison.meanAbsoluteError / 127.5, min(comparison.psnr, 100), comparison.ssim]
  }
}
