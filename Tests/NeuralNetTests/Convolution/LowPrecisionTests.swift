import Testing

@testable import NeuralNet

/// Convolutions in fewer bits against the same in single precision of numbers that have been rounded alike.
@Suite struct LowPrecisionTests {
  struct Layer: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var geometry: ConvolutionGeometry
    var channels = (inputs: 64, outputs: 80)
    var extent = (height: 10, width: 14)
  }

  private static let direct = [
    Layer(testDescription: "4×4 stride 2", geometry: .convolution(kernel: 4, stride: 2, padding: 1)),
    Layer(
      testDescription: "4×4 transposed", geometry: .transposed(kernel: 4, stride: 2, padding: 1),
      channels: (80, 64), extent: (5, 7)),
    Layer(
      testDescription: "3×3 stride 2", geometry: .convolution(kernel: 3, stride: 2, padding: 1), channels: (64, 130)),
    Layer(
      testDescription: "5×5, reflected",
      geometry: .convolution(kernel: 5, padding: 2, paddingMode: .reflection), channels: (64, 65)),
    Layer(
      testDescription: "4×4 stride 2 to one pixel", geometry: .convolution(kernel: 4, stride: 2, padding: 1),
      channels: (64, 64), extent: (2, 2)),
    Layer(testDescription: "1×1", geometry: .convolution(kernel: 1)),
  ]

  private static func network(_ layer: Layer) throws -> Network {
    var builder = NetworkBuilder(inputChannels: layer.channels.inputs)
    let output = builder.value(channels: layer.channels.outputs)
    builder.convolution("layer", layer.geometry, from: builder.input, hasBias: true, to: (output, .identity))
    let network = try builder.build(output: output)
    var random = RandomGenerator(seed: 31)
    network.initialize(.normal, gain: 0.2, random: &random)
    let bias = network.parameters.parameters[1]
    network.parameters.setFileOrder(bias, (0..<bias.count).map { _ in Float(random.uniform()) })
    return network
  }

  /// Images of different ranges: a batch shares none.
  private static func images(_ layer: Layer, _ count: Int) -> [[Float]] {
    var random = RandomGenerator(seed: 32)
    return (0..<count).map { image in
      (0..<layer.channels.inputs * layer.extent.height * layer.extent.width).map { _ in
        Float(random.uniform() * Double(image + 1)) - 0.4
      }
    }
  }

  private static func run(
    _ network: Network, _ layer: Layer, _ images: [[Float]], _ precision: Precision, threads: Int = 2,
    kernels: KernelTable = .current, algorithms: AlgorithmChoice = .direct
  ) throws -> [Float] {
    var mode = ExecutionMode()
    mode.precision = precision
    let processor = try Processor(threads: threads, kernels: kernels, algorithms: algorithms)
    let shape = Shape(images.count, layer.channels.inputs, layer.extent.height, layer.extent.width)
    let execution = try Execution(network, shape: shape, mode: mode, processor: processor)
    execution.input.setNCHW(images.flatMap(\.self))
    execution.forward()
    return execution.output.nchw()
  }

  private static func bfloat(_ number: Float) -> Float {
    Float(bitPattern: (number.bitPattern &+ 0x7FFF &+ (number.bitPattern >> 16 & 1)) & 0xFFFF_0000)
  }

  /// An image as numbers of this form stand for it: integers as in Jacob et al. (2018), or by the greatest number of each pixel.
  private static func round(_ image: [Float], _ layer: Layer, _ form: NumberForm) -> [Float] {
    switch form {
    case .floats: return image
    case .bfloats: return image.map(bfloat)
    case .integers, .wideIntegers:
      let (least, greatest) = (min(0, image.min() ?? 0), max(0, image.max() ?? 0))
      let step = greatest > least ? (greatest - least) / 255 : 1
      let zero = (-least / step).rounded(.toNearestOrEven)
      return image.map { (($0 * (1 / step) + zero).rounded(.toNearestOrEven) - zero) * step }
    case .scaledIntegers:
      let pixels = image.count / layer.channels.inputs
      return scaled(image) { $0 % pixels }
    }
  }

  /// Each number in 4095 steps to the greatest of its set.
  private static func scaled(_ numbers: [Float], _ set: (Int) -> Int) -> [Float] {
    var greatest: [Int: Float] = [:]
    for (index, number) in numbers.enumerated() {
      greatest[set(index), default: 0] = max(greatest[set(index), default: 0], abs(number))
    }
    return numbers.enumerated().map { index, number in
      guard let most = greatest[set(index)], most > 0 else { return 0 }
      return (number * (4095 / most)).rounded(.toNearestOrEven) * (most / 4095)
    }
  }

  /// Weights as numbers of this form stand for them: a step for each output, or for each of its taps.
  private static func roundWeights(_ network: Network, _ layer: Layer, _ form: NumberForm) {
    let weight = network.parameters.parameters[0]
    let numbers = network.parameters.fileOrder(weight)
    let taps = layer.geometry.taps
    func output(_ index: Int) -> Int {
      layer.geometry.isTransposed
        ? index / taps % layer.channels.outputs : index / taps / layer.channels.inputs
    }
    switch form {
    case .floats: return
    case .bfloats: network.parameters.setFileOrder(weight, numbers.map(bfloat))
    case .scaledIntegers:
      network.parameters.setFileOrder(weight, scaled(numbers) { output($0) * taps + $0 % taps })
    case .integers, .wideIntegers:
      var greatest = [Float](repeating: 0, count: layer.channels.outputs)
      for (index, number) in numbers.enumerated() {
        greatest[output(index)] = max(greatest[output(index)], abs(number))
      }
      network.parameters.setFileOrder(
        weight,
        numbers.enumerated().map { index, number in
          let most = greatest[output(index)]
          return (number * (127 / most)).rounded(.toNearestOrEven) * (most / 127)
        })
    }
  }

  /// The form in which these kernels compute with a precision.
  private static func form(_ precision: Precision, _ kernels: KernelTable) -> NumberForm {
    let forms = kernels.lowPrecision.forms
    return precision == .int8 ? forms.int8 : forms.bfloat16
  }

  /// What is left is the rounding of sums, in single precision on one side.
  @Test(arguments: KernelTable.available, [Precision.bfloat16, .int8])
  func equalsRoundedNumbers(_ kernels: KernelTable, precision: Precision) throws {
    let form = Self.form(precision, kernels)
    for layer in Self.direct {
      let network = try Self.network(layer)
      let images = Self.images(layer, 3)
      let actual = try Self.run(network, layer, images, precision, kernels: kernels)
      Self.roundWeights(network, layer, form)
      let expected = try Self.run(network, layer, images.map { Self.round($0, layer, form) }, .float32)
      let size = expected.map(abs).max() ?? 1
      let error = zip(actual, expected).map { abs($0 - $1) }.max() ?? .infinity
      #expect(error / size < 3e-6, "\(layer.testDescription), \(form): relative error \(error / size)")
    }
  }

  /// What becomes of an image depends on neither its batch, nor the number of threads, nor, for integers, the processor.
  @Test(arguments: direct) func dependsOnTheImageAlone(_ layer: Layer) throws {
    let network = try Self.network(layer)
    let images = Self.images(layer, 3)
    for precision in [Precision.bfloat16, .int8] {
      let together = try Self.run(network, layer, images, precision)
      let alone = try images.flatMap { try Self.run(network, layer, [$0], precision, threads: 1) }
      #expect(together == alone, "\(precision)")
      guard precision == .int8 else { continue }
      for kernels in KernelTable.available {
        #expect(try Self.run(network, layer, images, .int8, kernels: kernels) == together, "\(kernels.name)")
      }
    }
  }

  /// Residual layers are transformed and rounded to bfloat16, whichever of the two is asked for; the difference to single
  /// precision is a hundredth, and many times that of the transform alone. Where pairs of integers stand in for bfloat16 numbers
  /// they are one or the other to the last bit: transformed in single precision, or pairs.
  @Test(arguments: KernelTable.available, [Precision.bfloat16, .int8])
  func residualLayers(_ kernels: KernelTable, precision: Precision) throws {
    let layer = Layer(
      testDescription: "3×3, reflected", geometry: .convolution(kernel: 3, padding: 1, paddingMode: .reflection),
      channels: (64, 64), extent: (24, 20))
    let network = try Self.network(layer)
    let images = Self.images(layer, 2)
    let expected = try Self.run(network, layer, images, .float32, kernels: kernels)
    let actual = try Self.run(network, layer, images, precision, kernels: kernels, algorithms: .byShape)
    let alone = try images.flatMap {
      try Self.run(network, layer, [$0], precision, threads: 1, kernels: kernels, algorithms: .byShape)
    }
    #expect(actual == alone)
    func power(_ numbers: [Float]) -> Double { numbers.reduce(0) { $0 + Double($1) * Double($1) } }
    let error = (power(zip(actual, expected).map { $0 - $1 }) / power(expected)).squareRoot()
    if kernels.lowPrecision.forms.bfloat16 == .scaledIntegers {
      let transformed = try Self.run(network, layer, images, .float32, kernels: kernels, algorithms: .byShape)
      let pairs = try Self.run(network, layer, images, precision, kernels: kernels)
      #expect(actual == transformed || actual == pairs, "\(kernels.name)")
      // Seen: 2.4e-4 in sixteen bits, 7.7e-3 in eight.
      let rounding = (power(zip(pairs, expected).map { $0 - $1 }) / power(expected)).squareRoot()
      let limits = precision == .int8 ? 1e-3...1e-2 : 2e-5...5e-4
      #expect(limits.contains(rounding), "\(kernels.name): relative error \(rounding)")
    } else {
      #expect(error < 0.015 && error > 1e-4, "relative error \(error)")
    }
  }

  /// Zeros have no range, and one number has one of its own.
  @Test(arguments: [Precision.bfloat16, .int8], [0, 0.75, -3] as [Float])
  func constantImages(_ precision: Precision, value: Float) throws {
    let form = Self.form(precision, .current)
    for layer in Self.direct {
      let network = try Self.network(layer)
      let image = [Float](
        repeating: value, count: layer.channels.inputs * layer.extent.height * layer.extent.width)
      let actual = try Self.run(network, layer, [image], precision)
      Self.roundWeights(network, layer, form)
      let expected = try Self.run(network, layer, [image], .float32)
      let size = max(1, expected.map(abs).max() ?? 1)
      let error = zip(actual, expected).map { abs($0 - $1) }.max() ?? .infinity
      #expect(error / size < 3e-6, "\(layer.testDescription): relative error \(error / size)")
    }
  }

  /// First and last layers of networks, and those whose integer sums could overflow, are left as they are.
  @Test func whatLayersAreComputedWith() {
    func numbers(_ inputs: Int, _ outputs: Int, kernel: Int = 4, isTransformed: Bool = false) -> [Precision] {
      [Precision.float32, .bfloat16, .int8].map {
        AlgorithmRule(memoryCost: 1, precision: $0).numbers(
          .convolution(kernel: kernel),
          PackedWeights(
            inputChannels: inputs, outputChannels: outputs, taps: kernel * kernel, isTransposed: false),
          isTransformed: isTransformed, pixels: nil)
      }
    }
    #expect(numbers(64, 128) == [.float32, .bfloat16, .int8])
    #expect(numbers(48, 128) == [.float32, .bfloat16, .bfloat16])
    #expect(numbers(128, 48) == [.float32, .bfloat16, .bfloat16])
    #expect(numbers(64, 64, isTransformed: true) == [.float32, .bfloat16, .bfloat16])
    #expect(numbers(3, 64) == [.float32, .float32, .float32])
    #expect(numbers(64, 3) == [.float32, .float32, .float32])
    #expect(numbers(8, 8) == [.float32, .float32, .float32])
    #expect(numbers(8192, 64) == [.float32, .bfloat16, .bfloat16], "16 · 8192 products of 255 · 127 overflow")
  }

  /// The form of numbers follows from what the processor multiplies fastest; training knows bfloat16 alone.
  @Test func whatFormNumbersHave() {
    func forms(_ forms: LowPrecisionKernels.Forms, isTransformed: Bool = false, pixels: Int? = nil) -> [NumberForm] {
      [Precision.float32, .bfloat16, .int8].map {
        AlgorithmRule(memoryCost: 1, precision: $0, forms: forms).form(
          .convolution(kernel: 4),
          PackedWeights(inputChannels: 64, outputChannels: 128, taps: 16, isTransposed: false),
          isTransformed: isTransformed, pixels: pixels)
      }
    }
    #expect(forms(.asTheyAre) == [.floats, .bfloats, .integers])
    #expect(forms(.integers) == [.floats, .scaledIntegers, .integers])
    #expect(forms(.pairs) == [.floats, .scaledIntegers, .wideIntegers])
    #expect(forms(.asTheyAre, isTransformed: true) == [.floats, .bfloats, .bfloats])
    #expect(forms(.pairs, isTransformed: true) == [.floats, .floats, .floats])
    #expect(forms(.pairs, pixels: 32) == [.floats, .bfloats, .floats])
  }

  /// While training a layer needs whole vectors on both sides, and pixels that pay for the rounding of its weights.
  @Test func whatLayersAreTrainedWith() {
    func numbers(_ inputs: Int, _ outputs: Int, pixels: Int, _ precision: Precision = .bfloat16) -> Precision {
      AlgorithmRule(memoryCost: 1, precision: precision).numbers(
        .convolution(kernel: 4),
        PackedWeights(inputChannels: inputs, outputChannels: outputs, taps: 16, isTransposed: false),
        isTransformed: false, pixels: pixels)
    }
    #expect(numbers(64, 128, pixels: 32) == .bfloat16)
    #expect(numbers(64, 128, pixels: 31) == .float32)
    #expect(numbers(64, 24, pixels: 32) == .float32)
    #expect(numbers(24, 64, pixels: 32) == .float32)
    #expect(numbers(64, 128, pixels: 1000, .float32) == .float32)
  }
}
