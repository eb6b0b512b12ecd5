@testable import Files
@testable import NeuralNet

/// A convolution and its gradients by definition, in Double: every tap of every pixel, nothing shared, nothing left out.
struct NaiveConvolution {
  let geometry: ConvolutionGeometry
  /// (N, C, H, W)
  let input: Shape
  let output: Shape
  private let weightInner: Int

  init(_ geometry: ConvolutionGeometry, input: Shape, outputChannels: Int) throws {
    self.geometry = geometry
    self.input = input
    guard let h = geometry.outputExtent(input.h), let w = geometry.outputExtent(input.w) else {
      throw FileError(path: nil, problem: "the kernel does not fit")
    }
    output = Shape(input.n, outputChannels, h, w)
    weightInner = geometry.isTransposed ? outputChannels : input.c
  }

  var weightCount: Int { input.c * output.c * geometry.kernel * geometry.kernel }

  func forward(_ x: [Float], _ weights: [Float], _ bias: [Float]) -> [Float] {
    var y = [Double](repeating: 0, count: output.count)
    for index in y.indices { y[index] = Double(bias[index / (output.h * output.w) % output.c]) }
    forEachProduct { y[$1] += Double(x[$0]) * Double(weights[$2]) }
    return y.map { Float($0) }
  }

  func backward(_ x: [Float], _ weights: [Float], _ dy: [Float]) -> (dx: [Float], dw: [Float]) {
    var dx = [Double](repeating: 0, count: input.count)
    var dw = [Double](repeating: 0, count: weightCount)
    forEachProduct {
      dx[$0] += Double(dy[$1]) * Double(weights[$2])
      dw[$2] += Double(dy[$1]) * Double(x[$0])
    }
    return (dx.map { Float($0) }, dw.map { Float($0) })
  }

  /// Calls `body` with the indices of input, output and weight that are multiplied.
  private func forEachProduct(_ body: (_ input: Int, _ output: Int, _ weight: Int) -> Void) {
    let kernel = geometry.kernel
    for (row, inputRow, tapRow) in axis(input.h, output.h) {
      for (column, inputColumn, tapColumn) in axis(input.w, output.w) {
        for image in 0..<input.n {
          for channel in 0..<input.c {
            let source = ((image * input.c + channel) * input.h + inputRow) * input.w + inputColumn
            for out in 0..<output.c {
              let target = ((image * output.c + out) * output.h + row) * output.w + column
              let (outer, inner) = geometry.isTransposed ? (channel, out) : (out, channel)
              body(source, target, ((outer * weightInner + inner) * kernel + tapRow) * kernel + tapColumn)
            }
          }
        }
      }
    }
  }

  /// All (output, input, tap) that belong together along one axis.
  private func axis(_ input: Int, _ output: Int) -> [(Int, Int, Int)] {
    var triples: [(Int, Int, Int)] = []
    for tap in 0..<geometry.kernel {
      if geometry.isTransposed {
        for source in 0..<input {
          let target = source * geometry.stride - geometry.padding + tap
          if (0..<output).contains(target) { triples.append((target, source, tap)) }
        }
      } else {
        for target in 0..<output {
          var source = target * geometry.stride - geometry.padding + tap
          let extent = input * geometry.upsampling
          if geometry.paddingMode == .reflection {
            if source < 0 { source = -source }
            if source >= extent { source = 2 * (extent - 1) - source }
          }
          if (0..<extent).contains(source) { triples.append((target, source / geometry.upsampling, tap)) }
        }
      }
    }
    return triples
  }
}
