import KernelArguments

// Passes over pixels, sixteen channels at a time. Each is bound by memory; what would be a pass of its own elsewhere
// (normalisation, dropout, residual, two rectified copies) happens while a value is in a register.

extension Kernels {
  /// Runs a forward pass.
  package static func activate(_ pass: ActivationPass) {
    guard pass.channels < lanes, pass.pixels >= lanes, pass.canBeWidened else { return narrowActivate(pass) }
    let wide = pass.widened(by: lanes)
    narrowActivate(wide)
    narrowActivate(pass.dropping(pixels: wide.pixels * lanes))
  }

  private static func narrowActivate(_ pass: ActivationPass) {
    var channel = 0
    while channel < pass.channels {
      let count = min(lanes, pass.channels - channel)
      if count == lanes {
        activate(pass, channel, lanes)
      } else {
        activate(pass, channel, count)
      }
      channel += lanes
    }
  }

  @inline(__always) private static func activate(_ pass: ActivationPass, _ channel: Int, _ count: Int) {
    let affine = Affine(pass.affine, channel, count)
    let isAffine = pass.affine != nil
    let mask = Mask(pass.dropout, channel)
    let scale = Vector(repeating: pass.scale)
    let firstSlope = slope(pass.first.slope, pass.slopes, channel, count)
    let secondSlope = Vector(repeating: pass.second?.slope ?? 0)
    var input = pass.input.base + channel
    var first = pass.first.view.base + channel
    var second = pass.second.map { $0.view.base + channel }
    var residual = pass.residual.map { $0.base + channel }
    for pixel in 0..<pass.pixels {
      var z = load(input, 0, count: count)
      if isAffine { z = affine.apply(z) }
      if mask.isActive { z = mask.apply(z, pixel) }
      z *= scale
      if let residual { z += load(residual, 0, count: count) }
      storeVector(z.rectified(firstSlope), first, 0, count: count)
      if let second { storeVector(z.rectified(secondSlope), second, 0, count: count) }
      input += pass.input.stride
      first += pass.first.view.stride
      if let pointer = second { second = pointer + pass.second.unsafelyUnwrapped.view.stride }
      if let pointer = residual { residual = pointer + pass.residual.unsafelyUnwrapped.stride }
    }
  }

  @inline(__always)
  private static func slope(
    _ ofAll: Float, _ slopes: UnsafePointer<Float>?, _ channel: Int, _ count: Int
  ) -> Vector {
    slopes.map { load($0, channel, count: count) } ?? Vector(repeating: ofAll)
  }

  /// The gradients of a piece's learned slopes (He et al., 2015, equations 8 and 9), `Σ dy · min(x, 0)` of each channel.
  package static func slopeGradients(_ pass: ActivationGradientPass, _ sums: UnsafeMutablePointer<Float>) {
    var channel = 0
    while channel < pass.channels {
      let count = min(lanes, pass.channels - channel)
      let input = pass.input.base + channel
      let gradient = pass.first.view.base + channel
      var sum = Vector()
      for pixel in 0..<pass.pixels {
        let x = load(input, pixel * pass.input.stride, count: count)
        let dy = load(gradient, pixel * pass.first.view.stride, count: count)
        sum.addProduct(dy, x.replacing(with: 0, where: x .> 0))
      }
      storeVector(sum, sums, channel, count: count)
      channel += lanes
    }
  }

  /// `Σ dz` and `Σ dz · x̂` of each channel over a piece: what the gradient of a normalisation needs first.
  package static func gradientSums(
    _ pass: ActivationGradientPass, sums: UnsafeMutablePointer<Float>, products: UnsafeMutablePointer<Float>
  ) {
    var channel = 0
    while channel < pass.channels {
      let count = min(lanes, pass.channels - channel)
      let deviation = pass.inverseDeviation.map { load($0, channel, count: count) } ?? Vector()
      let mean = pass.affine.map { load($0.mean, channel, count: count) } ?? Vector()
      var sum = Vector(), product = Vector()
      visit(pass, channel, count) { _, x, dz in
        sum += dz
        product.addProduct(dz, (x - mean) * deviation)
      }
      storeVector(sum, sums, channel, count: count)
      storeVector(product, products, channel, count: count)
      channel += lanes
    }
  }

  /// Writes the gradient of the convolution's output and, with `sums`, its sum over the piece for each channel.
  ///
  /// With normalisation `dx = scale · (dz − mean(dz) − x̂ · mean(dz · x̂))` (Ioffe and Szegedy, 2015, section 3).
  package static func activationGradient(_ pass: ActivationGradientPass, sums: UnsafeMutablePointer<Float>?) {
    guard pass.channels < lanes, pass.pixels >= lanes, pass.canBeWidened else {
      return narrowActivationGradient(pass, sums: sums)
    }
    let wide = pass.widened(by: lanes)
    let rest = pass.dropping(pixels: wide.pixels * lanes)
    guard let sums else {
      narrowActivationGradient(wide, sums: nil)
      return narrowActivationGradient(rest, sums: nil)
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: wide.channels) { wideSums in
      guard let partial = wideSums.baseAddress else { return }
      narrowActivationGradient(wide, sums: partial)
      narrowActivationGradient(rest, sums: sums)
      for place in 0..<wide.channels { sums[place % pass.channels] += partial[place] }
    }
  }

  private static func narrowActivationGradient(_ pass: ActivationGradientPass, sums: UnsafeMutablePointer<Float>?) {
    var channel = 0
    while channel < pass.channels {
      let count = min(lanes, pass.channels - channel)
      let output = pass.output.base + channel
      var sum = Vector()
      if let affine = pass.affine {
        let mean = load(affine.mean, channel, count: count)
        let scale = load(affine.scale, channel, count: count)
        let deviation = pass.inverseDeviation.map { load($0, channel, count: count) } ?? Vector()
        let center = pass.meanGradient.map { load($0, channel, count: count) } ?? Vector()
        let slope =
          (pass.meanGradientTimesNormalized.map { load($0, channel, count: count) } ?? Vector()) * deviation
        visit(pass, channel, count) { pixel, x, dz in
          let gradient = (dz - center - (x - mean) * slope) * scale
          sum += gradient
          storeVector(gradient, output, pixel * pass.output.stride, count: count)
        }
      } else {
        visit(pass, channel, count) { pixel, _, dz in
          sum += dz
          storeVector(dz, output, pixel * pass.output.stride, count: count)
        }
      }
      if let sums { storeVector(sum, sums, channel, count: count) }
      channel += lanes
    }
  }

  /// Calls `body` with pixel, input value and dz of sixteen channels, pixel by pixel.
  @inline(__always)
  private static func visit(
    _ pass: ActivationGradientPass, _ channel: Int, _ count: Int, _ body: (Int, Vector, Vector) -> Void
  ) {
    let affine = Affine(pass.affine, channel, count)
    let isAffine = pass.affine != nil
    let mask = Mask(pass.dropout, channel)
    let scale = Vector(repeating: pass.scale)
    let firstSlope = slope(pass.first.slope, pass.slopes, channel, count)
    let secondSlope = Vector(repeating: pass.second?.slope ?? 0)
    let input = pass.input.base + channel
    let first = pass.first.view.base + channel
    let second = pass.second.map { $0.view.base + channel }
    let secondStride = pass.second?.view.stride ?? 0
    for pixel in 0..<pass.pixels {
      let x = load(input, pixel * pass.input.stride, count: count)
      let z = isAffine ? affine.apply(x) : x
      var dz = load(first, pixel * pass.first.view.stride, count: count) * z.rectifierSlope(firstSlope)
      if let second { dz.addProduct(load(second, pixel * secondStride, count: count), z.rectifierSlope(secondSlope)) }
      if mask.isActive { dz = mask.apply(dz, pixel) }
      dz *= scale
      body(pixel, x, dz)
    }
  }
}

/// A normalisation's parameters for sixteen channels.
private struct Affine {
  var mean = Vector()
  var scale = Vector()
  var shift = Vector()

  @inline(__always) init(_ affine: ChannelAffine?, _ channel: Int, _ count: Int) {
    guard let affine else { return }
    mean = load(affine.mean, channel, count: count)
    scale = load(affine.scale, channel, count: count)
    shift = load(affine.shift, channel, count: count)
  }

  @inline(__always) func apply(_ x: Vector) -> Vector {
    var z = shift
    z.addProduct(x - mean, scale)
    return z
  }
}

/// The dropout of sixteen channels: one 64-bit hash a pixel, a bit a lane.
private struct Mask {
  let isActive: Bool
  let key: UInt64
  let groups: UInt64
  let firstGroup: UInt64

  @inline(__always) init(_ dropout: DropoutMask?, _ channel: Int) {
    isActive = dropout != nil
    key = dropout?.key ?? 0
    groups = UInt64(((dropout?.channels ?? 0) + lanes - 1) / lanes)
    firstGroup = UInt64(dropout?.firstPixel ?? 0) &* groups &+ UInt64(((dropout?.firstChannel ?? 0) + channel) / lanes)
  }

  /// Doubles what is kept and zeroes the rest.
  @inline(__always) func apply(_ vector: Vector, _ pixel: Int) -> Vector {
    var z = key &+ (firstGroup &+ UInt64(pixel) &* groups) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    let bits = SIMD16<UInt32>(repeating: UInt32(truncatingIfNeeded: z ^ (z >> 31)))
    let kept = (bits & Mask.laneBits) .!= 0
    return Vector().replacing(with: vector + vector, where: kept)
  }

  @inline(__always) private static var laneBits: SIMD16<UInt32> {
    SIMD16(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
  }
}
