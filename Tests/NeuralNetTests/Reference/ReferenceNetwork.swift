import Foundation
@testable import NeuralNet

/// An operation as its definition says, one loop for each sum: what its test adds to it.
protocol PlainOperation {
  /// - Parameters:
  ///   - inputs: the values that it reads
  ///   - parameters: its own, in its order
  ///   - distanceToKink: lowered to how far the nearest kink is
  /// - Returns: the values that it makes
  func run(
    _ inputs: [ReferenceNetwork.Tensor], parameters: [[Double]], _ distanceToKink: inout Double
  ) -> [ReferenceNetwork.Tensor]
}

/// The plainest way to run a network: in Double, (N, C, H, W), one loop for each sum.
struct ReferenceNetwork {
  let network: Network
  let mode: ExecutionMode
  var dropoutKey: UInt64 = 0
  /// The parameters in the network's order, numbers in file order.
  var parameters: [[Double]]
  private let running: [RunningStatistics]

  init(_ network: Network, _ mode: ExecutionMode) {
    self.network = network
    self.mode = mode
    parameters = network.parameters.parameters.map { network.parameters.fileOrder($0).map(Double.init) }
    running = network.parameters.runningStatistics
  }

  /// A tensor (N, C, H, W).
  struct Tensor {
    var shape: Shape
    var values: [Double]

    init(_ shape: Shape, _ values: [Double]? = nil) {
      self.shape = shape
      self.values = values ?? [Double](repeating: 0, count: shape.count)
    }

    func index(_ n: Int, _ c: Int, _ h: Int, _ w: Int) -> Int { ((n * shape.c + c) * shape.h + h) * shape.w + w }

    subscript(_ n: Int, _ c: Int, _ h: Int, _ w: Int) -> Double { values[index(n, c, h, w)] }

    /// A tensor whose numbers a rule gives.
    static func make(_ shape: Shape, _ rule: (_ n: Int, _ c: Int, _ h: Int, _ w: Int) -> Double) -> Tensor {
      var values: [Double] = []
      for n in 0..<shape.n {
        for c in 0..<shape.c {
          for h in 0..<shape.h {
            for w in 0..<shape.w { values.append(rule(n, c, h, w)) }
          }
        }
      }
      return Tensor(shape, values)
    }
  }

  /// The output, and the smallest |z| that a rectifier saw: how far the nearest kink is.
  func run(_ input: Tensor) -> (output: Tensor, distanceToKink: Double) {
    var buffers = [Tensor?](repeating: nil, count: network.graph.buffers.count)
    buffers[network.graph.inputs[0].buffer] = input
    var distance = Double.infinity

    func read(_ value: Value) -> Tensor {
      guard let buffer = buffers[value.buffer] else { preconditionFailure("a value is read before it is written") }
      var result = Tensor(Shape(buffer.shape.n, value.channels, buffer.shape.h, buffer.shape.w))
      forEach(result.shape) { n, c, h, w in
        result.values[result.index(n, c, h, w)] = buffer.values[buffer.index(n, value.firstChannel + c, h, w)]
      }
      return result
    }

    func write(_ value: Value, _ result: Tensor) {
      let channels = network.graph.buffers[value.buffer]
      var buffer = buffers[value.buffer] ?? Tensor(Shape(result.shape.n, channels, result.shape.h, result.shape.w))
      forEach(result.shape) { n, c, h, w in
        buffer.values[buffer.index(n, value.firstChannel + c, h, w)] = result.values[result.index(n, c, h, w)]
      }
      buffers[value.buffer] = buffer
    }

    func write(_ output: Convolution.Output, _ z: Tensor) {
      var result = z
      for (place, number) in z.values.enumerated() {
        switch output.activation {
        case .tanh: result.values[place] = tanh(number)
        case .rectifier(let slope):
          // What is exactly 0 was dropped, and stays where it is.
          if slope != 1, number != 0 { distance = min(distance, abs(number)) }
          result.values[place] = number > 0 ? number : Double(slope) * number
        }
      }
      write(output.value, result)
    }

    for (index, operation) in network.graph.operations.enumerated() {
      if let plain = operation as? any PlainOperation {
        let results = plain.run(
          operation.reads.map(read), parameters: operation.parameters.map { parameters[$0] }, &distance)
        for (value, result) in zip(operation.makes, results) { write(value, result) }
        continue
      }
      guard let block = operation as? Convolution else {
        preconditionFailure("\(operation.name) has no plain reference")
      }
      var z = convolve(block, read(block.input))
      normalize(block, &z)
      if mode.drops, block.hasDropout {
        forEach(z.shape) { n, c, h, w in
          z.values[z.index(n, c, h, w)] *= isKept(block: index, z.shape, n, c, h, w) ? 2 : 0
        }
      }
      if block.scale != 1 { for place in z.values.indices { z.values[place] *= Double(block.scale) } }
      if let residual = block.residual {
        let other = read(residual)
        for place in z.values.indices { z.values[place] += other.values[place] }
      }
      if let rectifier = block.rectifier {
        for (place, number) in z.values.enumerated() {
          distance = min(distance, abs(number))
          let channel = place / (z.shape.h * z.shape.w) % z.shape.c
          z.values[place] = number > 0 ? number : parameters[rectifier.slope][channel] * number
        }
      }
      write(block.first, z)
      if let second = block.second { write(second, z) }
    }
    return (read(network.graph.outputs[0]), distance)
  }

  // MARK: - Layers

  /// The definition: a convolution reads, and a transposed one writes, large pixel s · stride − padding + t at tap t.
  private func convolve(_ block: Convolution, _ input: Tensor) -> Tensor {
    let geometry = block.geometry
    let weights = parameters[block.weight]
    let kernel = geometry.kernel
    let source = geometry.isTransposed ? input : enlarged(geometry, input)
    let padding = geometry.paddingMode == .reflection ? 0 : geometry.padding
    func extent(_ input: Int) -> Int {
      geometry.isTransposed
        ? (input - 1) * geometry.stride - 2 * padding + kernel + geometry.outputPadding
        : (input + 2 * padding - kernel) / geometry.stride + 1
    }
    var output = Tensor(
      Shape(input.shape.n, block.packing.outputChannels, extent(source.shape.h), extent(source.shape.w)))
    if let bias = block.bias {
      forEach(output.shape) { n, c, h, w in output.values[output.index(n, c, h, w)] = parameters[bias][c] }
    }
    let small = geometry.isTransposed ? source.shape : output.shape
    let large = geometry.isTransposed ? output.shape : source.shape
    for n in 0..<small.n {
      for row in 0..<small.h * kernel {
        let largeRow = row / kernel * geometry.stride - padding + row % kernel
        guard (0..<large.h).contains(largeRow) else { continue }
        for column in 0..<small.w * kernel {
          let largeColumn = column / kernel * geometry.stride - padding + column % kernel
          guard (0..<large.w).contains(largeColumn) else { continue }
          let tap = row % kernel * kernel + column % kernel
          for o in 0..<block.packing.outputChannels {
            var sum = 0.0
            for i in 0..<block.packing.inputChannels {
              if geometry.isTransposed {
                let weight = weights[(i * block.packing.outputChannels + o) * kernel * kernel + tap]
                sum += source.values[source.index(n, i, row / kernel, column / kernel)] * weight
              } else {
                let weight = weights[(o * block.packing.inputChannels + i) * kernel * kernel + tap]
                sum += source.values[source.index(n, i, largeRow, largeColumn)] * weight
              }
            }
            let place =
              geometry.isTransposed
              ? output.index(n, o, largeRow, largeColumn) : output.index(n, o, row / kernel, column / kernel)
            output.values[place] += sum
          }
        }
      }
    }
    return output
  }

  /// Nearest-neighbour upsampling, then reflection padding.
  private func enlarged(_ geometry: ConvolutionGeometry, _ input: Tensor) -> Tensor {
    let padding = geometry.paddingMode == .reflection ? geometry.padding : 0
    let factor = geometry.upsampling
    func source(_ place: Int, _ extent: Int) -> Int {
      let position = abs(place - padding)
      return (position < extent * factor ? position : 2 * (extent * factor - 1) - position) / factor
    }
    let shape = input.shape
    var output = Tensor(Shape(shape.n, shape.c, shape.h * factor + 2 * padding, shape.w * factor + 2 * padding))
    forEach(output.shape) { n, c, h, w in
      output.values[output.index(n, c, h, w)] =
        input.values[
          input.index(n, c, source(h, shape.h), source(w, shape.w))]
    }
    return output
  }

  private func normalize(_ block: Convolution, _ z: inout Tensor) {
    guard let normalization = block.normalization else { return }
    let images = normalization.kind == .instance ? 1 : z.shape.n / mode.groups
    for group in 0..<z.shape.n / images {
      for c in 0..<z.shape.c {
        var places: [Int] = []
        for n in group * images..<(group + 1) * images {
          let first = z.index(n, c, 0, 0)
          places += first..<first + z.shape.h * z.shape.w
        }
        var mean = places.reduce(0) { $0 + z.values[$1] } / Double(places.count)
        var variance =
          places.reduce(0) { $0 + (z.values[$1] - mean) * (z.values[$1] - mean) } / Double(places.count)
        if let slot = normalization.running, mode.usesRunningStatistics {
          mean = Double(running[slot].mean[c])
          variance = Double(running[slot].variance[c])
        }
        let scale = normalization.scale.map { parameters[$0][c] } ?? 1
        let shift = normalization.shift.map { parameters[$0][c] } ?? 0
        for place in places {
          z.values[place] = (z.values[place] - mean) / (variance + 1e-5).squareRoot() * scale + shift
        }
      }
    }
  }

  /// One bit of a hash by position: block, pixel, channel.
  private func isKept(block: Int, _ shape: Shape, _ n: Int, _ c: Int, _ h: Int, _ w: Int) -> Bool {
    let key = RandomGenerator.mix(dropoutKey &+ UInt64(block) &* 0x632B_E59B_D9B4_E019)
    let pixel = (n * shape.h + h) * shape.w + w
    let group = pixel * ((shape.c + 15) / 16) + c / 16
    return RandomGenerator.mix(key &+ UInt64(group) &* 0x9E37_79B9_7F4A_7C15) >> UInt64(c % 16) & 1 == 1
  }

  private func forEach(_ shape: Shape, _ body: (Int, Int, Int, Int) -> Void) {
    for n in 0..<shape.n {
      for c in 0..<shape.c {
        for h in 0..<shape.h {
          for w in 0..<shape.w { body(n, c, h, w) }
        }
      }
    }
  }
}
