import KernelArguments

extension Kernels {
  /// Mean and sum of squared deviations of each channel over `pixels` pixels; two passes over a piece that the cache
  /// still holds, so that nothing cancels.
  ///
  /// - Parameters:
  ///   - mean: `[channels]`, written
  ///   - squares: `[channels]`, written: Σ (x − mean)²
  package static func moments(
    _ input: PixelView, pixels: Int, channels: Int, mean: UnsafeMutablePointer<Float>,
    squares: UnsafeMutablePointer<Float>
  ) {
    let inverseCount = Vector(repeating: 1 / Float(pixels))
    var channel = 0
    while channel < channels {
      let count = min(lanes, channels - channel)
      let base = input.base + channel
      let center = sum(base, input.stride, pixels, count) { $0 } * inverseCount
      let deviations = sum(base, input.stride, pixels, count) { value in
        let deviation = value - center
        return deviation * deviation
      }
      storeVector(center, mean, channel, count: count)
      storeVector(deviations, squares, channel, count: count)
      channel += lanes
    }
  }

  /// Four accumulators hide the latency of the additions.
  @inline(__always)
  private static func sum(
    _ base: UnsafeMutablePointer<Float>, _ stride: Int, _ pixels: Int, _ count: Int, _ term: (Vector) -> Vector
  ) -> Vector {
    var s0 = Vector(), s1 = Vector(), s2 = Vector(), s3 = Vector()
    var pixel = base
    var left = pixels
    while left >= 4 {
      s0 += term(load(pixel, 0, count: count))
      s1 += term(load(pixel, stride, count: count))
      s2 += term(load(pixel, 2 * stride, count: count))
      s3 += term(load(pixel, 3 * stride, count: count))
      pixel += 4 * stride
      left -= 4
    }
    while left > 0 {
      s0 += term(load(pixel, 0, count: count))
      pixel += stride
      left -= 1
    }
    return (s0 + s1) + (s2 + s3)
  }
}
