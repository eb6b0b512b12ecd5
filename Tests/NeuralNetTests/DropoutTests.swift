import Testing
import NeuralNet

/// Dropout: half is dropped, the rest doubled, drawn by position.
@Suite struct DropoutTests {
  private static let shape = Shape(2, 3, 40, 24)

  /// A 1×1 convolution whose output is 1 everywhere before dropout; with `normalization`, γ = 0 and β = 1.
  private static func network(_ width: Int, _ normalization: NormalizationKind) throws -> Network {
    var builder = NetworkBuilder(inputChannels: shape.c)
    let output = builder.value(channels: width)
    builder.convolution(
      "layer", .convolution(kernel: 1), from: builder.input, hasBias: true, normalization: (normalization, "norm"),
      hasDropout: true, to: (output, .identity))
    let network = try builder.build(output: output)
    for parameter in network.parameters.parameters {
      let one = parameter.initialization == .constant(0)
      network.parameters.setFileOrder(parameter, [Float](repeating: one ? 1 : 0, count: parameter.count))
    }
    return network
  }

  /// Output and input-independent gradient of the layer's own output, which is the mask times what is upstream.
  private static func run(
    _ network: Network, key: UInt64, threads: Int, drops: Bool = true
  ) throws -> (output: [Float], biasGradient: [Float]) {
    var mode = ExecutionMode.training()
    mode.drops = drops
    let execution = try Execution(network, shape: shape, mode: mode, processor: Processor(threads: threads))
    execution.input.fill(0.5)
    execution.forward(dropoutKey: key)
    let output = execution.output.nchw()
    // Where forward and backward drop alike, the sum of mask · upstream is that of mask · output / 2.
    execution.outputGradient.setNCHW(output.map { $0 > 0 ? 1 : 1000 })
    execution.backward()
    let place = network.parameters.parameters[network.parameters.parameters.count - 1]
    return (output, network.parameters.fileOrder(place, from: try network.parameters.gradients()))
  }

  @Test(arguments: [1, 5, 16, 17, 64, 65], [NormalizationKind.batch, .none])
  func keepsHalf(width: Int, normalization: NormalizationKind) throws {
    let network = try Self.network(width, normalization)
    let (output, gradient) = try Self.run(network, key: 3, threads: 2)
    #expect(output.allSatisfy { $0 == 0 || $0 == 2 })
    let plane = Self.shape.h * Self.shape.w
    let perChannel = Double(Self.shape.n * plane)
    var kept = 0.0
    for channel in 0..<width {
      let number = (0..<Self.shape.n).reduce(0.0) { sum, image in
        let first = (image * width + channel) * plane
        return sum + Double(output[first..<first + plane].count { $0 == 2 })
      }
      kept += number
      #expect(abs(number / perChannel - 0.5) < 5 * 0.5 / perChannel.squareRoot(), "channel \(channel): \(number)")
      // Twice the number of kept places, and none of the thousands at dropped ones.
      #expect(Double(gradient[channel]) == 2 * number, "channel \(channel)")
    }
    let count = Double(output.count)
    #expect(abs(kept / count - 0.5) < 4 * 0.5 / count.squareRoot(), "\(kept / count) kept")
  }

  @Test func keysAndThreads() throws {
    let network = try Self.network(20, .batch)
    let first = try Self.run(network, key: 3, threads: 1).output
    for threads in [2, 3, 5] { #expect(try Self.run(network, key: 3, threads: threads).output == first) }
    let other = try Self.run(network, key: 4, threads: 1).output
    let equal = Double(zip(first, other).count { $0 == $1 }) / Double(first.count)
    #expect(abs(equal - 0.5) < 0.02, "\(equal) of the places agree")
  }

  /// The mask depends on position alone, not on what runs before it.
  @Test func sameMaskInEveryKindOfBlock() throws {
    let batch = try Self.run(try Self.network(33, .batch), key: 9, threads: 2).output
    let none = try Self.run(try Self.network(33, .none), key: 9, threads: 2).output
    #expect(batch == none)
  }

  /// Neighbouring pixels, channels and images are dropped independently.
  @Test func independence() throws {
    let width = 17
    let output = try Self.run(try Self.network(width, .none), key: 1, threads: 2).output
    let plane = Self.shape.h * Self.shape.w
    for distance in [1, Self.shape.w, plane, 16 * plane, width * plane] {
      let pairs = zip(output, output.dropFirst(distance))
      let equal = Double(pairs.count { $0 == $1 }) / Double(output.count - distance)
      #expect(abs(equal - 0.5) < 0.02, "distance \(distance): \(equal) agree")
    }
  }

  @Test func inferenceDropsNothing() throws {
    let output = try Self.run(try Self.network(7, .batch), key: 1, threads: 1, drops: false).output
    #expect(output.allSatisfy { $0 == 1 })
  }
}
