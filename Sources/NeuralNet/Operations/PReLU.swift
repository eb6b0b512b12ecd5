/// A rectifier whose slope below 0 is learned for each channel (He et al., 2015, equation 1):
/// y = max(x, 0) + a · min(x, 0).
///
/// Behind a convolution, that does the same in its own pass (`learnedRectifier`).
struct PReLU: Operation {
  var name: String
  var input: Value
  var output: Value
  /// a, [channels]
  var slope: Int

  var reads: [Value] { [input] }
  var makes: [Value] { [output] }
  package var parameters: [Int] { [slope] }

  func shapes(of inputs: [Shape]) -> [Shape]? { inputs }

  func describe(_ description: inout NetworkDescription) {
    description.add(
      .learnedRectifier(slope: description.parameterNames[slope]), called: name, of: [input], makes: output)
  }

  func plan(_ planner: OperationPlanner) -> @Sendable (Places) -> any PlannedOperation {
    if planner.runsBackward { planner.keep(.values, of: input, until: .backward) }
    let shape = planner.shape(input)
    let pieces = (shape.pixels + Self.pixelsPerPiece(shape.c) - 1) / Self.pixelsPerPiece(shape.c)
    let sums = planner.runsBackward ? planner.reserve(pieces * shape.c, in: .backward) : nil
    return { Planned(self, sums: sums, $0) }
  }

  /// Every slope at first (He et al., 2015, section 2.1).
  static let firstSlope: Float = 0.25

  private static func pixelsPerPiece(_ channels: Int) -> Int { PassPieces.pixelsPerPiece(channels: channels) }

  private struct Planned: PlannedOperation {
    let slope: Int
    let input: PlannedTensor
    let output: PlannedTensor
    let gradient: PlannedTensor?
    let inputGradient: (tensor: PlannedTensor, adds: Bool)?
    /// Sums of each piece: [piece][channel].
    let sums: Int?

    init(_ operation: PReLU, sums: Reservation?, _ places: Places) {
      slope = operation.slope
      input = places.value(operation.input)
      output = places.value(operation.output)
      gradient = places.tensor(.gradients, operation.output)
      inputGradient = places.wantedGradient(ofRead: 0)
      self.sums = sums.map { places.offset($0) }
    }

    func forward(_ pass: Pass) {
      let channels = input.shape.c
      pass.forEachPiece(ofPixels: input.shape.pixels, channels: channels) { pixels in
        let slopes = pass.parameter(slope)
        let (from, to) = (pass.pixels(input, pixels.lowerBound), pass.pixels(output, pixels.lowerBound))
        for pixel in 0..<pixels.count {
          let (x, y) = (from.base + pixel * from.stride, to.base + pixel * to.stride)
          for channel in 0..<channels { y[channel] = max(x[channel], 0) + slopes[channel] * min(x[channel], 0) }
        }
      }
    }

    /// dx = dy for x > 0, else a · dy; da = Σ dy · min(x, 0).
    func backward(_ pass: BackwardPass) {
      guard let gradient, let sums else { return }
      let channels = input.shape.c
      let perPiece = pixelsPerPiece(channels)
      let shared = pass.pass
      shared.forEachPiece(ofPixels: input.shape.pixels, channels: channels) { pixels in
        let slopes = shared.parameter(slope)
        let partial = shared.arena + sums + pixels.lowerBound / perPiece * channels
        partial.update(repeating: 0, count: channels)
        let (x, dy) = (shared.pixels(input, pixels.lowerBound), shared.pixels(gradient, pixels.lowerBound))
        let dx = inputGradient.map { shared.pixels($0.tensor, pixels.lowerBound) }
        for pixel in 0..<pixels.count {
          let (value, upstream) = (x.base + pixel * x.stride, dy.base + pixel * dy.stride)
          for channel in 0..<channels { partial[channel] += upstream[channel] * min(value[channel], 0) }
          guard let dx else { continue }
          let place = dx.base + pixel * dx.stride
          for channel in 0..<channels {
            let part = value[channel] > 0 ? upstream[channel] : slopes[channel] * upstream[channel]
            place[channel] = inputGradient?.adds == true ? place[channel] + part : part
          }
        }
      }
      guard pass.needsParameterGradients else { return }
      let pieces = (input.shape.pixels + perPiece - 1) / perPiece
      for channel in 0..<channels {
        let sum = (0..<pieces).reduce(0.0) { $0 + Double((shared.arena + sums)[$1 * channels + channel]) }
        pass.addGradient(slope, channel, sum)
      }
    }
  }
}

extension NetworkBuilder {
  /// Appends a rectifier with a learned slope for each channel, 0.25 at first.
  ///
  /// - Parameter name: its name in PyTorch's state_dict; `.weight` is appended
  /// - Returns: the rectified values, of the same shape
  package mutating func prelu(_ name: String, _ input: Value) -> Value {
    let output = value(channels: input.channels)
    let slope = parameter(name + ".weight", [input.channels], .constant(PReLU.firstSlope), .vector)
    append(PReLU(name: name, input: input, output: output, slope: slope))
    return output
  }
}
