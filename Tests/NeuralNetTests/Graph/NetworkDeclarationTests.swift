import ResNet
import Testing
@testable import NeuralNet

/// What is known of a network before memory is taken for it.
@Suite struct NetworkDeclarationTests {
  private static let pointwise = ConvolutionGeometry.convolution(kernel: 1)

  /// In PyTorch a norm's statistics stand behind its γ and β, before the next module.
  @Test func tensorsStandInTheOrderOfTheStateDict() throws {
    var builder = NetworkBuilder(inputChannels: 3)
    let (hidden, output) = (builder.value(channels: 5), builder.value(channels: 2))
    builder.convolution(
      "0", .convolution(kernel: 3, padding: 1), from: builder.input, hasBias: false, normalization: (.batch, "1"),
      to: (hidden, .relu))
    builder.convolution(
      "3", .transposed(kernel: 4, stride: 2, padding: 1), from: builder.prelu("2", hidden), hasBias: true,
      normalization: (.instance, "4"), to: (output, .tanh))
    let tensors = try builder.declaration(output: output).tensors
    #expect(
      tensors.map { "\($0.name) \($0.shape)" } == [
        "0.weight [5, 3, 3, 3]", "1.weight [5]", "1.bias [5]", "1.running_mean [5]", "1.running_var [5]",
        "1.num_batches_tracked []", "2.weight [5]", "3.weight [5, 2, 4, 4]", "3.bias [2]",
      ])
    #expect(tensors.filter { $0.role == .statistic }.map(\.name) == ["1.running_mean", "1.running_var"])
    #expect(tensors.parameterCount == 135 + 5 + 5 + 5 + 160 + 2)
  }

  /// Files can name networks that no machine holds.
  @Test func takesNoMemoryForNumbers() throws {
    var network = ResNetConfiguration(blocks: 1024)
    network.filters = 65536
    #expect(try network.declaration().tensors.parameterCount > 1 << 50)
    #expect(try network.declaration().description.steps.count > 1024)
    #expect(throws: (any Error).self) { try network.network() }
  }

  /// A value that reaches from the middle of one part of a concatenation to the middle of the next.
  @Test func describesOverlaps() throws {
    var builder = NetworkBuilder(inputChannels: 3)
    let joined = builder.concatenation(4, 3)
    let output = builder.value(channels: 1)
    let rest = builder.value(channels: 1)
    builder.convolution(
      "a", Self.pointwise, from: builder.input, hasBias: true, to: (joined.first, .relu))
    builder.convolution("b", Self.pointwise, from: builder.input, hasBias: true, to: (joined.second, .identity))
    let middle = Value(buffer: joined.whole.buffer, firstChannel: 2, channels: 3)
    builder.convolution("c", Self.pointwise, from: middle, hasBias: false, to: (output, .identity))
    builder.convolution("d", Self.pointwise, from: joined.whole, hasBias: false, to: (rest, .identity))
    let description = try builder.declaration(outputs: [output, rest]).description
    #expect(
      description.steps.map(\.name) == [
        "a", "a.relu", "b", "slice", "slice_2", "concatenation", "c", "concatenation_2", "d",
      ])
    #expect(description.steps[3].layer == .slice(2..<4) && description.steps[3].reads == [.step(1)])
    #expect(description.steps[4].layer == .slice(0..<1) && description.steps[4].reads == [.step(2)])
    #expect(description.steps[5].reads == [.step(3), .step(4)] && description.steps[6].reads == [.step(5)])
    #expect(description.steps[7].reads == [.step(1), .step(2)])
    #expect(description.outputs == [.step(6), .step(8)] && description.inputs == [3])
  }

  /// Two copies with one activation are one layer; dropout is none.
  @Test func describesCopiesOnce() throws {
    var builder = NetworkBuilder(inputChannels: 3)
    let (first, second) = (builder.value(channels: 2), builder.value(channels: 2))
    builder.convolution(
      "a", Self.pointwise, from: builder.input, hasBias: true, normalization: (.instance, "n"), hasDropout: true,
      to: (first, .leakyRelu), and: (second, .leakyRelu))
    let description = try builder.declaration(outputs: [first, second]).description
    #expect(description.steps.map(\.name) == ["a", "n", "n.leaky_relu"])
    #expect(description.outputs == [.step(2), .step(2)])
  }

  /// Runs of channels against one flag each.
  @Test func channelSets() {
    var random = RandomGenerator(seed: 1)
    for _ in 0..<200 {
      var set = ChannelSet()
      var flags = [Bool](repeating: false, count: 24)
      for _ in 0..<8 {
        let lower = Int(random.uniform() * 20)
        let range = lower..<lower + Int(random.uniform() * 4)
        let asked = max(0, lower - 2)..<min(24, lower + 5)
        set.insert(range)
        for channel in range { flags[channel] = true }
        #expect(set.contains(asked) == flags[asked].allSatisfy(\.self))
        #expect(set.meets(asked) == flags[asked].contains(true))
        #expect(set.isEmpty == !flags.contains(true))
        let missing = set.gaps(in: asked).flatMap(Array.init)
        #expect(missing == asked.filter { !flags[$0] })
      }
    }
  }
}
