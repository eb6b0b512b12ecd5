/// Puts a network together block by block, in the order in which it runs.
public struct NetworkBuilder {
  /// The network's input.
  public let input: Value
  private var buffers: [Int]
  private var blocks: [Block] = []
  private var parameters: [Parameter] = []
  private var statistics: [RunningStatistics] = []

  /// An empty network over images of `inputChannels` channels.
  public init(inputChannels: Int) {
    buffers = [inputChannels]
    input = Value(buffer: 0, firstChannel: 0, channels: inputChannels)
  }

  /// A new value of its own.
  public mutating func value(channels: Int) -> Value {
    buffers.append(channels)
    return Value(buffer: buffers.count - 1, firstChannel: 0, channels: channels)
  }

  /// The concatenation of two values along the channels: the whole and its parts, which share one buffer.
  public mutating func concatenation(_ first: Int, _ second: Int) -> (whole: Value, first: Value, second: Value) {
    let whole = value(channels: first + second)
    var left = whole
    var right = whole
    left.channels = first
    right.channels = second
    right.firstChannel = first
    return (whole, left, right)
  }

  /// Appends convolution → normalisation → dropout → + residual → activations.
  ///
  /// - Parameters:
  ///   - name: the convolution's name in PyTorch's state_dict; `.weight` and `.bias` are appended
  ///   - input: what the convolution reads
  ///   - hasBias: whether it adds a bias
  ///   - normalization: the kind, and its name in the state_dict
  ///   - hasDropout: whether half of the normalised values are dropped while training
  ///   - residual: added to the normalised values
  ///   - first: where the result goes, and the activation on the way
  ///   - second: another copy with another activation
  public mutating func convolution(
    _ name: String, _ geometry: ConvolutionGeometry, from input: Value, hasBias: Bool,
    normalization: (kind: NormalizationKind, name: String)? = nil, hasDropout: Bool = false, residual: Value? = nil,
    to first: (value: Value, activation: Activation), and second: (value: Value, activation: Activation)? = nil
  ) {
    let outputs = first.value.channels
    let packing = PackedWeights(
      inputChannels: input.channels, outputChannels: outputs, taps: geometry.taps,
      isTransposed: geometry.isTransposed)
    let outer = geometry.isTransposed ? input.channels : outputs
    let inner = geometry.isTransposed ? outputs : input.channels
    let weight = parameter(
      name + ".weight", [outer, inner, geometry.kernel, geometry.kernel], .convolutionWeight, .packed(packing))
    let bias = hasBias ? parameter(name + ".bias", [outputs], .bias, .vector) : nil
    blocks.append(
      Block(
        name: name, geometry: geometry, packing: packing, weight: weight, bias: bias,
        normalization: slot(normalization, outputs), hasDropout: hasDropout, input: input, residual: residual,
        first: Block.Output(value: first.value, activation: first.activation),
        second: second.map { Block.Output(value: $0.value, activation: $0.activation) }))
  }

  /// The finished network, with all parameters 0.
  ///
  /// - Throws: `FileError` where there is no memory for the parameters
  public func build(output: Value) throws -> Network {
    Network(
      parameters: try ParameterStore(parameters: parameters, runningStatistics: statistics),
      topology: Topology(blocks: blocks, buffers: buffers, input: input, output: output))
  }

  private mutating func slot(
    _ normalization: (kind: NormalizationKind, name: String)?, _ channels: Int
  ) -> Block.Normalization? {
    guard let normalization, normalization.kind != .none else { return nil }
    var slot = Block.Normalization(kind: normalization.kind)
    if normalization.kind == .batch {
      slot.scale = parameter(normalization.name + ".weight", [channels], .normalizationScale, .vector)
      slot.shift = parameter(normalization.name + ".bias", [channels], .normalizationShift, .vector)
      slot.running = statistics.count
      statistics.append(RunningStatistics(name: normalization.name, channels: channels))
    }
    return slot
  }

  private mutating func parameter(
    _ name: String, _ shape: [Int], _ role: ParameterRole, _ layout: ParameterLayout
  ) -> Int {
    parameters.append(Parameter(name: name, shape: shape, role: role, layout: layout, offset: 0))
    return parameters.count - 1
  }
}
