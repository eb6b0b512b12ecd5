/// Pixel shuffle (Shi et al., 2016, section 3.2): (N, C · f², H, W) → (N, C, H · f, W · f); channel c · f² + i · f + j of
/// pixel (y, x) becomes channel c of pixel (y · f + i, x · f + j). Or its inverse, where H and W are multiples of f.
struct PixelShuffle: Operation {
  var name: String { isInverse ? "pixel unshuffle ÷\(factor)" : "pixel shuffle ×\(factor)" }
  var input: Value
  var output: Value
  var factor: Int
  var isInverse = false

  var reads: [Value] { [input] }
  var makes: [Value] { [output] }
  package var parameters: [Int] { [] }
  var obstacleToTangents: String? { nil }

  func shapes(of inputs: [Shape]) -> [Shape]? {
    let shape = inputs[0]
    guard isInverse else { return [Shape(shape.n, output.channels, shape.h * factor, shape.w * factor)] }
    guard shape.h % factor == 0, shape.w % factor == 0 else { return nil }
    return [Shape(shape.n, output.channels, shape.h / factor, shape.w / factor)]
  }

  func describe(_ description: inout NetworkDescription) {
    if isInverse {
      description.add(
        .pixelUnshuffle(factor: factor, channels: input.channels), called: "pixel_unshuffle", of: [input], makes: output
      )
    } else {
      description.add(.pixelShuffle(factor: factor), called: "pixel_shuffle", of: [input], makes: output)
    }
  }

  func plan(_ planner: OperationPlanner) -> @Sendable (Places) -> any PlannedOperation {
    { Planned(self, $0) }
  }

  private struct Planned: PlannedOperation {
    let factor: Int
    let isInverse: Bool
    let input: PlannedTensor
    let output: PlannedTensor
    let gradient: PlannedTensor?
    let inputGradient: (tensor: PlannedTensor, adds: Bool)?
    let tangents: (input: PlannedTensor, output: PlannedTensor)?

    init(_ operation: PixelShuffle, _ places: Places) {
      (factor, isInverse) = (operation.factor, operation.isInverse)
      input = places.value(operation.input)
      output = places.value(operation.output)
      gradient = places.tensor(.gradients, operation.output)
      inputGradient = places.wantedGradient(ofRead: 0)
      tangents = places.tensor(.tangents, operation.input).flatMap { source in
        places.tensor(.tangents, operation.output).map { (source, $0) }
      }
    }

    func forward(_ pass: Pass) { move(pass, from: input, to: output, enlarges: !isInverse, adds: false) }

    func tangent(_ pass: BackwardPass) {
      if let tangents {
        move(pass.pass, from: tangents.input, to: tangents.output, enlarges: !isInverse, adds: false)
      }
    }

    func backward(_ pass: BackwardPass) {
      guard let inputGradient, let gradient else { return }
      move(pass.pass, from: gradient, to: inputGradient.tensor, enlarges: isInverse, adds: inputGradient.adds)
    }

    /// Moves every number to its place in the larger or the smaller image.
    private func move(
      _ pass: Pass, from source: PlannedTensor, to target: PlannedTensor, enlarges: Bool, adds: Bool
    ) {
      let (small, large) = enlarges ? (source, target) : (target, source)
      let (channels, spread) = (large.shape.c, factor * factor)
      pass.run(large.shape.n * large.shape.h) { line, _ in
        let (image, row) = (line / large.shape.h, line % large.shape.h)
        for column in 0..<large.shape.w {
          let phase = row % factor * factor + column % factor
          let few = pass.arena + Int(large.offset(image, row, column))
          let many = pass.arena + Int(small.offset(image, row / factor, column / factor)) + phase
          if enlarges {
            if adds {
              for channel in 0..<channels { few[channel] += many[channel * spread] }
            } else {
              for channel in 0..<channels { few[channel] = many[channel * spread] }
            }
          } else if adds {
            for channel in 0..<channels { many[channel * spread] += few[channel] }
          } else {
            for channel in 0..<channels { many[channel * spread] = few[channel] }
          }
        }
      }
    }
  }
}

extension NetworkBuilder {
  /// Appends a pixel shuffle, which makes an image `factor` times as large of `factor`² times as many channels.
  ///
  /// - Returns: the larger image, (N, C / factor², H · factor, W · factor)
  package mutating func pixelShuffle(_ input: Value, factor: Int) -> Value {
    require(
      factor > 1 && input.channels % (factor * factor) == 0, "pixel shuffle ×\(factor)",
      "needs a multiple of \(factor)² channels, not \(input.channels)")
    let output = value(channels: max(1, input.channels / (factor * factor)))
    append(PixelShuffle(input: input, output: output, factor: factor))
    return output
  }

  /// Appends the inverse of a pixel shuffle; the sides of the image are multiples of `factor`.
  ///
  /// - Returns: the smaller image, (N, C · factor², H / factor, W / factor)
  package mutating func pixelUnshuffle(_ input: Value, factor: Int) -> Value {
    require(factor > 1, "pixel unshuffle ÷\(factor)", "needs a factor of 2 or more")
    let output = value(channels: input.channels * factor * factor)
    append(PixelShuffle(input: input, output: output, factor: factor, isInverse: true))
    return output
  }
}
