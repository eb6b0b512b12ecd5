/// What a block does to its normalised values before handing them on.
public enum Activation: Sendable, Equatable {
  /// `max(x, 0) + slope · min(x, 0)`: ReLU at 0, the discriminator's and encoder's leaky ReLU at 0.2, nothing at 1.
  case rectifier(slope: Float)
  /// tanh
  case tanh

  /// ReLU
  public static let relu = Activation.rectifier(slope: 0)
  /// Leaky ReLU with slope 0.2
  public static let leakyRelu = Activation.rectifier(slope: 0.2)
  /// Nothing
  public static let identity = Activation.rectifier(slope: 1)
}

/// A tensor between blocks: some channels of a buffer, so that concatenation needs no copy.
public struct Value: Sendable, Equatable {
  var buffer: Int
  var firstChannel: Int
  /// Channels of this value.
  public var channels: Int
}

/// One convolution with all that follows it before the next:
/// convolution → bias → normalisation → dropout → + residual → one or two activations.
struct Block: Sendable, Equatable {
  struct Normalization: Sendable, Equatable {
    var kind: NormalizationKind
    /// Parameters γ and β; nil for instance normalisation.
    var scale: Int?
    var shift: Int?
    /// Index of the running statistics; nil for instance normalisation.
    var running: Int?
  }

  struct Output: Sendable, Equatable {
    var value: Value
    var activation: Activation
  }

  var name: String
  var geometry: ConvolutionGeometry
  var packing: PackedWeights
  var weight: Int
  var bias: Int?
  var normalization: Normalization?
  var hasDropout = false
  var input: Value
  var residual: Value?
  var first: Output
  var second: Output?

  var inputChannels: Int { packing.inputChannels }
  var outputChannels: Int { packing.outputChannels }
}

/// What a network computes, without its numbers: its blocks and the buffers between them.
struct Topology: Sendable, Equatable {
  var blocks: [Block]
  /// Channels of each buffer.
  var buffers: [Int]
  var input: Value
  var output: Value
}

/// A feed-forward network of convolution blocks together with its parameters.
///
/// A network holds no activations: what a run needs belongs to an `Execution`, so that one network can run several times
/// before its gradients are applied.
public final class Network {
  /// The learned numbers.
  public let parameters: ParameterStore
  let topology: Topology

  init(parameters: ParameterStore, topology: Topology) {
    self.parameters = parameters
    self.topology = topology
  }

  /// Channels of the input.
  public var inputChannels: Int { topology.input.channels }
  /// Channels of the output.
  public var outputChannels: Int { topology.output.channels }
  /// Whether any block normalises.
  public var isNormalized: Bool { topology.blocks.contains { $0.normalization != nil } }
}
