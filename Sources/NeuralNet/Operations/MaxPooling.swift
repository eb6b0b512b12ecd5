/// The largest of each 2×2 pixels: (N, C, H, W) → (N, C, ⌊H / 2⌋, ⌊W / 2⌋); an odd last row or column is left out.
///
/// The gradient goes to the first largest in reading order, as in PyTorch.
struct MaxPooling: Operation {
  var name: String { "2×2 max pooling" }
  var input: Value
  var output: Value

  var reads: [Value] { [input] }
  var makes: [Value] { [output] }
  package var parameters: [Int] { [] }

  func shapes(of inputs: [Shape]) -> [Shape]? {
    guard inputs[0].h >= 2, inputs[0].w >= 2 else { return nil }
    return [Shape(inputs[0].n, inputs[0].c, inputs[0].h / 2, inputs[0].w / 2)]
  }

  func describe(_ description: inout NetworkDescription) {
    description.add(.maxPooling(size: 2), called: "max_pooling", of: [input], makes: output)
  }

  func plan(_ planner: OperationPlanner) -> @Sendable (Places) -> any PlannedOperation {
    if planner.runsBackward { planner.keep(.values, of: input, until: .backward) }
    return { Planned(input: input, output: output, $0) }
  }

  private struct Planned: PlannedOperation {
    let input: PlannedTensor
    let output: PlannedTensor
    let gradient: PlannedTensor?
    let inputGradient: (tensor: PlannedTensor, adds: Bool)?

    init(input: Value, output: Value, _ places: Places) {
      self.input = places.value(input)
      self.output = places.value(output)
      gradient = places.tensor(.gradients, output)
      inputGradient = places.wantedGradient(ofRead: 0)
    }

    func forward(_ pass: Pass) {
      forEachWindow(pass, input) { window, row, column, image in
        let y = pass.arena + Int(output.offset(image, row, column))
        for channel in 0..<output.shape.c {
          y[channel] = max(
            max(window.0[channel], window.1[channel]), max(window.2[channel], window.3[channel]))
        }
      }
    }

    func backward(_ pass: BackwardPass) {
      guard let gradient, let inputGradient else { return }
      let shared = pass.pass
      if !inputGradient.adds { clear(shared, inputGradient.tensor) }
      forEachWindow(shared, input) { window, row, column, image in
        let dy = shared.arena + Int(gradient.offset(image, row, column))
        let dx = Self.window(shared, inputGradient.tensor, image, row, column)
        for channel in 0..<gradient.shape.c {
          let x = (window.0[channel], window.1[channel], window.2[channel], window.3[channel])
          let largest = max(max(x.0, x.1), max(x.2, x.3))
          let place = x.0 == largest ? dx.0 : x.1 == largest ? dx.1 : x.2 == largest ? dx.2 : dx.3
          place[channel] += dy[channel]
        }
      }
    }

    private func clear(_ pass: Pass, _ tensor: PlannedTensor) {
      pass.forEachPiece(ofPixels: tensor.shape.pixels, channels: tensor.shape.c) { pixels in
        let place = pass.pixels(tensor, pixels.lowerBound)
        for pixel in 0..<pixels.count {
          (place.base + pixel * place.stride).update(repeating: 0, count: tensor.shape.c)
        }
      }
    }

    /// Four pixels in reading order.
    private typealias Window = (
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Float>
    )

    private static func window(
      _ pass: Pass, _ tensor: PlannedTensor, _ image: Int, _ row: Int, _ column: Int
    ) -> Window {
      let first = pass.arena + Int(tensor.offset(image, 2 * row, 2 * column))
      let below = pass.arena + Int(tensor.offset(image, 2 * row + 1, 2 * column))
      return (first, first + tensor.stride, below, below + tensor.stride)
    }

    private func forEachWindow(
      _ pass: Pass, _ tensor: PlannedTensor,
      _ body: @Sendable (_ window: Window, _ row: Int, _ column: Int, _ image: Int) -> Void
    ) {
      pass.run(output.shape.n * output.shape.h) { line, _ in
        let (image, row) = (line / output.shape.h, line % output.shape.h)
        for column in 0..<output.shape.w {
          body(Self.window(pass, tensor, image, row, column), row, column, image)
        }
      }
    }
  }
}

extension NetworkBuilder {
  /// Appends 2×2 max pooling.
  ///
  /// - Returns: (N, C, ⌊H / 2⌋, ⌊W / 2⌋)
  package mutating func maxPooling(_ input: Value) -> Value {
    let output = value(channels: input.channels)
    append(MaxPooling(input: input, output: output))
    return output
  }
}
