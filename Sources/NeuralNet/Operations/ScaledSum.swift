import KernelArguments

/// y = s · a + b with a fixed s: a residual that is damped before it is added (Szegedy et al., 2017, section 3.3).
///
/// Where `a` is a convolution's output, the convolution does the same in its own pass (`scale`, `residual`).
struct ScaledSum: Operation {
  var name: String { scale == 1 ? "sum" : "sum with a factor of \(scale)" }
  var input: Value
  var scale: Float
  var residual: Value
  var output: Value

  var reads: [Value] { [residual, input] }
  var makes: [Value] { [output] }
  package var parameters: [Int] { [] }

  func shapes(of inputs: [Shape]) -> [Shape]? { inputs[0] == inputs[1] ? [inputs[0]] : nil }

  func describe(_ description: inout NetworkDescription) {
    var source = description.source(of: input)
    if scale != 1 { source = description.add(.scaling(scale), called: "scaling", of: [source]) }
    let other = description.source(of: residual)
    description.set(output, to: description.add(.sum, called: "sum", of: [other, source]))
  }

  var passesGradientThrough: (from: Value, to: Value)? { (residual, output) }

  func plan(_ planner: OperationPlanner) -> @Sendable (Places) -> any PlannedOperation {
    { Planned(self, $0) }
  }

  private struct Planned: PlannedOperation {
    let scale: Float
    let input: PlannedTensor
    let residual: PlannedTensor
    let output: PlannedTensor
    let gradient: PlannedTensor?
    /// nil where it is not needed, or lies in the place of the sum's.
    let residualGradient: (tensor: PlannedTensor, adds: Bool)?
    let inputGradient: (tensor: PlannedTensor, adds: Bool)?

    init(_ operation: ScaledSum, _ places: Places) {
      scale = operation.scale
      input = places.value(operation.input)
      residual = places.value(operation.residual)
      output = places.value(operation.output)
      gradient = places.tensor(.gradients, operation.output)
      residualGradient = places.wantedGradient(ofRead: 0)
      inputGradient = places.wantedGradient(ofRead: 1)
    }

    func forward(_ pass: Pass) {
      let channels = output.shape.c
      pass.forEachPiece(ofPixels: output.shape.pixels, channels: channels) { pixels in
        let (a, b) = (pass.pixels(input, pixels.lowerBound), pass.pixels(residual, pixels.lowerBound))
        pass.kernels.activate(
          ActivationPass(
            pixels: pixels.count, channels: channels, input: a, affine: nil, dropout: nil, scale: scale, residual: b,
            first: RectifiedView(pass.pixels(output, pixels.lowerBound), slope: 1), second: nil))
      }
    }

    /// da = s · dy, db = dy
    func backward(_ pass: BackwardPass) {
      guard let gradient else { return }
      if let residualGradient { hand(pass.pass, gradient, 1, residualGradient) }
      if let inputGradient { hand(pass.pass, gradient, scale, inputGradient) }
    }

    private func hand(
      _ pass: Pass, _ gradient: PlannedTensor, _ scale: Float, _ target: (tensor: PlannedTensor, adds: Bool)
    ) {
      let channels = gradient.shape.c
      pass.forEachPiece(ofPixels: gradient.shape.pixels, channels: channels) { pixels in
        let source = pass.pixels(gradient, pixels.lowerBound)
        let place = pass.pixels(target.tensor, pixels.lowerBound)
        for pixel in 0..<pixels.count {
          let (from, to) = (source.base + pixel * source.stride, place.base + pixel * place.stride)
          if target.adds {
            for channel in 0..<channels { to[channel] += scale * from[channel] }
          } else {
            for channel in 0..<channels { to[channel] = scale * from[channel] }
          }
        }
      }
    }
  }
}

extension NetworkBuilder {
  /// Appends `scale` · `input` + `residual`, which have the same shape.
  ///
  /// - Parameter output: where the sum goes; nil: a value of its own
  /// - Returns: the sum
  package mutating func sum(_ input: Value, scaledBy scale: Float = 1, and residual: Value, to output: Value? = nil)
    -> Value
  {
    let output = output ?? value(channels: residual.channels)
    let operation = ScaledSum(input: input, scale: scale, residual: residual, output: output)
    require(
      input.channels == residual.channels && output.channels == residual.channels, operation.name,
      "has \(input.channels) and \(residual.channels) channels for \(output.channels)")
    append(operation)
    return output
  }
}
