import KernelArguments

/// A normalisation behind a convolution, laid out: z = (x − mean) / √(variance + ε) · γ + β for each channel, with
/// statistics over a group of images (Ioffe and Szegedy, 2015), over each image (Ulyanov et al., 2016), or the running
/// ones.
struct PlannedNormalization: Sendable {
  /// Where statistics come from.
  enum Statistics: Sendable {
    /// The data, in groups of images.
    case data
    /// The running statistics.
    case running
  }

  package let parameters: Convolution.Normalization
  let statistics: Statistics
  /// (N, C, H, W): what is normalised.
  let raw: PlannedTensor
  let imagesPerGroup: Int
  /// Pixels that the forward product finishes together, in order; none crosses a group's border.
  let pixelPieces: [Range<Int>]
  /// Mean, scale, shift and 1/deviation of each group and channel: [4][group][channel].
  let affinePlace: Int
  /// Two partial sums of each piece and channel: [2][piece][channel].
  let momentsPlace: Int
  /// Means of dz and of dz · x̂ of each group and channel: [2][group][channel].
  let meansPlace: Int?

  /// ε, as PyTorch has it.
  static let epsilon = 1e-5

  private var channels: Int { raw.shape.c }
  var groups: Int { raw.shape.n / imagesPerGroup }
  private var pixelsPerGroup: Int { imagesPerGroup * raw.shape.h * raw.shape.w }

  /// Floats of the two partial sums of every piece: at least 16 pixels make one, or a row of an image.
  static func partialCount(_ shape: Shape) -> Int { 2 * shape.c * (shape.pixels / 16 + shape.n * (shape.h + 1)) }

  // MARK: - Forward

  /// Sums up a piece of the raw values.
  func gatherMoments(_ pass: Pass, piece: Int, pixels: Range<Int>, channels range: Range<Int>) {
    let means = pass.arena + momentsPlace + piece * channels + range.lowerBound
    pass.kernels.moments(
      pass.pixels(raw, pixels.lowerBound, range), pixels.count, range.count, means, means + pixelPieces.count * channels
    )
  }

  /// Combines the moments of all pieces in their order (Chan, Golub and LeVeque, 1983), per group and channel.
  func combineMoments(_ pass: Pass) {
    let perGroup = pixelPieces.count / groups
    let means = pass.arena + momentsPlace
    let squares = means + pixelPieces.count * channels
    let count = Double(pixelsPerGroup)
    for group in 0..<groups {
      for channel in 0..<channels {
        var seen = 0.0
        var mean = 0.0
        var square = 0.0
        for piece in group * perGroup..<(group + 1) * perGroup {
          let pixels = Double(pixelPieces[piece].count)
          let distance = Double(means[piece * channels + channel]) - mean
          let total = seen + pixels
          mean += distance * pixels / total
          square += Double(squares[piece * channels + channel]) + distance * distance * seen * pixels / total
          seen = total
        }
        setAffine(pass, group, channel, mean: mean, variance: square / count)
        updateRunning(pass, channel, mean: mean, variance: square / max(1, count - 1))
      }
      if pass.mode.updatesRunningStatistics, let running = parameters.running {
        pass.parameters.runningStatistics[running].batches += 1
      }
    }
  }

  /// Takes over the running statistics.
  func useRunningStatistics(_ pass: Pass) {
    guard let running = parameters.running else { return }
    let statistics = pass.parameters.runningStatistics[running]
    for channel in 0..<channels {
      setAffine(
        pass, 0, channel, mean: Double(statistics.mean[channel]), variance: Double(statistics.variance[channel]))
    }
  }

  private func setAffine(_ pass: Pass, _ group: Int, _ channel: Int, mean: Double, variance: Double) {
    let place = affineMemory(pass, group)
    let deviation = 1 / (variance + Self.epsilon).squareRoot()
    let scale = parameters.scale.map { Double(pass.parameter($0)[channel]) } ?? 1
    place.mean[channel] = Float(mean)
    place.scale[channel] = Float(scale * deviation)
    place.shift[channel] = parameters.shift.map { pass.parameter($0)[channel] } ?? 0
    place.inverseDeviation[channel] = Float(deviation)
  }

  /// Momentum 0.1, unbiased variance.
  private func updateRunning(_ pass: Pass, _ channel: Int, mean: Double, variance: Double) {
    guard pass.mode.updatesRunningStatistics, let running = parameters.running else { return }
    let store = pass.parameters
    let oldMean = Double(store.runningStatistics[running].mean[channel])
    let oldVariance = Double(store.runningStatistics[running].variance[channel])
    store.runningStatistics[running].mean[channel] = Float(0.9 * oldMean + 0.1 * mean)
    store.runningStatistics[running].variance[channel] = Float(0.9 * oldVariance + 0.1 * variance)
  }

  // MARK: - Backward

  /// Combines the sums of dz and of dz · x̂ over all pieces of a group into their means, and the gradients of γ and β.
  ///
  /// - Parameters:
  ///   - sums: [2][piece][channel]
  ///   - pieces: in each group
  func combineGradientSums(_ pass: BackwardPass, _ sums: UnsafePointer<Float>, piecesPerGroup pieces: Int) {
    guard let meansPlace else { return }
    let products = sums + groups * pieces * channels
    let means = pass.pass.arena + meansPlace
    let productMeans = means + groups * channels
    let count = Double(pixelsPerGroup)
    for channel in 0..<channels {
      var shift = 0.0
      var scale = 0.0
      for group in 0..<groups {
        var sum = 0.0
        var product = 0.0
        for piece in group * pieces..<(group + 1) * pieces {
          sum += Double(sums[piece * channels + channel])
          product += Double(products[piece * channels + channel])
        }
        means[group * channels + channel] = Float(sum / count)
        productMeans[group * channels + channel] = Float(product / count)
        shift += sum
        scale += product
      }
      guard pass.needsParameterGradients else { continue }
      if let parameter = parameters.scale { pass.addGradient(parameter, channel, scale) }
      if let parameter = parameters.shift { pass.addGradient(parameter, channel, shift) }
    }
  }

  /// What a gradient pass needs to know of a group.
  func gradient(_ pass: Pass, group: Int) -> NormalizationGradient? {
    guard let meansPlace else { return nil }
    let means = UnsafePointer(pass.arena + meansPlace + group * channels)
    return NormalizationGradient(
      affine: affine(pass, group, 0..<channels),
      inverseDeviation: UnsafePointer(affineMemory(pass, group).inverseDeviation), meanGradient: means,
      meanGradientTimesNormalized: means + groups * channels)
  }

  // MARK: - Memory

  private typealias AffineMemory = (
    mean: UnsafeMutablePointer<Float>, scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>,
    inverseDeviation: UnsafeMutablePointer<Float>
  )

  private func affineMemory(_ pass: Pass, _ group: Int) -> AffineMemory {
    let count = groups * channels
    let base = pass.arena + affinePlace + group * channels
    return (base, base + count, base + 2 * count, base + 3 * count)
  }

  /// z = (x − mean) · scale + shift for some channels of a group.
  func affine(_ pass: Pass, _ group: Int, _ range: Range<Int>) -> ChannelAffine {
    let place = affineMemory(pass, group)
    return ChannelAffine(
      mean: place.mean + range.lowerBound, scale: place.scale + range.lowerBound, shift: place.shift + range.lowerBound)
  }
}
