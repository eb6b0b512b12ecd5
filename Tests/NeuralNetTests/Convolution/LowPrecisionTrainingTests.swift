import Testing

@testable import NeuralNet

/// Training passes with products in bfloat16 against single precision of numbers that have been rounded alike.
@Suite struct LowPrecisionTrainingTests {
  struct Layer: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var geometry: ConvolutionGeometry
    var channels = (inputs: 64, outputs: 80)
    var extent = (height: 10, width: 14)
    var images = 3
  }

  private static let direct = [
    Layer(testDescription: "4×4 stride 2", geometry: .convolution(kernel: 4, stride: 2, padding: 1)),
    Layer(
      testDescription: "4×4 transposed", geometry: .transposed(kernel: 4, stride: 2, padding: 1),
      channels: (112, 64), extent: (5, 7)),
    Layer(
      testDescription: "3×3 stride 2", geometry: .convolution(kernel: 3, stride: 2, padding: 1), channels: (16, 144)),
    Layer(
      testDescription: "5×5, reflected",
      geometry: .convolution(kernel: 5, padding: 2, paddingMode: .reflection), channels: (208, 16)),
    Layer(
      testDescription: "many pixels", geometry: .convolution(kernel: 4, stride: 2, padding: 1), channels: (32, 32),
      extent: (64, 66), images: 2),
    Layer(testDescription: "1×1", geometry: .convolution(kernel: 1)),
  ]

  /// Of a training pass, in the order of files.
  private struct Result: Equatable {
    var output: [Float]
    var inputGradient: [Float]
    var weightGradient: [Float]

    var parts: [(name: String, numbers: [Float])] {
      [("output", output), ("input gradient", inputGradient), ("weight gradient", weightGradient)]
    }
  }

  /// What a pass begins with.
  private struct Case {
    var weights: [Float]
    var input: [Float]
    var gradient: [Float]

    init(_ layer: Layer) throws {
      var random = RandomGenerator(seed: 41)
      let height = try #require(layer.geometry.outputExtent(layer.extent.height))
      let width = try #require(layer.geometry.outputExtent(layer.extent.width))
      func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.uniform()) - 0.4 } }
      weights = numbers(layer.channels.inputs * layer.channels.outputs * layer.geometry.taps)
      input = numbers(layer.images * layer.channels.inputs * layer.extent.height * layer.extent.width)
      gradient = numbers(layer.images * layer.channels.outputs * height * width)
    }

    mutating func round() {
      weights = weights.map(Self.bfloat)
      input = input.map(Self.bfloat)
      gradient = gradient.map(Self.bfloat)
    }

    private static func bfloat(_ number: Float) -> Float {
      Float(bitPattern: (number.bitPattern &+ 0x7FFF &+ (number.bitPattern >> 16 & 1)) & 0xFFFF_0000)
    }
  }

  private static func run(
    _ layer: Layer, _ numbers: Case, _ precision: Precision, threads: Int = 2, kernels: KernelTable = .current,
    algorithms: AlgorithmChoice = .byShape
  ) throws -> Result {
    var builder = NetworkBuilder(inputChannels: layer.channels.inputs)
    let output = builder.value(channels: layer.channels.outputs)
    builder.convolution("layer", layer.geometry, from: builder.input, hasBias: false, to: (output, .identity))
    let network = try builder.build(output: output)
    let weight = network.parameters.parameters[0]
    network.parameters.setFileOrder(weight, numbers.weights)
    let execution = try Execution(
      network, shape: Shape(layer.images, layer.channels.inputs, layer.extent.height, layer.extent.width),
      mode: .training(inputGradient: true, precision: precision),
      processor: Processor(threads: threads, kernels: kernels, algorithms: algorithms))
    execution.input.setNCHW(numbers.input)
    execution.forward()
    let values = execution.output.nchw()
    execution.outputGradient.setNCHW(numbers.gradient)
    execution.backward()
    return Result(
      output: values, inputGradient: execution.inputGradient.nchw(),
      weightGradient: try network.parameters.fileOrder(weight, from: network.parameters.gradients()))
  }

  /// What is left is the rounding of sums.
  @Test(arguments: direct, KernelTable.available) func equalsRoundedNumbers(_ layer: Layer, kernels: KernelTable) throws
  {
    var numbers = try Case(layer)
    let actual = try Self.run(layer, numbers, .bfloat16, kernels: kernels)
    numbers.round()
    let expected = try Self.run(layer, numbers, .float32, kernels: kernels, algorithms: .direct)
    for (actual, expected) in zip(actual.parts, expected.parts) {
      let size = expected.numbers.map(abs).max() ?? 1
      let error = zip(actual.numbers, expected.numbers).map { abs($0 - $1) }.max() ?? .infinity
      #expect(error / size < 3e-6, "\(actual.name): relative error \(error / size)")
    }
  }

  /// Rounded they are: single precision gives other numbers.
  @Test(arguments: direct) func differsFromSinglePrecision(_ layer: Layer) throws {
    let numbers = try Case(layer)
    let (rounded, exact) = (try Self.run(layer, numbers, .bfloat16), try Self.run(layer, numbers, .float32))
    for (rounded, exact) in zip(rounded.parts, exact.parts) {
      let error = Self.error(rounded.numbers, exact.numbers)
      #expect(error > 1e-4 && error < 5e-3, "\(rounded.name): relative error \(error)")
    }
  }

  @Test(arguments: direct + [residual]) func anyNumberOfThreads(_ layer: Layer) throws {
    let numbers = try Case(layer)
    let one = try Self.run(layer, numbers, .bfloat16, threads: 1)
    for threads in [2, 3] { #expect(try Self.run(layer, numbers, .bfloat16, threads: threads) == one) }
  }

  private static let residual = Layer(
    testDescription: "3×3, reflected", geometry: .convolution(kernel: 3, padding: 1, paddingMode: .reflection),
    channels: (64, 96), extent: (24, 20))

  /// Transformed products lose about a hundredth, as at inference.
  @Test(arguments: KernelTable.available) func residualLayers(_ kernels: KernelTable) throws {
    let numbers = try Case(Self.residual)
    let exact = try Self.run(Self.residual, numbers, .float32, kernels: kernels)
    let rounded = try Self.run(Self.residual, numbers, .bfloat16, kernels: kernels)
    for (rounded, exact) in zip(rounded.parts, exact.parts) {
      let error = Self.error(rounded.numbers, exact.numbers)
      #expect(error > 5e-4 && error < 0.015, "\(rounded.name): relative error \(error)")
    }
  }

  /// Each product's scratch fits into what every worker has.
  @Test func scratchHasRoom() {
    let needs = [
      ProductPlan.scratchCount, LowPrecisionPlan.scratchCount, TransformedWeights.scratchCount,
      WeightGradientPlan.scratchCount,
    ]
    #expect(needs.allSatisfy { $0 <= Processor.scratchFloats }, "\(needs)")
  }

  private static func error(_ actual: [Float], _ expected: [Float]) -> Double {
    func power(_ numbers: [Float]) -> Double { numbers.reduce(0) { $0 + Double($1) * Double($1) } }
    return (power(zip(actual, expected).map { $0 - $1 }) / power(expected)).squareRoot()
  }
}
