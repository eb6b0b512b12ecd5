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
  /// Whether statistics are those of a batch, of which other ranks may have other images.
  var isOfBatch = false
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

  /// Combines the moments of all pieces in their order, per group and channel; those of all ranks in the order of these.
  func combineMoments(_ pass: Pass) {
    let ranks = isOfBatch ? pass.processor.ranks : nil
    guard let ranks, let own = ranks.beginStatistics(3 * groups * channels) else {
      return forEachChannel(pass) { moments(pass, $0, $1) }
    }
    for place in 0..<groups * channels {
      let moments = moments(pass, place / channels, place % channels)
      (own[3 * place], own[3 * place + 1], own[3 * place + 2]) = (moments.count, moments.mean, moments.square)
    }
    let hasAll = ranks.finishStatistics()
    forEachChannel(pass) { group, channel in
      guard hasAll else { return moments(pass, group, channel) }
      var all = Moments()
      ranks.forEachStatistics { _, numbers in
        let own = numbers + 3 * (group * channels + channel)
        all.add(count: own[0], mean: own[1], square: own[2])
      }
      return all
    }
  }

  /// Some numbers' count, mean and sum of squared distances from it.
  private struct Moments {
    var count = 0.0
    var mean = 0.0
    var square = 0.0

    /// Takes in those of other numbers (Chan, Golub and LeVeque, 1983).
    mutating func add(count others: Double, mean otherMean: Double, square otherSquare: Double) {
      let distance = otherMean - mean
      let total = count + others
      mean += distance * others / total
      square += otherSquare + distance * distance * count * others / total
      count = total
    }
  }

  /// Those of a channel of a group, here.
  private func moments(_ pass: Pass, _ group: Int, _ channel: Int) -> Moments {
    let perGroup = pixelPieces.count / groups
    let means = pass.arena + momentsPlace
    let squares = means + pixelPieces.count * channels
    var all = Moments()
    for piece in group * perGroup..<(group + 1) * perGroup {
      let place = piece * channels + channel
      all.add(count: Double(pixelPieces[piece].count), mean: Double(means[place]), square: Double(squares[place]))
    }
    return all
  }

  private func forEachChannel(_ pass: Pass, _ moments: (_ group: Int, _ channel: Int) -> Moments) {
    for group in 0..<groups {
      for channel in 0..<channels {
        let all = moments(group, channel)
        setAffine(pass, group, channel, mean: all.mean, variance: all.square / all.count)
        updateRunning(pass, channel, mean: all.mean, variance: all.square / max(1, all.count - 1))
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

  /// Unbiased variance.
  private func updateRunning(_ pass: Pass, _ channel: Int, mean: Double, variance: Double) {
    guard pass.mode.updatesRunningStatistics, let running = parameters.running else { return }
    let store = pass.parameters
    let oldMean = Double(store.runningStatistics[running].mean[channel])
    let oldVariance = Double(store.runningStatistics[running].variance[channel])
    let share = RunningStatistics.momentum
    store.runningStatistics[running].mean[channel] = Float((1 - share) * oldMean + share * mean)
    store.runningStatistics[running].variance[channel] = Float((1 - share) * oldVariance + share * variance)
  }

  // MARK: - Backward

  /// Combines the sums of dz and of dz · x̂ over all pieces of a group into their means, those of all ranks where these share
  /// statistics, and the gradients of γ and β, those of this rank's images alone: an update adds up all ranks' gradients.
  ///
  /// - Parameters:
  ///   - sums: [2][piece][channel]
  ///   - pieces: in each group
  func combineGradientSums(_ pass: BackwardPass, _ sums: UnsafePointer<Float>, piecesPerGroup pieces: Int) {
    guard meansPlace != nil else { return }
    let products = sums + groups * pieces * channels
    let ranks = isOfBatch ? pass.pass.processor.ranks : nil
    let own = ranks?.beginStatistics(2 * groups * channels + 1)
    own?[0] = Double(pixelsPerGroup)
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
        setMeans(pass.pass, group * channels + channel, sum, product, count: Double(pixelsPerGroup))
        if let own {
          let place = own + 1 + 2 * (group * channels + channel)
          (place[0], place[1]) = (sum, product)
        }
        shift += sum
        scale += product
      }
      guard pass.needsParameterGradients else { continue }
      if let parameter = parameters.scale { pass.addGradient(parameter, channel, scale) }
      if let parameter = parameters.shift { pass.addGradient(parameter, channel, shift) }
    }
    if let ranks, own != nil, ranks.finishStatistics() { combineGradientSums(pass.pass, of: ranks) }
  }

  /// Sets the means to those over all ranks, in their order.
  ///
  /// The gradients of a rank are those of a mean over its images, and count by their number; means are given in the same measure as
  /// this rank's.
  private func combineGradientSums(_ pass: Pass, of ranks: RankGroup) {
    let images = Double(max(1, ranks.images[ranks.link.rank]))
    var count = 0.0
    ranks.forEachStatistics { count += $1[0] }
    for place in 0..<groups * channels {
      var sum = 0.0
      var product = 0.0
      ranks.forEachStatistics { rank, numbers in
        let weight = Double(ranks.images[rank]) / images
        sum += weight * numbers[1 + 2 * place]
        product += weight * numbers[2 + 2 * place]
      }
      setMeans(pass, place, sum, product, count: count)
    }
  }

  private func setMeans(_ pass: Pass, _ place: Int, _ sum: Double, _ product: Double, count: Double) {
    guard let meansPlace else { return }
    let means = pass.arena + meansPlace
    means[place] = Float(sum / count)
    means[groups * channels + place] = Float(product / count)
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
