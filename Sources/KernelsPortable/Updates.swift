import KernelArguments

extension Kernels {
  /// Runs an Adam update; `count` is a multiple of sixteen.
  package static func adam(_ pass: AdamPass) {
    let firstRate = Vector(repeating: pass.firstRate)
    let secondRate = Vector(repeating: pass.secondRate)
    let stepSize = Vector(repeating: pass.stepSize)
    let correction = Vector(repeating: pass.inverseSecondCorrection)
    let epsilon = Vector(repeating: pass.epsilon)
    var index = 0
    while index < pass.count {
      let gradient = load(pass.gradients, index)
      var first = load(pass.firstMoment, index)
      var second = load(pass.secondMoment, index)
      first.addProduct(gradient - first, firstRate)
      second.addProduct(gradient * gradient - second, secondRate)
      var root = epsilon
      root.addProduct(second.squareRoots, correction)
      store(first, pass.firstMoment, index)
      store(second, pass.secondMoment, index)
      store(load(pass.weights, index) - stepSize * first / root, pass.weights, index)
      index += lanes
    }
  }

  /// `output[p] (+)= Σ input[sources of p]` for pixels that a padding or an upsampling has spread.
  package static func gatherSums(_ sums: PixelSums) {
    let (input, starts, sources, output) = (sums.input, sums.starts, sums.sources, sums.output)
    let (channels, accumulates) = (sums.channels, sums.accumulates)
    for pixel in 0..<sums.pixels {
      let target = output.base + pixel * output.stride
      let first = Int(starts[pixel]), end = Int(starts[pixel + 1])
      var channel = 0
      while channel < channels {
        let count = min(lanes, channels - channel)
        var sum = accumulates ? load(target, channel, count: count) : Vector()
        for source in first..<end { sum += load(input, Int(sources[source]) + channel, count: count) }
        storeVector(sum, target, channel, count: count)
        channel += lanes
      }
    }
  }
}
