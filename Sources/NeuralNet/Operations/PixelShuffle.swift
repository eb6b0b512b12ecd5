/// Pixel shuffle (Shi et al., 2016, section 3.2): (N, C · f², H, W) → (N, C, H · f, W · f); channel c · f² + i · f + j of
/// pixel (y, x) becomes channel c of pixel (y · f + i, x · f + j).
struct PixelShuffle: Operation {
  var name: String { "pixel shuffle ×\(factor)" }
  var input: Value
  var output: Value
  var factor: Int

  var reads: [Value] { [input] }
  var makes: [Value] { [output] }
  package var parameters: [Int] { [] }
  var obstacleToTangents: String? { nil }

  func shapes(of inputs: [Shape]) -> [Shape]? {
    [Shape(inputs[0].n, output.channels, inputs[0].h * factor, inputs[0].w * factor)]
  }

  func describe(_ description: inout NetworkDescription) {
    description.add(.pixelShuffle(factor: factor), called: "pixel_shuffle", of: [input], makes: output)
  }

  func plan(_ planner: OperationPlanner) -> @Sendable (Places) -> any PlannedOperation {
    { Planned(factor: factor, input: input, output: output, $0) }
  }

  private struct Planned: PlannedOperation {
    let factor: Int
    let input: PlannedTensor
    let output: PlannedTensor
    let gradient: PlannedTensor?
    let inputGradient: (tensor: PlannedTensor, adds: Bool)?
    let tangents: (input: PlannedTensor, output: PlannedTensor)?

    init(factor: Int, input: Value, output: Value, _ places: Places) {
      self.factor = factor
      self.input = places.value(input)
      self.output = places.value(output)
      gradient = places.tensor(.gradients, output)
      inputGradient = places.wantedGradient(ofRead: 0)
      tangents = places.tensor(.tangents, input).flatMap { source in
        places.tensor(.tangents, output).map { (source, $0) }
      }
    }

    func forward(_ pass: Pass) { shuffle(pass, input, output) }

    func tangent(_ pass: BackwardPass) {
      if let tangents { shuffle(pass.pass, tangents.input, tangents.output) }
    }

    private func shuffle(_ pass: Pass, _ small: PlannedTensor, _ large: PlannedTensor) {
      forEachRow(pass, small, large) { from, to, channel in to[channel.large] = from[channel.small] }
    }

    func backward(_ pass: BackwardPass) {
      guard let inputGradient, let gradient else { return }
      let adds = inputGradient.adds
      forEachRow(pass.pass, inputGradient.tensor, gradient) { to, from, channel in
        to[channel.small] = adds ? to[channel.small] + from[channel.large] : from[channel.large]
      }
    }

    /// Calls `body` with the pixels that belong together, and their channels.
    private func forEachRow(
      _ pass: Pass, _ small: PlannedTensor, _ large: PlannedTensor,
      _ body:
        @Sendable (
          _ small: UnsafeMutablePointer<Float>, _ large: UnsafeMutablePointer<Float>,
          _ channel: (small: Int, large: Int)
        ) -> Void
    ) {
      pass.run(large.shape.n * large.shape.h) { line, _ in
        let (image, row) = (line / large.shape.h, line % large.shape.h)
        for column in 0..<large.shape.w {
          let phase = row % factor * factor + column % factor
          let from = pass.arena + Int(small.offset(image, row / factor, column / factor))
          let to = pass.arena + Int(large.offset(image, row, column))
          for channel in 0..<large.shape.c { body(from, to, (channel * factor * factor + phase, channel)) }
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
}
