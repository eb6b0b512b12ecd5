import TestSupport
import Testing
@testable import NeuralNet

/// Every fast product against the plain one: over shapes, algorithms and kernel builds, forward and both gradients.
@Suite struct ConvolutionKernelTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var geometry: ConvolutionGeometry
    var testDescription: String { name }
  }

  static let geometries = [
    Case(name: "1×1", geometry: .convolution(kernel: 1)),
    Case(name: "3×3", geometry: .convolution(kernel: 3, padding: 1)),
    Case(name: "3×3 reflected", geometry: .convolution(kernel: 3, padding: 1, paddingMode: .reflection)),
    Case(
      name: "3×3 upsampled", geometry: .convolution(kernel: 3, padding: 1, paddingMode: .reflection, upsampling: 2)),
    Case(name: "3×3 stride 2", geometry: .convolution(kernel: 3, stride: 2, padding: 1)),
    Case(name: "4×4 stride 1", geometry: .convolution(kernel: 4, padding: 1)),
    Case(name: "4×4 stride 2", geometry: .convolution(kernel: 4, stride: 2, padding: 1)),
    Case(name: "7×7 reflected", geometry: .convolution(kernel: 7, padding: 3, paddingMode: .reflection)),
    Case(name: "3×3 transposed", geometry: .transposed(kernel: 3, stride: 2, padding: 1, outputPadding: 1)),
    Case(name: "4×4 transposed", geometry: .transposed(kernel: 4, stride: 2, padding: 1)),
  ]

  /// Tap by tap, with any number of channels.
  @Test(arguments: geometries, KernelTable.available.map(\.name)) func direct(_ layer: Case, kernels: String) throws {
    var random = RandomGenerator(seed: 7)
    for channels in [(1, 3), (3, 5), (5, 64), (65, 1), (64, 65), (17, 6), (70, 130)] {
      let check = try Check(layer, kernels, channels, images: 1 + channels.0 % 2, .direct, &random)
      try check.run(tolerance: 2e-6)
    }
  }

  /// The smallest images that each layer takes: 1×1 where padding or transposition allows it.
  @Test(arguments: geometries, KernelTable.available.map(\.name)) func smallest(_ layer: Case, kernels: String) throws {
    var random = RandomGenerator(seed: 8)
    let least = try #require((1...8).first { layer.geometry.outputExtent($0) != nil })
    for extents in [(least, least), (least, least + 1), (least + 2, least)] {
      for channels in [(1, 1), (3, 64), (64, 3), (16, 16), (65, 7)] {
        let check = try Check(layer, kernels, channels, images: 2, .direct, &random, extents: extents)
        try check.run(tolerance: 2e-6)
      }
      let check = try Check(layer, kernels, (16, 32), images: 1, .tiles(2), &random, extents: extents)
      try check.run(tolerance: 1e-5)
    }
  }

  /// By transforms, with whole vectors of channels.
  @Test(arguments: geometries, KernelTable.available.map(\.name))
  func transformed(_ layer: Case, kernels: String) throws {
    var random = RandomGenerator(seed: 9)
    for outputs in 2...4 {
      for channels in [(16, 16), (48, 80), (144, 32)] {
        let check = try Check(layer, kernels, channels, images: 1 + outputs % 2, .tiles(outputs), &random)
        try check.run(tolerance: 1e-5)
      }
    }
  }

  /// One layer with random numbers, against its definition.
  struct Check {
    let name: String
    let naive: NaiveConvolution
    let network: Network
    let execution: Execution
    let x: [Float]
    let weights: [Float]
    let bias: [Float]
    let dy: [Float]

    init(
      _ layer: Case, _ kernels: String, _ channels: (Int, Int), images: Int, _ choice: AlgorithmChoice,
      _ random: inout RandomGenerator, extents given: (Int, Int)? = nil
    ) throws {
      let least = max(4, layer.geometry.kernel)
      let drawn = (least + Int(random.uniform() * 9), least + Int(random.uniform() * 9))
      let extents = given ?? drawn
      let input = Shape(images, channels.0, extents.0, extents.1)
      naive = try NaiveConvolution(layer.geometry, input: input, outputChannels: channels.1)
      name = "\(layer.name) \(kernels) \(input) → \(naive.output) \(choice)"
      var builder = NetworkBuilder(inputChannels: channels.0)
      let output = builder.value(channels: channels.1)
      builder.convolution("layer", layer.geometry, from: builder.input, hasBias: true, to: (output, .identity))
      network = try builder.build(output: output)
      let table = try #require(KernelTable.available.first { $0.name == kernels })
      execution = try Execution(
        network, shape: input, mode: .training(inputGradient: true),
        processor: Processor(threads: 2, kernels: table, algorithms: choice))
      func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.uniform() * 2 - 1) } }
      x = numbers(input.count)
      weights = numbers(naive.weightCount)
      bias = numbers(channels.1)
      dy = numbers(naive.output.count)
    }

    func run(tolerance: Double) throws {
      let store = network.parameters
      store.setFileOrder(store.parameters[0], weights)
      store.setFileOrder(store.parameters[1], bias)
      execution.input.setNCHW(x)
      execution.forward()
      expect(Closeness("\(name) y", execution.output.nchw(), naive.forward(x, weights, bias), tolerance))
      let reference = naive.backward(x, weights, dy)
      let zeros = [Float](repeating: 0, count: dy.count)
      // The second pass must be added to the first.
      for (upstream, accumulates) in [(zeros, false), (dy, true)] {
        execution.forward()
        execution.outputGradient.setNCHW(upstream)
        execution.backward(accumulates: accumulates)
      }
      expect(Closeness("\(name) dx", execution.inputGradient.nchw(), reference.dx, tolerance))
      let gradient = store.fileOrder(store.parameters[0], from: try store.gradients())
      expect(Closeness("\(name) dw", gradient, reference.dw, tolerance))
    }
  }
}
