import CVectors
import KernelArguments

// Products of integers of sixteen bits, two neighbouring channels to a group, for processors without dot products of bytes or
// of bfloat16 numbers: their instruction for such pairs makes twice as many multiply-adds as the one for floats, and its sums
// are exact. Twelve sums of eight lanes, two vectors of weights, a pair and a product are sixteen registers.

extension Kernels {
  /// Runs a product of integers of eight bits, those of the input without their zero point and in sixteen bits.
  package static func multiplyWideIntegers(_ product: LowPrecisionProduct) {
    for column in stride(from: 0, to: product.columns, by: lanes) {
      for tile in 0..<product.tiles {
        var sums = SixSums()
        var offsets = product.inputOffsets + tile * product.inputTileStride
        for tap in 0..<product.taps {
          defer { offsets += gatherTile }
          if offsets[0] < 0 { continue }
          // Eight groups of four bytes hold sixteen columns of a pair.
          let weights = product.weights + Int(product.weightOffsets[tap]) + column / lanes * product.groups * lanes / 2
          sums.add(SixPixels(product.input, offsets), weights, product.groups, NarrowWeights.self)
        }
        // Rounded as those of bytes are. Pixels that fill up a tile repeat its last one, and are stored again.
        let step = load(product.weightSteps, column) * product.step
        let bias = product.bias.map { load($0, column) } ?? Vector()
        let outputs = product.outputOffsets + tile * gatherTile
        for pixel in 0..<gatherTile {
          storeVector(
            vector_floats(sums[pixel]) * step + bias, product.output + Int(outputs[pixel]), column,
            count: product.columns - column)
        }
      }
    }
  }

  /// Runs a product of scaled integers: behind each pixel's groups lies what one of its steps is worth, in front of the weights
  /// of a tap and sixteen columns what those of the columns are.
  package static func multiplyScaledIntegers(_ product: LowPrecisionProduct) {
    for column in stride(from: 0, to: product.columns, by: lanes) {
      for tile in 0..<product.tiles {
        let outputs = product.outputOffsets + tile * gatherTile
        var isFirst = true
        var offsets = product.inputOffsets + tile * product.inputTileStride
        for tap in 0..<product.taps {
          defer { offsets += gatherTile }
          if offsets[0] < 0 { continue }
          let steps = product.weights + Int(product.weightOffsets[tap]) + column * (product.groups + 1)
          let pixels = SixPixels(product.input, offsets)
          var first = 0
          while first < product.groups {
            var sums = SixSums()
            sums.add(
              pixels.advanced(by: first), steps + (first + 1) * lanes, min(scaledGroups, product.groups - first),
              WideWeights.self)
            addScaled(sums, pixels, steps, product, outputs, column, isFirst: isFirst)
            isFirst = false
            first += scaledGroups
          }
        }
        if isFirst { addScaled(SixSums(), nil, product.weights, product, outputs, column, isFirst: true) }
      }
    }
  }

  /// Adds sums, or nothing for no pixels, to the output. A function that is called, so that all registers are the loop's.
  @inline(never)
  private static func addScaled(
    _ sums: SixSums, _ pixels: SixPixels?, _ steps: UnsafePointer<Int32>, _ product: LowPrecisionProduct,
    _ outputs: UnsafePointer<Int32>, _ column: Int, isFirst: Bool
  ) {
    let columns = product.columns - column
    let steps = UnsafeRawPointer(steps).loadUnaligned(as: Vector.self)
    for pixel in 0..<gatherTile {
      // Pixels that fill up a tile repeat its last one.
      if pixel > 0, outputs[pixel] == outputs[pixel - 1] { continue }
      let place = product.output + Int(outputs[pixel])
      var total = Vector()
      if !isFirst {
        total = load(UnsafePointer(place), column, count: columns)
      } else if let bias = product.bias {
        total = load(bias, column)
      }
      if let pixels {
        let step = Float(bitPattern: UInt32(bitPattern: pixels[pixel][product.groups]))
        total += vector_floats(sums[pixel]) * (steps * step)
      }
      storeVector(total, place, column, count: columns)
    }
  }
}

/// How sixteen pairs of weights lie.
private protocol PairWeights {
  /// Bytes from one group to the next.
  static var stride: Int { get }
  static func load(_ place: UnsafeRawPointer) -> IntegerVector
}

private enum WideWeights: PairWeights {
  @inline(__always) static var stride: Int { 4 * lanes }
  @inline(__always) static func load(_ place: UnsafeRawPointer) -> IntegerVector {
    place.loadUnaligned(as: IntegerVector.self)
  }
}

private enum NarrowWeights: PairWeights {
  @inline(__always) static var stride: Int { 2 * lanes }
  @inline(__always) static func load(_ place: UnsafeRawPointer) -> IntegerVector { vector_wide_pairs(place) }
}

/// The groups of the six pixels of a tile.
private struct SixPixels {
  let x0, x1, x2, x3, x4, x5: UnsafePointer<Int32>

  @inline(__always) init(_ input: UnsafePointer<Int32>, _ offsets: UnsafePointer<Int32>) {
    (x0, x1, x2) = (input + Int(offsets[0]), input + Int(offsets[1]), input + Int(offsets[2]))
    (x3, x4, x5) = (input + Int(offsets[3]), input + Int(offsets[4]), input + Int(offsets[5]))
  }

  @inline(__always) private init(_ pixels: SixPixels, _ groups: Int) {
    (x0, x1, x2) = (pixels.x0 + groups, pixels.x1 + groups, pixels.x2 + groups)
    (x3, x4, x5) = (pixels.x3 + groups, pixels.x4 + groups, pixels.x5 + groups)
  }

  @inline(__always) func advanced(by groups: Int) -> SixPixels { SixPixels(self, groups) }

  @inline(__always) subscript(pixel: Int) -> UnsafePointer<Int32> {
    switch pixel {
    case 0: x0
    case 1: x1
    case 2: x2
    case 3: x3
    case 4: x4
    default: x5
    }
  }
}

/// The sums of sixteen columns of six pixels.
private struct SixSums {
  var s0 = IntegerVector()
  var s1 = IntegerVector()
  var s2 = IntegerVector()
  var s3 = IntegerVector()
  var s4 = IntegerVector()
  var s5 = IntegerVector()

  @inline(__always) subscript(pixel: Int) -> IntegerVector {
    switch pixel {
    case 0: s0
    case 1: s1
    case 2: s2
    case 3: s3
    case 4: s4
    default: s5
    }
  }

  @inline(__always)
  mutating func add<Weights: PairWeights>(
    _ pixels: SixPixels, _ weights: UnsafePointer<Int32>, _ groups: Int, _: Weights.Type
  ) {
    var weights = UnsafeRawPointer(weights)
    var group = 0
    while group + 4 <= groups {
      add(pixels, group, Weights.load(weights))
      add(pixels, group + 1, Weights.load(weights + Weights.stride))
      add(pixels, group + 2, Weights.load(weights + 2 * Weights.stride))
      add(pixels, group + 3, Weights.load(weights + 3 * Weights.stride))
      weights += 4 * Weights.stride
      group += 4
    }
    while group < groups {
      add(pixels, group, Weights.load(weights))
      weights += Weights.stride
      group += 1
    }
  }

  @inline(__always) private mutating func add(_ pixels: SixPixels, _ group: Int, _ weights: IntegerVector) {
    s0 = vector_add_pair_dots(s0, pixels.x0[group], weights)
    s1 = vector_add_pair_dots(s1, pixels.x1[group], weights)
    s2 = vector_add_pair_dots(s2, pixels.x2[group], weights)
    s3 = vector_add_pair_dots(s3, pixels.x3[group], weights)
    s4 = vector_add_pair_dots(s4, pixels.x4[group], weights)
    s5 = vector_add_pair_dots(s5, pixels.x5[group], weights)
  }
}
