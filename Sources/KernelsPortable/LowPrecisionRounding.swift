import CVectors
import KernelArguments

extension Kernels {
  /// The least and the greatest number of each vector of channels, 0 among them; NaN in both where a number is not finite.
  ///
  /// - Parameter channels: a multiple of 16
  package static func range(_ input: PixelView, pixels: Int, channels: Int) -> (least: Float, greatest: Float) {
    var least = Vector(), greatest = Vector(), strange = Vector()
    for pixel in 0..<pixels {
      let base = input.base + pixel * input.stride
      var channel = 0
      while channel < channels {
        let x = load(base, channel)
        least.replace(with: x, where: x .< least)
        greatest.replace(with: x, where: x .> greatest)
        // 0, but for what is not finite.
        strange += x - x
        channel += lanes
      }
    }
    // Not the library's min(): it calls a function that other modules share.
    var (low, high, sum) = (least[0], greatest[0], strange[0])
    for lane in 1..<lanes {
      if least[lane] < low { low = least[lane] }
      if greatest[lane] > high { high = greatest[lane] }
      sum += strange[lane]
    }
    return (low + sum, high + sum)
  }

  /// Rounds numbers to the nearest of 256 steps; what lies between two goes to the even one.
  package static func roundToIntegers(_ pass: NumberRounding) {
    let steps = Vector(repeating: pass.inverseStep)
    let zero = Vector(repeating: pass.zeroPoint)
    let most = Vector(repeating: 255)
    for pixel in 0..<pass.pixels {
      let input = pass.input.base + pixel * pass.input.stride
      let output = UnsafeMutableRawPointer(pass.output + pixel * pass.outputStride)
      var channel = 0
      while channel < pass.channels {
        var x = load(input, channel) * steps + zero
        x.replace(with: Vector(), where: x .< 0)
        x.replace(with: most, where: x .> most)
        vector_store_bytes(rounded(x), output + channel)
        channel += lanes
      }
    }
  }

  /// The same without the zero point, in sixteen bits.
  package static func roundToWideIntegers(_ pass: NumberRounding) {
    let steps = Vector(repeating: pass.inverseStep)
    let zero = Vector(repeating: pass.zeroPoint)
    let most = Vector(repeating: 255)
    let zeroPoint = rounded(zero)
    for pixel in 0..<pass.pixels {
      let input = pass.input.base + pixel * pass.input.stride
      let output = UnsafeMutableRawPointer(pass.output + pixel * pass.outputStride)
      var channel = 0
      while channel < pass.channels {
        var x = load(input, channel) * steps + zero
        x.replace(with: Vector(), where: x .< 0)
        x.replace(with: most, where: x .> most)
        vector_store_halves(rounded(x) &- zeroPoint, output + 2 * channel)
        channel += lanes
      }
    }
  }

  /// Rounds the numbers of each pixel to the nearest of 8191 steps, up to the greatest of them; what a step is worth is stored
  /// behind its groups, NaN where a number is not finite.
  package static func roundToScaledIntegers(_ pass: NumberRounding) {
    for pixel in 0..<pass.pixels {
      let input = pass.input.base + pixel * pass.input.stride
      let output = pass.output + pixel * pass.outputStride
      var greatest = IntegerVector()
      var channel = 0
      while channel < pass.channels {
        greatest = vector_greatest_bits(greatest, load(input, channel))
        channel += lanes
      }
      let most = Float(bitPattern: UInt32(bitPattern: vector_greatest(greatest)))
      output[pass.channels / 2] = Int32(bitPattern: scaledStep(most).bitPattern)
      let steps = Vector(repeating: scaledSteps(most))
      channel = 0
      while channel < pass.channels {
        vector_store_halves(rounded(load(input, channel) * steps), UnsafeMutableRawPointer(output) + 2 * channel)
        channel += lanes
      }
    }
  }

  /// Rounds numbers to bfloat16.
  package static func roundToBFloats(_ pass: NumberRounding) {
    for pixel in 0..<pass.pixels {
      let input = pass.input.base + pixel * pass.input.stride
      let output = pass.output + pixel * pass.outputStride
      var channel = 0
      while channel < pass.channels {
        storeVectorBFloats(load(input, channel), UnsafeMutableRawPointer(output), channel)
        channel += lanes
      }
    }
  }

  /// Rounds the weights of a panel to integers from −127 to 127 times a step of each column's own, and adds up each tap's
  /// columns.
  package static func roundWeightsToIntegers(_ pass: WeightRounding) {
    for column in stride(from: 0, to: panelWidth, by: lanes) {
      let scale = integerSteps(pass, column)
      for tap in 0..<pass.taps {
        let weights = pass.weights + tap * pass.weightStride + column
        let output = pass.output + tap * pass.outputStride + column
        var sums = IntegerVector()
        for group in 0..<pass.rows / 4 {
          var bytes = IntegerVector()
          for row in 0..<4 {
            let integer = rounded(load(weights, (4 * group + row) * panelWidth) * scale)
            sums &+= integer
            bytes |= (integer & 255) &<< IntegerVector(repeating: Int32(8 * row))
          }
          store(bytes, output, (group + 1) * panelWidth)
        }
        store(sums, output, 0)
      }
    }
  }

  /// The same integers as pairs of bytes of two rows, sixteen columns together.
  package static func roundWeightsToWideIntegers(_ pass: WeightRounding) {
    for column in stride(from: 0, to: panelWidth, by: lanes) {
      let scale = integerSteps(pass, column)
      for tap in 0..<pass.taps {
        let weights = pass.weights + tap * pass.weightStride + column
        let output = pass.output + tap * pass.outputStride + column / lanes * pass.rows * lanes / 4
        for group in 0..<pass.rows / 2 {
          let even = rounded(load(weights, 2 * group * panelWidth) * scale)
          let odd = rounded(load(weights, (2 * group + 1) * panelWidth) * scale)
          vector_store_halves((even & 255) | (odd &<< IntegerVector(repeating: 8)), output + group * lanes / 2)
        }
      }
    }
  }

  /// Stores what a step of sixteen columns is worth, and returns the steps in 1.
  @inline(__always) private static func integerSteps(_ pass: WeightRounding, _ column: Int) -> Vector {
    var greatest = Vector()
    for tap in 0..<pass.taps {
      let weights = pass.weights + tap * pass.weightStride + column
      for row in 0..<pass.rows {
        let w = load(weights, row * panelWidth)
        greatest.replace(with: w, where: w .> greatest)
        greatest.replace(with: -w, where: -w .> greatest)
      }
    }
    store(greatest * (1 / 127), pass.steps, column)
    return 127 / greatest.replacing(with: 1, where: greatest .== 0)
  }

  /// Rounds the weights of a panel to scaled integers, each column of a tap by its greatest number.
  package static func roundWeightsToScaledIntegers(_ pass: WeightRounding) {
    for tap in 0..<pass.taps {
      for column in stride(from: 0, to: panelWidth, by: lanes) {
        let weights = pass.weights + tap * pass.weightStride + column
        let output = pass.output + tap * pass.outputStride + column * (pass.rows / 2 + 1)
        var greatest = IntegerVector()
        for row in 0..<pass.rows { greatest = vector_greatest_bits(greatest, load(weights, row * panelWidth)) }
        var steps = Vector(), worth = Vector()
        for lane in 0..<lanes {
          let most = Float(bitPattern: UInt32(bitPattern: greatest[lane]))
          steps[lane] = scaledSteps(most)
          worth[lane] = scaledStep(most)
        }
        UnsafeMutableRawPointer(output).storeBytes(of: worth, as: Vector.self)
        for group in 0..<pass.rows / 2 {
          let even = rounded(load(weights, 2 * group * panelWidth) * steps)
          let odd = rounded(load(weights, (2 * group + 1) * panelWidth) * steps)
          store((even & 0xFFFF) | (odd &<< IntegerVector(repeating: 16)), output, (group + 1) * lanes)
        }
      }
    }
  }

  /// Rounds the weights of a panel to bfloat16, two rows to a group.
  package static func roundWeightsToBFloats(_ pass: WeightRounding) {
    for tap in 0..<pass.taps {
      let weights = pass.weights + tap * pass.weightStride
      let output = pass.output + tap * pass.outputStride
      for group in 0..<pass.rows / 2 {
        for column in stride(from: 0, to: panelWidth, by: lanes) {
          let pair = vector_bfloat_pairs(
            load(weights, 2 * group * panelWidth + column), load(weights, (2 * group + 1) * panelWidth + column))
          store(pair, output, group * panelWidth + column)
        }
      }
    }
  }
}

/// The least number by which others are divided: what is below it becomes 0.
private let leastScaled: Float = 0x1p-100

/// What a step of scaled integers is worth whose greatest stands for `most`; NaN where that is not finite.
@inline(__always) private func scaledStep(_ most: Float) -> Float {
  most < leastScaled ? 0 : most < .infinity ? most * (1 / Float(scaledMost)) : .nan
}

/// Steps in 1.
@inline(__always) private func scaledSteps(_ most: Float) -> Float {
  most < leastScaled || !(most < .infinity) ? 0 : Float(scaledMost) / most
}

/// Numbers between −2²² and 2²² as integers; what lies between two becomes the even one.
@inline(__always) private func rounded(_ vector: Vector) -> IntegerVector {
  // Beyond 2²³ a float has no digits behind the point, and those before it are the lowest bits.
  let base: Float = 12_582_912
  return unsafeBitCast(vector + base, to: IntegerVector.self) &- Int32(bitPattern: base.bitPattern)
}

/// Stores sixteen bfloat16 numbers `channel` numbers behind `place`.
@inline(__always) func storeVectorBFloats(_ vector: Vector, _ place: UnsafeMutableRawPointer, _ channel: Int) {
  vector_store_halves(vector_bfloats(vector), place + 2 * channel)
}
